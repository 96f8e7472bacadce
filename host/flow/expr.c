#include "host/flow/expr.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/flow/expr_tree.h"
#include "host/plain/json.h"
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

#define NUMBER_LIMIT 40 /* bytes of a number's text */

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

struct parser {
    const char *text;
    size_t size;
    size_t pos;
    int depth;
    struct expr *e;
    struct str *why; /* written once */
    size_t bad_at;
    bool has_failed;
};

static uint16_t either(struct parser *p);

__attribute__((format(printf, 3, 4))) static uint16_t
fail(struct parser *p, size_t at, const char *format, ...)
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

static uint16_t add_node(struct parser *p, struct expr_node node)
{
    struct expr *e = p->e;

    if (e->nodes_count >= EXPR_NODES_LIMIT) {
        cJSON_Delete(node.literal);
        return fail(p, p->pos, "the expression has more than %d parts",
                    EXPR_NODES_LIMIT);
    }
    e->nodes = mem_grow(e->nodes, &e->nodes_room, e->nodes_count + 1,
                        sizeof(*e->nodes));
    node.next = EXPR_NONE;
    e->nodes[e->nodes_count] = node;
    return (uint16_t)e->nodes_count++;
}

static uint16_t add_literal(struct parser *p, cJSON *value)
{
    return add_node(p, (struct expr_node){.kind = EXPR_LITERAL,
                                          .first = EXPR_NONE,
                                          .literal = value});
}

/* ---- letters ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_part(char c)
{
    return is_name_start(c) || is_digit(c) || c == '-';
}

/* The byte `ahead` of the position, NUL past the end. */
static char peek(const struct parser *p, size_t ahead)
{
    return p->pos + ahead < p->size ? p->text[p->pos + ahead] : '\0';
}

static void skip_blanks(struct parser *p)
{
    while (peek(p, 0) == ' ' || peek(p, 0) == '\t' || peek(p, 0) == '\n' ||
           peek(p, 0) == '\r') {
        p->pos++;
    }
}

static bool accept(struct parser *p, const char *sign)
{
    size_t size = strlen(sign);

    skip_blanks(p);
    if (p->size - p->pos < size || memcmp(p->text + p->pos, sign, size) != 0) {
        return false;
    }
    p->pos += size;
    return true;
}

/* Says what stands at the position instead of what was expected. */
static uint16_t fail_here(struct parser *p, const char *expected)
{
    char c;

    skip_blanks(p);
    c = peek(p, 0);
    if (p->pos >= p->size) {
        return fail(p, p->pos, "%s is missing at the end", expected);
    }
    if (strchr("+-*/%", c)) {
        return fail(p, p->pos, "`%c`: there is no arithmetic here", c);
    }
    if (c == '[') {
        return fail(p, p->pos,
                    "`[`: an index is a part of the path, as in list.0");
    }
    if (c == '=' || c == '&' || c == '|') {
        return fail(p, p->pos, "`%c` alone means nothing; write `%c%c`", c, c,
                    c);
    }
    if (c == '$') {
        return fail(p, p->pos, "`$`: there is no ${{ inside an expression");
    }
    if (c > ' ' && c < 0x7f) {
        return fail(p, p->pos, "`%c` where %s was expected", c, expected);
    }
    return fail(p, p->pos, "%s was expected", expected);
}

/* ---- literals ---- */

/* 'it''s' */
static uint16_t single_quoted(struct parser *p)
{
    size_t start = p->pos++;
    struct str text;
    uint16_t node;

    str_init(&text, EXPR_SIZE_LIMIT);
    while (p->pos < p->size) {
        if (peek(p, 0) == '\'' && peek(p, 1) != '\'') {
            break;
        }
        p->pos += peek(p, 0) == '\'';
        str_add_char(&text, peek(p, 0));
        p->pos++;
    }
    if (p->pos >= p->size) {
        str_finish(&text);
        return fail(p, start, "the text that begins here has no closing '");
    }
    p->pos++;
    node = add_literal(p, cJSON_CreateString(text.text));
    str_finish(&text);
    return node;
}

/* "as in JSON" */
static uint16_t double_quoted(struct parser *p)
{
    size_t start = p->pos++;
    struct str reason;
    cJSON *value;

    while (p->pos < p->size && peek(p, 0) != '"') {
        if (p->size - p->pos >= 6 &&
            memcmp(p->text + p->pos, "\\u0000", 6) == 0) {
            return fail(p, p->pos, "a text cannot hold \\u0000");
        }
        p->pos += peek(p, 0) == '\\' ? 2 : 1;
    }
    if (p->pos >= p->size) {
        return fail(p, start, "the text that begins here has no closing \"");
    }
    p->pos++;
    str_init(&reason, STR_WHY_LIMIT);
    value = json_read(p->text + start, p->pos - start, &reason);
    str_finish(&reason);
    if (!cJSON_IsString(value)) {
        cJSON_Delete(value);
        return fail(p, start,
                    "in double quotes the escapes of JSON hold: "
                    "\\\" \\\\ \\n \\t \\u00e9");
    }
    return add_literal(p, value);
}

