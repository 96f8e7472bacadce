/* Tasks that are ready for one executor: by priority, then in the order in
 * which they became ready. A ring for each priority that occurs.
 *
 * A task that is taken away (cancelled, skipped) leaves its entry behind; its
 * stamp is then no longer the task's, and whoever pops it drops it. So taking
 * away is free, and nothing is ever searched. */
#ifndef HOST_CORE_QUEUE_H
#define HOST_CORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_entry {
    uint32_t run;
    uint32_t task;
    uint32_t stamp;
};

struct queue_level {
    int32_t priority;
    struct queue_entry *entries;
    size_t room; /* a power of two */
    size_t head;
    size_t count;
};

/* A zeroed queue is an empty one. */
struct queue {
    struct queue_level *levels; /* the lowest priority first */
    size_t levels_room;
    size_t levels_count;
};

void queue_finish(struct queue *q);
void queue_push(struct queue *q, int32_t priority, struct queue_entry entry);

/* The first of the highest priority; false if it is empty. */
bool queue_pop(struct queue *q, struct queue_entry *entry);

#endif
