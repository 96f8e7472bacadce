#include "host/flow/document_build.h"

#include <assert.h>
#include <string.h>

#include "host/flow/scalar.h"
#include "host/plain/map.h"
#include "host/plain/mem.h"

#define FEW_MEMBERS 12 /* compared one by one */

static struct document_level *top(struct document_build *b)
{
    return b->depth ? &b->levels[b->depth - 1] : NULL;
}

bool document_build_wants_key(const struct document_build *b)
{
    const struct document_level *level =
        b->depth ? &b->levels[b->depth - 1] : NULL;

    return level && level->key == DOCUMENT_NONE &&
           b->document->nodes[level->node].kind == DOCUMENT_MAP;
}

static uint32_t add_text(struct document *d, const char *text, size_t size)
{
    size_t start = d->texts_size;

    d->texts = mem_grow(d->texts, &d->texts_room, start + size + 1, 1);
    if (size) {
        memcpy(d->texts + start, text, size);
    }
    d->texts[start + size] = '\0';
    d->texts_size += size + 1;
    return (uint32_t)start;
}

/* A file of nothing but the emptiest values makes more text than it has. */
static bool has_room(struct document_build *b, size_t size, uint32_t at)
{
    if (b->document->texts_size + size + 1 > 2 * (size_t)DOCUMENT_SIZE_LIMIT) {
        problems_add(b->problems, at, "the texts are larger than %u bytes",
                     2 * DOCUMENT_SIZE_LIMIT);
        return false;
    }
    return true;
}

bool document_build_key(struct document_build *b, const char *text, size_t size,
                        uint32_t at)
{
    struct document_level *level = top(b);

    if (memchr(text, '\0', size)) {
        problems_add(b->problems, at, "a key cannot hold a NUL");
        return false;
    }
    if (!has_room(b, size, at)) {
        return false;
    }
    level->key = add_text(b->document, text, size);
    level->key_at = at;
    return true;
}

/* A node in its place below the open one; DOCUMENT_NONE if there are too
 * many. */
static uint32_t add_node(struct document_build *b, struct document_node node)
{
    struct document *d = b->document;
    struct document_level *level = top(b);
    uint32_t index = d->nodes_count;

    if (index >= DOCUMENT_NODES_LIMIT) {
        problems_add(b->problems, node.at, "the file has more than %u values",
                     DOCUMENT_NODES_LIMIT);
        return DOCUMENT_NONE;
    }
    node.key = DOCUMENT_NONE;
    node.parent = DOCUMENT_NONE;
    node.next = DOCUMENT_NONE;
    if (level) {
        node.parent = level->node;
        node.key = level->key;
        node.key_at = level->key_at;
        level->key = DOCUMENT_NONE;
        if (level->last == DOCUMENT_NONE) {
            d->nodes[level->node].first = index;
        } else {
            d->nodes[level->last].next = index;
        }
        level->last = index;
        d->nodes[level->node].size++;
    }
    d->nodes = mem_grow(d->nodes, &d->nodes_room, (size_t)index + 1,
                        sizeof(*d->nodes));
    d->nodes[index] = node;
    d->nodes_count++;
    return index;
}

static uint32_t add_scalar(struct document_build *b, enum document_kind kind,
                           const char *text, size_t size, uint32_t at)
{
    if (memchr(text, '\0', size)) {
        problems_add(b->problems, at, "a text cannot hold a NUL");
        return DOCUMENT_NONE;
    }
    if (!has_room(b, size, at)) {
        return DOCUMENT_NONE;
    }
    return add_node(
        b, (struct document_node){.kind = (uint8_t)kind,
                                  .text = add_text(b->document, text, size),
                                  .size = (uint32_t)size,
                                  .first = DOCUMENT_NONE,
                                  .at = at});
}

uint32_t document_build_text(struct document_build *b, const char *text,
                             size_t size, uint32_t at)
{
    return add_scalar(b, DOCUMENT_TEXT, text, size, at);
}

uint32_t document_build_plain(struct document_build *b, const char *text,
                              size_t size, uint32_t at)
{
    switch (scalar_kind(text, size)) {
    case SCALAR_NULL:
        return add_scalar(b, DOCUMENT_NULL, "null", 4, at);
    case SCALAR_BOOL:
        return text[0] == 't' || text[0] == 'T'
                   ? add_scalar(b, DOCUMENT_BOOL, "true", 4, at)
                   : add_scalar(b, DOCUMENT_BOOL, "false", 5, at);
    case SCALAR_NUMBER:
        return add_scalar(b, DOCUMENT_NUMBER, text, size, at);
    case SCALAR_UNSAFE:
        problems_add(b->problems, at,
                     "this number cannot be kept exactly; put it in quotes");
        return add_scalar(b, DOCUMENT_TEXT, text, size, at);
    default:
        return add_scalar(b, DOCUMENT_TEXT, text, size, at);
    }
}

