/* What happens when a limit of a task has passed. */
#ifndef HOST_CORE_DUE_H
#define HOST_CORE_DUE_H

#include "host/core/ask.h"
#include "host/core/tables.h"

/* The timer of a detail, by its number, was due. */
void due_act(struct core *c, uint32_t id);

/* Handler: when an attempt that seemed silent has last written. */
void due_heard(struct core *c, struct ask *ask);

#endif
