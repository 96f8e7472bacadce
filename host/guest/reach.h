/* How a worker that outlives its host is found again: it listens on a socket in
 * the state directory, and whoever connects last is its host. The first byte on
 * a connection carries the module's descriptor; frames follow. */
#ifndef HOST_GUEST_REACH_H
#define HOST_GUEST_REACH_H

#include <stdbool.h>

#include "host/guest/spawn.h"

/* Of the host: to the worker that listens at `path`, if one does. `module` is
 * the descriptor of its file, -1 where it is linked in. 0 or -errno. */
int reach_connect(const char *path, int module, struct spawned *to);

/* Of the worker: listens at `path`, in the place of one that is gone. The
 * descriptor, or -errno: EADDRINUSE if another one listens there. */
int reach_listen(const char *path);

/* The next host, if it is one of this user's; its socket, and the module's
 * descriptor or -1. -errno: EAGAIN if nobody waits. */
int reach_accept(int fd, int *module);

/* Whether the name of the socket is still there. */
bool reach_is_there(const char *path);

#endif
