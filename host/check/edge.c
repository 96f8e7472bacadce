#include "host/check/edge.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/guest/table.h"
#include "host/plain/mem.h"

#define GROWTH 64 /* bytes of structs and of items, both aligned */
#define POISON 0xa5

struct edge_piece {
    struct edge_piece *next;
    void *room;
    size_t size;
};

void edge_init(struct edge *edge)
{
    edge->first = NULL;
}

void edge_finish(struct edge *edge)
{
    while (edge->first) {
        struct edge_piece *piece = edge->first;

        edge->first = piece->next;
        munmap(piece->room, piece->size);
        mem_free(piece);
    }
}

void *edge_take(struct edge *edge, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (size + page - 1) / page * page;
    struct edge_piece *piece = mem_new(1, sizeof(*piece));
    char *room = mmap(NULL, inner + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (room == MAP_FAILED || mprotect(room + inner, page, PROT_NONE) != 0) {
        perror("no memory with an edge");
        abort();
    }
    piece->room = room;
    piece->size = inner + page;
    piece->next = edge->first;
    edge->first = piece;
    return room + inner - size;
}

static struct haft_slice copy_slice(struct edge *edge, struct haft_slice from,
                                    enum edge_way way)
{
    static const char tail[] = "\0behind";
    size_t more = way == EDGE_LONG  ? EDGE_LONG_BYTES
                  : way == EDGE_NUL ? sizeof(tail) - 1
                                    : 0;
    char *room;

    if (way == EDGE_EMPTY) {
        return (struct haft_slice){NULL, 0};
    }
    /* But for the plain way a zero stands behind, as it often does. */
    room = edge_take(edge, from.n + more + (way != EDGE_PLAIN));
    if (from.n > 0) {
        memcpy(room, from.p, from.n);
    }
    if (way == EDGE_LONG) {
        memset(room + from.n, 'x', more);
    } else {
        memcpy(room + from.n, tail, more);
    }
    return (struct haft_slice){room, from.n + more};
}

static void fill(struct edge *edge, const struct haft_record *record, char *at,
                 enum edge_way way);

static struct haft_array copy_array(struct edge *edge,
                                    const struct haft_record *item,
                                    struct haft_array from, enum edge_way way)
{
    uint32_t stride = item->size + (way == EDGE_GROWN ? GROWTH : 0);
    char *room = edge_take(edge, (size_t)stride * from.count);

    memset(room, POISON, (size_t)stride * from.count);
    for (uint32_t i = 0; i < from.count; i++) {
        char *to = room + (size_t)i * stride;

        memcpy(to, (const char *)from.p + (size_t)i * from.stride, item->size);
        fill(edge, item, to, way);
    }
    return (struct haft_array){room, from.count, stride};
}

/* What `at` points at, copied to where it is watched. Items hold no arrays. */
static void fill(struct edge *edge, const struct haft_record *record, char *at,
                 enum edge_way way)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct haft_field *field = table_field(record, i);
        void *member = at + field->offset;

        if (field->kind == HAFT_BYTES || field->kind == HAFT_TEXT) {
            struct haft_slice *slice = member;
            bool is_left = way == EDGE_NUL && field->kind == HAFT_TEXT;

            *slice = copy_slice(edge, *slice, is_left ? EDGE_GROWN : way);
        } else if (field->kind == HAFT_ARRAY) {
            struct haft_array *array = member;

            *array = copy_array(edge, field->item, *array, way);
        }
    }
}

const void *edge_message(struct edge *edge, const struct haft_record *record,
                         const void *message, enum edge_way way)
{
    uint32_t size = record->size + (way == EDGE_GROWN ? GROWTH : 0);
    char *room = edge_take(edge, size);

    memset(room, POISON, size);
    memcpy(room, message, record->size);
    memcpy(room, &size, sizeof(size));
    fill(edge, record, room, way);
    return room;
}
