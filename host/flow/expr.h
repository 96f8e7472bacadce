/* One expression of a workflow file: a path, a literal, a comparison, a call
 * of one of eight functions. Total, bounded and pure: every expression has a
 * value for every scope, or a sentence that says why not; nothing loops, and
 * nothing is reached but what the scope hands out.
 *
 * Grammar and functions: docs/workflow.md, "Expressions". */
#ifndef HOST_FLOW_EXPR_H
#define HOST_FLOW_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "host/plain/str.h"

#define EXPR_SIZE_LIMIT 4096 /* bytes of source */
#define EXPR_NODES_LIMIT 512 /* nodes of the tree, so also its depth */
#define EXPR_DEPTH_LIMIT 64  /* brackets, calls and `!` inside each other */
#define EXPR_PATH_LIMIT 32   /* components of one path */
#define EXPR_VALUE_LIMIT (1024 * 1024) /* bytes of any text made by one */

struct expr; /* immutable once parsed */

/* The four questions about the needs of a task, or of the run. */
enum expr_question {
    EXPR_SUCCESS,
    EXPR_FAILURE,
    EXPR_ALWAYS,
    EXPR_CANCELLED
};

struct expr_scope {
    /* The value of a path such as tasks.build.outputs.ref, owned by the
     * caller; NULL where there is none, which reads as null. */
    cJSON *(*look)(void *ctx, const char *const *path, size_t count);
    bool (*ask)(void *ctx, enum expr_question question);
    void *ctx;
};

/* NULL with the reason in `why` and the offending byte in `*at`; owned. */
struct expr *expr_parse(const char *text, size_t size, struct str *why,
                        size_t *at);
void expr_destroy(struct expr *e);

/* The value, owned (cJSON_Delete), or NULL with the reason in `why`. */
cJSON *expr_eval(const struct expr *e, const struct expr_scope *scope,
                 struct str *why);

/* null, false, 0, "" and nothing else are false. */
bool expr_is_true(const cJSON *value);

/* Whether it calls success(), failure(), always() or cancelled(). */
bool expr_has_question(const struct expr *e);

/* Calls `visit` for every path in it, in order of the text. */
void expr_visit(const struct expr *e,
                void (*visit)(void *ctx, const char *const *path, size_t count),
                void *ctx);

/* What a path reaches below a value: a member of an object by its name, an
 * item of an array by its number from 0. Borrowed from `value`; NULL if there
 * is nothing. For the `look` of a scope. */
const cJSON *expr_descend(const cJSON *value, const char *const *path,
                          size_t count);

/* Adds a value as text: a text as it is, null as nothing, the rest as JSON. */
void expr_render(const cJSON *value, struct str *out);

#endif
