#include "host/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "host/plain/mem.h"

#define EVENTS_A_TURN 256
#define SIGNALS_LIMIT 65

/* A watch lives in a table indexed by its descriptor. The epoll data carries
 * the descriptor and the watch's generation, so an event fetched before a
 * removal finds either nothing or another generation. */
struct watch {
    loop_fd_fn fn; /* NULL: no watch */
    void *ctx;
    uint32_t flags;
    uint32_t generation;
};

struct post {
    loop_post_fn fn;
    void *ctx;
};

struct posts {
    struct post *items;
    size_t count;
    size_t room;
};

struct signal_watch {
    loop_signal_fn fn;
    void *ctx;
};

struct loop {
    int epoll_fd;
    int wake_fd;
    int signal_fd; /* -1: no signal was ever added */
    int64_t now_ms;
    uint64_t wakeups;

    struct watch *watches;
    size_t watches_room;
    uint32_t generation;

    struct loop_timer **heap;
    size_t heap_count;
    size_t heap_room;
    uint64_t order;

    sigset_t signals;
    struct signal_watch signal_watches[SIGNALS_LIMIT];

    /* Two queues: one is filled under the lock while the other is handed
     * out, so a post costs no allocation once they have grown. */
    pthread_mutex_t lock;
    struct posts incoming;
    bool is_asleep; /* under `lock`: a post must write wake_fd */
    struct posts outgoing;
};

static int64_t read_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* wake_fd is edge-triggered: every write is an event, and nobody reads it. */
static bool open_fds(struct loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};

    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->wake_fd < 0) {
        return false;
    }
    event.data.u64 = (uint32_t)loop->wake_fd;
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) == 0;
}

struct loop *loop_create(void)
{
    struct loop *loop = mem_new(1, sizeof(*loop));

    loop->signal_fd = -1;
    loop->now_ms = read_clock(CLOCK_MONOTONIC);
    pthread_mutex_init(&loop->lock, NULL);
    sigemptyset(&loop->signals);
    if (!open_fds(loop)) {
        loop_destroy(loop);
        return NULL;
    }
    return loop;
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void loop_destroy(struct loop *loop)
{
    int error = errno;

    if (!loop) {
        return;
    }
    for (size_t i = 0; i < loop->heap_count; i++) {
        loop->heap[i]->place = 0;
    }
    close_fd(loop->signal_fd);
    close_fd(loop->wake_fd);
    close_fd(loop->epoll_fd);
    pthread_mutex_destroy(&loop->lock);
    mem_free(loop->watches);
    mem_free(loop->heap);
    mem_free(loop->incoming.items);
    mem_free(loop->outgoing.items);
    mem_free(loop);
    errno = error;
}

/* ---- descriptors ---- */

static struct watch *find_watch(struct loop *loop, int fd)
{
    if (fd < 0 || (size_t)fd >= loop->watches_room || !loop->watches[fd].fn) {
        return NULL;
    }
    return &loop->watches[fd];
}

static void make_watch_room(struct loop *loop, int fd)
{
    size_t old = loop->watches_room;

    loop->watches = mem_grow(loop->watches, &loop->watches_room, (size_t)fd + 1,
                             sizeof(struct watch));
    for (size_t i = old; i < loop->watches_room; i++) {
        loop->watches[i] = (struct watch){0};
    }
}

/* Tells the kernel to go from watching `old` to watching `flags`. A paused
 * watch is taken out, since epoll reports hang-ups whatever was asked. */
static int arm(struct loop *loop, int fd, uint32_t old, uint32_t flags)
{
    struct watch *w = &loop->watches[fd];
    struct epoll_event event = {.data.u64 = (uint64_t)w->generation << 32 |
                                            (uint32_t)fd};
    int how = EPOLL_CTL_MOD;

    if (old == flags) {
        return 0;
    }
    if (flags & LOOP_READ) {
        event.events |= EPOLLIN | EPOLLRDHUP;
    }
    if (flags & LOOP_WRITE) {
        event.events |= EPOLLOUT;
    }
    if (old == 0) {
        how = EPOLL_CTL_ADD;
    } else if (flags == 0) {
        how = EPOLL_CTL_DEL;
    }
    return epoll_ctl(loop->epoll_fd, how, fd, &event) == 0 ? 0 : -errno;
}

int loop_add(struct loop *loop, int fd, uint32_t flags, loop_fd_fn fn,
             void *ctx)
{
    int status;

    assert(fd >= 0 && fn && !find_watch(loop, fd));
    assert(!(flags & ~(uint32_t)(LOOP_READ | LOOP_WRITE)));
    make_watch_room(loop, fd);
    loop->watches[fd].generation = ++loop->generation;
    status = arm(loop, fd, 0, flags);
    if (status == 0) {
        loop->watches[fd].fn = fn;
        loop->watches[fd].ctx = ctx;
        loop->watches[fd].flags = flags;
    }
    return status;
}

int loop_change(struct loop *loop, int fd, uint32_t flags)
{
    struct watch *w = find_watch(loop, fd);
    int status;

    assert(w && !(flags & ~(uint32_t)(LOOP_READ | LOOP_WRITE)));
    status = arm(loop, fd, w->flags, flags);
    if (status == 0) {
        w->flags = flags;
    }
    return status;
}

void loop_remove(struct loop *loop, int fd)
{
    struct watch *w = find_watch(loop, fd);
    int status;

    assert(w);
    status = arm(loop, fd, w->flags, 0);
    assert(status == 0);
    (void)status;
    *w = (struct watch){0};
}

static void hand_out_event(struct loop *loop, const struct epoll_event *event)
{
    int fd = (int)(event->data.u64 & UINT32_MAX);
    struct watch *w = find_watch(loop, fd);
    uint32_t ready = 0;

    if (!w || w->generation != event->data.u64 >> 32) {
        return;
    }
    if (event->events & (EPOLLIN | EPOLLRDHUP)) {
        ready |= LOOP_READ;
    }
    if (event->events & EPOLLOUT) {
        ready |= LOOP_WRITE;
    }
    if (event->events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
        ready |= LOOP_HANGUP;
    }
    if (event->events & (EPOLLERR | EPOLLHUP)) {
        ready |= LOOP_READ | LOOP_WRITE;
    }
    ready &= w->flags | LOOP_HANGUP; /* an earlier callback may have changed */
    if (ready && w->flags) {
        w->fn(w->ctx, fd, ready);
    }
}

/* ---- timers: a binary heap by (due, order) ---- */

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void put(struct loop *loop, size_t i, struct loop_timer *timer)
{
    loop->heap[i] = timer;
    timer->place = i + 1;
}

static void rise(struct loop *loop, size_t i, struct loop_timer *timer)
{
    while (i > 0 && is_before(timer, loop->heap[(i - 1) / 2])) {
        put(loop, i, loop->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(loop, i, timer);
}

static void sink(struct loop *loop, size_t i, struct loop_timer *timer)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < loop->heap_count &&
            is_before(loop->heap[child + 1], loop->heap[child])) {
            child++;
        }
        if (child >= loop->heap_count || !is_before(loop->heap[child], timer)) {
            break;
        }
        put(loop, i, loop->heap[child]);
        i = child;
    }
    put(loop, i, timer);
}

