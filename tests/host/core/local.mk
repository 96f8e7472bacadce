# check_PROGRAMS += tests/host/core/test_NOUN
