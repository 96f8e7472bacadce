/* Attempts that were open when their owner died, or the process of their
 * executor: their executors are asked what became of them, and no time counts
 * against them until they say. */
#ifndef HOST_CORE_RECOVER_H
#define HOST_CORE_RECOVER_H

#include "host/core/ask.h"
#include "host/core/tables.h"

/* Asks, or gives it up if its executor is not there any more. */
void recover_attempt(struct core *c, struct run_row *r, uint32_t task);

/* Handlers: of the answer, and of the news that an executor knows nothing. */
void recover_found(struct core *c, struct ask *ask);
void recover_adrift(struct core *c, struct ask *ask);

#endif
