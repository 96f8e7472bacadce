# What no compiler looks at. These need nothing but a shell and awk; make style
# runs the ones that take a tool.
LINTS = \
    tests/lint/abi-changes \
    tests/lint/banned \
    tests/lint/commits \
    tests/lint/headers.sh \
    tests/lint/layers \
    tests/lint/self \
    tests/lint/sizes \
    tests/lint/threads
check_SCRIPTS += $(LINTS)
EXTRA_DIST += $(LINTS) tests/lint/format tests/lint/shell tests/lint/strip.awk \
    tests/lint/tidy
