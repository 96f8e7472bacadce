/* The border: the host as one instance sees it, and the one place where what
 * plugins say comes in. A message is checked by its table and copied before
 * anyone else sees it; what is posted waits in the queue, in order with the
 * instance's answers; what wants an answer at once is served on the loop, and
 * a plugin's own thread waits for that. Instances may ask only for what their
 * manifest names. */
#ifndef HOST_GUEST_BORDER_H
#define HOST_GUEST_BORDER_H

#include <stdbool.h>

#include "host/guest/guest.h"

/* A service, and where it may be served. */
struct border_service {
    const struct guest_service *service;
    bool is_for_all;       /* need not stand in the manifest */
    bool is_any_thread;    /* served where it is asked, never queued */
    bool is_for_loop_only; /* for classes of threading "loop" */
};

/* Makes guest->host, with a port for each service that the guest may ask. */
void border_open(struct guest *guest, const struct border_service *services,
                 size_t count);

/* The instance is gone. */
void border_close(struct guest *guest);

#endif
