#include "host/flow/expr.h"

#include <string.h>

#include "host/flow/expr_scan.h"
#include "host/plain/mem.h"
#include "host/plain/nearest.h"
#include "host/plain/utf8.h"

/* A recursive descent, one function a level of binding:
 *
 *   either     = both { "||" both }
 *   both       = comparison { "&&" comparison }
 *   comparison = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand ]
 *   operand    = "!" operand | "(" either ")" | literal | path | call
 *
 * The recursion is bounded by EXPR_DEPTH_LIMIT. The first failure is kept;
 * every level returns EXPR_NONE after one. */

const struct expr_function_row expr_functions[EXPR_FUNCTIONS] = {
    [EXPR_JOIN] = {"join", 1, 2},
    [EXPR_LEN] = {"len", 1, 1},
    [EXPR_DEFAULT] = {"default", 2, EXPR_ARGUMENTS_LIMIT},
    [EXPR_JSON] = {"json", 1, 1},
    [EXPR_CONTAINS] = {"contains", 2, 2},
    [EXPR_STARTS_WITH] = {"startsWith", 2, 2},
    [EXPR_ENDS_WITH] = {"endsWith", 2, 2},
    [EXPR_FORMAT] = {"format", 1, EXPR_ARGUMENTS_LIMIT},
};

static const char *const questions[] = {
    [EXPR_SUCCESS] = "success",
    [EXPR_FAILURE] = "failure",
    [EXPR_ALWAYS] = "always",
    [EXPR_CANCELLED] = "cancelled",
};

static const char *const statuses[] = {
    "waiting",   "ready",  "deciding",  "running", "held",
    "succeeded", "failed", "cancelled", "skipped",
};

static const char *const roots[] = {
    "params", "tasks", "each", "matrix", "env", "secrets", "run", "trigger",
};

/* What people write who come from elsewhere. */
static const struct {
    const char *word;
    const char *remedy;
} habits[] = {
    {"and", "write &&"},
    {"or", "write ||"},
    {"not", "write !"},
    {"eq", "write =="},
    {"ne", "write !="},
    {"needs", "write tasks.NAME (GitHub calls this needs.NAME)"},
    {"steps", "write tasks.NAME (GitHub calls this steps.NAME)"},
    {"jobs", "write tasks.NAME (GitHub calls this jobs.NAME)"},
    {"inputs", "write params.NAME (GitHub calls this inputs.NAME)"},
    {"item", "write each.NAME, the name given under `each`"},
    {"vars", "write params.NAME or env.NAME"},
    {"github", "write run.id, or declare a parameter"},
    {"outputs", "write tasks.NAME.outputs.KEY"},
    {"fromJSON", "write json(text)"},
    {"fromJson", "write json(text)"},
    {"toJSON", "a list or object becomes JSON by itself where it meets text"},
    {"toJson", "a list or object becomes JSON by itself where it meets text"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint16_t either(struct scan *p);

/* ---- names ---- */

static bool is_word(const struct scan *p, size_t start, const char *word)
{
    size_t size = p->pos - start;

    return strlen(word) == size && memcmp(p->text + start, word, size) == 0;
}

static int find_word(const struct scan *p, size_t start,
                     const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_word(p, start, words[i])) {
            return (int)i;
        }
    }
    return -1;
}

/* A name that means nothing: by habit, by likeness, or a text without quotes.
 * The name runs from `start` to the position. */
