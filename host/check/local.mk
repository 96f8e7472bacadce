libhost_la_SOURCES += \
    host/check/auth.c \
    host/check/bare.c host/check/bare.h \
    host/check/cases.c \
    host/check/common.c host/check/common.h \
    host/check/edge.c host/check/edge.h \
    host/check/edges.c \
    host/check/executor.c \
    host/check/kinds.h \
    host/check/kit.c host/check/kit.h \
    host/check/notify.c \
    host/check/retry.c \
    host/check/runner.c host/check/runner.h \
    host/check/stage.c host/check/stage.h \
    host/check/storage.c \
    host/check/subject.c host/check/subject.h \
    host/check/trap.c host/check/trap.h
