/* The services that this room has itself: haft.log/1, haft.clock/1 and
 * haft.loop/1. */
#ifndef HOST_GUEST_BUILTIN_H
#define HOST_GUEST_BUILTIN_H

#include "host/guest/border.h"

#define BUILTIN_COUNT 3

extern const struct border_service builtin_services[BUILTIN_COUNT];

/* Ends all that a guest waits for. */
void builtin_close(struct guest *guest);

#endif