static uint16_t fail_name(struct scan *p, size_t start, bool is_call)
{
    char *name = mem_text(p->text + start, p->pos - start);
    struct nearest near;
    struct str hint;

    str_init(&hint, STR_WHY_LIMIT);
    nearest_init(&near, name);
    for (size_t i = 0; i < COUNT(habits); i++) {
        if (strcmp(habits[i].word, name) == 0) {
            str_addf(&hint, "; %s", habits[i].remedy);
        }
    }
    for (size_t i = 0; is_call && i < EXPR_FUNCTIONS; i++) {
        nearest_try(&near, expr_functions[i].name);
    }
    for (size_t i = 0; is_call && i < COUNT(questions); i++) {
        nearest_try(&near, questions[i]);
    }
    for (size_t i = 0; !is_call && i < COUNT(roots); i++) {
        nearest_try(&near, roots[i]);
    }
    for (size_t i = 0; !is_call && i < COUNT(statuses); i++) {
        nearest_try(&near, statuses[i]);
    }
    if (hint.size == 0) {
        nearest_add_hint(&near, &hint);
    }
    if (hint.size == 0 && !is_call) {
        str_addf(&hint, "; a text stands in quotes: '%s'", name);
    }
    scan_fail(p, start, "%s \"%s\" is not known here%s",
              is_call ? "the function" : "the name", name, hint.text);
    str_finish(&hint);
    mem_free(name);
    return EXPR_NONE;
}

/* What stands between the brackets of a call; links the arguments. */
static bool arguments(struct scan *p, struct expr_node *call)
{
    uint16_t last = EXPR_NONE;
    size_t start = p->pos;

    call->first = EXPR_NONE;
    if (scan_accept(p, ")")) {
        return true;
    }
    do {
        uint16_t argument = either(p);

        if (argument == EXPR_NONE) {
            return false;
        }
        if (++call->count > EXPR_ARGUMENTS_LIMIT) {
            scan_fail(p, start, "more than %d arguments", EXPR_ARGUMENTS_LIMIT);
            return false;
        }
        if (last == EXPR_NONE) {
            call->first = argument;
        } else {
            p->e->nodes[last].next = argument;
        }
        last = argument;
    } while (scan_accept(p, ","));
    if (!scan_accept(p, ")")) {
        scan_fail_here(p, "`,` or `)`");
        return false;
    }
    return true;
}

static uint16_t ask(struct scan *p, size_t start, int question)
{
    struct expr_node node = {.kind = EXPR_ASK, .code = (uint8_t)question};

    if (!arguments(p, &node)) {
        return EXPR_NONE;
    }
    if (node.count) {
        return scan_fail(p, start, "%s() takes no arguments",
                         questions[question]);
    }
    return scan_add(p, node);
}

static uint16_t call(struct scan *p, size_t start)
{
    struct expr_node node = {.kind = EXPR_CALL};
    const struct expr_function_row *row = NULL;
    int question = find_word(p, start, questions, COUNT(questions));

    for (size_t i = 0; i < EXPR_FUNCTIONS && !row; i++) {
        if (is_word(p, start, expr_functions[i].name)) {
            row = &expr_functions[i];
            node.code = (uint8_t)i;
        }
    }
    if (!row && question < 0) {
        return fail_name(p, start, true);
    }
    scan_accept(p, "(");
    if (!row) {
        return ask(p, start, question);
    }
    if (!arguments(p, &node)) {
        return EXPR_NONE;
    }
    if (node.count < row->least || node.count > row->most) {
        return scan_fail(p, start, "%s takes %d%s argument%s, not %d",
                         row->name, row->least,
                         row->most > row->least ? " or more" : "",
                         row->most > 1 ? "s" : "", node.count);
    }
    return scan_add(p, node);
}

static void add_part(struct scan *p, size_t start)
{
    struct expr *e = p->e;

    e->parts = mem_grow(e->parts, &e->parts_room, e->parts_count + 1,
                        sizeof(*e->parts));
    e->parts[e->parts_count++] = e->words + start;
    e->words[p->pos] = '\0';
}

/* The rest of a path whose first name has been read. */
static uint16_t path(struct scan *p, size_t start)
{
    struct expr_node node = {.kind = EXPR_PATH,
                             .first = EXPR_NONE,
                             .part = (uint16_t)p->e->parts_count,
                             .count = 1};

    add_part(p, start);
    while (scan_peek(p, 0) == '.') {
        size_t part = ++p->pos;

        while (scan_is_name_part(scan_peek(p, 0))) {
            p->pos++;
        }
        if (p->pos == part && scan_peek(p, 0) == '*') {
            return scan_fail(p, part,
                             "`*`: a path leads to one value; the outputs "
                             "of an `each` are a list already");
        }
        if (p->pos == part || p->text[part] == '-') {
            return scan_fail(p, part, "a name is expected after the dot");
        }
        if (++node.count > EXPR_PATH_LIMIT) {
            return scan_fail(p, start, "the path has more than %d parts",
                             EXPR_PATH_LIMIT);
        }
        add_part(p, part);
    }
    if (scan_peek(p, 0) == '[') {
        return scan_fail_here(p, "the path's end");
    }
    return scan_add(p, node);
}

