if PLUGIN_STORAGE_POSTGRES
plugin_LTLIBRARIES += storage-postgres.la
PRELOADS += storage-postgres.la
storage_postgres_la_SOURCES = \
    plugins/storage/postgres/postgres.c \
    plugins/storage/postgres/schema.h \
    plugins/storage/postgres/store.c \
    plugins/storage/postgres/store.h
storage_postgres_la_LDFLAGS = $(PLUGIN_LINK)
storage_postgres_la_LIBADD = $(PQ_LIBS) $(MD_LIBS)
plugins/storage/postgres/postgres.lo: plugins/storage/postgres/manifest.json
endif
EXTRA_DIST += plugins/storage/postgres/manifest.json
