/* The one place where the host waits.
 *
 * An epoll loop with a heap of timers, a queue of posts from other threads,
 * and signals. It is ours rather than a library's, so that a turn is a thing
 * the host can see: loop_wait() is exactly one turn - sleep until something
 * is due, hand out all that is ready, return - and what the host does between
 * two turns (decide, commit, act) needs no hook.
 *
 * Promises. It never wakes when nothing is due: no tick, no timeout without a
 * timer. Callbacks never nest, since only loop_wait() calls them. Any watch,
 * timer or signal may be added, changed or removed in any callback, its own
 * included: nothing that was removed is called again, even if its descriptor
 * number was reused within the same turn. What is set or posted during a turn
 * is looked at in the next one, so nobody starves.
 *
 * All functions but loop_post() belong to the thread that owns the loop. */
#ifndef HOST_BASE_LOOP_H
#define HOST_BASE_LOOP_H

#include <stddef.h>
#include <stdint.h>

struct loop;

struct loop *loop_create(void); /* NULL, and errno, if the kernel has none */

/* Watches and timers need not be removed first; posts not yet handed out are
 * dropped. No thread may post any more. */
void loop_destroy(struct loop *loop);

/* One turn. Returns after something was handed out, or after an interruption
 * that brought nothing. */
void loop_wait(struct loop *loop);

/* Descriptors. With no flag the watch is paused and cannot wake the loop. */
enum {
    LOOP_READ = 1,
    LOOP_WRITE = 2,
    LOOP_HANGUP = 4 /* only reported: peer gone or error; the watched flags
                       come with it, so that the next read or write shows
                       which */
};

typedef void (*loop_fd_fn)(void *ctx, int fd, uint32_t ready);

/* 0 or -errno (EPERM: a regular file). Each descriptor can be added once. */
int loop_add(struct loop *loop, int fd, uint32_t flags, loop_fd_fn fn,
             void *ctx);
int loop_change(struct loop *loop, int fd, uint32_t flags);
void loop_remove(struct loop *loop, int fd); /* before close(fd) */

/* Timers: one shot, at an absolute time of loop_now_ms()'s clock. The struct
 * is the caller's and must stay where it is while set. Timers of one instant
 * go off in the order in which they were set. */
typedef void (*loop_timer_fn)(void *ctx);

struct loop_timer {
    loop_timer_fn fn;
    void *ctx;
    int64_t due_ms;
    uint64_t order;
    size_t place; /* 1 + index in the heap; 0: not set */
};

void loop_timer_init(struct loop_timer *timer, loop_timer_fn fn, void *ctx);
void loop_timer_set(struct loop *loop, struct loop_timer *timer,
                    int64_t due_ms); /* again moves it */
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);

/* [any-thread] Calls fn(ctx) on the loop's thread in its next turn, in the
 * order of posting. Wakes the loop only if it sleeps and nobody has yet. */
typedef void (*loop_post_fn)(void *ctx);
void loop_post(struct loop *loop, loop_post_fn fn, void *ctx);

/* Signals come as calls on the loop. They are blocked in the calling thread,
 * so add them before other threads start; children begin with them blocked,
 * unless whoever spawns them says otherwise. 0 or -errno. Removing one
 * unblocks it. */
typedef void (*loop_signal_fn)(void *ctx, int signal);
int loop_signal_add(struct loop *loop, int signal, loop_signal_fn fn,
                    void *ctx);
void loop_signal_remove(struct loop *loop, int signal);

/* CLOCK_MONOTONIC, read once per turn; loop_tick_ms() reads it now and moves
 * the turn's time on. */
int64_t loop_now_ms(const struct loop *loop);
int64_t loop_tick_ms(struct loop *loop);

/* CLOCK_REALTIME, milliseconds since 1970, read now. */
int64_t loop_clock_ms(void);

/* How often the loop slept and was woken, for host.status. */
uint64_t loop_wakeups(const struct loop *loop);

#endif
