if PLUGIN_EXECUTOR_NOOP
plugin_LTLIBRARIES += executor-noop.la
PRELOADS += executor-noop.la
executor_noop_la_SOURCES = plugins/executor/noop/noop.c
executor_noop_la_LDFLAGS = $(PLUGIN_LINK)
executor_noop_la_LIBADD =
plugins/executor/noop/noop.lo: plugins/executor/noop/manifest.json
endif
EXTRA_DIST += plugins/executor/noop/manifest.json
