/* Messages where reading on is found out: each struct, each text and each row of
 * items lies at the end of memory of its own, before a page that nobody may
 * touch. And messages as a host would seldom send them. */
#ifndef HOST_CHECK_EDGE_H
#define HOST_CHECK_EDGE_H

#include <stddef.h>

#include <haft/types.h>

enum edge_way {
    EDGE_PLAIN, /* as given */
    EDGE_GROWN, /* longer structs and items, with poison where they grew */
    EDGE_NUL,   /* a zero byte and more behind it, where bytes may be any */
    EDGE_LONG,  /* EDGE_LONG_BYTES more in each text */
    EDGE_EMPTY  /* no text at all */
};

#define EDGE_LONG_BYTES (1u << 20)

struct edge_piece;

struct edge {
    struct edge_piece *first;
};

void edge_init(struct edge *edge);
void edge_finish(struct edge *edge);

/* Zeroed room that ends at the edge; borrowed until edge_finish. */
void *edge_take(struct edge *edge, size_t size);

/* A copy of a message that keeps to its table. */
const void *edge_message(struct edge *edge, const struct haft_record *record,
                         const void *message, enum edge_way way);

#endif
