/* Reads one JSON object, member by member, without making a tree: what is
 * restored after a start can be a million records. Values are handed out as
 * they stand in the text; a nested one is for json_read. */
#ifndef HOST_CARRY_FLAT_H
#define HOST_CARRY_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "host/plain/str.h"

struct flat {
    const char *at;
    const char *end;
    bool is_broken; /* not an object, or not whole */
    bool is_first;
};

/* One member: JSON texts, borrowed from the object; the key without quotes. */
struct flat_member {
    const char *key;
    size_t key_size;
    const char *value;
    size_t size;
};

void flat_start(struct flat *f, const void *json, size_t size);

/* The next member; false at the end, or where it is broken. */
bool flat_next(struct flat *f, struct flat_member *m);

static inline bool flat_is(const struct flat_member *m, const char *key)
{
    size_t size = strlen(key);

    return size == m->key_size && memcmp(key, m->key, size) == 0;
}

/* The value as what it should be; false if it is something else. Numbers may
 * be texts of digits. A text that does not fit `room` is something else. */
bool flat_number(const struct flat_member *m, uint64_t *value);
bool flat_bool(const struct flat_member *m, bool *value);
bool flat_text(const struct flat_member *m, char *room, size_t size);
cJSON *flat_tree(const struct flat_member *m); /* owned; NULL: is broken */

#endif
