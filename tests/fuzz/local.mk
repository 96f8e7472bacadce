# A fuzz target is a line in FUZZ_TARGETS, its LDADD, its source and a corpus:
#     FUZZ_TARGETS += tests/fuzz/fuzz_NOUN
#     tests_fuzz_fuzz_NOUN_LDADD = $(FUZZ_LDADD)
# tests/fuzz/fuzz_NOUN.c has LLVMFuzzerTestOneInput, tests/fuzz/corpus/NOUN/
# its seeds. make check replays the corpus; make fuzz has clang search.
check_LTLIBRARIES += libreplay.la
libreplay_la_SOURCES = tests/fuzz/replay.c
if FUZZERS
FUZZ_LDADD = libhost.la $(FUZZ_ENGINE)
else
FUZZ_LDADD = libreplay.la libhost.la
endif
FUZZ_SECONDS = 60

FUZZ_TARGETS = \
    tests/fuzz/fuzz_codec \
    tests/fuzz/fuzz_config \
    tests/fuzz/fuzz_expr \
    tests/fuzz/fuzz_frame \
    tests/fuzz/fuzz_json \
    tests/fuzz/fuzz_keeper_wire \
    tests/fuzz/fuzz_line \
    tests/fuzz/fuzz_manifest \
    tests/fuzz/fuzz_note \
    tests/fuzz/fuzz_outputs \
    tests/fuzz/fuzz_record \
    tests/fuzz/fuzz_script \
    tests/fuzz/fuzz_utf8 \
    tests/fuzz/fuzz_workflow
# They hold a plugin at the other end of a wire.
if PLUGIN_STORAGE_MEMORY
FUZZ_TARGETS += tests/fuzz/fuzz_worker
if !STATIC_PLUGINS
FUZZ_TARGETS += tests/fuzz/fuzz_cage
endif
endif
tests_fuzz_fuzz_cage_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_worker_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_worker_LDFLAGS = $(HAFT_LINK)
tests_fuzz_fuzz_codec_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_config_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_expr_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_frame_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_json_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_keeper_wire_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_line_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_manifest_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_note_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_outputs_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_record_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_script_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_utf8_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_workflow_LDADD = $(FUZZ_LDADD)

check_PROGRAMS += $(FUZZ_TARGETS)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/search

fuzz:
	$(srcdir)/tests/fuzz/search $(FUZZ_SECONDS)
fuzz-targets: $(FUZZ_TARGETS)
print-fuzz-targets:
	@echo $(FUZZ_TARGETS)
.PHONY: fuzz fuzz-targets print-fuzz-targets
