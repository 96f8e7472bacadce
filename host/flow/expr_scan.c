#include "host/flow/expr_scan.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/plain/json.h"
#include "host/plain/mem.h"

#define NUMBER_LIMIT 40 /* bytes of a number's text */

uint16_t scan_fail(struct scan *p, size_t at, const char *format, ...)
{
    va_list args;

    if (!p->has_failed) {
        p->has_failed = true;
        p->bad_at = at;
        va_start(args, format);
        str_addv(p->why, format, args);
        va_end(args);
    }
    return EXPR_NONE;
}

uint16_t scan_add(struct scan *p, struct expr_node node)
{
    struct expr *e = p->e;

    if (e->nodes_count >= EXPR_NODES_LIMIT) {
        cJSON_Delete(node.literal);
        return scan_fail(p, p->pos, "the expression has more than %d parts",
                         EXPR_NODES_LIMIT);
    }
    e->nodes = mem_grow(e->nodes, &e->nodes_room, e->nodes_count + 1,
                        sizeof(*e->nodes));
    node.next = EXPR_NONE;
    e->nodes[e->nodes_count] = node;
    return (uint16_t)e->nodes_count++;
}

uint16_t scan_add_literal(struct scan *p, cJSON *value)
{
    return scan_add(p, (struct expr_node){.kind = EXPR_LITERAL,
                                          .first = EXPR_NONE,
                                          .literal = value});
}

/* ---- letters ---- */

bool scan_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool scan_is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool scan_is_name_part(char c)
{
    return scan_is_name_start(c) || scan_is_digit(c) || c == '-';
}

/* The byte `ahead` of the position, NUL past the end. */
char scan_peek(const struct scan *p, size_t ahead)
{
    return p->pos + ahead < p->size ? p->text[p->pos + ahead] : '\0';
}

void scan_blanks(struct scan *p)
{
    while (scan_peek(p, 0) == ' ' || scan_peek(p, 0) == '\t' ||
           scan_peek(p, 0) == '\n' || scan_peek(p, 0) == '\r') {
        p->pos++;
    }
}

bool scan_accept(struct scan *p, const char *sign)
{
    size_t size = strlen(sign);

    scan_blanks(p);
    if (p->size - p->pos < size || memcmp(p->text + p->pos, sign, size) != 0) {
        return false;
    }
    p->pos += size;
    return true;
}

/* Says what stands at the position instead of what was expected. */
uint16_t scan_fail_here(struct scan *p, const char *expected)
{
    char c;

    scan_blanks(p);
    c = scan_peek(p, 0);
    if (p->pos >= p->size) {
        return scan_fail(p, p->pos, "%s is missing at the end", expected);
    }
    if (strchr("+-*/%", c)) {
        return scan_fail(p, p->pos, "`%c`: there is no arithmetic here", c);
    }
    if (c == '[') {
        return scan_fail(p, p->pos,
                         "`[`: an index is a part of the path, as in list.0");
    }
    if (c == '=' || c == '&' || c == '|') {
        return scan_fail(p, p->pos, "`%c` alone means nothing; write `%c%c`", c,
                         c, c);
    }
    if (c == '$') {
        return scan_fail(p, p->pos,
                         "`$`: there is no ${{ inside an expression");
    }
    if (c > ' ' && c < 0x7f) {
        return scan_fail(p, p->pos, "`%c` where %s was expected", c, expected);
    }
    return scan_fail(p, p->pos, "%s was expected", expected);
}

/* ---- literals ---- */

/* 'it''s' */
uint16_t scan_single_quoted(struct scan *p)
{
    size_t start = p->pos++;
    struct str text;
    uint16_t node;

    str_init(&text, EXPR_SIZE_LIMIT);
    while (p->pos < p->size) {
        if (scan_peek(p, 0) == '\'' && scan_peek(p, 1) != '\'') {
            break;
        }
        p->pos += scan_peek(p, 0) == '\'';
        str_add_char(&text, scan_peek(p, 0));
        p->pos++;
    }
    if (p->pos >= p->size) {
        str_finish(&text);
        return scan_fail(p, start,
                         "the text that begins here has no closing '");
    }
    p->pos++;
    node = scan_add_literal(p, cJSON_CreateString(text.text));
    str_finish(&text);
    return node;
}

/* "as in JSON" */
uint16_t scan_double_quoted(struct scan *p)
{
    size_t start = p->pos++;
    struct str reason;
    cJSON *value;

    while (p->pos < p->size && scan_peek(p, 0) != '"') {
        if (p->size - p->pos >= 6 &&
            memcmp(p->text + p->pos, "\\u0000", 6) == 0) {
            return scan_fail(p, p->pos, "a text cannot hold \\u0000");
        }
        p->pos += scan_peek(p, 0) == '\\' ? 2 : 1;
    }
    if (p->pos >= p->size) {
        return scan_fail(p, start,
                         "the text that begins here has no closing \"");
    }
    p->pos++;
    str_init(&reason, STR_WHY_LIMIT);
    value = json_read(p->text + start, p->pos - start, &reason);
    str_finish(&reason);
    if (!cJSON_IsString(value)) {
        cJSON_Delete(value);
        return scan_fail(p, start,
                         "in double quotes the escapes of JSON hold: "
                         "\\\" \\\\ \\n \\t \\u00e9");
    }
    return scan_add_literal(p, value);
}

static void skip_digits(struct scan *p)
{
    while (scan_is_digit(scan_peek(p, 0))) {
        p->pos++;
    }
}

/* As in JSON: -12.5e3 */
uint16_t scan_number(struct scan *p)
{
    char text[NUMBER_LIMIT + 1];
    size_t start = p->pos;
    size_t digits;
    double value;

    p->pos += scan_peek(p, 0) == '-';
    digits = p->pos;
    skip_digits(p);
    if (p->pos == digits || (p->text[digits] == '0' && p->pos > digits + 1)) {
        return scan_fail(p, start, "this is not a number as JSON writes them");
    }
    if (scan_peek(p, 0) == '.' && scan_is_digit(scan_peek(p, 1))) {
        p->pos++;
        skip_digits(p);
    }
    if (scan_peek(p, 0) == 'e' || scan_peek(p, 0) == 'E') {
        p->pos += scan_peek(p, 1) == '-' || scan_peek(p, 1) == '+' ? 2 : 1;
        skip_digits(p);
    }
    if (scan_is_name_part(scan_peek(p, 0)) || scan_peek(p, 0) == '.' ||
        !scan_is_digit(p->text[p->pos - 1]) || p->pos - start > NUMBER_LIMIT) {
        return scan_fail(p, start, "this is not a number as JSON writes them");
    }
    memcpy(text, p->text + start, p->pos - start);
    text[p->pos - start] = '\0';
    value = strtod(text, NULL);
    if (!isfinite(value)) {
        return scan_fail(p, start, "this number is too large");
    }
    return scan_add_literal(p, cJSON_CreateNumber(value));
}
