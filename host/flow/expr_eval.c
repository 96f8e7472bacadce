#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/flow/expr.h"
#include "host/flow/expr_tree.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"
#include "host/plain/utf8.h"

/* The recursion follows the tree, whose depth the parser has bounded. Every
 * function of the language gets its arguments evaluated, except `default`,
 * `&&` and `||`, which stop at the first that decides. */

struct evaluation {
    const struct expr *e;
    const struct expr_scope *scope;
    struct str *why;
};

static cJSON *eval(struct evaluation *v, uint16_t index);

/* ---- kinds of values ---- */

static const char *kind_name(const cJSON *value)
{
    if (cJSON_IsString(value)) {
        return "a text";
    }
    if (cJSON_IsNumber(value)) {
        return "a number";
    }
    if (cJSON_IsBool(value)) {
        return cJSON_IsTrue(value) ? "true" : "false";
    }
    if (cJSON_IsArray(value)) {
        return "a list";
    }
    return cJSON_IsObject(value) ? "an object" : "null";
}

bool expr_is_true(const cJSON *value)
{
    if (cJSON_IsString(value)) {
        return value->valuestring[0] != '\0';
    }
    if (cJSON_IsNumber(value)) {
        return value->valuedouble != 0.0;
    }
    return cJSON_IsTrue(value) || cJSON_IsArray(value) || cJSON_IsObject(value);
}

void expr_render(const cJSON *value, struct str *out)
{
    if (cJSON_IsString(value)) {
        str_add_text(out, value->valuestring);
    } else if (value && !cJSON_IsNull(value)) {
        /* Apart, since the writers look at the last byte for a comma. */
        struct str json;

        str_init(&json, EXPR_VALUE_LIMIT + 1);
        json_value(&json, value);
        str_add(out, json.text, json.size);
        str_finish(&json);
    }
}

static cJSON *take_text(struct str *text, struct str *why)
{
    cJSON *value = NULL;

    if (text->is_cut) {
        str_addf(why, "the text grows longer than %d bytes", EXPR_VALUE_LIMIT);
    } else {
        value = cJSON_CreateString(text->text);
    }
    str_finish(text);
    return value;
}

/* ---- comparing ---- */

/* The number that a value is, or that its text reads as. */
static bool read_number(const cJSON *value, double *number)
{
    struct str unused;
    cJSON *read;
    bool is_number;

    if (cJSON_IsNumber(value)) {
        *number = value->valuedouble;
        return true;
    }
    if (!cJSON_IsString(value) || strlen(value->valuestring) > 64) {
        return false;
    }
    str_init(&unused, STR_WHY_LIMIT);
    read = json_read(value->valuestring, strlen(value->valuestring), &unused);
    str_finish(&unused);
    is_number = cJSON_IsNumber(read) && isfinite(read->valuedouble);
    if (is_number) {
        *number = read->valuedouble;
    }
    cJSON_Delete(read);
    return is_number;
}

static bool is_scalar(const cJSON *value)
{
    return !cJSON_IsArray(value) && !cJSON_IsObject(value);
}

/* Of two values of which at most one is a list or an object, and then the
 * other is null. Outputs are always texts: a text beside a number or a truth
 * value is read as one. */
static bool is_equal(const cJSON *a, const cJSON *b)
{
    double x = 0;
    double y = 0;

    if (cJSON_IsNull(a) || cJSON_IsNull(b)) {
        return cJSON_IsNull(a) && cJSON_IsNull(b);
    }
    if (cJSON_IsString(a) && cJSON_IsString(b)) {
        return strcmp(a->valuestring, b->valuestring) == 0;
    }
    if (cJSON_IsNumber(a) || cJSON_IsNumber(b)) {
        return read_number(a, &x) && read_number(b, &y) && !(x < y) && !(x > y);
    }
    if (cJSON_IsString(a) || cJSON_IsString(b)) {
        const char *text = cJSON_IsString(a) ? a->valuestring : b->valuestring;
        bool is_so = cJSON_IsTrue(a) || cJSON_IsTrue(b);

        return strcmp(text, is_so ? "true" : "false") == 0;
    }
    return cJSON_IsTrue(a) == cJSON_IsTrue(b);
}

