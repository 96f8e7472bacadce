check_PROGRAMS += \
    tests/host/carry/test_attempt \
    tests/host/carry/test_boot \
    tests/host/carry/test_bus \
    tests/host/carry/test_cgroup \
    tests/host/carry/test_job \
    tests/host/carry/test_journal \
    tests/host/carry/test_journal_store \
    tests/host/carry/test_keeper \
    tests/host/carry/test_keeper_death \
    tests/host/carry/test_keeper_files \
    tests/host/carry/test_logs \
    tests/host/carry/test_outputs \
    tests/host/carry/test_process \
    tests/host/carry/test_record \
    tests/host/carry/test_retry_question
tests_host_carry_test_bus_SOURCES = tests/host/carry/test_bus.c \
    tests/host/carry/fake_store.c tests/host/carry/fake_store.h
tests_host_carry_test_journal_store_SOURCES = \
    tests/host/carry/test_journal_store.c \
    tests/host/carry/fake_store.c tests/host/carry/fake_store.h
tests_host_carry_test_logs_SOURCES = tests/host/carry/test_logs.c \
    tests/host/carry/fake_store.c tests/host/carry/fake_store.h
EXTRA_DIST += tests/host/carry/keeper_fixture.h
check_PROGRAMS += tests/host/carry/test_runner
if PLUGIN_STORAGE_MEMORY
if PLUGIN_EXECUTOR_NOOP
if PLUGIN_RETRY_BACKOFF
check_PROGRAMS += tests/host/carry/test_runner_attempt
endif
endif
endif
# With --enable-static-plugins this has the plugins in it, as haft does.
tests_host_carry_test_runner_attempt_LDFLAGS = $(HAFT_LINK)
