# The plugins, loaded as built and asked by a fake host.
check_LTLIBRARIES += libfakehost.la libstoremodel.la
libfakehost_la_SOURCES = \
    tests/plugins/fakehost.c tests/plugins/fakehost.h \
    tests/plugins/fakehost_inside.h tests/plugins/fakeserve.c \
    tests/plugins/message.c tests/plugins/message.h
libstoremodel_la_SOURCES = \
    tests/plugins/storage/crashvfs.h \
    tests/plugins/storage/model.c tests/plugins/storage/model.h \
    tests/plugins/storage/place.c tests/plugins/storage/place.h

if PLUGIN_STORAGE_MEMORY
check_PROGRAMS += tests/plugins/storage/test_memory
tests_plugins_storage_test_memory_LDADD = \
    libstoremodel.la libfakehost.la $(LDADD)
endif
if PLUGIN_STORAGE_SQLITE
check_PROGRAMS += \
    tests/plugins/storage/test_sqlite \
    tests/plugins/storage/test_sqlite_faults
tests_plugins_storage_test_sqlite_LDADD = \
    libstoremodel.la libfakehost.la $(SQLITE_LIBS) $(LDADD)
tests_plugins_storage_test_sqlite_faults_SOURCES = \
    tests/plugins/storage/crashvfs.c \
    tests/plugins/storage/test_sqlite_faults.c
tests_plugins_storage_test_sqlite_faults_LDADD = \
    libstoremodel.la libfakehost.la $(SQLITE_LIBS) $(LDADD)
endif
if PLUGIN_STORAGE_POSTGRES
check_PROGRAMS += \
    tests/plugins/storage/test_postgres \
    tests/plugins/storage/test_postgres_faults
check_LTLIBRARIES += libdatabase.la
libdatabase_la_SOURCES = \
    tests/plugins/storage/database.c tests/plugins/storage/database.h
tests_plugins_storage_test_postgres_LDADD = \
    libdatabase.la libstoremodel.la libfakehost.la $(PQ_LIBS) $(LDADD)
tests_plugins_storage_test_postgres_faults_SOURCES = \
    tests/plugins/storage/proxy.c tests/plugins/storage/proxy.h \
    tests/plugins/storage/test_postgres_faults.c
tests_plugins_storage_test_postgres_faults_LDADD = \
    libdatabase.la libstoremodel.la libfakehost.la $(PQ_LIBS) $(LDADD)
endif
if PLUGIN_EXECUTOR_DAGGER
check_PROGRAMS += tests/plugins/executor/test_dagger
check_LTLIBRARIES += libdaggerparts.la
libdaggerparts_la_SOURCES = \
    plugins/executor/dagger/dialect.c \
    plugins/executor/dagger/outcome.c \
    plugins/executor/dagger/query.c
tests_plugins_executor_test_dagger_LDADD = \
    libdaggerparts.la $(CURL_LIBS) $(CJSON_LIBS) $(LDADD)
endif
if PLUGIN_EXECUTOR_NOOP
check_PROGRAMS += tests/plugins/executor/test_noop
tests_plugins_executor_test_noop_LDADD = libfakehost.la $(LDADD)
endif
if PLUGIN_EXECUTOR_LOCAL
check_PROGRAMS += tests/plugins/executor/test_local
tests_plugins_executor_test_local_LDADD = libfakehost.la $(LDADD)
endif
if PLUGIN_RETRY_BACKOFF
check_PROGRAMS += tests/plugins/retry/test_backoff
tests_plugins_retry_test_backoff_LDADD = libfakehost.la $(LDADD)
endif
if PLUGIN_AUTH_PEER
check_PROGRAMS += tests/plugins/auth/test_peer
tests_plugins_auth_test_peer_LDADD = libfakehost.la $(LDADD)
endif
if PLUGIN_NOTIFY_COMMAND
check_PROGRAMS += tests/plugins/notify/test_command
tests_plugins_notify_test_command_LDADD = libfakehost.la $(LDADD)
endif
# A store that goes wrong as told, around the one in memory.
check_LTLIBRARIES += libmemorystatic.la storage-faulty.la
libmemorystatic_la_SOURCES = plugins/storage/memory/memory.c
libmemorystatic_la_CPPFLAGS = $(AM_CPPFLAGS) -DHAFT_STATIC
storage_faulty_la_SOURCES = tests/plugins/storage/faulty.c
storage_faulty_la_LDFLAGS = $(GUEST_LINK)
storage_faulty_la_LIBADD = libmemorystatic.la
tests/plugins/storage/faulty.lo: tests/plugins/storage/faulty.json
EXTRA_DIST += tests/plugins/storage/faulty.json
check_PROGRAMS += tests/plugins/storage/test_faulty
tests_plugins_storage_test_faulty_LDADD = \
    libstoremodel.la libfakehost.la $(LDADD)
# The template of a storage plugin.
check_LTLIBRARIES += storage-your-name.la
storage_your_name_la_SOURCES = tests/plugins/storage/your_name.c
storage_your_name_la_CPPFLAGS = -Wa,-I$(srcdir)/sdk/template/storage \
    $(AM_CPPFLAGS)
storage_your_name_la_LDFLAGS = $(GUEST_LINK)
check_PROGRAMS += tests/plugins/storage/test_your_name
tests_plugins_storage_test_your_name_LDADD = \
    libstoremodel.la libfakehost.la $(LDADD)
