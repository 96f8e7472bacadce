/* Where something is, by a 64-bit key: attempts by id, runs and tasks by the
 * hash of their names. Open addressing; keys may occur more than once, so
 * whoever keeps hashes goes through all that match and compares. The order of
 * what is found depends on keys alone, never on addresses. */
#ifndef HOST_CORE_INDEX_H
#define HOST_CORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_slot {
    uint64_t key; /* 0: empty */
    uint32_t run;
    uint32_t task;
};

/* A zeroed index is an empty one. */
struct index {
    struct index_slot *slots;
    size_t room; /* a power of two, or 0 */
    size_t count;
};

void index_finish(struct index *ix);

/* Makes room for `count` entries at once. */
void index_reserve(struct index *ix, size_t count);
void index_add(struct index *ix, uint64_t key, uint32_t run, uint32_t task);
void index_remove(struct index *ix, uint64_t key, uint32_t run, uint32_t task);

/* The entries of a key one after the other: begin with `*cursor` at 0; NULL
 * behind the last. Borrowed until the index changes. */
const struct index_slot *index_next(const struct index *ix, uint64_t key,
                                    size_t *cursor);

/* Never 0. Two texts are hashed as one, with a NUL between them; `second` may
 * be NULL. */
uint64_t index_hash(const char *first, const char *second);

#endif
