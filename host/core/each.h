/* A task with an `each`: one item task for each value, so many at once. The
 * task itself is RUNNING meanwhile, without an attempt of its own, and ends as
 * its items ended. */
#ifndef HOST_CORE_EACH_H
#define HOST_CORE_EACH_H

#include "host/core/tables.h"

#define EACH_ITEMS_LIMIT 100000u

/* Its needs have ended and its condition holds: makes the items, or ends it. */
void each_expand(struct core *c, struct run_row *r, uint32_t task);

/* Lets WAITING items become READY, as many as max_parallel allows; if all have
 * ended, ends their owner. */
void each_review(struct core *c, struct run_row *r, struct run_each *each);

/* An item has ended. */
void each_item_ended(struct core *c, struct run_row *r, uint32_t item);

/* Skips the items that have not started. */
void each_stop(struct core *c, struct run_row *r, struct run_each *each);

/* The items of a restored owner: room first, then, when the tasks that the
 * values come from are there, the values and the counts. If there are not so
 * many values now, `values` stays NULL. */
void each_restore(struct core *c, struct run_row *r, uint32_t task,
                  uint32_t count);
void each_resume(struct core *c, struct run_row *r, struct run_each *each);

/* The outputs of that name of all items, in order; owned. */
cJSON *each_collect(const struct core *c, const struct run_row *r,
                    uint32_t task, const char *name);

#endif
