check_PROGRAMS += \
    tests/host/base/test_log \
    tests/host/base/test_loop
