# check_PROGRAMS += tests/host/flow/test_NOUN
