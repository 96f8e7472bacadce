if PLUGIN_STORAGE_MEMORY
if PLUGIN_EXECUTOR_NOOP
check_PROGRAMS += tests/host/test_host
endif
endif
