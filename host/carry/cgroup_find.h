/* Where this machine lets the host make cgroups: the directory below which
 * those of attempts go, asked for one controller at a time.
 *
 * Version 1 has a hierarchy for each controller, and our own place in it is
 * enough if it can be written. Version 2 has one for all, in which a cgroup
 * with processes of its own gives no controllers to those below it; so it is
 * our own place if controllers are enabled for what is below it, and else the
 * one above, if that was delegated to us (systemd: Delegate= together with
 * DelegateSubgroup=), where they are enabled if need be. */
#ifndef HOST_CARRY_CGROUP_FIND_H
#define HOST_CARRY_CGROUP_FIND_H

#include <stdbool.h>

#include "host/plain/str.h"

struct cgroup_base {
    char *path; /* NULL: nowhere, for the reason in `why` */
    bool is_unified;
    struct str why;
};

/* Reads "ROOT/proc/self/cgroup" and what is below "ROOT/sys/fs/cgroup"; the
 * root is "" but in tests. */
void cgroup_base_find(struct cgroup_base *base, const char *root,
                      const char *controller);
void cgroup_base_finish(struct cgroup_base *base);

/* Whether `text` holds the word, between any of the separators. */
bool cgroup_has_word(const char *text, size_t size, const char *separators,
                     const char *word);

/* The whole of a small file: 0 or an errno. */
int cgroup_read(const char *path, struct str *text);

/* Into a file that is there: 0 or an errno. */
int cgroup_write(const char *path, const char *text);

#endif
