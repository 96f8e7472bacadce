check_PROGRAMS += \
    tests/host/guest/test_builtin \
    tests/host/guest/test_cage \
    tests/host/guest/test_codec \
    tests/host/guest/test_face \
    tests/host/guest/test_frame \
    tests/host/guest/test_guest \
    tests/host/guest/test_manifest \
    tests/host/guest/test_module \
    tests/host/guest/test_reload \
    tests/host/guest/test_reports \
    tests/host/guest/test_script \
    tests/host/guest/test_trusted \
    tests/host/guest/test_wire \
    tests/host/guest/test_worker
EXTRA_DIST += tests/host/guest/fixture.h tests/host/guest/messages.h
