/* A text with ${{ expressions }} in it, as env, workdir and the other values
 * of a workflow file may have. `$${{` is a literal `${{`. A text that is one
 * expression and nothing else keeps its value's type; else every piece is
 * rendered as text: strings as they are, null as nothing, the rest as JSON. */
#ifndef HOST_FLOW_TEMPLATE_H
#define HOST_FLOW_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "host/flow/expr.h"

bool template_is_plain(const char *text); /* no ${{ at all */

/* Whether it is one expression and nothing else but blanks, and which. */
bool template_is_one(const char *text, const char **start, size_t *size);

/* Checks every expression in it and visits their paths; false with `why` and
 * the offending byte in `*at`. `visit` may be NULL. */
bool template_check(const char *text, struct str *why, size_t *at,
                    void (*visit)(void *ctx, const char *const *path,
                                  size_t count),
                    void *ctx);

/* Adds the rendered text to `out`; false with the reason in `why`. */
bool template_render(const char *text, const struct expr_scope *scope,
                     struct str *out, struct str *why);

/* The value, owned: of its own type if the text is one expression, else the
 * rendered text; NULL with the reason in `why`. */
cJSON *template_value(const char *text, const struct expr_scope *scope,
                      struct str *why);

#endif
