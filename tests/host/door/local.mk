# check_PROGRAMS += tests/host/door/test_NOUN
