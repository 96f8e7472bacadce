# check_PROGRAMS += tests/plugins/KIND/test_NAME
