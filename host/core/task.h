/* One task: its state, and how it may change. Everything that alters a task
 * goes through here, so that a change is listed, a slot given back and a time
 * taken down exactly when the state says so. */
#ifndef HOST_CORE_TASK_H
#define HOST_CORE_TASK_H

#include "host/core/tables.h"

static inline enum task_state task_state(const struct run_row *r, uint32_t task)
{
    return (enum task_state)r->cells[task].state;
}

static inline bool task_is_item(const struct run_row *r, uint32_t task)
{
    return task >= r->run.tasks_count;
}

/* The workflow's row; of an item, its owner's. */
const struct workflow_task *task_row(const struct run_row *r, uint32_t task);
const struct workflow_policy *task_policy(const struct run_row *r,
                                          uint32_t task);
bool task_is_finally(const struct run_row *r, uint32_t task);
bool task_has_each(const struct run_row *r, uint32_t task); /* is an owner */
bool task_has_question(const struct run_row *r, uint32_t task);

/* The `each` that an item is of, or that an owner expanded into; else NULL. */
struct run_each *task_each(const struct run_row *r, uint32_t task);

/* Puts a WAITING task whose row is filled already into the state that it has
 * in the store: counts, slots and the look-up of its attempt follow, but
 * nothing is listed. */
void task_restore(struct core *c, struct run_row *r, uint32_t task,
                  enum task_state state);

/* Back to WAITING, as if never restored: nothing counts it any more. */
void task_take_back(struct core *c, struct run_row *r, uint32_t task);

/* Whether a task may ever go from one state straight to another. */
bool task_may_move(enum task_state from, enum task_state to);

/* Changes the state, and all that follows from the state alone. */
void task_move(struct core *c, struct run_row *r, uint32_t task,
               enum task_state state);
/* Into an ended state, for good; its children hear of it later in the turn. */
void task_end(struct core *c, struct run_row *r, uint32_t task,
              enum task_state state, enum task_reason reason);

/* Lists its change, once a turn. */
void task_touch(struct core *c, struct run_row *r, uint32_t task);
struct event *task_event(struct core *c, struct run_row *r, uint32_t task,
                         enum event_kind kind);
struct effect *task_effect(struct core *c, struct run_row *r, uint32_t task,
                           enum effect_kind kind);

/* Sets its timer to the next time that matters to it. */
void task_arm(struct core *c, struct run_row *r, uint32_t task);

#endif
