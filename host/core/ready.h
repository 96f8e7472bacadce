/* When a task may start: its needs have ended, and its condition holds. Ends
 * travel down the graph here, from a list and not by recursion, so that a
 * chain of a million skipped tasks is one loop. */
#ifndef HOST_CORE_READY_H
#define HOST_CORE_READY_H

#include "host/core/tables.h"

/* A WAITING task whose needs have ended is skipped, refused, expanded or made
 * READY. */
void ready_consider(struct core *c, struct run_row *r, uint32_t task);

/* Considers all of a run that wait for nothing. */
void ready_begin(struct core *c, struct run_row *r);

/* Becomes READY for the first time. */
void ready_make(struct core *c, struct run_row *r, uint32_t task);

/* Into the queue of its executor, at the end of its priority. */
void ready_queue(struct core *c, struct run_row *r, uint32_t task);

/* Tells the children of an ended task; `left` goes down. */
void ready_tell(struct run_row *r, uint32_t task, uint32_t child);

/* Follows all that ended, until nothing more comes of it. */
void ready_settle(struct core *c);

/* Starts the finally tasks or ends the run, if it is time. */
void ready_review(struct core *c, struct run_row *r);

#endif
