# libhost_la_SOURCES += host/guest/NOUN.c host/guest/NOUN.h
