#include "host/guest/queue.h"

#include <stddef.h>

void queue_init(struct queue *q, struct loop *loop)
{
    q->loop = loop;
    atomic_init(&q->newest, NULL);
}

static void on_post(void *ctx)
{
    queue_drain(ctx);
}

void queue_add(struct queue *q, struct queue_item *item)
{
    struct queue_item *newest =
        atomic_load_explicit(&q->newest, memory_order_relaxed);

    do {
        item->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(
        &q->newest, &newest, item, memory_order_acq_rel, memory_order_relaxed));
    if (!newest) {
        loop_post(q->loop, on_post, q);
    }
}

void queue_drain(struct queue *q)
{
    struct queue_item *item =
        atomic_exchange_explicit(&q->newest, NULL, memory_order_acquire);
    struct queue_item *oldest = NULL;

    while (item) {
        struct queue_item *next = item->next;

        item->next = oldest;
        oldest = item;
        item = next;
    }
    while (oldest) {
        struct queue_item *next = oldest->next;

        oldest->handle(oldest);
        oldest = next;
    }
}
