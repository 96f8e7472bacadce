/* Attempts that were open when their owner died: their executors are asked
 * what became of them, and no time counts against them until they say. */
#ifndef HOST_CORE_RECOVER_H
#define HOST_CORE_RECOVER_H

#include "host/core/ask.h"
#include "host/core/tables.h"

/* Asks, or gives it up if its executor is not there any more. */
void recover_attempt(struct core *c, struct run_row *r, uint32_t task);

/* Handler of the answer. */
void recover_found(struct core *c, struct ask *ask);

#endif
