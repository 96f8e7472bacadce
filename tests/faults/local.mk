# The whole host, killed over and over: a few times here, two hundred times by
# make kill-series.
if PLUGIN_STORAGE_SQLITE
if PLUGIN_EXECUTOR_LOCAL
check_PROGRAMS += tests/faults/test_host_kill
tests_faults_test_host_kill_LDADD = $(SQLITE_LIBS) $(LDADD)
endif
endif

.PHONY: kill-series
kill-series: all
	$(MAKE) $(AM_MAKEFLAGS) check HAFT_KILLS=200 TEST_LIMIT_S=3600 \
	    TESTS=tests/faults/test_host_kill
