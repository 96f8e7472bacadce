libhost_la_SOURCES += host/carry/keeper.h
