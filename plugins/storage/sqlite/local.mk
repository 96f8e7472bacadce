if PLUGIN_STORAGE_SQLITE
plugin_LTLIBRARIES += storage-sqlite.la
PRELOADS += storage-sqlite.la
storage_sqlite_la_SOURCES = \
    plugins/storage/sqlite/schema.h \
    plugins/storage/sqlite/sqlite.c \
    plugins/storage/sqlite/store.c \
    plugins/storage/sqlite/store.h
storage_sqlite_la_LDFLAGS = $(PLUGIN_LINK)
storage_sqlite_la_LIBADD = $(SQLITE_LIBS)
plugins/storage/sqlite/sqlite.lo: plugins/storage/sqlite/manifest.json
endif
EXTRA_DIST += plugins/storage/sqlite/manifest.json
