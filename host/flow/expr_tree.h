/* The tree of a parsed expression, shared by its parser (expr.c,
 * expr_scan.c) and its evaluator (expr_eval.c), and by nobody else. */
#ifndef HOST_FLOW_EXPR_TREE_H
#define HOST_FLOW_EXPR_TREE_H

#include <stdint.h>

#include "host/flow/expr.h"

#define EXPR_NONE UINT16_MAX
#define EXPR_ARGUMENTS_LIMIT 16

enum expr_kind {
    EXPR_LITERAL,
    EXPR_PATH,
    EXPR_AND, /* of two and more children */
    EXPR_OR,
    EXPR_NOT,
    EXPR_COMPARE,
    EXPR_CALL,
    EXPR_ASK
};

enum expr_operator {
    EXPR_EQUAL,
    EXPR_UNEQUAL,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_GREATER,
    EXPR_GREATER_EQUAL
};

enum expr_function {
    EXPR_JOIN,
    EXPR_LEN,
    EXPR_DEFAULT,
    EXPR_JSON,
    EXPR_CONTAINS,
    EXPR_STARTS_WITH,
    EXPR_ENDS_WITH,
    EXPR_FORMAT,
    EXPR_FUNCTIONS
};

struct expr_function_row {
    const char *name;
    uint8_t least; /* arguments */
    uint8_t most;
};

extern const struct expr_function_row expr_functions[EXPR_FUNCTIONS];

struct expr_node {
    uint8_t kind;
    uint8_t code;   /* operator, function or question */
    uint16_t first; /* child */
    uint16_t next;  /* sibling */
    uint16_t count; /* of children, or of the path's components */
    uint16_t part;  /* first component in `parts` */
    cJSON *literal; /* owned */
};

struct expr {
    char *words;        /* the source, a NUL after every component of a path */
    const char **parts; /* into `words` */
    size_t parts_count;
    size_t parts_room;
    struct expr_node *nodes; /* children before parents; the root is last */
    size_t nodes_count;
    size_t nodes_room;
    uint16_t root;
};

#endif
