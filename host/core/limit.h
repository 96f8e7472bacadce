/* The times at which something has to happen to a task though nobody asks:
 * one row for each, of which the earliest is the task's timer. */
#ifndef HOST_CORE_LIMIT_H
#define HOST_CORE_LIMIT_H

#include "host/core/tables.h"

/* In the order in which they count when several have passed. */
enum limit {
    LIMIT_DELAY,   /* READY again after a failure */
    LIMIT_TOTAL,   /* from its first being ready, over all tries */
    LIMIT_QUEUE,   /* from this try's being ready to its start */
    LIMIT_RUN,     /* from the start */
    LIMIT_SILENCE, /* without output: it is asked for */
    LIMIT_FORCE,   /* a cancel that had no effect is repeated */
    LIMITS
};

/* TIMER_NEVER where it does not apply. */
int64_t limit_at(const struct run_row *r, uint32_t task,
                 const struct task_detail *d, enum limit limit);
int64_t limit_next(const struct run_row *r, uint32_t task,
                   const struct task_detail *d);

/* The first that has passed at `now_ms`, or LIMITS. */
enum limit limit_passed(const struct run_row *r, uint32_t task,
                        const struct task_detail *d, int64_t now_ms);

/* What a passed limit says as the fault of an attempt: its code, and a
 * sentence that is added to `out`. */
const char *limit_code(enum limit limit);
void limit_explain(enum limit limit, const struct workflow_policy *policy,
                   struct str *out);

/* The one that a timeout of this class must have been, for want of better
 * knowledge: after a restart the class is all there is. */
enum limit limit_guess(enum fault_class fault_class,
                       const struct workflow_policy *policy);

/* `from_ms` + `span_ms`, at most TIMER_NEVER. */
int64_t limit_add(int64_t from_ms, int64_t span_ms);

#endif
