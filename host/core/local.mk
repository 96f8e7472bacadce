# libhost_la_SOURCES += host/core/NOUN.c host/core/NOUN.h
