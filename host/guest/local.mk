libhost_la_SOURCES += \
    host/guest/codec.c host/guest/codec.h \
    host/guest/manifest.c host/guest/manifest.h \
    host/guest/module.c host/guest/module.h \
    host/guest/note.c host/guest/note.h \
    host/guest/scratch.c host/guest/scratch.h \
    host/guest/trusted.c host/guest/trusted.h
