# Modules that do what tests want of them, and modules that misbehave. They are
# shared objects even where the bundled plugins are linked in.
GUEST_CPPFLAGS = $(AM_CPPFLAGS) -UHAFT_STATIC

check_LTLIBRARIES += guest-actor.la
guest_actor_la_SOURCES = tests/guests/actor.c
guest_actor_la_CPPFLAGS = $(GUEST_CPPFLAGS)
guest_actor_la_LDFLAGS = $(GUEST_LINK)
$(guest_actor_la_OBJECTS): tests/guests/actor.json
check_LTLIBRARIES += guest-puppet.la
guest_puppet_la_SOURCES = tests/guests/puppet.c
guest_puppet_la_CPPFLAGS = $(GUEST_CPPFLAGS)
guest_puppet_la_LDFLAGS = $(GUEST_LINK)
$(guest_puppet_la_OBJECTS): tests/guests/puppet.json
check_LTLIBRARIES += guest-stayer.la
guest_stayer_la_SOURCES = tests/guests/stayer.c
guest_stayer_la_CPPFLAGS = $(GUEST_CPPFLAGS)
guest_stayer_la_LDFLAGS = $(GUEST_LINK)
$(guest_stayer_la_OBJECTS): tests/guests/stayer.json
EXTRA_DIST += tests/guests/actor.json tests/guests/puppet.json \
    tests/guests/stayer.json \
    tests/guests/bad.json \
    tests/guests/bad-future.json tests/guests/bad-json.json \
    tests/guests/bad-past.json

# One source, wrong in one way for each name. They export what they like, and
# one of them misses a symbol.
BAD_LINK = $(AM_LDFLAGS) -module -avoid-version -shared \
    -rpath $(abs_top_builddir)/guests

check_LTLIBRARIES += guest-bad-note.la
guest_bad_note_la_SOURCES = tests/guests/bad.c
guest_bad_note_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_NOTE
guest_bad_note_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-entry.la
guest_bad_entry_la_SOURCES = tests/guests/bad.c
guest_bad_entry_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_ENTRY
guest_bad_entry_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-symbol.la
guest_bad_symbol_la_SOURCES = tests/guests/bad.c
guest_bad_symbol_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_SYMBOL
guest_bad_symbol_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-abi.la
guest_bad_abi_la_SOURCES = tests/guests/bad.c
guest_bad_abi_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_ABI
guest_bad_abi_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-id.la
guest_bad_id_la_SOURCES = tests/guests/bad.c
guest_bad_id_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_ID
guest_bad_id_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-version.la
guest_bad_version_la_SOURCES = tests/guests/bad.c
guest_bad_version_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_VERSION
guest_bad_version_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-class.la
guest_bad_class_la_SOURCES = tests/guests/bad.c
guest_bad_class_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_CLASS
guest_bad_class_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-objects.la
guest_bad_objects_la_SOURCES = tests/guests/bad.c
guest_bad_objects_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_OBJECTS
guest_bad_objects_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-kind.la
guest_bad_kind_la_SOURCES = tests/guests/bad.c
guest_bad_kind_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_KIND
guest_bad_kind_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-shrunk.la
guest_bad_shrunk_la_SOURCES = tests/guests/bad.c
guest_bad_shrunk_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_SHRUNK
guest_bad_shrunk_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-gap.la
guest_bad_gap_la_SOURCES = tests/guests/bad.c
guest_bad_gap_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_GAP
guest_bad_gap_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-flags.la
guest_bad_flags_la_SOURCES = tests/guests/bad.c
guest_bad_flags_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_FLAGS
guest_bad_flags_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-grown.la
guest_bad_grown_la_SOURCES = tests/guests/bad.c
guest_bad_grown_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_GROWN
guest_bad_grown_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-future.la
guest_bad_future_la_SOURCES = tests/guests/bad.c
guest_bad_future_la_CPPFLAGS = $(GUEST_CPPFLAGS) \
    -DBAD_MANIFEST=\"tests/guests/bad-future.json\"
guest_bad_future_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-past.la
guest_bad_past_la_SOURCES = tests/guests/bad.c
guest_bad_past_la_CPPFLAGS = $(GUEST_CPPFLAGS) \
    -DBAD_MANIFEST=\"tests/guests/bad-past.json\"
guest_bad_past_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-json.la
guest_bad_json_la_SOURCES = tests/guests/bad.c
guest_bad_json_la_CPPFLAGS = $(GUEST_CPPFLAGS) \
    -DBAD_MANIFEST=\"tests/guests/bad-json.json\"
guest_bad_json_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-null.la
guest_bad_null_la_SOURCES = tests/guests/bad.c
guest_bad_null_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_NULL
guest_bad_null_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-size.la
guest_bad_size_la_SOURCES = tests/guests/bad.c
guest_bad_size_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_SIZE
guest_bad_size_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-more.la
guest_bad_more_la_SOURCES = tests/guests/bad.c
guest_bad_more_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_MORE
guest_bad_more_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-create.la
guest_bad_create_la_SOURCES = tests/guests/bad.c
guest_bad_create_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_CREATE
guest_bad_create_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-mute.la
guest_bad_mute_la_SOURCES = tests/guests/bad.c
guest_bad_mute_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_MUTE
guest_bad_mute_la_LDFLAGS = $(BAD_LINK)
check_LTLIBRARIES += guest-bad-instance.la
guest_bad_instance_la_SOURCES = tests/guests/bad.c
guest_bad_instance_la_CPPFLAGS = $(GUEST_CPPFLAGS) -DBAD_INSTANCE
guest_bad_instance_la_LDFLAGS = $(BAD_LINK)
