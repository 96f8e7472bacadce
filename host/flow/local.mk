libhost_la_SOURCES += \
    host/flow/arena.c host/flow/arena.h \
    host/flow/build.c host/flow/build.h \
    host/flow/document.c host/flow/document.h \
    host/flow/document_build.c host/flow/document_build.h \
    host/flow/document_json.c \
    host/flow/document_yaml.c \
    host/flow/expr.c host/flow/expr.h \
    host/flow/expr_eval.c host/flow/expr_tree.h \
    host/flow/expr_scan.c host/flow/expr_scan.h \
    host/flow/param.c \
    host/flow/problem.c host/flow/problem.h \
    host/flow/reader.c host/flow/reader.h \
    host/flow/reader_file.c \
    host/flow/reader_graph.c \
    host/flow/reader_policy.c \
    host/flow/reader_reference.c \
    host/flow/reader_task.c \
    host/flow/reader_work.c \
    host/flow/scalar.c host/flow/scalar.h \
    host/flow/schema.c \
    host/flow/template.c host/flow/template.h \
    host/flow/workflow.c host/flow/workflow.h
