/* What the core knows of a task beyond its state, while there is something to
 * know: from hand-over to the end, and longer where something is left to tell.
 * Details never move; their numbers are the ids of the timer. */
#ifndef HOST_CORE_DETAIL_H
#define HOST_CORE_DETAIL_H

#include "host/core/tables.h"

/* The detail with a number, as the timer has it. */
static inline struct task_detail *detail_at(const struct core *c, uint32_t id)
{
    return &c->details.chunks[id / DETAILS_CHUNK][id % DETAILS_CHUNK];
}

/* NULL if the task has none. */
static inline struct task_detail *
detail_of(const struct core *c, const struct run_row *r, uint32_t task)
{
    uint32_t id = r->cells[task].detail;

    return id ? detail_at(c, id - 1) : NULL;
}

/* Made if there is none; only for a task that has not ended. Lives until the
 * task ends or the run is forgotten. */
struct task_detail *detail_need(struct core *c, struct run_row *r,
                                uint32_t task);
/* Gives it back with all that it owns, if there is one. Texts live on until
 * core_clear, since events borrow them. */
void detail_drop(struct core *c, struct run_row *r, uint32_t task);

/* Takes over a fault, copied, as the one of the last attempt. */
void detail_set_fault(struct core *c, struct task_detail *d,
                      const struct fault *fault);

/* Frees them all, what they own included. */
void details_finish(struct core *c);

#endif
