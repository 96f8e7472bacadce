check_PROGRAMS += \
    tests/host/flow/test_document \
    tests/host/flow/test_examples \
    tests/host/flow/test_expr \
    tests/host/flow/test_param \
    tests/host/flow/test_reader \
    tests/host/flow/test_schema \
    tests/host/flow/test_template \
    tests/host/flow/test_workflow
EXTRA_DIST += tests/host/flow/examples.h
