/* Finding the keeper of a state directory, or starting one.
 *
 * The lock on keeper.lock decides: who can take it knows that no keeper is
 * alive and nothing of an earlier one either. Then the socket is made anew,
 * connected to, and handed with the lock to a new keeper, which finds the
 * connection waiting: nobody polls for readiness. If the lock is held, a
 * keeper is there, or is just ending; then connecting may fail and is worth
 * another try a little later. Nothing here waits. */
#ifndef HOST_CARRY_KEEPER_LAUNCH_H
#define HOST_CARRY_KEEPER_LAUNCH_H

#include <stdbool.h>

#include "host/plain/str.h"

struct launch {
    int fd;       /* connected, non-blocking; owned by the caller */
    int guard_fd; /* pidfd of the child that was started, or -1 */
};

/* 0; -EAGAIN: try again later; another -errno with the reason in `why`. */
int keeper_launch(int state_fd, const char *program, struct launch *launch,
                  struct str *why);

/* Whether an earlier keeper may have left something in the directory. */
bool keeper_left_something(int state_fd);

/* Waits for a child that has ended, if it has. NULL unless its keeper never
 * served (`has_served`) and its exit status tells why. */
const char *keeper_bury(int guard_fd, bool has_served, bool *is_gone);

#endif
