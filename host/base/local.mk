libhost_la_SOURCES += \
    host/base/address.c host/base/address.h \
    host/base/check.c host/base/check.h \
    host/base/config.c host/base/config.h \
    host/base/entry.c host/base/entry.h \
    host/base/file.c host/base/file.h \
    host/base/fill.c host/base/fill.h \
    host/base/kind.c host/base/kind.h \
    host/base/log.c host/base/log.h \
    host/base/loop.c host/base/loop.h \
    host/base/section.c host/base/section.h \
    host/base/setting.c host/base/setting.h \
    host/base/show.c \
    host/base/source.c host/base/source.h \
    host/base/trust.c host/base/trust.h
