#include "host/flow/reader.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/flow/template.h"
#include "host/plain/mem.h"
#include "host/plain/nearest.h"
#include "host/plain/units.h"

#define NODE(r, node) document_node((r)->document, (node))

static void complain_at(struct reader *r, uint32_t node, uint32_t at,
                        const char *what)
{
    struct str path;

    str_init(&path, STR_WHY_LIMIT);
    document_path(r->document, node, &path);
    problems_add(r->problems, at, "%s%s%s", path.text, path.size ? ": " : "",
                 what);
    str_finish(&path);
}

void reader_complain(struct reader *r, uint32_t node, const char *format, ...)
{
    struct str what;
    va_list args;

    str_init(&what, STR_WHY_LIMIT);
    va_start(args, format);
    str_addv(&what, format, args);
    va_end(args);
    complain_at(r, node, NODE(r, node)->at, what.text);
    str_finish(&what);
}

void reader_complain_key(struct reader *r, uint32_t node, const char *format,
                         ...)
{
    struct str what;
    va_list args;

    str_init(&what, STR_WHY_LIMIT);
    va_start(args, format);
    str_addv(&what, format, args);
    va_end(args);
    complain_at(r, node, NODE(r, node)->key_at, what.text);
    str_finish(&what);
}

void reader_expect(struct reader *r, uint32_t node, const char *expected)
{
    struct str found;

    str_init(&found, STR_WHY_LIMIT);
    document_describe(r->document, node, &found);
    reader_complain(r, node, "%s%s is wanted, not %s", expected,
                    strstr(expected, ", as in") ? "," : "", found.text);
    str_finish(&found);
}

/* ---- keys ---- */

static void complain_unknown(struct reader *r, uint32_t node,
                             const struct reader_table *table)
{
    const char *key = document_key(r->document, node);
    struct nearest near;
    struct str hint;

    str_init(&hint, STR_WHY_LIMIT);
    nearest_init(&near, key);
    for (size_t i = 0; i < table->habits_count && !hint.size; i++) {
        if (strcmp(table->habits[i].word, key) == 0) {
            str_addf(&hint, "; %s", table->habits[i].remedy);
        }
    }
    for (size_t i = 0; i < table->keys_count; i++) {
        nearest_try(&near, table->keys[i].name);
    }
    if (!hint.size) {
        nearest_add_hint(&near, &hint);
    }
    reader_complain_key(r, node, "no key of %s%s", table->what, hint.text);
    str_finish(&hint);
}

struct member {
    const char *key;
    uint32_t node;
};

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->key,
                  ((const struct member *)b)->key);
}

const uint32_t *reader_sorted(struct reader *r, uint32_t map)
{
    size_t count = NODE(r, map)->size;
    struct member *members = mem_new(count, sizeof(*members));
    uint32_t *nodes = arena_new(&r->scratch, count + 1, sizeof(*nodes));
    size_t k = 0;

    for (uint32_t i = NODE(r, map)->first; i != DOCUMENT_NONE;
         i = NODE(r, i)->next) {
        members[k++] = (struct member){document_key(r->document, i), i};
    }
    qsort(members, count, sizeof(*members), compare_members);
    for (k = 0; k < count; k++) {
        nodes[k] = members[k].node;
    }
    mem_free(members);
    return nodes;
}

static void read_row(struct reader *r, uint32_t node,
                     const struct reader_key *row, struct reader_values *v)
{
    if (row->read) {
        row->read(r, node, v);
    } else {
        reader_complain_key(r, node,
                            "not yet: this key is known but not "
                            "carried out in this version");
    }
}

bool reader_keys(struct reader *r, uint32_t node,
                 const struct reader_table *table, struct reader_values *v)
{
    uint32_t found[READER_KEYS_LIMIT];
    uint32_t i;

    assert(table->keys_count <= READER_KEYS_LIMIT);
    if (NODE(r, node)->kind != DOCUMENT_MAP) {
        return false;
    }
    for (size_t k = 0; k < table->keys_count; k++) {
        found[k] = DOCUMENT_NONE;
    }
    for (i = NODE(r, node)->first; i != DOCUMENT_NONE; i = NODE(r, i)->next) {
        const char *key = document_key(r->document, i);
        size_t k = 0;

        while (k < table->keys_count && strcmp(table->keys[k].name, key) != 0) {
            k++;
        }
        if (k == table->keys_count) {
            complain_unknown(r, i, table);
        } else {
            found[k] = i;
        }
    }
    for (size_t k = 0; k < table->keys_count; k++) {
        if (found[k] != DOCUMENT_NONE) {
            read_row(r, found[k], &table->keys[k], v);
        }
    }
    return true;
}

/* ---- words ---- */

const char *reader_keep(struct reader *r, const char *text)
{
    return arena_text(&r->build->whole->arena, text);
}

const char *reader_text(struct reader *r, uint32_t node, const char *expected)
{
    const struct document_node *n = NODE(r, node);

    if (n->kind == DOCUMENT_TEXT) {
        return document_text(r->document, node);
    }
    if (n->kind == DOCUMENT_NUMBER || n->kind == DOCUMENT_BOOL) {
        struct str found;

        str_init(&found, STR_WHY_LIMIT);
        document_describe(r->document, node, &found);
        reader_complain(r, node, "%s is wanted, not %s; write \"%s\"", expected,
                        found.text, document_text(r->document, node));
        str_finish(&found);
    } else {
        reader_expect(r, node, expected);
    }
    return NULL;
}

