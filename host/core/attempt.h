/* Attempts: one try of one task, from hand-over to its end. Every answer names
 * its attempt and its fence; one that fits no open attempt is counted as stale
 * and changes nothing. */
#ifndef HOST_CORE_ATTEMPT_H
#define HOST_CORE_ATTEMPT_H

#include "host/core/ask.h"
#include "host/core/limit.h"
#include "host/core/tables.h"

#define ATTEMPT_LOSSES_LIMIT 5u      /* that cost no try */
#define ATTEMPT_FORCE_AFTER_MS 30000 /* beyond the grace: force once more */

/* The open attempt that an answer means; false, and counted, if there is none.
 * A DECIDING task's attempt is over. */
bool attempt_find(struct core *c, const struct ask *ask,
                  struct task_place *place);

/* Hands a READY task to an executor. */
void attempt_hand(struct core *c, struct run_row *r, uint32_t task,
                  uint32_t executor);

/* Asks for its end, because somebody cancelled it; 0: by force. */
void attempt_cancel(struct core *c, struct run_row *r, uint32_t task,
                    int64_t grace_ms);

/* The same, because a limit has passed. */
void attempt_time_out(struct core *c, struct run_row *r, uint32_t task,
                      enum limit limit);

/* Says a cancel that was decided once more; 0: by force. */
void attempt_repeat_cancel(struct core *c, struct run_row *r, uint32_t task,
                           int64_t grace_ms);

/* An attempt for a READY task, that has ended in the queue: so that the retry
 * plugin can be asked about it. */
void attempt_expire(struct core *c, struct run_row *r, uint32_t task,
                    enum limit limit);

/* The end of an open attempt, as `told`; a cancel that was decided before
 * outranks it. Times are 0 where they are not known. */
struct attempt_end {
    const struct fault *told; /* class FAULT_NONE: success */
    int64_t started_ms;
    int64_t ended_ms;
};
void attempt_end(struct core *c, struct run_row *r, uint32_t task,
                 const struct attempt_end *end);

/* Handlers of what the outside says. */
void attempt_started(struct core *c, struct ask *ask);
void attempt_ended(struct core *c, struct ask *ask);
void attempt_verdict(struct core *c, struct ask *ask);

#endif
