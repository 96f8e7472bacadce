#include "host/plain/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn static void die(size_t count, size_t size)
{
    fprintf(stderr, "haft: out of memory: %zu x %zu bytes\n", count, size);
    abort();
}

void *mem_new(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);

    if (!p) {
        die(count, size);
    }
    return p;
}

void *mem_raw(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (!p) {
        die(1, size);
    }
    return p;
}

void *mem_grow(void *items, size_t *room, size_t need, size_t size)
{
    size_t wanted = *room + *room / 2;

    assert(size > 0);
    if (need <= *room) {
        return items;
    }
    if (wanted < need) {
        wanted = need;
    }
    if (wanted < 8) {
        wanted = 8;
    }
    if (wanted > SIZE_MAX / size) {
        die(wanted, size);
    }
    items = realloc(items, wanted * size);
    if (!items) {
        die(wanted, size);
    }
    *room = wanted;
    return items;
}

char *mem_text(const void *bytes, size_t size)
{
    char *text = mem_raw(size + 1);

    if (size) {
        memcpy(text, bytes, size);
    }
    text[size] = '\0';
    return text;
}

void mem_free(void *p)
{
    free(p);
}
