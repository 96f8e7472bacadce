check_PROGRAMS += tests/host/door/test_access tests/host/door/test_line
if PLUGIN_STORAGE_MEMORY
if PLUGIN_EXECUTOR_NOOP
if PLUGIN_AUTH_PEER
check_PROGRAMS += tests/host/door/test_intake tests/host/door/test_ops \
    tests/host/door/test_socket
if PLUGIN_RETRY_BACKOFF
check_PROGRAMS += tests/host/door/test_ops_task
endif
endif
endif
endif
EXTRA_DIST += tests/host/door/desk.h
# With --enable-static-plugins these have the plugins in them, as haft does.
tests_host_door_test_intake_LDFLAGS = $(HAFT_LINK)
tests_host_door_test_ops_LDFLAGS = $(HAFT_LINK)
tests_host_door_test_ops_task_LDFLAGS = $(HAFT_LINK)
tests_host_door_test_socket_LDFLAGS = $(HAFT_LINK)
