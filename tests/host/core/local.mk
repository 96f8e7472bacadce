check_PROGRAMS += \
	tests/host/core/test_attempt \
	tests/host/core/test_check \
	tests/host/core/test_core \
	tests/host/core/test_decide \
	tests/host/core/test_each \
	tests/host/core/test_fault \
	tests/host/core/test_graph \
	tests/host/core/test_halt \
	tests/host/core/test_index \
	tests/host/core/test_life \
	tests/host/core/test_limit \
	tests/host/core/test_pool \
	tests/host/core/test_queue \
	tests/host/core/test_ready \
	tests/host/core/test_resume \
	tests/host/core/test_retry \
	tests/host/core/test_scope \
	tests/host/core/test_task \
	tests/host/core/test_timer
EXTRA_DIST += tests/host/core/world.h tests/host/core/store.h
