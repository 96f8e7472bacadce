# check_PROGRAMS += tests/host/carry/test_NOUN
check_PROGRAMS += tests/host/carry/test_journal
check_PROGRAMS += tests/host/carry/test_keeper tests/host/carry/test_keeper_death
EXTRA_DIST += tests/host/carry/keeper_fixture.h
