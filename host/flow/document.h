/* A file as a tree of values with their places: YAML 1.2 in its core schema,
 * or JSON, read into the same tree. What it means is not known here.
 *
 * Taken out of YAML on purpose: tags, merge keys (<<), keys that are no text,
 * several documents in one file. Only true, false, null and numbers in the
 * forms of YAML 1.2 are more than text: yes, no, on, off, 12:30 and 2026-01-02
 * are texts. Aliases are copies, bounded in number and size.
 *
 * The nodes lie in one array in order of the text, so a node's subtree is the
 * run of nodes that follows it. */
#ifndef HOST_FLOW_DOCUMENT_H
#define HOST_FLOW_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "host/flow/problem.h"
#include "host/plain/str.h"

#define DOCUMENT_NONE UINT32_MAX
#define DOCUMENT_ROOT 0u
#define DOCUMENT_SIZE_LIMIT (64u * 1024 * 1024)
#define DOCUMENT_NODES_LIMIT 12000000u
#define DOCUMENT_DEPTH_LIMIT 64
#define DOCUMENT_ANCHORS_LIMIT 256
#define DOCUMENT_ALIASES_LIMIT 64
#define DOCUMENT_COPIES_LIMIT 100000u /* nodes made by all aliases together */

enum document_kind {
    DOCUMENT_NULL,
    DOCUMENT_BOOL,
    DOCUMENT_NUMBER,
    DOCUMENT_TEXT,
    DOCUMENT_LIST,
    DOCUMENT_MAP
};

struct document_node {
    uint32_t text; /* in `texts`, of all but lists and maps */
    uint32_t size; /* bytes of the text, or items */
    uint32_t key;  /* in `texts`; DOCUMENT_NONE outside of maps */
    uint32_t parent;
    uint32_t next;
    uint32_t first;
    uint32_t at; /* characters before the value */
    uint32_t key_at;
    uint8_t kind;
};

struct document {
    struct document_node *nodes;
    uint32_t nodes_count;
    size_t nodes_room;
    char *texts; /* NUL-terminated each */
    size_t texts_size;
    size_t texts_room;
};

/* Reads either form. NULL if there is no tree at all; repeated keys and the
 * like leave one. In both cases `problems` holds what is wrong. Owned. */
struct document *document_read(const char *text, size_t size,
                               struct problems *problems);
void document_destroy(struct document *d);

static inline const struct document_node *
document_node(const struct document *d, uint32_t node)
{
    return &d->nodes[node];
}

static inline const char *document_text(const struct document *d, uint32_t node)
{
    return d->texts + d->nodes[node].text;
}

/* Of a member of a map. */
static inline const char *document_key(const struct document *d, uint32_t node)
{
    return d->texts + d->nodes[node].key;
}

/* A member by name; DOCUMENT_NONE if there is none. Linear. */
uint32_t document_find(const struct document *d, uint32_t map,
                       const char *name);

double document_number(const struct document *d, uint32_t node);

/* "a text", "the number 3" ...: for messages. */
void document_describe(const struct document *d, uint32_t node,
                       struct str *out);

/* tasks.build.needs.1 */
void document_path(const struct document *d, uint32_t node, struct str *out);

/* The value as canonical JSON: members in order of their names' bytes, no
 * spaces, numbers in their shortest form. */
void document_write(const struct document *d, uint32_t node, struct str *out);

/* Adds a member that the file left out, as its last. */
void document_add_text(struct document *d, uint32_t map, const char *key,
                       const char *text);

/* The value, owned. */
cJSON *document_value(const struct document *d, uint32_t node);

#endif
