# haft as people meet it: the program itself, in folders of its own. It takes
# the plugins that a deployment without a config has.
E2E = tests/e2e/commands tests/e2e/door tests/e2e/limits tests/e2e/plugins \
    tests/e2e/recovery tests/e2e/workflows
EXTRA_DIST += $(E2E) tests/e2e/lab.py
if PLUGIN_STORAGE_SQLITE
if PLUGIN_EXECUTOR_LOCAL
if PLUGIN_RETRY_BACKOFF
if PLUGIN_AUTH_PEER
check_SCRIPTS += $(E2E)
endif
endif
endif
endif
