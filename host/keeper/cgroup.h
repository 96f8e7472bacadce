/* Cgroups that the host made for an attempt, named by their directories, one
 * or more with a colon between them (version 1 has one for each controller).
 * An attempt joins all of them; the first is the one that is used to kill. */
#ifndef HOST_KEEPER_CGROUP_H
#define HOST_KEEPER_CGROUP_H

/* Moves the calling process: 0 or an errno. Allocates nothing, so that it may
 * be called between clone and exec. */
int cgroup_join(const char *directories);

/* Kills all that are in it. */
void cgroup_kill(const char *directories);

#endif
