/* How the two readers, of YAML and of JSON, make a document: values arrive in
 * order of the text, and open lists and maps lie on a stack. Nothing recurses.
 * Every call that may fail says so in the problems and returns false. */
#ifndef HOST_FLOW_DOCUMENT_BUILD_H
#define HOST_FLOW_DOCUMENT_BUILD_H

#include "host/flow/document.h"

struct document_level {
    uint32_t node;
    uint32_t last; /* child; DOCUMENT_NONE at first */
    uint32_t key;  /* of the value to come; DOCUMENT_NONE: a key is due */
    uint32_t key_at;
    uint32_t height; /* of what is below, 0: nothing yet */
};

struct document_build {
    struct document *document;
    struct problems *problems;
    struct document_level levels[DOCUMENT_DEPTH_LIMIT];
    uint32_t depth;
};

/* Whether the next text is a key. */
bool document_build_wants_key(const struct document_build *b);

bool document_build_key(struct document_build *b, const char *text, size_t size,
                        uint32_t at);

/* A text that stood in quotes, and one that did not: what that is follows from
 * its form. DOCUMENT_NONE on failure. */
uint32_t document_build_text(struct document_build *b, const char *text,
                             size_t size, uint32_t at);
uint32_t document_build_plain(struct document_build *b, const char *text,
                              size_t size, uint32_t at);
uint32_t document_build_open(struct document_build *b, enum document_kind kind,
                             uint32_t at);
bool document_build_close(struct document_build *b);

/* Appends a copy of the nodes from `node` up to `end`, which are `height`
 * levels high. */
bool document_build_copy(struct document_build *b, uint32_t node, uint32_t end,
                         uint32_t height);

bool document_read_yaml(struct document_build *b, const char *text,
                        size_t size);
bool document_read_json(struct document_build *b, const char *text,
                        size_t size);

#endif
