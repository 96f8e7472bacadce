# check_PROGRAMS += tests/host/carry/test_NOUN
check_PROGRAMS += tests/host/carry/test_keeper
EXTRA_DIST += tests/host/carry/keeper_fixture.h
