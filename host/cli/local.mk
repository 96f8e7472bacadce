# libhost_la_SOURCES += host/cli/NOUN.c host/cli/NOUN.h
