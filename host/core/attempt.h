/* Attempts: one try of one task, from hand-over to its end, and what comes of
 * an end that is not a good one. Every answer names its attempt and its fence;
 * one that fits no open attempt is counted as stale and changes nothing. */
#ifndef HOST_CORE_ATTEMPT_H
#define HOST_CORE_ATTEMPT_H

#include "host/core/ask.h"
#include "host/core/tables.h"

#define ATTEMPT_LOSSES_LIMIT 5u      /* that cost no try */
#define ATTEMPT_FORCE_AFTER_MS 30000 /* beyond the grace: force once more */

/* Hands a READY task to an executor. */
void attempt_hand(struct core *c, struct run_row *r, uint32_t task,
                  uint32_t executor);

/* Asks for its end, because somebody cancelled it; 0: by force. */
void attempt_cancel(struct core *c, struct run_row *r, uint32_t task,
                    int64_t grace_ms);

/* A limit of a task has passed: `id` is that of its detail. */
void attempt_due(struct core *c, uint32_t id);

/* What becomes of one that was open when its owner died. */
void attempt_recover(struct core *c, struct run_row *r, uint32_t task);

void attempt_started(struct core *c, struct ask *ask);
void attempt_ended(struct core *c, struct ask *ask);
void attempt_heard(struct core *c, struct ask *ask);
void attempt_found(struct core *c, struct ask *ask);
void attempt_verdict(struct core *c, struct ask *ask);

#endif
