check_PROGRAMS += \
    tests/sdk/test_child \
    tests/sdk/test_fakehost \
    tests/sdk/test_faults \
    tests/sdk/test_sdk \
    tests/sdk/test_templates
EXTRA_DIST += tests/sdk/build-templates
