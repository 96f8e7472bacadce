# libhost_la_SOURCES += host/door/NOUN.c host/door/NOUN.h
