/* Executors, what is ready for them, and how much they are handed.
 *
 * One that runs what it is handed at once gets as many attempts as it has
 * slots. One that queues by itself (is_ahead) gets a window more, so that no
 * slot stands empty while the next start travels through a commit and a
 * socket: P slots get P + P x 16 ms / mean duration, first 2P, at most
 * max(P, 256). Long tasks thus get about P, and a later priority waits for
 * some 16 ms at most. */
#ifndef HOST_CORE_POOL_H
#define HOST_CORE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/core/queue.h"

struct executor {
    char *name;
    uint32_t slots;
    bool is_ahead;
    bool is_measured; /* an attempt has ended, mean16 says something */
    uint32_t used;    /* attempts handed over or running */
    int64_t mean16;   /* of their durations, in sixteenths of a millisecond */
    struct queue queue;
};

/* A zeroed pool is an empty one. */
struct pool {
    struct executor *executors;
    size_t room;
    uint32_t count;
};

void pool_finish(struct pool *p);

/* Adds one, or gives the one of that name other slots. */
uint32_t pool_add(struct pool *p, const char *name, uint32_t slots,
                  bool is_ahead);
uint32_t pool_find(const struct pool *p, const char *name); /* or CORE_NONE */

/* How many attempts may be handed over at once. */
uint32_t pool_window(const struct executor *e);

void pool_take(struct executor *e); /* a slot */
void pool_give(struct executor *e); /* it back */
void pool_measure(struct executor *e, int64_t duration_ms);

#endif
