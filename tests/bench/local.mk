# The benchmarks: make bench, or make bench BENCH='w1 --rounds 3'.
EXTRA_PROGRAMS += tests/bench/limit tests/bench/nop tests/bench/rows \
    tests/bench/graph
tests_bench_limit_LDADD =
tests_bench_nop_CFLAGS = -O2 -ffreestanding -fno-stack-protector
tests_bench_nop_LDFLAGS = -nostdlib -all-static
tests_bench_nop_LDADD =
tests_bench_rows_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_bench_rows_LDADD = $(SQLITE_LIBS)
CLEANFILES += $(EXTRA_PROGRAMS)
EXTRA_DIST += tests/bench/bench.py tests/bench/number.h

bench: all $(EXTRA_PROGRAMS)
	python3 $(srcdir)/tests/bench/bench.py $(builddir) $(BENCH)

.PHONY: bench
