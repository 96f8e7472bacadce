libhost_la_SOURCES += \
	host/flow/arena.c \
	host/flow/arena.h \
	host/flow/build.c \
	host/flow/build.h \
	host/flow/expr.h \
	host/flow/template.h \
	host/flow/workflow.c \
	host/flow/workflow.h
