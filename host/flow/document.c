#include "host/flow/document.h"

#include <stdlib.h>
#include <string.h>

#include "host/flow/document_build.h"
#include "host/flow/scalar.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"
#include "host/plain/utf8.h"

static struct document *
read_as(bool (*reader)(struct document_build *, const char *, size_t),
        const char *text, size_t size, struct problems *problems)
{
    struct document_build b = {.problems = problems};

    b.document = mem_new(1, sizeof(*b.document));
    if (!reader(&b, text, size)) {
        document_destroy(b.document);
        return NULL;
    }
    return b.document;
}

/* `{` begins JSON and a flow map of YAML alike: it is JSON if the first key
 * stands in double quotes, and then JSON throughout, whose escapes libyaml does
 * not know and in which it would take a slip for a text without quotes. */
static bool is_json(const char *text, size_t size)
{
    size_t i = strspn(text, " \t\r\n");

    if (i >= size || text[i] != '{') {
        return false;
    }
    i += 1 + strspn(text + i + 1, " \t\r\n");
    return i < size && (text[i] == '"' || text[i] == '}');
}

struct document *document_read(const char *text, size_t size,
                               struct problems *problems)
{
    char *copy;
    struct document *d;

    if (size > DOCUMENT_SIZE_LIMIT) {
        problems_add(problems, 0, "the file is larger than %u bytes",
                     DOCUMENT_SIZE_LIMIT);
        return NULL;
    }
    if (memchr(text, '\0', size) || !utf8_is_valid(text, size)) {
        problems_add(problems, 0, "the file is not UTF-8 text");
        return NULL;
    }
    copy = mem_text(text, size);
    d = read_as(is_json(copy, size) ? document_read_json : document_read_yaml,
                copy, size, problems);
    mem_free(copy);
    return d;
}

void document_destroy(struct document *d)
{
    if (d) {
        mem_free(d->nodes);
        mem_free(d->texts);
        mem_free(d);
    }
}

uint32_t document_find(const struct document *d, uint32_t map, const char *name)
{
    uint32_t i = d->nodes[map].kind == DOCUMENT_MAP ? d->nodes[map].first
                                                    : DOCUMENT_NONE;

    while (i != DOCUMENT_NONE && strcmp(document_key(d, i), name) != 0) {
        i = d->nodes[i].next;
    }
    return i;
}

double document_number(const struct document *d, uint32_t node)
{
    double value = 0;

    scalar_number(document_text(d, node), d->nodes[node].size, &value);
    return value;
}

void document_describe(const struct document *d, uint32_t node, struct str *out)
{
    const struct document_node *n = &d->nodes[node];

    switch (n->kind) {
    case DOCUMENT_NULL:
        str_add_text(out, "nothing");
        break;
    case DOCUMENT_BOOL:
        str_addf(out, "the truth value %s", document_text(d, node));
        break;
    case DOCUMENT_NUMBER:
        str_addf(out, "the number %s", document_text(d, node));
        break;
    case DOCUMENT_TEXT:
        str_add_text(out, "the text ");
        str_add_quoted(out, document_text(d, node), n->size);
        break;
    case DOCUMENT_LIST:
        str_add_text(out, "a list");
        break;
    default:
        str_add_text(out, "a map");
    }
}

static void add_step(const struct document *d, uint32_t node, struct str *out)
{
    const struct document_node *n = &d->nodes[node];
    size_t index = 0;

    if (out->size) {
        str_add_char(out, '.');
    }
    if (n->key != DOCUMENT_NONE) {
        const char *key = document_key(d, node);
        bool is_plain = utf8_is_valid(key, strlen(key)) && strlen(key) <= 64;

        for (const char *c = key; *c && is_plain; c++) {
            is_plain = (unsigned char)*c > ' ' && *c != '"' && *c != 0x7f;
        }
        if (is_plain && *key) {
            str_add_text(out, key);
        } else {
            str_add_quoted(out, key, strlen(key));
        }
        return;
    }
    for (uint32_t i = d->nodes[n->parent].first; i != node;
         i = d->nodes[i].next) {
        index++;
    }
    str_addf(out, "%zu", index);
}

void document_path(const struct document *d, uint32_t node, struct str *out)
{
    uint32_t steps[DOCUMENT_DEPTH_LIMIT + 1];
    size_t count = 0;

    while (node != DOCUMENT_ROOT) {
        steps[count++] = node;
        node = d->nodes[node].parent;
    }
    while (count) {
        add_step(d, steps[--count], out);
    }
}

/* ---- canonical JSON; the depth of a document is bounded ---- */

struct member {
    const char *key;
    uint32_t node;
};

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->key,
                  ((const struct member *)b)->key);
}

static void write_map(const struct document *d, uint32_t node, struct str *out)
{
    size_t count = d->nodes[node].size;
    struct member *members = mem_new(count, sizeof(*members));
    size_t k = 0;

    for (uint32_t i = d->nodes[node].first; i != DOCUMENT_NONE;
         i = d->nodes[i].next) {
        members[k++] = (struct member){document_key(d, i), i};
    }
    qsort(members, count, sizeof(*members), compare_members);
    json_open(out, '{');
    for (k = 0; k < count; k++) {
        json_key(out, members[k].key);
        document_write(d, members[k].node, out);
    }
    json_close(out, '}');
    mem_free(members);
}

void document_write(const struct document *d, uint32_t node, struct str *out)
{
    const struct document_node *n = &d->nodes[node];

    switch (n->kind) {
    case DOCUMENT_NULL:
        json_null(out);
        break;
    case DOCUMENT_BOOL:
        json_bool(out, document_text(d, node)[0] == 't');
        break;
    case DOCUMENT_NUMBER:
        json_number(out, document_number(d, node));
        break;
    case DOCUMENT_TEXT:
        json_text(out, document_text(d, node), n->size);
        break;
    case DOCUMENT_LIST:
        json_open(out, '[');
        for (uint32_t i = n->first; i != DOCUMENT_NONE; i = d->nodes[i].next) {
            document_write(d, i, out);
        }
        json_close(out, ']');
        break;
    default:
        write_map(d, node, out);
    }
}

cJSON *document_value(const struct document *d, uint32_t node)
{
    const struct document_node *n = &d->nodes[node];
    cJSON *value;

    switch (n->kind) {
    case DOCUMENT_NULL:
        return cJSON_CreateNull();
    case DOCUMENT_BOOL:
        return cJSON_CreateBool(document_text(d, node)[0] == 't');
    case DOCUMENT_NUMBER:
        return cJSON_CreateNumber(document_number(d, node));
    case DOCUMENT_TEXT:
        return cJSON_CreateString(document_text(d, node));
    default:
        break;
    }
    value =
        n->kind == DOCUMENT_LIST ? cJSON_CreateArray() : cJSON_CreateObject();
    for (uint32_t i = n->first; i != DOCUMENT_NONE; i = d->nodes[i].next) {
        if (n->kind == DOCUMENT_LIST) {
            cJSON_AddItemToArray(value, document_value(d, i));
        } else {
            cJSON_AddItemToObject(value, document_key(d, i),
                                  document_value(d, i));
        }
    }
    return value;
}
