libhost_la_SOURCES += host/host.c host/host.h

bin_PROGRAMS += haft
haft_SOURCES = host/main.c
haft_LDFLAGS = $(HAFT_LINK)
haft_LDADD = libhost.la
EXTRA_haft_DEPENDENCIES = $(HAFT_PRELOADS)
HAFT_LINK = $(AM_LDFLAGS)
HAFT_PRELOADS =
if STATIC_PLUGINS
HAFT_LINK += -static $(PRELOADS:%=-dlpreopen %)
HAFT_PRELOADS += $(PRELOADS)
AM_CPPFLAGS += -DHAFT_STATIC_PLUGINS -DHAFT_STATIC
endif
