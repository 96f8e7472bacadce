#include "host/guest/scratch.h"

#include <string.h>

#include "host/plain/mem.h"

#define BLOCK_LEAST 4096

struct scratch_block {
    struct scratch_block *next;
    _Alignas(max_align_t) unsigned char bytes[];
};

void scratch_init(struct scratch *mem)
{
    mem->blocks = NULL;
    mem->used = 0;
    mem->room = SCRATCH_FIRST;
}

void scratch_finish(struct scratch *mem)
{
    while (mem->blocks) {
        struct scratch_block *next = mem->blocks->next;

        mem_free(mem->blocks);
        mem->blocks = next;
    }
    scratch_init(mem);
}

/* A block that holds `size` bytes at least; the next ones grow. */
static void add_block(struct scratch *mem, size_t size)
{
    size_t room = mem->room * 2;

    if (room < BLOCK_LEAST) {
        room = BLOCK_LEAST;
    }
    if (room < size) {
        room = size;
    }

    struct scratch_block *block = mem_raw(sizeof(*block) + room);

    block->next = mem->blocks;
    mem->blocks = block;
    mem->used = 0;
    mem->room = room;
}

void *scratch_room(struct scratch *mem, size_t size)
{
    const size_t unit = _Alignof(max_align_t);
    size_t whole = (size + unit - 1) / unit * unit;

    if (whole > mem->room - mem->used) {
        add_block(mem, whole);
    }

    unsigned char *base = mem->blocks ? mem->blocks->bytes : mem->first;
    void *piece = base + mem->used;

    mem->used += whole;
    return piece;
}

void *scratch_take(struct scratch *mem, size_t size)
{
    return memset(scratch_room(mem, size), 0, size);
}
