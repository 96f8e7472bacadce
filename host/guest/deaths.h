/* What is remembered of isolated plugins that died: for each file of a module
 * (by the SHA-256 of its bytes), the last deaths of its processes and whether it
 * is quarantined, which keeps it from being run again until somebody pardons it
 * or puts another file in its place.
 *
 * It is kept in the folder `deaths` of the state directory, since plugins are
 * there before the store is, and the store may be the one that dies. */
#ifndef HOST_GUEST_DEATHS_H
#define HOST_GUEST_DEATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/guest/module.h"
#include "host/plain/str.h"

#define DEATHS_KEPT 32 /* of one file, the newest */

struct death {
    int64_t time_ms;  /* of the wall clock */
    const char *kind; /* of the instance */
    const char *name;
    const char *why;
    bool is_last; /* there is no other process from now on: quarantine */
};

/* `state` is the state directory. What cannot be written is logged. */
void deaths_add(const char *state, const struct module *m,
                const struct death *death);

/* True with the story and the remedy in `why`. */
bool deaths_are_enough(const char *state, const struct module *m,
                       struct str *why);

/* Forgets that it is quarantined; false if it was not, or with the reason if
 * that cannot be written. */
bool deaths_pardon(const char *state, const struct module *m, struct str *why);

/* Adds the members "quarantined" and "deaths" (at, kind, name, why) to an
 * object. */
void deaths_add_json(const char *state, const struct module *m,
                     struct str *out);

#endif