static void skip_digits(struct parser *p)
{
    while (is_digit(peek(p, 0))) {
        p->pos++;
    }
}

/* As in JSON: -12.5e3 */
static uint16_t number(struct parser *p)
{
    char text[NUMBER_LIMIT + 1];
    size_t start = p->pos;
    size_t digits;
    double value;

    p->pos += peek(p, 0) == '-';
    digits = p->pos;
    skip_digits(p);
    if (p->pos == digits || (p->text[digits] == '0' && p->pos > digits + 1)) {
        return fail(p, start, "this is not a number as JSON writes them");
    }
    if (peek(p, 0) == '.' && is_digit(peek(p, 1))) {
        p->pos++;
        skip_digits(p);
    }
    if (peek(p, 0) == 'e' || peek(p, 0) == 'E') {
        p->pos += peek(p, 1) == '-' || peek(p, 1) == '+' ? 2 : 1;
        skip_digits(p);
    }
    if (is_name_part(peek(p, 0)) || peek(p, 0) == '.' ||
        !is_digit(p->text[p->pos - 1]) || p->pos - start > NUMBER_LIMIT) {
        return fail(p, start, "this is not a number as JSON writes them");
    }
    memcpy(text, p->text + start, p->pos - start);
    text[p->pos - start] = '\0';
    value = strtod(text, NULL);
    if (!isfinite(value)) {
        return fail(p, start, "this number is too large");
    }
    return add_literal(p, cJSON_CreateNumber(value));
}

/* ---- names ---- */

static bool is_word(const struct parser *p, size_t start, const char *word)
{
    size_t size = p->pos - start;

    return strlen(word) == size && memcmp(p->text + start, word, size) == 0;
}

static int find_word(const struct parser *p, size_t start,
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
static uint16_t fail_name(struct parser *p, size_t start, bool is_call)
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
    fail(p, start, "%s \"%s\" is not known here%s",
         is_call ? "the function" : "the name", name, hint.text);
    str_finish(&hint);
    mem_free(name);
    return EXPR_NONE;
}

/* What stands between the brackets of a call; links the arguments. */
static bool arguments(struct parser *p, struct expr_node *call)
{
    uint16_t last = EXPR_NONE;
    size_t start = p->pos;

    call->first = EXPR_NONE;
    if (accept(p, ")")) {
        return true;
    }
    do {
        uint16_t argument = either(p);

        if (argument == EXPR_NONE) {
            return false;
        }
        if (++call->count > EXPR_ARGUMENTS_LIMIT) {
            fail(p, start, "more than %d arguments", EXPR_ARGUMENTS_LIMIT);
            return false;
        }
        if (last == EXPR_NONE) {
            call->first = argument;
        } else {
            p->e->nodes[last].next = argument;
        }
        last = argument;
    } while (accept(p, ","));
    if (!accept(p, ")")) {
        fail_here(p, "`,` or `)`");
        return false;
    }
    return true;
}

static uint16_t ask(struct parser *p, size_t start, int question)
{
    struct expr_node node = {.kind = EXPR_ASK, .code = (uint8_t)question};

    if (!arguments(p, &node)) {
        return EXPR_NONE;
    }
    if (node.count) {
        return fail(p, start, "%s() takes no arguments", questions[question]);
    }
    return add_node(p, node);
}

static uint16_t call(struct parser *p, size_t start)
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
    accept(p, "(");
    if (!row) {
        return ask(p, start, question);
    }
    if (!arguments(p, &node)) {
        return EXPR_NONE;
    }
    if (node.count < row->least || node.count > row->most) {
        return fail(p, start, "%s takes %d%s argument%s, not %d", row->name,
                    row->least, row->most > row->least ? " or more" : "",
                    row->most > 1 ? "s" : "", node.count);
    }
    return add_node(p, node);
}

static void add_part(struct parser *p, size_t start)
{
    struct expr *e = p->e;

    e->parts = mem_grow(e->parts, &e->parts_room, e->parts_count + 1,
                        sizeof(*e->parts));
    e->parts[e->parts_count++] = e->words + start;
    e->words[p->pos] = '\0';
}

/* The rest of a path whose first name has been read. */
static uint16_t path(struct parser *p, size_t start)
{
    struct expr_node node = {.kind = EXPR_PATH,
                             .first = EXPR_NONE,
                             .part = (uint16_t)p->e->parts_count,
                             .count = 1};

    add_part(p, start);
    while (peek(p, 0) == '.') {
        size_t part = ++p->pos;

        while (is_name_part(peek(p, 0))) {
            p->pos++;
        }
        if (p->pos == part && peek(p, 0) == '*') {
            return fail(p, part,
                        "`*`: a path leads to one value; the outputs "
                        "of an `each` are a list already");
        }
        if (p->pos == part || p->text[part] == '-') {
            return fail(p, part, "a name is expected after the dot");
        }
        if (++node.count > EXPR_PATH_LIMIT) {
            return fail(p, start, "the path has more than %d parts",
                        EXPR_PATH_LIMIT);
        }
        add_part(p, part);
    }
    if (peek(p, 0) == '[') {
        return fail_here(p, "the path's end");
    }
    return add_node(p, node);
}

