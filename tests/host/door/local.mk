# check_PROGRAMS += tests/host/door/test_NOUN
check_PROGRAMS += tests/host/door/test_line
