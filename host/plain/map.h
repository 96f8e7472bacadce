/* From names to numbers, for loading a hundred thousand of them in linear
 * time. Names are borrowed and must stay where they are. The hash is keyed
 * anew for every map, so no file can be written that makes it slow. There is
 * no order, hence no way to walk it. */
#ifndef HOST_PLAIN_MAP_H
#define HOST_PLAIN_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX

struct map_slot;

struct map {
    struct map_slot *slots;
    size_t room; /* 0 or a power of two */
    size_t count;
    uint64_t key[2];
};

void map_init(struct map *m);
void map_finish(struct map *m);

/* Adds a name that is not there yet: MAP_NONE. Else nothing changes and the
 * value that the name has is returned. `value` is not MAP_NONE. */
uint32_t map_add(struct map *m, const char *name, uint32_t value);

/* The value, or MAP_NONE. */
uint32_t map_get(const struct map *m, const char *name);

#endif
