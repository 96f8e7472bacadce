#include "host/keeper/link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host/keeper/pool.h"
#include "host/keeper/wire.h"

#define GUESTS 8 /* connections that have not said hello */
#define HOLD_LIMIT_US 1000000
#define REPORTS 512 /* in one packet */
#define YOUTH 2     /* ticks until a start is told by itself */

struct link {
    struct pool pool;
    int epoll_fd;
    int timer_fd;
    int door_fd; /* tells that the socket's name may be gone */
    int host_fd; /* -1: no host */
    int guests[GUESTS];
    int guest_count;
    char *packet; /* WIRE_PACKET_LIMIT bytes, for what comes in */

    uint32_t hold_us;
    uint32_t hold_count;
    uint32_t handed; /* queued when something was last handed over */
    uint32_t ends;   /* held back */
    uint32_t young;  /* starts that are not told yet */
    bool is_timed;
    bool is_blocked; /* the socket takes no more; told when it does */
    struct attempt *changed;
    struct attempt **changed_last;
    struct wire_report reports[REPORTS];
};

static void watch(const struct link *link, int fd, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(link->epoll_fd, how, fd, &event);
}

static bool has_ended(const struct attempt *attempt)
{
    uint32_t state = atomic_load(&attempt->entry->state);
    return state != WIRE_QUEUED && state != WIRE_STARTING &&
           state != WIRE_RUNNING;
}

static void write_report(struct wire_report *report,
                         const struct table_entry *entry)
{
    *report = (struct wire_report){
        .head = wire_head(WIRE_REPORT),
        .id = entry->id,
        .fence = entry->fence,
        .state = atomic_load(&entry->state),
        .pid = atomic_load(&entry->pid),
        .status = entry->status,
        .error = entry->error,
        .begin_ms = entry->begin_ms,
        .end_ms = entry->end_ms,
        .files = entry->files,
    };
    memcpy(report->boot, entry->boot, sizeof(report->boot));
}