uint32_t document_build_open(struct document_build *b, enum document_kind kind,
                             uint32_t at)
{
    uint32_t node;

    if (b->depth >= DOCUMENT_DEPTH_LIMIT) {
        problems_add(b->problems, at, "nested deeper than %d levels",
                     DOCUMENT_DEPTH_LIMIT);
        return DOCUMENT_NONE;
    }
    node = add_node(b, (struct document_node){.kind = (uint8_t)kind,
                                              .first = DOCUMENT_NONE,
                                              .at = at});
    if (node != DOCUMENT_NONE) {
        b->levels[b->depth++] = (struct document_level){
            .node = node, .last = DOCUMENT_NONE, .key = DOCUMENT_NONE};
    }
    return node;
}

static void complain_twice(struct document_build *b, uint32_t node)
{
    struct str path;

    str_init(&path, STR_WHY_LIMIT);
    document_path(b->document, node, &path);
    problems_add(b->problems, b->document->nodes[node].key_at,
                 "%s: this key stands here twice", path.text);
    str_finish(&path);
}

static void check_few_members(struct document_build *b, uint32_t first)
{
    const struct document *d = b->document;

    for (uint32_t i = first; i != DOCUMENT_NONE; i = d->nodes[i].next) {
        uint32_t k = first;

        while (k != i && strcmp(document_key(d, k), document_key(d, i)) != 0) {
            k = d->nodes[k].next;
        }
        if (k != i) {
            complain_twice(b, i);
        }
    }
}

static void check_many_members(struct document_build *b, uint32_t first)
{
    const struct document *d = b->document;
    struct map names;

    map_init(&names);
    for (uint32_t i = first; i != DOCUMENT_NONE; i = d->nodes[i].next) {
        if (map_add(&names, document_key(d, i), i) != MAP_NONE) {
            complain_twice(b, i);
        }
    }
    map_finish(&names);
}

bool document_build_close(struct document_build *b)
{
    const struct document_level *level = top(b);
    const struct document_node *node = &b->document->nodes[level->node];
    uint32_t height = level->height + 1;

    if (node->kind == DOCUMENT_MAP) {
        if (node->size <= FEW_MEMBERS) {
            check_few_members(b, node->first);
        } else {
            check_many_members(b, node->first);
        }
    }
    b->depth--;
    level = top(b);
    if (level && level->height < height) {
        top(b)->height = height;
    }
    return true;
}

bool document_build_copy(struct document_build *b, uint32_t node, uint32_t end,
                         uint32_t height)
{
    struct document *d = b->document;
    struct document_level *level = top(b);
    uint32_t shift = d->nodes_count - node;
    uint32_t root;

    if (b->depth + height > DOCUMENT_DEPTH_LIMIT) {
        problems_add(b->problems, d->nodes[node].at,
                     "nested deeper than %d levels", DOCUMENT_DEPTH_LIMIT);
        return false;
    }
    if (d->nodes_count + (end - node) > DOCUMENT_NODES_LIMIT) {
        problems_add(b->problems, d->nodes[node].at,
                     "the file has more than %u values", DOCUMENT_NODES_LIMIT);
        return false;
    }
    root = add_node(b, d->nodes[node]);
    if (d->nodes[root].first != DOCUMENT_NONE) {
        d->nodes[root].first += shift;
    }
    d->nodes =
        mem_grow(d->nodes, &d->nodes_room,
                 (size_t)d->nodes_count + (end - node), sizeof(*d->nodes));
    for (uint32_t i = node + 1; i < end; i++) {
        struct document_node copy = d->nodes[i];

        copy.parent += shift;
        copy.next += copy.next == DOCUMENT_NONE ? 0 : shift;
        copy.first += copy.first == DOCUMENT_NONE ? 0 : shift;
        d->nodes[d->nodes_count++] = copy;
    }
    if (level && level->height < height) {
        level->height = height;
    }
    return true;
}

void document_add_text(struct document *d, uint32_t map, const char *key,
                       const char *text)
{
    uint32_t index = d->nodes_count;
    uint32_t *link = &d->nodes[map].first;
    struct document_node node = {.kind = DOCUMENT_TEXT,
                                 .size = (uint32_t)strlen(text),
                                 .parent = map,
                                 .next = DOCUMENT_NONE,
                                 .first = DOCUMENT_NONE};

    while (*link != DOCUMENT_NONE) {
        link = &d->nodes[*link].next;
    }
    *link = index;
    d->nodes[map].size++;
    node.key = add_text(d, key, strlen(key));
    node.text = add_text(d, text, strlen(text));
    d->nodes = mem_grow(d->nodes, &d->nodes_room, (size_t)index + 1,
                        sizeof(*d->nodes));
    d->nodes[index] = node;
    d->nodes_count++;
}
