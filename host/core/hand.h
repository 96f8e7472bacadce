/* From the queues to the executors: as many as there is room for. */
#ifndef HOST_CORE_HAND_H
#define HOST_CORE_HAND_H

#include "host/core/tables.h"

/* Whether an entry of a queue still means its task; else it is dropped. */
bool hand_is_current(const struct core *c, struct queue_entry entry);

void hand_over(struct core *c);

#endif
