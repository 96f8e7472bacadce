libhost_la_SOURCES += \
    host/carry/flat.c host/carry/flat.h \
    host/carry/keeper.h \
    host/carry/record.c host/carry/record.h \
    host/carry/record_read.c
