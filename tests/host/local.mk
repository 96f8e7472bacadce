if PLUGIN_STORAGE_MEMORY
if PLUGIN_EXECUTOR_NOOP
check_PROGRAMS += tests/host/test_host
endif
endif
# With --enable-static-plugins this has the plugins in it, as haft does.
tests_host_test_host_LDFLAGS = $(HAFT_LINK)
