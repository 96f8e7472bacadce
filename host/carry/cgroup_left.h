/* What an owner of a state directory needs to find the cgroups of the one
 * before it, which may have lived elsewhere in the tree: the directories below
 * which some were made are lines of the file `cgroups`, and the name of each
 * cgroup, haft-DEVICE.INODE-ATTEMPT, says of which state directory it is. */
#ifndef HOST_CARRY_CGROUP_LEFT_H
#define HOST_CARRY_CGROUP_LEFT_H

#include <stdint.h>

#include "host/plain/str.h"

struct cgroup_left {
    int state_fd; /* borrowed */
    struct str prefix;
    struct str bases; /* lines: those in use */
};

void cgroup_left_init(struct cgroup_left *left, int state_fd);
void cgroup_left_finish(struct cgroup_left *left);

/* Tells of each cgroup that is there. */
typedef void (*cgroup_left_fn)(void *ctx, uint64_t id, const char *path);
void cgroup_left_read(struct cgroup_left *left, cgroup_left_fn fn, void *ctx);

/* Before the first one is made below it; the path of each is added by name. */
void cgroup_left_add(struct cgroup_left *left, const char *base);
void cgroup_left_name(const struct cgroup_left *left, const char *base,
                      uint64_t id, struct str *path);

#endif
