if PLUGIN_EXECUTOR_DAGGER
plugin_LTLIBRARIES += executor-dagger.la
PRELOADS += executor-dagger.la
executor_dagger_la_SOURCES = \
    plugins/executor/dagger/attempt.c \
    plugins/executor/dagger/attempt.h \
    plugins/executor/dagger/cli.c \
    plugins/executor/dagger/cli.h \
    plugins/executor/dagger/dagger.c \
    plugins/executor/dagger/dialect.c \
    plugins/executor/dagger/dialect.h \
    plugins/executor/dagger/http.c \
    plugins/executor/dagger/http.h \
    plugins/executor/dagger/outcome.c \
    plugins/executor/dagger/outcome.h \
    plugins/executor/dagger/query.c \
    plugins/executor/dagger/query.h \
    plugins/executor/dagger/session.c \
    plugins/executor/dagger/session.h
executor_dagger_la_LDFLAGS = $(PLUGIN_LINK)
executor_dagger_la_LIBADD = $(CURL_LIBS) $(CJSON_LIBS)
plugins/executor/dagger/dagger.lo: plugins/executor/dagger/manifest.json
endif
EXTRA_DIST += plugins/executor/dagger/manifest.json
