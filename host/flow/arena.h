/* Room for the many small texts and arrays of one workflow, given back all at
 * once: a million tasks are then a few hundred allocations, not millions. */
#ifndef HOST_FLOW_ARENA_H
#define HOST_FLOW_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *last;
    size_t used; /* bytes of `last` */
};

/* A zeroed arena is an empty one. */
void arena_finish(struct arena *a);

/* Zeroed, aligned for any object, valid until arena_finish; never NULL. */
void *arena_new(struct arena *a, size_t count, size_t size);

/* A NUL-terminated copy. NULL stays NULL. */
const char *arena_text(struct arena *a, const char *text);
const char *arena_bytes(struct arena *a, const char *bytes, size_t size);

/* A copy of `count` texts and the array itself; NULL if there are none. */
const char *const *arena_texts(struct arena *a, const char *const *texts,
                               size_t count);

#endif
