/* Processes and their descendants, as /proc shows them.
 *
 * Killing by number is exact only for a child that has not been waited for:
 * its number cannot be lent to another. For all others a pidfd is opened
 * first, and what it names is compared (parent, start) before a signal goes
 * through it. */
#ifndef HOST_KEEPER_TREE_H
#define HOST_KEEPER_TREE_H

#include <stdint.h>
#include <sys/types.h>

/* The children of a process, all its threads' together: up to `room` of them
 * in `pids`; how many. */
int tree_children(pid_t pid, pid_t *pids, int room);

/* Kills all descendants of a process of ours that has not been waited for;
 * they are stopped first, so that none escapes by forking. Not the process
 * itself. */
void tree_kill_below(pid_t pid);

/* Kills what is left of a session that an earlier keeper began in this boot
 * as `pid`, with a leader born between two times (ms since boot), and waits
 * until it is gone. */
void tree_kill_session(pid_t pid, int64_t from_ms, int64_t to_ms);

/* Kills all descendants of the caller, adopted ones included, and waits for
 * them: for a subreaper whose only thread this is. */
void tree_kill_all(void);

#endif
