libhost_la_SOURCES += \
    host/cli/bench_abi.c host/cli/check.c \
    host/cli/client.c host/cli/client.h \
    host/cli/command.c host/cli/command.h \
    host/cli/document.c \
    host/cli/logs.c \
    host/cli/plugin.c host/cli/plugin_check.c \
    host/cli/plugin_new.c \
    host/cli/run.c \
    host/cli/runs.c \
    host/cli/serve.c \
    host/cli/status.c \
    host/cli/table.c host/cli/table.h \
    host/cli/tails.c host/cli/tails.h \
    host/cli/view.c host/cli/view.h \
    host/cli/wire.c host/cli/wire.h \
    host/cli/worker.c
