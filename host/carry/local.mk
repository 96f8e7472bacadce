libhost_la_SOURCES += \
    host/carry/batch.c host/carry/batch.h \
    host/carry/flat.c host/carry/flat.h \
    host/carry/journal.c host/carry/journal.h host/carry/journal_inside.h \
    host/carry/journal_open.c host/carry/opening.h \
    host/carry/journal_restore.c \
    host/carry/keeper.c host/carry/keeper.h \
    host/carry/keeper_jobs.c host/carry/keeper_jobs.h \
    host/carry/keeper_launch.c host/carry/keeper_launch.h \
    host/carry/record.c host/carry/record.h \
    host/carry/record_read.c
