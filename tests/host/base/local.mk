# check_PROGRAMS += tests/host/base/test_NOUN
