libhost_la_SOURCES += \
    host/base/log.c host/base/log.h \
    host/base/loop.c host/base/loop.h \
    host/plain/nearest.c host/plain/nearest.h \
    host/plain/units.c host/plain/units.h
