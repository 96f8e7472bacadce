libhost_la_SOURCES += \
    host/flow/arena.c host/flow/arena.h \
    host/flow/build.c host/flow/build.h \
    host/flow/document.c host/flow/document.h \
    host/flow/document_build.c host/flow/document_build.h \
    host/flow/document_json.c \
    host/flow/document_yaml.c \
    host/flow/expr.c host/flow/expr.h \
    host/flow/expr_eval.c host/flow/expr_tree.h \
    host/flow/problem.c host/flow/problem.h \
    host/flow/scalar.c host/flow/scalar.h \
    host/flow/template.c host/flow/template.h \
    host/flow/workflow.c host/flow/workflow.h
