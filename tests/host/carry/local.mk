# check_PROGRAMS += tests/host/carry/test_NOUN
