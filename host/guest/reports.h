/* What a surviving worker's plugin has said of its attempts, until they are
 * released: a host that was not there, or died before it had kept it, hears it
 * once more. */
#ifndef HOST_GUEST_REPORTS_H
#define HOST_GUEST_REPORTS_H

#include <stdint.h>

#include "host/plain/str.h"

struct report {
    struct report *next;
    uint64_t attempt;
    uint64_t fence;
    struct str started; /* of haft.attempt/1, in wire form; "": not said */
    struct str ended;
    uint32_t session; /* of the last host that knows of it */
};

/* Zeroed there are none. */
struct reports {
    struct report *first;
};

/* The one of an attempt, made if need be; of an older fence it is emptied. */
struct report *reports_of(struct reports *all, uint64_t attempt,
                          uint64_t fence);
struct report *reports_find(const struct reports *all, uint64_t attempt,
                            uint64_t fence); /* or NULL */
void reports_drop(struct reports *all, uint64_t attempt);
void reports_finish(struct reports *all);

#endif
