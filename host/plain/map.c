#include "host/plain/map.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "host/plain/mem.h"

#define FIRST_ROOM 16

struct map_slot {
    const char *name; /* NULL: empty */
    uint32_t hash;    /* spares most comparisons, and all when growing */
    uint32_t value;
};

static uint64_t turn_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void mix(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = turn_left(v[1], 13) ^ v[0];
    v[0] = turn_left(v[0], 32);
    v[2] += v[3];
    v[3] = turn_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = turn_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = turn_left(v[1], 17) ^ v[2];
    v[2] = turn_left(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein), cut to 32 bits. */
static uint32_t hash(const struct map *m, const char *name)
{
    size_t size = strlen(name);
    uint64_t v[4] = {
        m->key[0] ^ 0x736f6d6570736575u, m->key[1] ^ 0x646f72616e646f6du,
        m->key[0] ^ 0x6c7967656e657261u, m->key[1] ^ 0x7465646279746573u};
    uint64_t word = 0;
    size_t i = 0;

    for (; size - i >= 8; i += 8) {
        memcpy(&word, name + i, 8);
        v[3] ^= word;
        mix(v);
        v[0] ^= word;
    }
    word = (uint64_t)size << 56;
    for (size_t k = 0; i + k < size; k++) {
        word |= (uint64_t)(unsigned char)name[i + k] << (8 * k);
    }
    v[3] ^= word;
    mix(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    mix(v);
    mix(v);
    mix(v);
    word = v[0] ^ v[1] ^ v[2] ^ v[3];
    return (uint32_t)(word ^ (word >> 32));
}

void map_init(struct map *m)
{
    *m = (struct map){0};
    if (getrandom(m->key, sizeof(m->key), GRND_NONBLOCK) < 0) {
        /* Early at boot: an address is better than nothing. */
        m->key[0] = (uint64_t)(uintptr_t)m;
    }
}

void map_finish(struct map *m)
{
    mem_free(m->slots);
    *m = (struct map){0};
}

/* Where the name is, or where it would be put. */
static struct map_slot *find(const struct map *m, const char *name,
                             uint32_t hashed)
{
    size_t i = hashed & (m->room - 1);

    while (m->slots[i].name && (m->slots[i].hash != hashed ||
                                strcmp(m->slots[i].name, name) != 0)) {
        i = (i + 1) & (m->room - 1);
    }
    return &m->slots[i];
}

static void grow(struct map *m)
{
    size_t room = m->room ? 2 * m->room : FIRST_ROOM;
    struct map_slot *slots = mem_new(room, sizeof(*slots));

    for (size_t i = 0; i < m->room; i++) {
        size_t to = m->slots[i].hash & (room - 1);

        if (m->slots[i].name) {
            while (slots[to].name) {
                to = (to + 1) & (room - 1);
            }
            slots[to] = m->slots[i];
        }
    }
    mem_free(m->slots);
    m->slots = slots;
    m->room = room;
}

uint32_t map_add(struct map *m, const char *name, uint32_t value)
{
    uint32_t hashed = hash(m, name);
    struct map_slot *slot;

    assert(value != MAP_NONE);
    if (m->count >= m->room / 4 * 3) {
        grow(m);
    }
    slot = find(m, name, hashed);
    if (slot->name) {
        return slot->value;
    }
    *slot = (struct map_slot){.name = name, .hash = hashed, .value = value};
    m->count++;
    return MAP_NONE;
}

uint32_t map_get(const struct map *m, const char *name)
{
    const struct map_slot *slot;

    if (m->count == 0) {
        return MAP_NONE;
    }
    slot = find(m, name, hash(m, name));
    return slot->name ? slot->value : MAP_NONE;
}
