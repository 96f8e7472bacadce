check_PROGRAMS += tests/host/cli/test_command tests/host/cli/test_table \
    tests/host/cli/test_view tests/host/cli/test_wire
if PLUGIN_STORAGE_MEMORY
if PLUGIN_EXECUTOR_NOOP
if PLUGIN_AUTH_PEER
check_PROGRAMS += tests/host/cli/test_client
endif
endif
endif
# With --enable-static-plugins this has the plugins in it, as haft does.
tests_host_cli_test_client_LDFLAGS = $(HAFT_LINK)
