check_PROGRAMS += \
    tests/host/base/test_config \
    tests/host/base/test_entry \
    tests/host/base/test_log \
    tests/host/base/test_loop \
    tests/host/base/test_section \
    tests/host/base/test_setting \
    tests/host/base/test_trust
