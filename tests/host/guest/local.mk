# check_PROGRAMS += tests/host/guest/test_NOUN
