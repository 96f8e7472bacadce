#include "host/guest/lane.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "host/plain/mem.h"

#define THREADS_LIMIT 16

struct lane {
    pthread_mutex_t lock;
    pthread_cond_t more; /* there is work, or the end */
    struct lane_work *first;
    struct lane_work **last;
    bool is_ending;
    unsigned count;
    pthread_t threads[THREADS_LIMIT];
};

/* Takes one piece; NULL at the end. */
static struct lane_work *take(struct lane *lane)
{
    struct lane_work *work;

    pthread_mutex_lock(&lane->lock);
    while (!lane->first && !lane->is_ending) {
        pthread_cond_wait(&lane->more, &lane->lock);
    }
    work = lane->first;
    if (work) {
        lane->first = work->next;
        if (!lane->first) {
            lane->last = &lane->first;
        }
    }
    pthread_mutex_unlock(&lane->lock);
    return work;
}

static void *work_on(void *ctx)
{
    struct lane *lane = ctx;
    struct lane_work *work = take(lane);

    while (work) {
        work->run(work);
        work = take(lane);
    }
    return NULL;
}

/* A condition that waits by the clock that nobody sets. */
static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t how;

    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &how);
    pthread_condattr_destroy(&how);
}

static struct timespec after_ms(clockid_t clock, int64_t ms)
{
    struct timespec t;

    clock_gettime(clock, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

struct lane *lane_create(unsigned threads, const char *name)
{
    struct lane *lane = mem_new(1, sizeof(*lane));
    char short_name[16];
    sigset_t all;
    sigset_t before;
    int error = 0;

    pthread_mutex_init(&lane->lock, NULL);
    init_condition(&lane->more);
    lane->last = &lane->first;
    snprintf(short_name, sizeof(short_name), "%s", name);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the loop's */
    while (lane->count < threads && lane->count < THREADS_LIMIT && !error) {
        error =
            pthread_create(&lane->threads[lane->count], NULL, work_on, lane);
        if (!error) {
            pthread_setname_np(lane->threads[lane->count], short_name);
            lane->count++;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (lane->count == 0) {
        lane_destroy(lane, 0);
        errno = error;
        return NULL;
    }
    return lane;
}

void lane_add(struct lane *lane, struct lane_work *work)
{
    work->next = NULL;
    pthread_mutex_lock(&lane->lock);
    *lane->last = work;
    lane->last = &work->next;
    pthread_mutex_unlock(&lane->lock);
    pthread_cond_signal(&lane->more);
}

/* Somebody waits for this piece, or has given up on it. */
struct wait {
    struct lane_work work;
    void (*fn)(void *ctx);
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    bool is_alone;
};

static void free_wait(struct wait *w)
{
    pthread_cond_destroy(&w->done);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

static void run_wait(struct lane_work *work)
{
    struct wait *w = (struct wait *)work;
    bool is_alone;

    w->fn(w->ctx);
    pthread_mutex_lock(&w->lock);
    w->is_done = true;
    is_alone = w->is_alone;
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
    if (is_alone) {
        free_wait(w);
    }
}

bool lane_run(struct lane *lane, void (*fn)(void *ctx), void *ctx,
              int64_t limit_ms)
{
    struct wait *w = mem_new(1, sizeof(*w));
    struct timespec end = after_ms(CLOCK_MONOTONIC, limit_ms);
    int error = 0;
    bool is_done;

    w->work.run = run_wait;
    w->fn = fn;
    w->ctx = ctx;
    pthread_mutex_init(&w->lock, NULL);
    init_condition(&w->done);
    lane_add(lane, &w->work);
    pthread_mutex_lock(&w->lock);
    while (!w->is_done && !error) {
        error = pthread_cond_timedwait(&w->done, &w->lock, &end);
    }
    is_done = w->is_done;
    w->is_alone = !is_done;
    pthread_mutex_unlock(&w->lock);
    if (is_done) {
        free_wait(w);
    }
    return is_done;
}

bool lane_destroy(struct lane *lane, int64_t limit_ms)
{
    struct timespec end = after_ms(CLOCK_REALTIME, limit_ms);

    pthread_mutex_lock(&lane->lock);
    lane->is_ending = true;
    pthread_mutex_unlock(&lane->lock);
    pthread_cond_broadcast(&lane->more);
    for (; lane->count > 0; lane->count--) {
        if (pthread_timedjoin_np(lane->threads[lane->count - 1], NULL, &end) !=
            0) {
            return false;
        }
    }
    pthread_cond_destroy(&lane->more);
    pthread_mutex_destroy(&lane->lock);
    mem_free(lane);
    return true;
}
