/* Threads of one instance: its work is done there, in order, so that it may
 * block without anyone waiting for it. One thread makes a serial instance,
 * several a concurrent one.
 *
 * A thread cannot be ended from outside. One that never comes back from its
 * plugin is left behind when the host leaves. */
#ifndef HOST_GUEST_LANE_H
#define HOST_GUEST_LANE_H

#include <stdbool.h>
#include <stdint.h>

struct lane;

/* Part of what is to be done. */
struct lane_work {
    struct lane_work *next;
    void (*run)(struct lane_work *work); /* on the lane; may free it */
};

/* NULL, and errno, if there can be no thread. `name` is what debuggers show. */
struct lane *lane_create(unsigned threads, const char *name);

/* [any-thread] The work is the lane's until it is run. */
void lane_add(struct lane *lane, struct lane_work *work);

/* Runs `fn(ctx)` on the lane behind all that is there, and waits for it. False
 * if that took longer: then it may still run, and `ctx` must stay. */
bool lane_run(struct lane *lane, void (*fn)(void *ctx), void *ctx,
              int64_t limit_ms);

/* Ends the threads once all work is done, and frees the lane. False if that
 * took longer: the threads are left behind, with the lane. */
bool lane_destroy(struct lane *lane, int64_t limit_ms);

#endif
