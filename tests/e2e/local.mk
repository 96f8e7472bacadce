# check_SCRIPTS += tests/e2e/NAME, and EXTRA_DIST +=
