# What a plugin's author includes as <haft/...>; what is not yet promised goes
# to draftinclude_HEADERS and include/haft/draft/.
pkginclude_HEADERS += \
    include/haft/auth.h \
    include/haft/executor.h \
    include/haft/fault.h \
    include/haft/host.h \
    include/haft/notify.h \
    include/haft/plugin.h \
    include/haft/retry.h \
    include/haft/storage.h \
    include/haft/types.h
draftinclude_HEADERS += \
    include/haft/draft/door.h \
    include/haft/draft/health.h \
    include/haft/draft/metric.h \
    include/haft/draft/secret.h \
    include/haft/draft/service.h \
    include/haft/draft/state.h
