/* How a run comes to a halt before its time: a failure for good with on_fail
 * stop, or a person who cancels it. */
#ifndef HOST_CORE_HALT_H
#define HOST_CORE_HALT_H

#include "host/core/tables.h"

/* A task fails for good; what it does to the rest is its on_fail. */
void halt_fail(struct core *c, struct run_row *r, uint32_t task,
               enum task_reason reason);

/* The same for one that never came to an attempt. */
void halt_refuse(struct core *c, struct run_row *r, uint32_t task,
                 const struct fault *fault);

/* Skips what has not started in the runs that were stopped. Not before the
 * children of what failed know it: their reason is the nearer one. */
void halt_stopped(struct core *c);

/* First politely, without the finally tasks; asked again, all and by force. */
void halt_cancel(struct core *c, struct run_row *r);

/* What was halted goes on to be, for a new owner: a turn that ends very many
 * tasks is stored in pieces, and the last owner may have died between them. */
void halt_resume(struct core *c, struct run_row *r);

#endif
