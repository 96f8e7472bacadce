# haft as people meet it: the program itself, in folders of its own. It takes
# the plugins that a deployment without a config has.
E2E = tests/e2e/border tests/e2e/cages tests/e2e/commands tests/e2e/door \
    tests/e2e/layouts tests/e2e/limits tests/e2e/plugin_check \
    tests/e2e/plugin_new tests/e2e/plugins tests/e2e/recovery \
    tests/e2e/reload tests/e2e/workflows
EXTRA_DIST += $(E2E) tests/e2e/dagger tests/e2e/database.py tests/e2e/lab.py \
    tests/e2e/postgres \
    tests/e2e/layouts.d/postgres-1.sql tests/e2e/layouts.d/sqlite-1.sql \
    tests/check/mutant.c tests/check/mutant.json
if PLUGIN_STORAGE_SQLITE
if PLUGIN_EXECUTOR_LOCAL
if PLUGIN_RETRY_BACKOFF
if PLUGIN_AUTH_PEER
check_SCRIPTS += $(E2E)
if PLUGIN_EXECUTOR_DAGGER
check_SCRIPTS += tests/e2e/dagger
endif
if PLUGIN_STORAGE_POSTGRES
check_SCRIPTS += tests/e2e/postgres
endif
endif
endif
endif
endif
