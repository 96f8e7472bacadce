if PLUGIN_RETRY_BACKOFF
plugin_LTLIBRARIES += retry-backoff.la
PRELOADS += retry-backoff.la
retry_backoff_la_SOURCES = plugins/retry/backoff/backoff.c
retry_backoff_la_LDFLAGS = $(PLUGIN_LINK)
retry_backoff_la_LIBADD =
plugins/retry/backoff/backoff.lo: plugins/retry/backoff/manifest.json
endif
EXTRA_DIST += plugins/retry/backoff/manifest.json
