# check_PROGRAMS += tests/host/cli/test_NOUN
