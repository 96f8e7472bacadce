check_PROGRAMS += \
    tests/host/flow/test_document \
    tests/host/flow/test_expr \
    tests/host/flow/test_template
