libhost_la_SOURCES += \
    host/flow/arena.c host/flow/arena.h \
    host/flow/build.c host/flow/build.h \
    host/flow/expr.c host/flow/expr.h \
    host/flow/expr_eval.c host/flow/expr_tree.h \
    host/flow/template.c host/flow/template.h \
    host/flow/workflow.c host/flow/workflow.h
