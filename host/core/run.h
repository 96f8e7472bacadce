/* One run: its row, how it is found, and how its state may change. */
#ifndef HOST_CORE_RUN_H
#define HOST_CORE_RUN_H

#include "host/core/tables.h"

/* A row with every task WAITING, not in the table yet. Takes the workflow and
 * the parameters. */
struct run_row *run_create(const struct run *run, struct workflow *workflow,
                           cJSON *params, uint32_t executor);
/* What it holds of details is given back before: run_remove. */
void run_destroy(struct run_row *r);

/* Puts it into the table, in a slot that no queued ask can mean. Takes it. */
void run_add(struct core *c, struct run_row *r);
/* Takes it out and destroys it. */
void run_remove(struct core *c, struct run_row *r);

/* Slots that were left before this turn may be used again. */
void run_free_slots(struct core *c);

struct run_row *run_of(const struct core *c, uint32_t run); /* or NULL */

bool run_may_move(enum run_state from, enum run_state to);
void run_move(struct core *c, struct run_row *r, enum run_state state);
void run_touch(struct core *c, struct run_row *r, enum change_kind kind);
struct event *run_event(struct core *c, struct run_row *r,
                        enum event_kind kind);

/* All its tasks have ended. */
void run_end(struct core *c, struct run_row *r);

/* Room for `count` items more, WAITING; returns the index of the first. */
uint32_t run_add_items(struct core *c, struct run_row *r, uint32_t each,
                       uint32_t count);

/* A task by "name" or "name[3]"; CORE_NONE if there is none. */
uint32_t run_find_task(struct run_row *r, const char *name);

#endif
