libhost_la_SOURCES += \
    host/door/access.c host/door/access.h \
    host/door/call.h host/door/handlers.h \
    host/door/intake.c host/door/intake.h \
    host/door/line.c host/door/line.h \
    host/door/ops.c host/door/ops.h \
    host/door/ops_host.c host/door/ops_run.c host/door/ops_task.c \
    host/door/peer.c host/door/peer.h \
    host/door/socket.c host/door/socket.h
