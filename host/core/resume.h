/* Coming back: a new owner picks up what the store has of the live runs. */
#ifndef HOST_CORE_RESUME_H
#define HOST_CORE_RESUME_H

#include "host/core/tables.h"

/* All runs that were restored since; once, at the begin of a turn. */
void resume_runs(struct core *c);

#endif
