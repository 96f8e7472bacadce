#include "host/core/hand.h"

#include "host/core/attempt.h"
#include "host/core/run.h"
#include "host/core/task.h"

bool hand_is_current(const struct core *c, struct queue_entry entry)
{
    const struct run_row *r = run_of(c, entry.run);

    return r && entry.task < r->cells_count &&
           task_state(r, entry.task) == TASK_READY &&
           r->cells[entry.task].flags & CELL_QUEUED &&
           r->cells[entry.task].left == entry.stamp;
}

static void fill(struct core *c, uint32_t executor)
{
    struct executor *e = &c->pool.executors[executor];
    struct queue_entry entry;

    while (e->used < pool_window(e) && queue_pop(&e->queue, &entry)) {
        if (hand_is_current(c, entry)) {
            attempt_hand(c, c->runs[entry.run], entry.task, executor);
        }
    }
}

void hand_over(struct core *c)
{
    for (uint32_t i = 0; i < c->pool.count; i++) {
        fill(c, i);
    }
}
