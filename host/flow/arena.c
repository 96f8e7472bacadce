#include "host/flow/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "host/plain/mem.h"

/* Each chunk is twice the one before: a small workflow stays small. */
#define FIRST_CHUNK ((size_t)512)
#define LAST_CHUNK ((size_t)128 * 1024)

struct arena_chunk {
    struct arena_chunk *before;
    size_t room;
    alignas(max_align_t) unsigned char bytes[];
};

void arena_finish(struct arena *a)
{
    struct arena_chunk *chunk = a->last;

    while (chunk) {
        struct arena_chunk *before = chunk->before;

        mem_free(chunk);
        chunk = before;
    }
    *a = (struct arena){0};
}

static void add_chunk(struct arena *a, size_t need)
{
    size_t room = a->last ? 2 * a->last->room : FIRST_CHUNK;
    struct arena_chunk *chunk;

    room = room > LAST_CHUNK ? LAST_CHUNK : room;
    room = room < need ? need : room;
    chunk = mem_new(1, sizeof(*chunk) + room);
    chunk->room = room;
    chunk->before = a->last;
    a->last = chunk;
}

/* `alignment` is a power of two. */
static void *carve(struct arena *a, size_t size, size_t alignment)
{
    size_t start = (a->used + alignment - 1) & ~(alignment - 1);

    if (!a->last || start > a->last->room || size > a->last->room - start) {
        add_chunk(a, size);
        start = 0;
    }
    a->used = start + size;
    return a->last->bytes + start;
}

void *arena_new(struct arena *a, size_t count, size_t size)
{
    assert(size > 0 && count <= SIZE_MAX / 2 / size);
    return carve(a, count * size, alignof(max_align_t));
}

const char *arena_bytes(struct arena *a, const char *bytes, size_t size)
{
    char *copy = carve(a, size + 1, 1);

    if (size) {
        memcpy(copy, bytes, size);
    }
    copy[size] = '\0';
    return copy;
}

const char *arena_text(struct arena *a, const char *text)
{
    return text ? arena_bytes(a, text, strlen(text)) : NULL;
}

const char *const *arena_texts(struct arena *a, const char *const *texts,
                               size_t count)
{
    const char **copy;

    if (count == 0) {
        return NULL;
    }
    copy = arena_new(a, count, sizeof(*copy));
    for (size_t i = 0; i < count; i++) {
        copy[i] = arena_text(a, texts[i]);
    }
    return copy;
}