static uint16_t name(struct scan *p)
{
    static const char *const words[] = {"null", "true", "false"};
    size_t start = p->pos;
    size_t end;
    bool is_call;
    int word;

    while (scan_is_name_part(scan_peek(p, 0))) {
        p->pos++;
    }
    end = p->pos;
    scan_blanks(p);
    is_call = scan_peek(p, 0) == '(';
    p->pos = end;
    if (is_call) {
        return call(p, start);
    }
    if (find_word(p, start, roots, COUNT(roots)) >= 0) {
        return path(p, start);
    }
    word = find_word(p, start, words, COUNT(words));
    if (word >= 0) {
        return scan_add_literal(p, word ? cJSON_CreateBool(word == 1)
                                        : cJSON_CreateNull());
    }
    word = find_word(p, start, statuses, COUNT(statuses));
    if (word >= 0 && scan_peek(p, 0) != '.') {
        return scan_add_literal(p, cJSON_CreateString(statuses[word]));
    }
    return fail_name(p, start, false);
}

/* ---- operators ---- */

static uint16_t negation(struct scan *p);

static uint16_t operand(struct scan *p)
{
    uint16_t inner;
    char c;

    if (scan_accept(p, "!")) {
        return negation(p);
    }
    if (scan_accept(p, "(")) {
        inner = either(p);
        if (inner != EXPR_NONE && !scan_accept(p, ")")) {
            return scan_fail_here(p, "`)`");
        }
        return inner;
    }
    scan_blanks(p);
    c = scan_peek(p, 0);
    if (c == '\'') {
        return scan_single_quoted(p);
    }
    if (c == '"') {
        return scan_double_quoted(p);
    }
    if (scan_is_digit(c) || (c == '-' && scan_is_digit(scan_peek(p, 1)))) {
        return scan_number(p);
    }
    if (scan_is_name_start(c)) {
        return name(p);
    }
    return scan_fail_here(p, "a value");
}

static uint16_t negation(struct scan *p)
{
    uint16_t inner = EXPR_NONE;

    if (++p->depth > EXPR_DEPTH_LIMIT) {
        return scan_fail(p, p->pos, "nested deeper than %d levels",
                         EXPR_DEPTH_LIMIT);
    }
    inner = operand(p);
    p->depth--;
    if (inner == EXPR_NONE) {
        return EXPR_NONE;
    }
    return scan_add(
        p, (struct expr_node){.kind = EXPR_NOT, .first = inner, .count = 1});
}

static int comparator(struct scan *p)
{
    static const struct {
        const char *sign;
        int code;
    } signs[] = {
        {"==", EXPR_EQUAL},      {"!=", EXPR_UNEQUAL},
        {"<=", EXPR_LESS_EQUAL}, {">=", EXPR_GREATER_EQUAL},
        {"<", EXPR_LESS},        {">", EXPR_GREATER},
    };

    for (size_t i = 0; i < COUNT(signs); i++) {
        if (scan_accept(p, signs[i].sign)) {
            return signs[i].code;
        }
    }
    return -1;
}

static uint16_t comparison(struct scan *p)
{
    uint16_t left = operand(p);
    uint16_t right;
    size_t at;
    int code;

    if (left == EXPR_NONE) {
        return EXPR_NONE;
    }
    code = comparator(p);
    if (code < 0) {
        return left;
    }
    right = operand(p);
    if (right == EXPR_NONE) {
        return EXPR_NONE;
    }
    scan_blanks(p);
    at = p->pos;
    if (comparator(p) >= 0) {
        return scan_fail(p, at, "comparisons do not chain; join them with &&");
    }
    p->e->nodes[left].next = right;
    return scan_add(p, (struct expr_node){.kind = EXPR_COMPARE,
                                          .code = (uint8_t)code,
                                          .first = left,
                                          .count = 2});
}

