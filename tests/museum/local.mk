# The ABI's word: what was built against the headers of each revision still runs,
# and the headers still say what they said.
check_SCRIPTS += tests/museum/lock tests/museum/symbols
if PLUGIN_STORAGE_SQLITE
if PLUGIN_EXECUTOR_LOCAL
check_SCRIPTS += tests/museum/visit
endif
endif
EXTRA_DIST += tests/museum/lock tests/museum/symbols tests/museum/visit \
    tests/museum/1/museum.c tests/museum/1/museum.json \
    tests/museum/1/include/haft/auth.h tests/museum/1/include/haft/child.h \
    tests/museum/1/include/haft/executor.h tests/museum/1/include/haft/fault.h \
    tests/museum/1/include/haft/faults.h tests/museum/1/include/haft/host.h \
    tests/museum/1/include/haft/notify.h tests/museum/1/include/haft/plugin.h \
    tests/museum/1/include/haft/retry.h tests/museum/1/include/haft/sdk.h \
    tests/museum/1/include/haft/storage.h tests/museum/1/include/haft/types.h
