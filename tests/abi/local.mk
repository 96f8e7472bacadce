# What was promised about the ABI.
check_PROGRAMS += tests/abi/layout tests/abi/test_tables
tests_abi_layout_LDADD =