static bool send_packet(const struct link *link, const void *packet,
                        size_t size)
{
    ssize_t sent;
    do {
        sent = send(link->host_fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

static void grow_up(struct link *link, struct attempt *attempt)
{
    link->young -= attempt->youth > 0;
    attempt->youth = 0;
}

/* Takes the first `count` that are not young off the list; with `count` 0,
 * all. */
static void take_changed(struct link *link, size_t count)
{
    bool is_all = count == 0;
    struct attempt **at = &link->changed;
    while (*at != NULL && (is_all || count > 0)) {
        struct attempt *attempt = *at;
        if (attempt->youth > 0 && !is_all) {
            at = &attempt->next_changed;
            continue;
        }
        grow_up(link, attempt);
        *at = attempt->next_changed;
        attempt->is_changed = false;
        count -= !is_all;
    }
    if (*at == NULL) {
        link->changed_last = at;
    }
}

/* How many were sent, or -1: the socket takes no more. The files of one that
 * is said to run must be where its job wants them. */
static int send_some(struct link *link)
{
    size_t count = 0;
    for (struct attempt *at = link->changed; at != NULL && count < REPORTS;
         at = at->next_changed) {
        if (at->youth == 0) {
            if (!has_ended(at)) {
                files_place(at->entry, at->loans);
            }
            write_report(&link->reports[count], at->entry);
            count++;
        }
    }
    if (count == 0) {
        return 0;
    }
    if (!send_packet(link, link->reports, count * sizeof(*link->reports))) {
        return -1;
    }
    take_changed(link, count);
    return (int)count;
}

/* A dead link is noticed by the thread that reads from it. */
static void flush(struct link *link)
{
    int sent = 1;
    while (sent > 0 && !link->is_blocked && link->host_fd >= 0) {
        sent = send_some(link);
        if (sent < 0) {
            link->is_blocked = true;
            watch(link, link->host_fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        }
    }
    link->ends = 0;
}

static void set_timer(struct link *link, uint32_t us)
{
    struct itimerspec due = {
        .it_value = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L},
    };
    if (timerfd_settime(link->timer_fd, 0, &due, NULL) == 0) {
        link->is_timed = true;
    } else {
        flush(link);
    }
}

static void add_changed(struct link *link, struct attempt *attempt)
{
    if (!attempt->is_changed) {
        attempt->is_changed = true;
        attempt->next_changed = NULL;
        *link->changed_last = attempt;
        link->changed_last = &attempt->next_changed;
    }
}

/* The pool's `changed`; with the lock held, on any thread. */
static void tell(void *ctx, struct attempt *attempt)
{
    struct link *link = ctx;
    add_changed(link, attempt);
    grow_up(link, attempt);
    if (!has_ended(attempt) && link->hold_us > 0) {
        attempt->youth = YOUTH;
        link->young++;
    }
    link->ends += has_ended(attempt);
    bool is_due = link->ends > 0 && (link->ends >= link->hold_count ||
                                     link->pool.queued <= link->handed / 2);
    if (link->host_fd < 0) {
        if (pool_is_at_rest(&link->pool)) {
            set_timer(link, 1); /* for is_over() */
        }
        return;
    }
    if (is_due || link->hold_us == 0) {
        flush(link);
    } else if (!link->is_timed) {
        set_timer(link, link->hold_us);
    }
}

static void drop_host(struct link *link)
{
    if (link->host_fd >= 0) {
        close(link->host_fd);
        link->host_fd = -1;
    }
    link->is_blocked = false;
    take_changed(link, 0);
}

static void drop_guest(struct link *link, int at)
{
    link->guest_count--;
    link->guests[at] = link->guests[link->guest_count];
}

/* An answer that needs no entry: no such id, or no room for one more. A host
 * that does not read is cut off, so that it asks again. */
static void answer(const struct link *link, uint64_t id, uint32_t state,
                   int error)
{
    struct wire_report report = {
        .head = wire_head(WIRE_REPORT),
        .id = id,
        .state = state,
        .status = state == WIRE_NOEXEC ? WIRE_STEP_FORK : 0,
        .error = error,
    };
    memcpy(report.boot, link->pool.table.boot, sizeof(report.boot));
    if (!send_packet(link, &report, sizeof(report))) {
        shutdown(link->host_fd, SHUT_RDWR);
    }
}

static void spawn(struct link *link, const struct wire_id *head,
                  const void *body)
{
    uint64_t id = head->id;
    struct wire_job *job = wire_get_job(body);
    struct attempt *known = pool_find(&link->pool, id);
    if (known != NULL) {
        free(job);
        add_changed(link, known);
        flush(link);
        return;
    }
    int failed =
        job == NULL ? ENOMEM : pool_add(&link->pool, job, head->head.size);
    if (failed != 0) {
        free(job);
        answer(link, id, WIRE_NOEXEC, failed);
    }
}

static void withdraw(struct link *link, uint64_t id)
{
    struct attempt *attempt = pool_find(&link->pool, id);
    if (attempt == NULL) {
        answer(link, id, WIRE_UNKNOWN, 0);
        return;
    }
    pool_withdraw(&link->pool, attempt);
    add_changed(link, attempt);
    grow_up(link, attempt);
    flush(link); /* whoever asked is waiting */
}

/* Nobody is told of it any more. */
static void take_one(struct link *link, struct attempt *attempt)
{
    struct attempt **at = &link->changed;
    while (*at != attempt) {
        at = &(*at)->next_changed;
    }
    *at = attempt->next_changed;
    if (*at == NULL) {
        link->changed_last = at;
    }
    grow_up(link, attempt);
    attempt->is_changed = false;
}

/* Whoever releases knows the end, and may be gone by now. */
static void release(struct link *link, uint64_t id)
{
    struct attempt *attempt = pool_find(&link->pool, id);
    if (attempt == NULL || !has_ended(attempt)) {
        return;
    }
    if (attempt->is_changed) {
        take_one(link, attempt);
    }
    pool_release(&link->pool, attempt);
}

static void send_kill(struct link *link, const struct wire_kill *request)
{
    struct attempt *attempt = pool_find(&link->pool, request->id);
    if (attempt != NULL) {
        pool_kill(&link->pool, attempt, request->signal);
    }
}

static void obey(struct link *link, const union wire_message *message,
                 const void *body)
{
    switch (message->head.type) {
    case WIRE_SPAWN:
        spawn(link, &message->id, body);
        break;
    case WIRE_WITHDRAW:
        withdraw(link, message->id.id);
        break;
    case WIRE_KILL:
        send_kill(link, &message->kill);
        break;
    case WIRE_RELEASE:
        release(link, message->id.id);
        break;
    case WIRE_SLOTS:
        pool_set_slots(&link->pool, message->slots.slots);
        break;
    default:
        break; /* is_request() let nothing else through */
    }
}

static bool is_request(const union wire_message *message)
{
    return message->head.type > WIRE_HELLO && message->head.type <= WIRE_SLOTS;
}

/* All of a packet or nothing of it. */
static bool is_sound(const char *packet, size_t size, size_t from)
{
    union wire_message message;
    const void *body = NULL;
    size_t at = from;
    int got;
    do {
        got = wire_next(packet, size, &at, &message, &body);
    } while (got == 1 && is_request(&message));
    return got == 0;
}

static void obey_packet(struct link *link, size_t size, size_t from)
{
    union wire_message message;
    const void *body = NULL;
    bool has_spawned = false;
    while (wire_next(link->packet, size, &from, &message, &body) == 1) {
        obey(link, &message, body);
        has_spawned |= message.head.type == WIRE_SPAWN;
    }
    if (has_spawned) {
        link->handed = link->pool.queued;
    }
}

/* Size of the packet that has come; 0: none yet; -1: the link is over. A host
 * that went without reading all is told of first, and once, as an error; what
 * it had sent is still there. */
static ssize_t receive(const struct link *link, int fd)
{
    ssize_t size;
    do {
        size =
            recv(fd, link->packet, WIRE_PACKET_LIMIT, MSG_DONTWAIT | MSG_TRUNC);
    } while (size < 0 && errno == ECONNRESET);
    if (size < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    return size == 0 || size > WIRE_PACKET_LIMIT ? -1 : size;
}

/* All that is known, told in the order of the table. */
static void tell_all(struct link *link)
{
    for (uint32_t i = 0; i < link->pool.used; i++) {
        struct attempt *attempt = &link->pool.attempts[i];
        if (atomic_load(&attempt->entry->state) != WIRE_UNKNOWN) {
            add_changed(link, attempt);
            grow_up(link, attempt);
        }
    }
    flush(link);
}

static void welcome(struct link *link, int fd, const struct wire_hello *hello)
{
    drop_host(link);
    while (link->guest_count > 0) {
        close(link->guests[0]);
        drop_guest(link, 0);
    }
    link->host_fd = fd;
    link->pool.table.head->epoch = hello->epoch;
    link->hold_us =
        hello->hold_us > HOLD_LIMIT_US ? HOLD_LIMIT_US : hello->hold_us;
    link->hold_count = hello->hold_count;
    struct wire_ready ready = {
        .head = wire_head(WIRE_READY),
        .epoch = hello->epoch,
        .known = link->pool.known,
        .pid = getpid(),
    };
    memcpy(ready.boot, link->pool.table.boot, sizeof(ready.boot));
    send_packet(link, &ready, sizeof(ready));
    tell_all(link);
    pool_set_slots(&link->pool, hello->slots);
}

static void refuse(const struct link *link, int fd)
{
    struct wire_refused refused = {
        .head = wire_head(WIRE_REFUSED),
        .epoch = link->pool.table.head->epoch,
        .version = WIRE_VERSION,
    };
    send(fd, &refused, sizeof(refused), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What a guest says first must be HELLO; requests may follow in the packet.
 * Whether the guest is one no longer. */
static bool greet(struct link *link, int at)
{
    int fd = link->guests[at];
    ssize_t size = receive(link, fd);
    if (size == 0) {
        return false;
    }
    union wire_message message;
    const void *body = NULL;
    size_t from = 0;
    drop_guest(link, at);
    if (size < 0 ||
        wire_next(link->packet, (size_t)size, &from, &message, &body) != 1 ||
        message.head.type != WIRE_HELLO ||
        !is_sound(link->packet, (size_t)size, from)) {
        close(fd);
    } else if (message.hello.version != WIRE_VERSION ||
               message.hello.epoch < link->pool.table.head->epoch) {
        refuse(link, fd);
        close(fd);
    } else {
        welcome(link, fd, &message.hello);
        obey_packet(link, (size_t)size, from);
    }
    return true;
}

static void hear(struct link *link)
{
    ssize_t size = receive(link, link->host_fd);
    if (size < 0 || (size > 0 && !is_sound(link->packet, (size_t)size, 0))) {
        drop_host(link);
    } else if (size > 0) {
        obey_packet(link, (size_t)size, 0);
    }
}

static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

/* Takes all who wait at the door; what they have said is read at once. */
static void admit(struct link *link)
{
    for (;;) {
        int fd =
            accept4(WIRE_FD_LISTEN, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        if (!is_ours(fd)) {
            close(fd);
            continue;
        }
        if (link->guest_count == GUESTS) {
            close(link->guests[0]); /* one of the oldest */
            drop_guest(link, 0);
        }
        watch(link, fd, EPOLLIN, EPOLL_CTL_ADD);
        link->guests[link->guest_count] = fd;
        link->guest_count++;
        greet(link, link->guest_count - 1);
    }
}

/* A start is told between one and two ticks after it, unless its end comes
 * first: both are then one report. */
static void age(struct link *link)
{
    for (struct attempt *at = link->changed; at != NULL;
         at = at->next_changed) {
        if (at->youth > 1) {
            at->youth--;
        } else {
            grow_up(link, at);
        }
    }
}

static void tick(struct link *link)
{
    uint64_t times;
    if (read(link->timer_fd, &times, sizeof(times)) > 0) {
        link->is_timed = false;
        age(link);
        flush(link);
        if (link->young > 0) {
            set_timer(link, link->hold_us);
        }
    }
}

static void host_ready(struct link *link, uint32_t events)
{
    if ((events & EPOLLOUT) != 0 && link->is_blocked) {
        link->is_blocked = false;
        watch(link, link->host_fd, EPOLLIN, EPOLL_CTL_MOD);
        flush(link);
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        hear(link);
    }
}

static bool has_event(const struct epoll_event *events, int count, int fd)
{
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == fd) {
            return true;
        }
    }
    return false;
}

/* Newcomers first: one of them may end what the host now connected still
 * has to say. Who has only just become the host is heard in the next turn,
 * behind those who are at the door by then. */
static void turn(struct link *link, const struct epoll_event *events, int count)
{
    pthread_mutex_lock(&link->pool.lock);
    int host_fd = link->host_fd;
    if (has_event(events, count, WIRE_FD_LISTEN)) {
        admit(link);
    }
    for (int i = 0; i < link->guest_count;) {
        i = greet(link, i) ? 0 : i + 1;
    }
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == link->timer_fd) {
            tick(link);
        } else if (events[i].data.fd == link->door_fd) {
            read(link->door_fd, link->packet, WIRE_PACKET_LIMIT);
        } else if (link->host_fd == host_fd && events[i].data.fd == host_fd) {
            host_ready(link, events[i].events);
        }
    }
    pthread_mutex_unlock(&link->pool.lock);
}

/* Without its name in the state directory no host ever finds it again. */
static bool is_out_of_reach(void)
{
    return faccessat(WIRE_FD_STATE, WIRE_SOCKET_NAME, F_OK, 0) != 0 &&
           errno == ENOENT;
}

static bool is_idle(struct link *link)
{
    pthread_mutex_lock(&link->pool.lock);
    bool is_over = link->host_fd < 0 && link->guest_count == 0 &&
                   (link->pool.known == 0 ||
                    (pool_is_at_rest(&link->pool) && is_out_of_reach()));
    pthread_mutex_unlock(&link->pool.lock);
    return is_over;
}

static int prepare(struct link *link, const struct table *table)
{
    link->host_fd = -1;
    link->changed_last = &link->changed;
    link->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    link->timer_fd =
        timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (link->epoll_fd < 0 || link->timer_fd < 0) {
        return -errno;
    }
    link->packet = malloc(WIRE_PACKET_LIMIT);
    if (link->packet == NULL) {
        return -ENOMEM;
    }
    watch(link, WIRE_FD_LISTEN, EPOLLIN, EPOLL_CTL_ADD);
    watch(link, link->timer_fd, EPOLLIN, EPOLL_CTL_ADD);
    link->door_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    inotify_add_watch(link->door_fd, WIRE_SOCKET_NAME, IN_ATTRIB);
    watch(link, link->door_fd, EPOLLIN, EPOLL_CTL_ADD);
    return pool_init(&link->pool, table, tell, link);
}

/* Whoever started this has connected before, so that the first look finds a
 * guest; if not, there is nobody to serve. */
int link_serve(const struct table *table)
{
    static struct link link;
    int failed = prepare(&link, table);
    if (failed != 0) {
        return failed;
    }
    pthread_mutex_lock(&link.pool.lock);
    admit(&link);
    pthread_mutex_unlock(&link.pool.lock);
    while (!is_idle(&link)) {
        struct epoll_event events[GUESTS + 4];
        int count = epoll_wait(link.epoll_fd, events, GUESTS + 4, -1);
        turn(&link, events, count < 0 ? 0 : count);
    }
    files_finish(&link.pool.files);
    return 0;
}
