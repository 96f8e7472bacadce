# The wire is shared with the host; the keeper itself is a program of its own,
# and static, since it is started in the middle of somebody's work. Flags of
# its own give it objects of its own.
libexec_PROGRAMS += haft-keeper
haft_keeper_SOURCES = \
    host/keeper/cgroup.c host/keeper/cgroup.h \
    host/keeper/child.c host/keeper/child.h \
    host/keeper/files.c host/keeper/files.h \
    host/keeper/link.c host/keeper/link.h \
    host/keeper/main.c \
    host/keeper/pool.c host/keeper/pool.h \
    host/keeper/table.c host/keeper/table.h \
    host/keeper/tree.c host/keeper/tree.h \
    host/keeper/wire.c host/keeper/wire.h
haft_keeper_CFLAGS = $(AM_CFLAGS)
haft_keeper_LDFLAGS = $(STATIC_LINK)
haft_keeper_LDADD =

libhost_la_SOURCES += host/keeper/wire.c host/keeper/wire.h
