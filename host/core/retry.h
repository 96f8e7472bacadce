/* What comes of an attempt that ended badly: the end of the task, a hold, or
 * a question to the retry plugin. */
#ifndef HOST_CORE_RETRY_H
#define HOST_CORE_RETRY_H

#include "host/core/tables.h"

/* The task's detail holds the fault; its attempt is over. */
void retry_decide(struct core *c, struct run_row *r, uint32_t task);

/* The plugin's answer for a DECIDING task. */
void retry_answer(struct core *c, struct run_row *r, uint32_t task,
                  enum core_verdict verdict, int64_t delay_ms);

#endif