/* -1, 0, 1; false if there is no order between them. */
static bool find_order(const cJSON *a, const cJSON *b, int *order)
{
    double x = 0;
    double y = 0;

    if (cJSON_IsString(a) && cJSON_IsString(b)) {
        int c = strcmp(a->valuestring, b->valuestring);

        *order = (c > 0) - (c < 0);
        return true;
    }
    if (read_number(a, &x) && read_number(b, &y)) {
        *order = (x > y) - (x < y);
        return true;
    }
    return false;
}

static bool holds(uint8_t code, int order)
{
    switch (code) {
    case EXPR_LESS:
        return order < 0;
    case EXPR_LESS_EQUAL:
        return order <= 0;
    case EXPR_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

static cJSON *compare(const cJSON *a, const cJSON *b, uint8_t code,
                      struct str *why)
{
    int order = 0;

    if (code == EXPR_EQUAL || code == EXPR_UNEQUAL) {
        bool is_null = cJSON_IsNull(a) || cJSON_IsNull(b);

        if (!is_null && !(is_scalar(a) && is_scalar(b))) {
            str_addf(why,
                     "%s and %s cannot be compared; compare a part or len()",
                     kind_name(a), kind_name(b));
            return NULL;
        }
        return cJSON_CreateBool(is_equal(a, b) == (code == EXPR_EQUAL));
    }
    if (!find_order(a, b, &order)) {
        str_addf(why, "%s and %s have no order; two numbers or two texts have",
                 kind_name(a), kind_name(b));
        return NULL;
    }
    return cJSON_CreateBool(holds(code, order));
}

/* ---- functions ---- */

static cJSON *refuse(struct str *why, const char *function,
                     const char *expected, const cJSON *found)
{
    str_addf(why, "%s wants %s, not %s", function, expected, kind_name(found));
    return NULL;
}

static cJSON *join(cJSON *const *args, size_t count, struct str *why)
{
    const cJSON *item;
    struct str text;

    if (!cJSON_IsArray(args[0])) {
        return refuse(why, "join", "a list", args[0]);
    }
    if (count > 1 && !cJSON_IsString(args[1])) {
        return refuse(why, "join", "a text between the items", args[1]);
    }
    str_init(&text, EXPR_VALUE_LIMIT);
    cJSON_ArrayForEach(item, args[0])
    {
        if (item != args[0]->child) {
            str_add_text(&text, count > 1 ? args[1]->valuestring : ",");
        }
        expr_render(item, &text);
        if (text.is_cut) {
            break;
        }
    }
    return take_text(&text, why);
}

static cJSON *len(cJSON *const *args, size_t count, struct str *why)
{
    size_t size = 0;

    (void)count;
    if (cJSON_IsNull(args[0])) {
        return cJSON_CreateNumber(0);
    }
    if (cJSON_IsString(args[0])) {
        for (const char *c = args[0]->valuestring; *c; c++) {
            size += ((unsigned char)*c & 0xc0) != 0x80;
        }
        return cJSON_CreateNumber((double)size);
    }
    if (is_scalar(args[0])) {
        return refuse(why, "len", "a text, a list or an object", args[0]);
    }
    return cJSON_CreateNumber(cJSON_GetArraySize(args[0]));
}

/* A text is parsed; what is no text is itself, so that it may be asked twice
 * and of what is missing. */
static cJSON *json(cJSON *const *args, size_t count, struct str *why)
{
    struct str reason;
    cJSON *value;

    (void)count;
    if (!cJSON_IsString(args[0])) {
        return cJSON_Duplicate(args[0], 1);
    }
    str_init(&reason, STR_WHY_LIMIT);
    value =
        json_read(args[0]->valuestring, strlen(args[0]->valuestring), &reason);
    if (!value) {
        str_add_text(why, "json cannot read ");
        str_add_quoted(why, args[0]->valuestring, strlen(args[0]->valuestring));
        str_addf(why, ": %s", reason.text);
    }
    str_finish(&reason);
    return value;
}

static cJSON *contains(cJSON *const *args, size_t count, struct str *why)
{
    const cJSON *item;
    bool has = false;

    (void)count;
    if (cJSON_IsNull(args[0])) {
        return cJSON_CreateFalse();
    }
    if (cJSON_IsArray(args[0])) {
        cJSON_ArrayForEach(item, args[0])
        {
            has = has || (is_scalar(item) && is_scalar(args[1]) &&
                          is_equal(item, args[1]));
        }
        return cJSON_CreateBool(has);
    }
    if (!cJSON_IsString(args[1])) {
        return refuse(why, "contains", "a text to look for", args[1]);
    }
    if (cJSON_IsObject(args[0])) {
        return cJSON_CreateBool(json_get(args[0], args[1]->valuestring) !=
                                NULL);
    }
    if (!cJSON_IsString(args[0])) {
        return refuse(why, "contains", "a text, a list or an object", args[0]);
    }
    return cJSON_CreateBool(
        strstr(args[0]->valuestring, args[1]->valuestring) != NULL);
}

static cJSON *has_edge(cJSON *const *args, bool is_end, struct str *why)
{
    const char *function = is_end ? "endsWith" : "startsWith";
    size_t size;
    size_t edge;

    if (!cJSON_IsString(args[0]) && !cJSON_IsNull(args[0])) {
        return refuse(why, function, "two texts", args[0]);
    }
    if (!cJSON_IsString(args[1])) {
        return refuse(why, function, "two texts", args[1]);
    }
    if (cJSON_IsNull(args[0])) {
        return cJSON_CreateFalse();
    }
    size = strlen(args[0]->valuestring);
    edge = strlen(args[1]->valuestring);
    return cJSON_CreateBool(
        size >= edge &&
        memcmp(args[0]->valuestring + (is_end ? size - edge : 0),
               args[1]->valuestring, edge) == 0);
}

static cJSON *starts_with(cJSON *const *args, size_t count, struct str *why)
{
    (void)count;
    return has_edge(args, false, why);
}

static cJSON *ends_with(cJSON *const *args, size_t count, struct str *why)
{
    (void)count;
    return has_edge(args, true, why);
}

/* The `{N}` at `text`: its end and its number; false if there is none. */
static bool read_hole(const char *text, const char **end, size_t *number)
{
    const char *c = text + 1;
    size_t n = 0;

    while (*c >= '0' && *c <= '9' && c - text < 4) {
        n = n * 10 + (size_t)(*c++ - '0');
    }
    if (c == text + 1 || *c != '}') {
        return false;
    }
    *end = c + 1;
    *number = n;
    return true;
}

static cJSON *format(cJSON *const *args, size_t count, struct str *why)
{
    const char *c = args[0]->valuestring;
    const char *end;
    struct str text;
    size_t n;

    if (!cJSON_IsString(args[0])) {
        return refuse(why, "format", "a text with {0} in it", args[0]);
    }
    str_init(&text, EXPR_VALUE_LIMIT);
    while (*c && !text.is_cut) {
        if ((*c == '{' || *c == '}') && c[1] == *c) {
            str_add_char(&text, *c);
            c += 2;
        } else if (*c == '{' && read_hole(c, &end, &n) && n + 1 < count) {
            expr_render(args[n + 1], &text);
            c = end;
        } else if (*c == '{' || *c == '}') {
            str_add_text(why, "format: a brace is the number of one of the "
                              "values that follow, as in {0}, or doubled");
            str_finish(&text);
            return NULL;
        } else {
            str_add_char(&text, *c++);
        }
    }
    return take_text(&text, why);
}

static cJSON *(*const functions[EXPR_FUNCTIONS])(cJSON *const *, size_t,
                                                 struct str *) = {
    [EXPR_JOIN] = join,
    [EXPR_LEN] = len,
    [EXPR_JSON] = json,
    [EXPR_CONTAINS] = contains,
    [EXPR_STARTS_WITH] = starts_with,
    [EXPR_ENDS_WITH] = ends_with,
    [EXPR_FORMAT] = format,
};

/* ---- the tree ---- */

static cJSON *eval_call(struct evaluation *v, const struct expr_node *node)
{
    cJSON *args[EXPR_ARGUMENTS_LIMIT] = {0};
    cJSON *value = NULL;
    size_t count = 0;

    for (uint16_t i = node->first; i != EXPR_NONE; i = v->e->nodes[i].next) {
        args[count] = eval(v, i);
        if (!args[count]) {
            break;
        }
        count++;
    }
    if (count == node->count) {
        value = functions[node->code](args, count, v->why);
    }
    for (size_t i = 0; i < count; i++) {
        cJSON_Delete(args[i]);
    }
    return value;
}

/* The first child that decides, else the last. */
static cJSON *eval_first(struct evaluation *v, const struct expr_node *node,
                         bool (*decides)(const cJSON *))
{
    cJSON *value = NULL;

    for (uint16_t i = node->first; i != EXPR_NONE; i = v->e->nodes[i].next) {
        cJSON_Delete(value);
        value = eval(v, i);
        if (!value || decides(value)) {
            return value;
        }
    }
    return value;
}

static bool is_false(const cJSON *value)
{
    return !expr_is_true(value);
}

static bool is_there(const cJSON *value)
{
    return !cJSON_IsNull(value) &&
           !(cJSON_IsString(value) && value->valuestring[0] == '\0');
}

static cJSON *eval_compare(struct evaluation *v, const struct expr_node *node)
{
    cJSON *left = eval(v, node->first);
    cJSON *right = left ? eval(v, v->e->nodes[node->first].next) : NULL;
    cJSON *value = right ? compare(left, right, node->code, v->why) : NULL;

    cJSON_Delete(left);
    cJSON_Delete(right);
    return value;
}

static cJSON *eval_not(struct evaluation *v, const struct expr_node *node)
{
    cJSON *inner = eval(v, node->first);
    cJSON *value = inner ? cJSON_CreateBool(!expr_is_true(inner)) : NULL;

    cJSON_Delete(inner);
    return value;
}

static cJSON *eval_path(struct evaluation *v, const struct expr_node *node)
{
    cJSON *value =
        v->scope->look(v->scope->ctx, v->e->parts + node->part, node->count);

    return value ? value : cJSON_CreateNull();
}

static cJSON *eval(struct evaluation *v, uint16_t index)
{
    const struct expr_node *node = &v->e->nodes[index];

    switch (node->kind) {
    case EXPR_LITERAL:
        return cJSON_Duplicate(node->literal, 1);
    case EXPR_PATH:
        return eval_path(v, node);
    case EXPR_AND:
        return eval_first(v, node, is_false);
    case EXPR_OR:
        return eval_first(v, node, expr_is_true);
    case EXPR_NOT:
        return eval_not(v, node);
    case EXPR_COMPARE:
        return eval_compare(v, node);
    case EXPR_ASK:
        return cJSON_CreateBool(
            v->scope->ask(v->scope->ctx, (enum expr_question)node->code));
    default:
        return node->code == EXPR_DEFAULT ? eval_first(v, node, is_there)
                                          : eval_call(v, node);
    }
}

cJSON *expr_eval(const struct expr *e, const struct expr_scope *scope,
                 struct str *why)
{
    struct evaluation v = {.e = e, .scope = scope, .why = why};

    return eval(&v, e->root);
}

static const cJSON *get_item(const cJSON *array, const char *number)
{
    size_t size = strlen(number);
    int index = 0;

    if (size == 0 || size > 8 || strspn(number, "0123456789") != size ||
        (size > 1 && number[0] == '0')) {
        return NULL;
    }
    for (size_t i = 0; i < size; i++) {
        index = index * 10 + (number[i] - '0');
    }
    return cJSON_GetArrayItem(array, index);
}

const cJSON *expr_descend(const cJSON *value, const char *const *path,
                          size_t count)
{
    for (size_t i = 0; i < count && value; i++) {
        if (cJSON_IsArray(value)) {
            value = get_item(value, path[i]);
        } else if (cJSON_IsObject(value)) {
            value = json_get(value, path[i]);
        } else {
            value = NULL;
        }
    }
    return value;
}
