check_PROGRAMS += tests/host/core/test_core
EXTRA_DIST += tests/host/core/world.h