void loop_timer_init(struct loop_timer *timer, loop_timer_fn fn, void *ctx)
{
    *timer = (struct loop_timer){.fn = fn, .ctx = ctx};
}

/* A time gone by becomes this turn's: such a timer then stands behind all
 * that were due before it was set, and they cannot be overtaken. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due_ms)
{
    loop_timer_clear(loop, timer);
    timer->due_ms = due_ms > loop->now_ms ? due_ms : loop->now_ms;
    timer->order = loop->order++;
    loop->heap = mem_grow(loop->heap, &loop->heap_room, loop->heap_count + 1,
                          sizeof(*loop->heap));
    rise(loop, loop->heap_count++, timer);
}

void loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
    size_t i = timer->place;
    struct loop_timer *last;

    if (i == 0) {
        return;
    }
    i--;
    timer->place = 0;
    last = loop->heap[--loop->heap_count];
    if (last == timer) {
        return;
    }
    if (i > 0 && is_before(last, loop->heap[(i - 1) / 2])) {
        rise(loop, i, last);
    } else {
        sink(loop, i, last);
    }
}

static void hand_out_timers(struct loop *loop, uint64_t end)
{
    while (loop->heap_count > 0) {
        struct loop_timer *timer = loop->heap[0];

        if (timer->due_ms > loop->now_ms || timer->order >= end) {
            break;
        }
        loop_timer_clear(loop, timer);
        timer->fn(timer->ctx);
    }
}

/* ---- posts ---- */

