libhost_la_SOURCES += \
    host/carry/attempt.c host/carry/attempt.h \
    host/carry/batch.c host/carry/batch.h \
    host/carry/boot.c host/carry/boot.h \
    host/carry/bus.c host/carry/bus.h host/carry/bus_inside.h \
    host/carry/cgroup.c host/carry/cgroup.h \
    host/carry/cgroup_find.c host/carry/cgroup_find.h \
    host/carry/cgroup_left.c host/carry/cgroup_left.h \
    host/carry/flat.c host/carry/flat.h \
    host/carry/job.c host/carry/job.h \
    host/carry/journal.c host/carry/journal.h host/carry/journal_inside.h \
    host/carry/journal_open.c host/carry/opening.h \
    host/carry/journal_restore.c \
    host/carry/keeper.c host/carry/keeper.h \
    host/carry/keeper_jobs.c host/carry/keeper_jobs.h \
    host/carry/keeper_launch.c host/carry/keeper_launch.h \
    host/carry/logs.c host/carry/logs.h \
    host/carry/outputs.c host/carry/outputs.h \
    host/carry/process.c host/carry/process.h \
    host/carry/process_words.c host/carry/process_words.h \
    host/carry/record.c host/carry/record.h \
    host/carry/record_read.c \
    host/carry/retry_question.c host/carry/retry_question.h \
    host/carry/runner.c host/carry/runner.h host/carry/runner_inside.h \
    host/carry/runner_attempt.c \
    host/carry/runner_read.c \
    host/carry/runner_executor.c host/carry/runner_recover.c \
    host/carry/runner_retry.c \
    host/carry/story.c host/carry/story.h \
    host/carry/teller.c
