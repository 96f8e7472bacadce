libhost_la_SOURCES += \
    host/guest/border.c host/guest/border.h \
    host/guest/builtin.c host/guest/builtin.h \
    host/guest/cage.c host/guest/cage.h host/guest/cage_inside.h \
    host/guest/cage_talk.c \
    host/guest/call.c host/guest/call.h host/guest/call_inside.h \
    host/guest/codec.c host/guest/codec.h \
    host/guest/deaths.c host/guest/deaths.h \
    host/guest/describe.c \
    host/guest/entry.c host/guest/entry.h \
    host/guest/face.c host/guest/face.h \
    host/guest/fence.c host/guest/fence.h \
    host/guest/frame.c host/guest/frame.h \
    host/guest/guest.c host/guest/guest.h \
    host/guest/hold.c \
    host/guest/instance.c host/guest/instance.h \
    host/guest/lane.c host/guest/lane.h \
    host/guest/manifest.c host/guest/manifest.h \
    host/guest/module.c host/guest/module.h \
    host/guest/note.c host/guest/note.h \
    host/guest/options.c host/guest/options.h \
    host/guest/queue.c host/guest/queue.h \
    host/guest/reach.c host/guest/reach.h \
    host/guest/reload.c \
    host/guest/reports.c host/guest/reports.h \
    host/guest/scratch.c host/guest/scratch.h \
    host/guest/script.c host/guest/script.h \
    host/guest/seal.c host/guest/seal.h \
    host/guest/spawn.c host/guest/spawn.h \
    host/guest/swap.c host/guest/swap.h \
    host/guest/table.h \
    host/guest/trial.c host/guest/trial.h \
    host/guest/trusted.c host/guest/trusted.h \
    host/guest/wire.c host/guest/wire.h \
    host/guest/worker.c host/guest/worker.h host/guest/worker_inside.h \
    host/guest/worker_talk.c
