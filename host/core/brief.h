/* What is left to know of most tasks, in few bytes: when they became READY, or
 * how they ended. And the whole view of a task, from whatever it has. */
#ifndef HOST_CORE_BRIEF_H
#define HOST_CORE_BRIEF_H

#include "host/core/tables.h"

/* The end, now, of a task that has no detail: WAITING, or READY at most. */
void brief_set(struct core *c, struct run_row *r, uint32_t task);

/* Folds the detail of an ended task into its brief, if nothing is lost. */
void brief_fold(struct core *c, struct run_row *r, uint32_t task);

void brief_view(const struct core *c, const struct run_row *r, uint32_t task,
                struct task *view);

#endif
