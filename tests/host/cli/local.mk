check_PROGRAMS += tests/host/cli/test_command tests/host/cli/test_table \
    tests/host/cli/test_view tests/host/cli/test_wire
