# if PLUGIN_STORAGE_SQLITE
# plugin_LTLIBRARIES += storage-sqlite.la
# PRELOADS += storage-sqlite.la
# storage_sqlite_la_SOURCES = plugins/storage/sqlite/sqlite.c
# storage_sqlite_la_LDFLAGS = $(PLUGIN_LINK)
# storage_sqlite_la_LIBADD = $(SQLITE_LIBS)
# plugins/storage/sqlite/sqlite.lo: plugins/storage/sqlite/sqlite.json
# endif
# EXTRA_DIST += plugins/storage/sqlite/sqlite.json
