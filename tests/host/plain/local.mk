check_PROGRAMS += \
    tests/host/plain/test_json \
    tests/host/plain/test_map \
    tests/host/plain/test_mem \
    tests/host/plain/test_nearest \
    tests/host/plain/test_str \
    tests/host/plain/test_units \
    tests/host/plain/test_utf8
