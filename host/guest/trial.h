/* A module's first loading, in a process that is thrown away: what its
 * constructors do, or that it cannot be linked, or that it differs from its
 * manifest, is known before anything depends on it. No instance is made. */
#ifndef HOST_GUEST_TRIAL_H
#define HOST_GUEST_TRIAL_H

#include "host/base/loop.h"
#include "host/guest/manifest.h"
#include "host/guest/module.h"

struct trial;

/* Once, on the loop: "" if it is good. The trial is gone then. */
typedef void (*trial_done)(void *ctx, const char *why);

/* NULL with the reason. The module has a file, and is no program. */
struct trial *trial_begin(struct loop *loop, const struct module *m,
                          trial_done done, void *ctx, struct str *why);

/* Without a word. */
void trial_stop(struct trial *trial);

#endif
