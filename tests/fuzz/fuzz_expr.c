/* Expressions and templates: whatever bytes come, either a tree that has a
 * value or a reason for every world, or a refusal that points into the text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/flow/template.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A different kind of value for each length of a path's last part. */
static cJSON *look(void *ctx, const char *const *path, size_t count)
{
    static const char *const values[] = {
        "\"text\"", "12", "[1,\"a\",null]", "{\"a\":[true]}", "false", "\"7\"",
    };
    size_t kinds = sizeof(values) / sizeof(values[0]);
    size_t kind = strlen(path[count - 1]) % (kinds + 1);

    (void)ctx;
    return kind == kinds ? NULL : cJSON_Parse(values[kind]);
}

static bool ask(void *ctx, enum expr_question question)
{
    (void)ctx;
    return question == EXPR_SUCCESS || question == EXPR_ALWAYS;
}

static void visit(void *ctx, const char *const *path, size_t count)
{
    size_t *sum = ctx;

    for (size_t i = 0; i < count; i++) {
        *sum += strlen(path[i]);
    }
}

static void check(bool is_right)
{
    if (!is_right) {
        abort();
    }
}

static void try_expression(const char *text, size_t size)
{
    struct expr_scope scope = {.look = look, .ask = ask};
    size_t at = 0;
    size_t sum = 0;
    struct str why;
    struct expr *e;

    str_init(&why, STR_WHY_LIMIT);
    e = expr_parse(text, size, &why, &at);
    check((e == NULL) == (why.size > 0));
    if (e) {
        cJSON *value = expr_eval(e, &scope, &why);

        check((value == NULL) == (why.size > 0));
        expr_visit(e, visit, &sum);
        check(sum <= size);
        cJSON_Delete(value);
    } else {
        check(at <= size);
    }
    expr_destroy(e);
    str_finish(&why);
}

static void try_template(const char *text)
{
    struct expr_scope scope = {.look = look, .ask = ask};
    size_t at = 0;
    struct str why;
    struct str out;

    str_init(&why, STR_WHY_LIMIT);
    str_init(&out, EXPR_VALUE_LIMIT);
    if (template_check(text, &why, &at, NULL, NULL)) {
        check(why.size == 0);
        check(template_render(text, &scope, &out, &why) == (why.size == 0));
    } else {
        check(why.size > 0 && at <= strlen(text));
    }
    str_finish(&why);
    str_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = mem_text(bytes, size);

    try_expression((const char *)bytes, size);
    try_template(text);
    mem_free(text);
    return 0;
}
