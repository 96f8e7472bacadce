# The wire is shared with the host; the keeper itself is a program of its own:
# libexec_PROGRAMS += haft-keeper
# haft_keeper_SOURCES = host/keeper/...
# haft_keeper_LDFLAGS = $(STATIC_LINK)
# haft_keeper_LDADD =
libhost_la_SOURCES += host/keeper/wire.c host/keeper/wire.h
