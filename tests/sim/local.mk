# The simulator: a few hundred seeds and every planted bug in make check, ten
# thousand seeds with make sim.
check_LTLIBRARIES += libsim.la
libsim_la_SOURCES = \
    tests/sim/check.c \
    tests/sim/client.c \
    tests/sim/executor.c \
    tests/sim/flow.c \
    tests/sim/host.c \
    tests/sim/sim.h \
    tests/sim/store.c \
    tests/sim/world.c
libsim_la_LIBADD = libhost.la

check_PROGRAMS += tests/sim/test_sim
tests_sim_test_sim_LDADD = libsim.la $(LDADD)

EXTRA_PROGRAMS = tests/sim/sim
tests_sim_sim_SOURCES = tests/sim/main.c
tests_sim_sim_LDADD = libsim.la $(LDADD)

SIM_SEEDS = 10000
sim: tests/sim/sim$(EXEEXT)
	tests/sim/sim$(EXEEXT) --seeds $(SIM_SEEDS)
.PHONY: sim
