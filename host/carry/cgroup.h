/* Limits that setrlimit(2) has not, on all processes of an attempt together:
 * "memory" (bytes) and "pids". An attempt that has one gets a cgroup, or one
 * for each controller (version 1); the keeper joins it and kills through it.
 *
 * Nothing is looked for before a limit asks for it. Where the machine lets us
 * make no cgroup, that is said once for each limit, and the attempt goes on
 * without.
 *
 * A cgroup lives until its attempt is released, and one that is still busy
 * then is tried again later, if need be by the next owner (cgroup_left.h). */
#ifndef HOST_CARRY_CGROUP_H
#define HOST_CARRY_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include <haft/executor.h>

#include "host/base/loop.h"

struct cgroups;

/* Reads what an earlier owner left. The root is "" but in tests; the state
 * directory is borrowed. */
struct cgroups *cgroups_create(struct loop *loop, const char *root,
                               int state_fd);
void cgroups_destroy(struct cgroups *c);

/* Whether a limit of this name is one of ours. */
bool cgroups_have(struct haft_slice limit);

/* Makes what those of the limits need that are ours. The directories, with a
 * colon between them; "" if there are none. Valid until removed. */
const char *cgroups_add(struct cgroups *c, uint64_t id,
                        const struct haft_array *limits);

/* Whether the kernel killed something of the attempt for want of memory. */
bool cgroups_ran_out(struct cgroups *c, uint64_t id);

/* What is left of it; an id without a cgroup is fine. */
void cgroups_remove(struct cgroups *c, uint64_t id);

/* Removes those of attempts that nobody knows. */
typedef bool (*cgroups_known_fn)(void *ctx, uint64_t id);
void cgroups_settle(struct cgroups *c, cgroups_known_fn is_known, void *ctx);

#endif
