check_PROGRAMS += tests/host/guest/test_guest
EXTRA_DIST += tests/host/guest/fixture.h
