# The whole host, and its keeper, killed over and over: a few times here, two
# hundred times by make kill-series.
if PLUGIN_STORAGE_SQLITE
if PLUGIN_EXECUTOR_LOCAL
check_PROGRAMS += tests/faults/test_host_kill
tests_faults_test_host_kill_LDADD = $(SQLITE_LIBS) $(LDADD)
check_SCRIPTS += tests/faults/kill_keeper
if PLUGIN_RETRY_BACKOFF
if PLUGIN_AUTH_PEER
if PLUGIN_NOTIFY_COMMAND
if !STATIC_PLUGINS
check_SCRIPTS += tests/faults/kill_workers
endif
endif
endif
endif
endif
endif
EXTRA_DIST += tests/faults/kill_keeper tests/faults/kill_workers

KILL_TESTS = tests/faults/test_host_kill tests/faults/kill_keeper \
    tests/faults/kill_workers

.PHONY: kill-series
kill-series: all
	$(MAKE) $(AM_MAKEFLAGS) check HAFT_KILLS=200 TEST_LIMIT_S=3600 \
	    TESTS='$(KILL_TESTS)'