bool reader_is_name(const char *text)
{
    size_t size = strlen(text);

    return size > 0 && size <= WORKFLOW_NAME_LIMIT && text[0] != '-' &&
           text[0] != '_' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == size;
}

static const char name_form[] =
    "small letters, digits, - and _, at most 64, the first a letter or digit";

const char *reader_name(struct reader *r, uint32_t node)
{
    const char *text = reader_text(r, node, "a name");

    if (text && !reader_is_name(text)) {
        reader_complain(r, node, "a name is %s", name_form);
        return NULL;
    }
    return text;
}

bool reader_key_is_name(struct reader *r, uint32_t node, const char *what)
{
    if (reader_is_name(document_key(r->document, node))) {
        return true;
    }
    reader_complain_key(r, node, "the name of %s is %s", what, name_form);
    return false;
}

bool reader_duration(struct reader *r, uint32_t node, int64_t *ms)
{
    int64_t value = 0;
    const char *text;

    if (NODE(r, node)->kind == DOCUMENT_NUMBER) {
        reader_complain(r, node,
                        "%s is wanted; a bare number has no unit, "
                        "write %ss for seconds",
                        UNITS_DURATION_FORM, document_text(r->document, node));
        return false;
    }
    text = reader_text(r, node, UNITS_DURATION_FORM);
    if (!text) {
        return false;
    }
    if (!units_duration(text, &value)) {
        reader_expect(r, node, UNITS_DURATION_FORM);
        return false;
    }
    if (value <= 0) {
        reader_complain(r, node,
                        "a duration is more than nothing; leave the "
                        "key out instead");
        return false;
    }
    *ms = value;
    return true;
}

bool reader_count(struct reader *r, uint32_t node, int32_t least, int32_t most,
                  int32_t *value)
{
    double number = NODE(r, node)->kind == DOCUMENT_NUMBER
                        ? document_number(r->document, node)
                        : NAN;
    struct str expected;

    if (number >= least && number <= most && floor(number) == number) {
        *value = (int32_t)number;
        return true;
    }
    str_init(&expected, STR_WHY_LIMIT);
    str_addf(&expected, "a whole number from %d to %d", least, most);
    reader_expect(r, node, expected.text);
    str_finish(&expected);
    return false;
}

static void list_words(const char *const *words, size_t count, struct str *out)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            str_add_text(out, i + 1 < count ? ", " : " or ");
        }
        str_add_text(out, words[i]);
    }
}

static void complain_choice(struct reader *r, uint32_t node,
                            const char *expected, const char *nearby)
{
    const char *text = document_text(r->document, node);
    struct str found;

    str_init(&found, STR_WHY_LIMIT);
    str_add_quoted(&found, text, strlen(text));
    if (nearby) {
        str_addf(&found, "; did you mean \"%s\"?", nearby);
    }
    reader_complain(r, node, "%s is wanted, not the text %s", expected,
                    found.text);
    str_finish(&found);
}

bool reader_choice(struct reader *r, uint32_t node, const char *const *words,
                   size_t count, uint32_t *choice)
{
    bool is_found = false;
    struct str expected;
    const char *text;

    str_init(&expected, STR_WHY_LIMIT);
    list_words(words, count, &expected);
    text = reader_text(r, node, expected.text);
    for (size_t i = 0; text && i < count && !is_found; i++) {
        is_found = strcmp(text, words[i]) == 0;
        if (is_found) {
            *choice = (uint32_t)i;
        }
    }
    if (text && !is_found) {
        complain_choice(r, node, expected.text,
                        nearest_word(text, words, count));
    }
    str_finish(&expected);
    return is_found;
}

/* ---- expressions ---- */

const char *reader_template(struct reader *r, uint32_t node,
                            const struct reader_values *v)
{
    struct reader_visit visit = {.reader = r, .values = v, .node = node};
    const char *text = reader_text(r, node, "a text");
    struct str why;
    size_t at;

    if (!text) {
        return NULL;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (!template_is_plain(text) &&
        !template_check(text, &why, &at, reader_visit, &visit)) {
        reader_complain(r, node, "at its character %zu: %s", at + 1, why.text);
        text = NULL;
    }
    str_finish(&why);
    return reader_keep(r, text);
}

struct expr *reader_expression(struct reader *r, uint32_t node,
                               const struct reader_values *v)
{
    struct reader_visit visit = {.reader = r, .values = v, .node = node};
    const char *text = reader_text(r, node, "an expression");
    const char *start = text;
    size_t size = text ? strlen(text) : 0;
    struct expr *e = NULL;
    struct str why;
    size_t at;

    if (!text) {
        return NULL;
    }
    if (!template_is_one(text, &start, &size) && !template_is_plain(text)) {
        reader_complain(r, node,
                        "one expression is wanted, bare or in ${{ }}, with no "
                        "text around it");
        return NULL;
    }
    str_init(&why, STR_WHY_LIMIT);
    e = expr_parse(start, size, &why, &at);
    if (e) {
        expr_visit(e, reader_visit, &visit);
    } else {
        at += (size_t)(start - text);
        reader_complain(r, node, "at its character %zu: %s", at + 1, why.text);
    }
    str_finish(&why);
    return e;
}
