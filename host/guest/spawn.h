/* How a worker begins, and how it ends: the process, seen from the host. */
#ifndef HOST_GUEST_SPAWN_H
#define HOST_GUEST_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "host/plain/str.h"

struct spawned {
    pid_t pid;       /* 0: there is none */
    int pid_fd;      /* readable once it has ended */
    int fd;          /* this end of its socket */
    bool is_adopted; /* somebody else's child: the keeper waits for it */
};

#define SPAWN_ENVIRONMENT 16

/* What a worker gets of this process's environment: "NAME=value" rows, each to
 * be freed, behind the last NULL. How many. */
size_t spawn_environment(char *env[SPAWN_ENVIRONMENT]);

/* Starts this program as a worker, in a session of its own, with nothing but
 * its end of a socket, the module's descriptor (-1: none) and what is needed of
 * the environment. One whose module is a program becomes that. 0, or the
 * errno. */
int spawn_worker(int module, bool is_program, struct spawned *to);

/* Kills it and all that is left of its process group, and buries it; what it
 * died of is added to `why` if nothing is there yet. One that cannot be killed
 * (it hangs in the kernel, or is traced) is left behind after 100 ms. Its
 * socket is another matter. */
void spawn_end(struct spawned *s, struct str *why);

/* Lets go of one that goes on. */
void spawn_leave(struct spawned *s);

#endif
