# check_PROGRAMS += tests/host/keeper/test_NOUN
