check_PROGRAMS += tests/host/check/test_edge tests/host/check/test_stage
