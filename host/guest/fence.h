/* What the kernel keeps a worker from, as far as it can: a plugin gets no more
 * rights than its host has, looks into no other process, does nothing to the
 * kernel, and changes no file of the system. */
#ifndef HOST_GUEST_FENCE_H
#define HOST_GUEST_FENCE_H

#include <stdint.h>

#include <haft/plugin.h>

enum {
    FENCE_PRIVILEGES = 1 << 0, /* no_new_privs: see prctl(2) */
    FENCE_CALLS = 1 << 1,      /* seccomp(2) */
    FENCE_FILES = 1 << 2,      /* landlock(7) */
};

#define FENCES 3

/* "no_new_privs", "seccomp", "landlock". */
extern const char *const fence_names[FENCES];

/* Raises them for this thread, and all that it will start: before another one
 * is there, and before a byte of the plugin runs. A folder in which a value of
 * `values` (haft_value) names a path may be written to, wherever it is. Those
 * that are up. */
uint32_t fence_raise(struct haft_array values);

#endif
