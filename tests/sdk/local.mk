# check_PROGRAMS += tests/sdk/test_NOUN
