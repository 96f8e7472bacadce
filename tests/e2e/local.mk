# haft as people meet it: the program itself, in folders of its own.
E2E = tests/e2e/commands tests/e2e/door tests/e2e/plugins tests/e2e/recovery \
    tests/e2e/workflows
check_SCRIPTS += $(E2E)
EXTRA_DIST += $(E2E) tests/e2e/lab.py
