/* The way back to the loop: everything that plugins say, answers and reports
 * alike, in one queue, in the order in which it was said.
 *
 * Any thread may add; only the loop takes. Adding is one compare-and-swap on a
 * list that is turned round when it is taken, so the queue needs no lock, and
 * since the taker takes all of it at once, an item that is freed and used
 * again cannot confuse it. The loop is woken by the first item alone. */
#ifndef HOST_GUEST_QUEUE_H
#define HOST_GUEST_QUEUE_H

#include <stdatomic.h>

#include "host/base/loop.h"

/* Part of what is queued. */
struct queue_item {
    struct queue_item *next;
    void (*handle)(struct queue_item *item); /* on the loop; may free it */
};

struct queue {
    struct loop *loop;
    _Atomic(struct queue_item *) newest;
};

void queue_init(struct queue *q, struct loop *loop);

/* [any-thread] The item is the queue's until it is handled. */
void queue_add(struct queue *q, struct queue_item *item);

/* Handles all that is there now; on the loop. The loop calls it by itself. */
void queue_drain(struct queue *q);

#endif
