/* The way from a job to a program that runs: one clone, and what the child
 * does before exec.
 *
 * The child borrows our memory until it has become its program or has given
 * up (CLONE_VM, and CLONE_VFORK so that this thread waits): nothing is
 * copied, a failed exec needs no pipe to tell its errno, and its number is in
 * the table before it runs. Its parent-death signal follows the thread that
 * made it, so that thread must never end. */
#ifndef HOST_KEEPER_CHILD_H
#define HOST_KEEPER_CHILD_H

#include <stdatomic.h>
#include <stdint.h>

#include "host/keeper/wire.h"

#define CHILD_STACK_SIZE 65536
#define CHILD_UMASK 077 /* the keeper's own, and so a child's to begin with */

struct child {
    const struct wire_job *job;
    int lent[2]; /* descriptors for output and errors, instead of the job's
                    paths; -1: none */
    int step;    /* enum wire_step: what failed, if error is not 0 */
    int error;   /* an errno */
};

/* Stores the number of the new process in *pid, before it runs; returns when
 * it runs its program (error is 0) or never will. Without a process *pid is
 * 0. A child that failed has still to be waited for. */
void child_start(struct child *child, void *stack, _Atomic int32_t *pid);

#endif