void loop_post(struct loop *loop, loop_post_fn fn, void *ctx)
{
    struct posts *in = &loop->incoming;
    bool must_wake;

    pthread_mutex_lock(&loop->lock);
    in->items =
        mem_grow(in->items, &in->room, in->count + 1, sizeof(*in->items));
    in->items[in->count++] = (struct post){.fn = fn, .ctx = ctx};
    must_wake = loop->is_asleep;
    loop->is_asleep = false;
    pthread_mutex_unlock(&loop->lock);
    if (must_wake) {
        uint64_t one = 1;
        ssize_t written = write(loop->wake_fd, &one, sizeof(one));

        assert(written == sizeof(one));
        (void)written;
    }
}

static void hand_out_posts(struct loop *loop)
{
    struct posts *out = &loop->outgoing;

    for (size_t i = 0; i < out->count; i++) {
        out->items[i].fn(out->items[i].ctx);
    }
    out->count = 0;
}

/* ---- signals ---- */

static void read_signals(void *ctx, int fd, uint32_t ready)
{
    struct loop *loop = ctx;
    struct signalfd_siginfo info;

    (void)ready;
    while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        struct signal_watch *w = &loop->signal_watches[info.ssi_signo];

        if (w->fn) {
            w->fn(w->ctx, (int)info.ssi_signo);
        }
    }
}

/* Opens the descriptor at the first signal, gives it the new set later. */
static int renew_signal_fd(struct loop *loop)
{
    int fd =
        signalfd(loop->signal_fd, &loop->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    int status;

    if (fd < 0) {
        return -errno;
    }
    if (fd == loop->signal_fd) {
        return 0;
    }
    status = loop_add(loop, fd, LOOP_READ, read_signals, loop);
    if (status < 0) {
        close(fd);
        return status;
    }
    loop->signal_fd = fd;
    return 0;
}

static void mask_signal(int signal, int how)
{
    sigset_t one;

    sigemptyset(&one);
    sigaddset(&one, signal);
    pthread_sigmask(how, &one, NULL);
}

int loop_signal_add(struct loop *loop, int signal, loop_signal_fn fn, void *ctx)
{
    int status;

    assert(signal > 0 && signal < SIGNALS_LIMIT && fn);
    assert(!loop->signal_watches[signal].fn);
    sigaddset(&loop->signals, signal);
    status = renew_signal_fd(loop);
    if (status < 0) {
        sigdelset(&loop->signals, signal);
        return status;
    }
    mask_signal(signal, SIG_BLOCK);
    loop->signal_watches[signal] = (struct signal_watch){fn, ctx};
    return 0;
}

void loop_signal_remove(struct loop *loop, int signal)
{
    assert(loop->signal_watches[signal].fn);
    loop->signal_watches[signal] = (struct signal_watch){0};
    sigdelset(&loop->signals, signal);
    renew_signal_fd(loop);
    mask_signal(signal, SIG_UNBLOCK);
}

/* ---- the turn ---- */

/* How long to sleep; also says, under the lock, that the loop now sleeps. */
static int begin_sleep(struct loop *loop)
{
    int64_t left = -1;

    if (loop->heap_count > 0) {
        left = loop->heap[0]->due_ms - read_clock(CLOCK_MONOTONIC);
        left = left > 0 ? left : 0;
        left = left < INT_MAX ? left : INT_MAX;
    }
    pthread_mutex_lock(&loop->lock);
    if (loop->incoming.count > 0) {
        left = 0;
    }
    loop->is_asleep = left != 0;
    pthread_mutex_unlock(&loop->lock);
    return (int)left;
}

static void end_sleep(struct loop *loop)
{
    struct posts swap = loop->outgoing;

    pthread_mutex_lock(&loop->lock);
    loop->is_asleep = false;
    loop->outgoing = loop->incoming;
    loop->incoming = swap;
    pthread_mutex_unlock(&loop->lock);
}

void loop_wait(struct loop *loop)
{
    struct epoll_event events[EVENTS_A_TURN];
    uint64_t order = loop->order;
    int timeout_ms = begin_sleep(loop);
    int count = epoll_wait(loop->epoll_fd, events, EVENTS_A_TURN, timeout_ms);

    assert(count >= 0 || errno == EINTR);
    end_sleep(loop);
    loop->wakeups += timeout_ms != 0;
    loop_tick_ms(loop);
    for (int i = 0; i < count; i++) {
        hand_out_event(loop, &events[i]);
    }
    hand_out_posts(loop);
    hand_out_timers(loop, order);
}

int64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_ms;
}

int64_t loop_tick_ms(struct loop *loop)
{
    loop->now_ms = read_clock(CLOCK_MONOTONIC);
    return loop->now_ms;
}

int64_t loop_clock_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

uint64_t loop_wakeups(const struct loop *loop)
{
    return loop->wakeups;
}