/* One level of `||` or `&&`: a single child stands for itself. */
static uint16_t chain(struct scan *p, uint8_t kind, const char *sign,
                      uint16_t (*below)(struct scan *))
{
    struct expr_node node = {.kind = kind, .first = below(p), .count = 1};
    uint16_t last = node.first;

    while (last != EXPR_NONE && scan_accept(p, sign)) {
        uint16_t next = below(p);

        if (next != EXPR_NONE) {
            p->e->nodes[last].next = next;
            node.count++;
        }
        last = next;
    }
    if (last == EXPR_NONE) {
        return EXPR_NONE;
    }
    return node.count == 1 ? node.first : scan_add(p, node);
}

static uint16_t both(struct scan *p)
{
    return chain(p, EXPR_AND, "&&", comparison);
}

static uint16_t either(struct scan *p)
{
    uint16_t node;

    if (++p->depth > EXPR_DEPTH_LIMIT) {
        return scan_fail(p, p->pos, "nested deeper than %d levels",
                         EXPR_DEPTH_LIMIT);
    }
    node = chain(p, EXPR_OR, "||", both);
    p->depth--;
    return node;
}

/* ---- the whole ---- */

/* `a and b` */
static uint16_t fail_rest(struct scan *p)
{
    size_t start = p->pos;

    while (scan_is_name_part(scan_peek(p, 0))) {
        p->pos++;
    }
    for (size_t i = 0; i < COUNT(habits); i++) {
        if (is_word(p, start, habits[i].word)) {
            return scan_fail(p, start, "\"%s\" is no operator; %s",
                             habits[i].word, habits[i].remedy);
        }
    }
    p->pos = start;
    return scan_fail_here(p, "an operator or the end");
}

static uint16_t whole(struct scan *p)
{
    uint16_t root;

    if (p->size > EXPR_SIZE_LIMIT) {
        return scan_fail(p, 0, "the expression is longer than %d bytes",
                         EXPR_SIZE_LIMIT);
    }
    if (memchr(p->text, '\0', p->size) || !utf8_is_valid(p->text, p->size)) {
        return scan_fail(p, 0, "the expression is not UTF-8 text");
    }
    root = either(p);
    scan_blanks(p);
    if (root != EXPR_NONE && p->pos < p->size) {
        return fail_rest(p);
    }
    return root;
}

struct expr *expr_parse(const char *text, size_t size, struct str *why,
                        size_t *at)
{
    struct expr *e = mem_new(1, sizeof(*e));
    struct scan p = {.text = text, .size = size, .e = e, .why = why};

    e->words = mem_text(text, size);
    e->root = whole(&p);
    if (e->root == EXPR_NONE) {
        *at = p.bad_at < size ? p.bad_at : size;
        expr_destroy(e);
        return NULL;
    }
    return e;
}

void expr_destroy(struct expr *e)
{
    if (!e) {
        return;
    }
    for (size_t i = 0; i < e->nodes_count; i++) {
        cJSON_Delete(e->nodes[i].literal);
    }
    mem_free(e->nodes);
    mem_free(e->parts);
    mem_free(e->words);
    mem_free(e);
}

bool expr_has_question(const struct expr *e)
{
    for (size_t i = 0; i < e->nodes_count; i++) {
        if (e->nodes[i].kind == EXPR_ASK) {
            return true;
        }
    }
    return false;
}

/* Paths are added to the nodes in order of the text. */
void expr_visit(const struct expr *e,
                void (*visit)(void *ctx, const char *const *path, size_t count),
                void *ctx)
{
    for (size_t i = 0; i < e->nodes_count; i++) {
        const struct expr_node *node = &e->nodes[i];

        if (node->kind == EXPR_PATH) {
            visit(ctx, e->parts + node->part, node->count);
        }
    }
}
