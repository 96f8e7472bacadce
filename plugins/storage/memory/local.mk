if PLUGIN_STORAGE_MEMORY
plugin_LTLIBRARIES += storage-memory.la
PRELOADS += storage-memory.la
storage_memory_la_SOURCES = plugins/storage/memory/memory.c
storage_memory_la_LDFLAGS = $(PLUGIN_LINK)
storage_memory_la_LIBADD =
plugins/storage/memory/memory.lo: plugins/storage/memory/manifest.json
endif
EXTRA_DIST += plugins/storage/memory/manifest.json
