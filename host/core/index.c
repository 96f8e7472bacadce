#include "host/core/index.h"

#include <assert.h>

#include "host/plain/mem.h"

/* Fibonacci hashing: attempt ids are consecutive, and spread by this. */
static size_t home(const struct index *ix, uint64_t key)
{
    return (size_t)((key * 0x9E3779B97F4A7C15u) >> 32) & (ix->room - 1);
}

static void put(struct index *ix, struct index_slot slot)
{
    size_t at = home(ix, slot.key);

    while (ix->slots[at].key) {
        at = (at + 1) & (ix->room - 1);
    }
    ix->slots[at] = slot;
}

void index_finish(struct index *ix)
{
    mem_free(ix->slots);
    *ix = (struct index){0};
}

void index_reserve(struct index *ix, size_t count)
{
    struct index old = *ix;

    if (old.room && count <= old.room / 4 * 3) {
        return;
    }
    ix->room = old.room ? old.room : 16;
    while (count > ix->room / 4 * 3) {
        ix->room *= 2;
    }
    ix->slots = mem_new(ix->room, sizeof(*ix->slots));
    for (size_t i = 0; i < old.room; i++) {
        if (old.slots[i].key) {
            put(ix, old.slots[i]);
        }
    }
    mem_free(old.slots);
}

void index_add(struct index *ix, uint64_t key, uint32_t run, uint32_t task)
{
    assert(key);
    index_reserve(ix, ix->count + 1);
    put(ix, (struct index_slot){.key = key, .run = run, .task = task});
    ix->count++;
}

/* Closes the gap: whatever probed past it moves back, so that no marker of
 * what once was there is needed. */
static void close_gap(struct index *ix, size_t gap)
{
    size_t mask = ix->room - 1;
    size_t at = (gap + 1) & mask;

    while (ix->slots[at].key) {
        size_t wanted = home(ix, ix->slots[at].key);

        if (((at - wanted) & mask) >= ((at - gap) & mask)) {
            ix->slots[gap] = ix->slots[at];
            gap = at;
        }
        at = (at + 1) & mask;
    }
    ix->slots[gap] = (struct index_slot){0};
}

void index_remove(struct index *ix, uint64_t key, uint32_t run, uint32_t task)
{
    size_t cursor = 0;
    const struct index_slot *slot = index_next(ix, key, &cursor);

    while (slot && (slot->run != run || slot->task != task)) {
        slot = index_next(ix, key, &cursor);
    }
    assert(slot);
    close_gap(ix, (size_t)(slot - ix->slots));
    ix->count--;
}

const struct index_slot *index_next(const struct index *ix, uint64_t key,
                                    size_t *cursor)
{
    if (!ix->room) {
        return NULL;
    }
    while (*cursor < ix->room) {
        size_t at = (home(ix, key) + *cursor) & (ix->room - 1);
        const struct index_slot *slot = &ix->slots[at];

        if (!slot->key) {
            return NULL;
        }
        ++*cursor;
        if (slot->key == key) {
            return slot;
        }
    }
    return NULL;
}

/* FNV-1a. */
static uint64_t add(uint64_t hash, const char *text)
{
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    }
    return hash;
}

uint64_t index_hash(const char *first, const char *second)
{
    uint64_t hash = add(0xCBF29CE484222325u, first);

    if (second) {
        hash = add(hash * 0x100000001B3u, second);
    }
    return hash ? hash : 1;
}
