if PLUGIN_EXECUTOR_LOCAL
plugin_LTLIBRARIES += executor-local.la
PRELOADS += executor-local.la
executor_local_la_SOURCES = plugins/executor/local/local.c
executor_local_la_LDFLAGS = $(PLUGIN_LINK)
executor_local_la_LIBADD =
plugins/executor/local/local.lo: plugins/executor/local/manifest.json
endif
EXTRA_DIST += plugins/executor/local/manifest.json