static uint16_t name(struct parser *p)
{
    static const char *const words[] = {"null", "true", "false"};
    size_t start = p->pos;
    size_t end;
    bool is_call;
    int word;

    while (is_name_part(peek(p, 0))) {
        p->pos++;
    }
    end = p->pos;
    skip_blanks(p);
    is_call = peek(p, 0) == '(';
    p->pos = end;
    if (is_call) {
        return call(p, start);
    }
    if (find_word(p, start, roots, COUNT(roots)) >= 0) {
        return path(p, start);
    }
    word = find_word(p, start, words, COUNT(words));
    if (word >= 0) {
        return add_literal(p, word ? cJSON_CreateBool(word == 1)
                                   : cJSON_CreateNull());
    }
    word = find_word(p, start, statuses, COUNT(statuses));
    if (word >= 0 && peek(p, 0) != '.') {
        return add_literal(p, cJSON_CreateString(statuses[word]));
    }
    return fail_name(p, start, false);
}

/* ---- operators ---- */

static uint16_t negation(struct parser *p);

static uint16_t operand(struct parser *p)
{
    uint16_t inner;
    char c;

    if (accept(p, "!")) {
        return negation(p);
    }
    if (accept(p, "(")) {
        inner = either(p);
        if (inner != EXPR_NONE && !accept(p, ")")) {
            return fail_here(p, "`)`");
        }
        return inner;
    }
    skip_blanks(p);
    c = peek(p, 0);
    if (c == '\'') {
        return single_quoted(p);
    }
    if (c == '"') {
        return double_quoted(p);
    }
    if (is_digit(c) || (c == '-' && is_digit(peek(p, 1)))) {
        return number(p);
    }
    if (is_name_start(c)) {
        return name(p);
    }
    return fail_here(p, "a value");
}

static uint16_t negation(struct parser *p)
{
    uint16_t inner = EXPR_NONE;

    if (++p->depth > EXPR_DEPTH_LIMIT) {
        return fail(p, p->pos, "nested deeper than %d levels",
                    EXPR_DEPTH_LIMIT);
    }
    inner = operand(p);
    p->depth--;
    if (inner == EXPR_NONE) {
        return EXPR_NONE;
    }
    return add_node(
        p, (struct expr_node){.kind = EXPR_NOT, .first = inner, .count = 1});
}

static int comparator(struct parser *p)
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
        if (accept(p, signs[i].sign)) {
            return signs[i].code;
        }
    }
    return -1;
}

static uint16_t comparison(struct parser *p)
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
    skip_blanks(p);
    at = p->pos;
    if (comparator(p) >= 0) {
        return fail(p, at, "comparisons do not chain; join them with &&");
    }
    p->e->nodes[left].next = right;
    return add_node(p, (struct expr_node){.kind = EXPR_COMPARE,
                                          .code = (uint8_t)code,
                                          .first = left,
                                          .count = 2});
}

/* One level of `||` or `&&`: a single child stands for itself. */
static uint16_t chain(struct parser *p, uint8_t kind, const char *sign,
                      uint16_t (*below)(struct parser *))
{
    struct expr_node node = {.kind = kind, .first = below(p), .count = 1};
    uint16_t last = node.first;

    while (last != EXPR_NONE && accept(p, sign)) {
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
    return node.count == 1 ? node.first : add_node(p, node);
}

static uint16_t both(struct parser *p)
{
    return chain(p, EXPR_AND, "&&", comparison);
}

static uint16_t either(struct parser *p)
{
    uint16_t node;

    if (++p->depth > EXPR_DEPTH_LIMIT) {
        return fail(p, p->pos, "nested deeper than %d levels",
                    EXPR_DEPTH_LIMIT);
    }
    node = chain(p, EXPR_OR, "||", both);
    p->depth--;
    return node;
}

/* ---- the whole ---- */

/* `a and b` */
static uint16_t fail_rest(struct parser *p)
{
    size_t start = p->pos;

    while (is_name_part(peek(p, 0))) {
        p->pos++;
    }
    for (size_t i = 0; i < COUNT(habits); i++) {
        if (is_word(p, start, habits[i].word)) {
            return fail(p, start, "\"%s\" is no operator; %s", habits[i].word,
                        habits[i].remedy);
        }
    }
    p->pos = start;
    return fail_here(p, "an operator or the end");
}

static uint16_t whole(struct parser *p)
{
    uint16_t root;

    if (p->size > EXPR_SIZE_LIMIT) {
        return fail(p, 0, "the expression is longer than %d bytes",
                    EXPR_SIZE_LIMIT);
    }
    if (memchr(p->text, '\0', p->size) || !utf8_is_valid(p->text, p->size)) {
        return fail(p, 0, "the expression is not UTF-8 text");
    }
    root = either(p);
    skip_blanks(p);
    if (root != EXPR_NONE && p->pos < p->size) {
        return fail_rest(p);
    }
    return root;
}

struct expr *expr_parse(const char *text, size_t size, struct str *why,
                        size_t *at)
{
    struct expr *e = mem_new(1, sizeof(*e));
    struct parser p = {.text = text, .size = size, .e = e, .why = why};

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
