/* What callers ask for: runs that begin, that end before their time, tasks
 * that a person decides about, and reads. Each is answered in its turn. */
#ifndef HOST_CORE_REQUEST_H
#define HOST_CORE_REQUEST_H

#include "host/core/ask.h"

void request_submit(struct core *c, struct ask *ask);
void request_cancel(struct core *c, struct ask *ask);
void request_resolve(struct core *c, struct ask *ask);
void request_read(struct core *c, struct ask *ask);

#endif
