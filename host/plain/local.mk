# Values that every room of the host may use.
libhost_la_SOURCES += \
    host/plain/json.c host/plain/json.h \
    host/plain/map.c host/plain/map.h \
    host/plain/mem.c host/plain/mem.h \
    host/plain/nearest.c host/plain/nearest.h \
    host/plain/str.c host/plain/str.h \
    host/plain/units.c host/plain/units.h \
    host/plain/utf8.c host/plain/utf8.h
