check_PROGRAMS += tests/host/keeper/test_link tests/host/keeper/test_wire
