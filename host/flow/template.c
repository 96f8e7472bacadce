#include "host/flow/template.h"

#include <string.h>

/* A piece of a template: literal text, or one expression. */
struct piece {
    const char *text;
    size_t size;
    bool is_expression;
};

/* The `}}` that ends an expression: quotes may hold one. NULL if none. */
static const char *find_end(const char *text)
{
    char quote = '\0';

    for (const char *c = text; *c; c++) {
        if (quote == '"' && *c == '\\' && c[1]) {
            c++;
        } else if (quote) {
            quote = *c == quote ? '\0' : quote;
        } else if (*c == '\'' || *c == '"') {
            quote = *c;
        } else if (*c == '}' && c[1] == '}') {
            return c;
        }
    }
    return NULL;
}

/* Takes the next piece off `*rest`; false at the end, or with a NULL text if
 * an expression has none. */
static bool take_piece(const char **rest, struct piece *piece)
{
    const char *start = *rest;
    const char *sign;
    const char *end;

    *piece = (struct piece){.text = start};
    if (*start == '\0') {
        return false;
    }
    if (strncmp(start, "$${{", 4) == 0) {
        *piece = (struct piece){.text = start + 1, .size = 3};
        *rest = start + 4;
        return true;
    }
    if (strncmp(start, "${{", 3) == 0) {
        end = find_end(start + 3);
        *piece = (struct piece){.is_expression = true};
        if (!end) {
            return false;
        }
        piece->text = start + 3;
        piece->size = (size_t)(end - piece->text);
        *rest = end + 2;
        return true;
    }
    sign = strstr(start, "${{");
    if (sign && sign > start && sign[-1] == '$') {
        sign--;
    }
    piece->size = sign ? (size_t)(sign - start) : strlen(start);
    *rest = start + piece->size;
    return true;
}

bool template_is_plain(const char *text)
{
    return strstr(text, "${{") == NULL;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

bool template_is_one(const char *text, const char **start, size_t *size)
{
    const char *rest = text + strspn(text, " \t\r\n");
    struct piece piece;

    if (!take_piece(&rest, &piece) || !piece.is_expression || !is_blank(rest)) {
        return false;
    }
    *start = piece.text;
    *size = piece.size;
    return true;
}

bool template_check(const char *text, struct str *why, size_t *at,
                    void (*visit)(void *ctx, const char *const *path,
                                  size_t count),
                    void *ctx)
{
    const char *rest = text;
    struct piece piece;

    while (take_piece(&rest, &piece)) {
        if (piece.is_expression) {
            struct expr *e = expr_parse(piece.text, piece.size, why, at);

            if (!e) {
                *at += (size_t)(piece.text - text);
                return false;
            }
            if (visit) {
                expr_visit(e, visit, ctx);
            }
            expr_destroy(e);
        }
    }
    if (!piece.text) {
        *at = (size_t)(rest - text);
        str_add_text(why, "${{ has no closing }}; a literal one is $${{");
        return false;
    }
    return true;
}

static cJSON *eval_piece(const struct piece *piece,
                         const struct expr_scope *scope, struct str *why)
{
    cJSON *value = NULL;
    struct expr *e;
    size_t at;

    e = expr_parse(piece->text, piece->size, why, &at);
    if (e) {
        value = expr_eval(e, scope, why);
    }
    expr_destroy(e);
    return value;
}

bool template_render(const char *text, const struct expr_scope *scope,
                     struct str *out, struct str *why)
{
    const char *rest = text;
    struct piece piece;

    while (take_piece(&rest, &piece)) {
        if (piece.is_expression) {
            cJSON *value = eval_piece(&piece, scope, why);

            if (!value) {
                return false;
            }
            expr_render(value, out);
            cJSON_Delete(value);
        } else {
            str_add(out, piece.text, piece.size);
        }
    }
    if (!piece.text) {
        str_add_text(why, "${{ has no closing }}");
        return false;
    }
    if (out->is_cut) {
        str_addf(why, "the text grows longer than %zu bytes", out->limit);
        return false;
    }
    return true;
}

cJSON *template_value(const char *text, const struct expr_scope *scope,
                      struct str *why)
{
    struct piece piece = {.is_expression = true};
    cJSON *value = NULL;
    struct str out;

    if (template_is_one(text, &piece.text, &piece.size)) {
        return eval_piece(&piece, scope, why);
    }
    str_init(&out, EXPR_VALUE_LIMIT);
    if (template_render(text, scope, &out, why)) {
        value = cJSON_CreateString(out.text);
    }
    str_finish(&out);
    return value;
}
