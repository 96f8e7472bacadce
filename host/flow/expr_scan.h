/* The text of an expression on its way into a tree: where the parser stands in
 * it, its letters and literals, and what is wrong with it. For expr.c alone.
 *
 * The first failure is kept; what returns a node returns EXPR_NONE with it. */
#ifndef HOST_FLOW_EXPR_SCAN_H
#define HOST_FLOW_EXPR_SCAN_H

#include "host/flow/expr_tree.h"

struct scan {
    const char *text;
    size_t size;
    size_t pos;
    int depth;
    struct expr *e;
    struct str *why; /* written once */
    size_t bad_at;
    bool has_failed;
};

uint16_t scan_fail(struct scan *p, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what stands at the position instead of what was expected. */
uint16_t scan_fail_here(struct scan *p, const char *expected);

/* Takes the literal. */
uint16_t scan_add(struct scan *p, struct expr_node node);
uint16_t scan_add_literal(struct scan *p, cJSON *value);

bool scan_is_digit(char c);
bool scan_is_name_start(char c);
bool scan_is_name_part(char c);

/* The byte `ahead` of the position, NUL past the end. */
char scan_peek(const struct scan *p, size_t ahead);
void scan_blanks(struct scan *p);

/* Skips blanks, and the sign if it stands there. */
bool scan_accept(struct scan *p, const char *sign);

/* Literals; the position is at their first byte. */
uint16_t scan_single_quoted(struct scan *p);
uint16_t scan_double_quoted(struct scan *p);
uint16_t scan_number(struct scan *p);

#endif
