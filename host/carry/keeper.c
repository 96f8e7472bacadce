#include "host/carry/keeper.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/carry/keeper_jobs.h"
#include "host/plain/mem.h"

#define PACKET_AIM 32768  /* a packet is closed when it has so much */
#define PACKETS_A_TURN 16 /* read before others have their turn */

/* An end is worth a wake-up of its own only if there is little left to do:
 * else it is held back for so long, or until so many wait. */
#define HOLD_US 4000
#define HOLD_COUNT 64

/* While the lock is held and nobody answers: first after ..., then twice as
 * long each time up to ..., and no longer than ... */
#define RETRY_FIRST_MS 1
#define RETRY_MOST_MS 64
#define RETRY_GIVE_UP_MS 10000

#define ANSWER_MOST_MS 30000 /* for a keeper to answer HELLO */

/* Keepers that may die in a row, each so close to the last. */
#define DEATHS 5
#define DEATHS_APART_MS 10000

enum mode {
    MODE_IDLE,    /* no keeper is needed */
    MODE_TRYING,  /* the timer is set to try, or to try again */
    MODE_SYNCING, /* HELLO is on its way; the timer limits the wait */
    MODE_READY,   /* all that the keeper knew has been reported */
    MODE_REFUSED  /* a newer host owns the directory */
};

struct keeper {
    struct loop *loop;
    int state_fd;
    char *program;
    uint64_t epoch;
    uint32_t slots;
    const struct keeper_calls *calls;
    void *ctx;

    enum mode mode;
    bool is_announced;             /* `ready` has been called */
    struct loop_timer timer;       /* what the mode waits for */
    struct loop_timer flush_timer; /* something is to be sent */
    bool is_trying;                /* since ..., next after ... */
    int64_t retry_ms;
    int64_t trying_since_ms;
    int64_t last_death_ms;
    int deaths;

    int fd;          /* -1: not connected */
    int guard_fd;    /* pidfd of a child that guards a keeper, -1: none */
    bool has_served; /* its keeper has answered */
    int32_t pid;
    bool has_answered;
    bool has_died; /* one that had answered, at some time */
    uint32_t due;  /* reports that still belong to the answer */
    uint8_t boot[16];

    char *out; /* whole messages that were not sent */
    size_t out_size;
    size_t out_room;
    char *in; /* one packet */
    struct keeper_jobs jobs;
};

static void arm(struct keeper *keeper, struct loop_timer *timer,
                int64_t after_ms)
{
    loop_timer_set(keeper->loop, timer, loop_now_ms(keeper->loop) + after_ms);
}

static void put(struct keeper *keeper, const void *message, size_t size)
{
    size_t need = keeper->out_size + size;
    keeper->out = mem_grow(keeper->out, &keeper->out_room, need, 1);
    memcpy(keeper->out + keeper->out_size, message, size);
    keeper->out_size = need;
    if (keeper->fd >= 0 && keeper->flush_timer.place == 0) {
        arm(keeper, &keeper->flush_timer, 0);
    }
}

static void put_id(struct keeper *keeper, enum wire_type type, uint64_t id)
{
    struct wire_id message = {.head = wire_head(type), .id = id};
    put(keeper, &message, sizeof(message));
}

static void disconnect(struct keeper *keeper)
{
    if (keeper->fd >= 0) {
        loop_remove(keeper->loop, keeper->fd);
        close(keeper->fd);
        keeper->fd = -1;
    }
    loop_timer_clear(keeper->loop, &keeper->flush_timer);
    loop_timer_clear(keeper->loop, &keeper->timer);
    keeper->out_size = 0;
    keeper->pid = 0;
}

static void give_up(struct keeper *keeper, bool is_refused, const char *why)
{
    disconnect(keeper);
    keeper_jobs_finish(&keeper->jobs);
    keeper->mode = is_refused ? MODE_REFUSED : MODE_IDLE;
    keeper->is_trying = false;
    keeper->deaths = 0;
    keeper->calls->lost(keeper->ctx, is_refused, why);
}

static void try_in(struct keeper *keeper, int64_t after_ms)
{
    if (!keeper->is_trying) {
        keeper->is_trying = true;
        keeper->retry_ms = RETRY_FIRST_MS;
        keeper->trying_since_ms = loop_now_ms(keeper->loop);
    }
    keeper->mode = MODE_TRYING;
    arm(keeper, &keeper->timer, after_ms);
}

static void try_again(struct keeper *keeper)
{
    int64_t tried_ms = loop_now_ms(keeper->loop) - keeper->trying_since_ms;
    if (tried_ms > RETRY_GIVE_UP_MS) {
        give_up(keeper, false,
                "no keeper answers the socket in the state directory");
        return;
    }
    try_in(keeper, keeper->retry_ms);
    if (keeper->retry_ms < RETRY_MOST_MS) {
        keeper->retry_ms *= 2;
    }
}

/* Whether another keeper may be started after one that had answered. One that
 * dies again and again is not: perhaps it is a job that kills it. */
static bool may_follow(struct keeper *keeper)
{
    int64_t now_ms = loop_now_ms(keeper->loop);
    bool is_series = now_ms - keeper->last_death_ms < DEATHS_APART_MS;
    keeper->deaths = is_series ? keeper->deaths + 1 : 1;
    keeper->last_death_ms = now_ms;
    return keeper->deaths <= DEATHS;
}

/* Nothing is left to do, nor has anything been left. */
static void rest(struct keeper *keeper)
{
    keeper->mode = MODE_IDLE;
    keeper->is_trying = false;
    if (!keeper->is_announced) {
        arm(keeper, &keeper->timer, 0);
    }
}

/* One that had not answered was just ending when we came. */
static void connection_over(struct keeper *keeper)
{
    bool had_answered = keeper->has_answered;
    bool is_needed =
        keeper->jobs.first != NULL || keeper_left_something(keeper->state_fd);
    if (had_answered) {
        log_warn("keeper", "connection ended pid=%d", keeper->pid);
        keeper->has_died = true;
    }
    disconnect(keeper);
    if (had_answered && !may_follow(keeper)) {
        give_up(keeper, false, "the keeper died again and again");
    } else if (!is_needed) {
        rest(keeper);
    } else if (had_answered) {
        try_in(keeper, 0);
    } else {
        try_again(keeper);
    }
}

static void announce(struct keeper *keeper, const uint8_t *boot)
{
    if (!keeper->is_announced) {
        keeper->is_announced = true;
        keeper->calls->ready(keeper->ctx, boot);
    }
}

static void forget_guard(struct keeper *keeper)
{
    loop_remove(keeper->loop, keeper->guard_fd);
    close(keeper->guard_fd);
    keeper->guard_fd = -1;
}

static void guard_ended(void *ctx, int fd, uint32_t ready)
{
    struct keeper *keeper = ctx;
    bool is_gone = false;
    (void)ready;
    const char *why = keeper_bury(fd, keeper->has_served, &is_gone);
    if (is_gone) {
        forget_guard(keeper);
    }
    if (why != NULL && keeper->mode != MODE_IDLE) {
        give_up(keeper, false, why);
    }
}

/* A job that a keeper has begun would be LOST with it: from here on it is not
 * handed over again. */
static void take_report(struct keeper *keeper, struct wire_report *report)
{
    struct keeper_job *job = keeper_jobs_find(&keeper->jobs, report->id);
    if (job != NULL && job->is_withdrawn && report->state == WIRE_UNKNOWN) {
        report->state = WIRE_WITHDRAWN; /* it was never handed over */
    }
    if (job != NULL && report->state != WIRE_UNKNOWN &&
        report->state != WIRE_QUEUED) {
        keeper_jobs_remove(&keeper->jobs, job);
    }
    keeper->calls->report(keeper->ctx, report);
}

/* Whether that was the last of the answer. */
static void count_report(struct keeper *keeper)
{
    if (keeper->mode == MODE_SYNCING && keeper->due == 0) {
        loop_timer_clear(keeper->loop, &keeper->timer);
        keeper->mode = MODE_READY;
        keeper->is_trying = false;
        announce(keeper, keeper->boot);
    }
}

static void refused(struct keeper *keeper, const struct wire_refused *answer)
{
    if (answer->version != WIRE_VERSION) {
        give_up(keeper, false,
                "a keeper of another version of haft is at work there; it "
                "ends with what it runs");
    } else {
        give_up(keeper, true, "a newer host owns the state directory");
    }
}

/* One message; whether it had any business here. */
static bool take(struct keeper *keeper, union wire_message *message)
{
    switch (message->head.type) {
    case WIRE_READY:
        if (keeper->has_answered || message->ready.epoch != keeper->epoch) {
            return false;
        }
        keeper->has_answered = true;
        keeper->has_served = true;
        keeper->due = message->ready.known;
        keeper->pid = message->ready.pid;
        log_info("keeper", "connected pid=%d known=%u", keeper->pid,
                 keeper->due);
        memcpy(keeper->boot, message->ready.boot, sizeof(keeper->boot));
        count_report(keeper);
        return true;
    case WIRE_REPORT:
        if (!keeper->has_answered) {
            return false;
        }
        keeper->due -= keeper->due > 0;
        take_report(keeper, &message->report);
        count_report(keeper);
        return true;
    case WIRE_REFUSED:
        refused(keeper, &message->refused);
        return true;
    default:
        return false;
    }
}

/* Whether all of a packet was well. A callback cannot end the connection, a
 * refusal can. */
static bool take_packet(struct keeper *keeper, size_t size)
{
    union wire_message message;
    const void *body = NULL;
    size_t at = 0;
    while (keeper->fd >= 0) {
        int got = wire_next(keeper->in, size, &at, &message, &body);
        if (got <= 0) {
            return got == 0;
        }
        if (!take(keeper, &message)) {
            return false;
        }
    }
    return true;
}

/* Whether there may be more. */
static bool read_packet(struct keeper *keeper)
{
    ssize_t size = recv(keeper->fd, keeper->in, WIRE_PACKET_LIMIT,
                        MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    bool is_well = size > 0 && size <= WIRE_PACKET_LIMIT &&
                   take_packet(keeper, (size_t)size);
    if (!is_well) {
        connection_over(keeper);
    }
    return is_well && keeper->fd >= 0;
}

static void fd_ready(void *ctx, int fd, uint32_t ready)
{
    struct keeper *keeper = ctx;
    if ((ready & LOOP_WRITE) != 0) {
        loop_change(keeper->loop, fd, LOOP_READ);
        keeper_flush(keeper);
    }
    for (int i = 0; i < PACKETS_A_TURN && read_packet(keeper); i++) {
    }
}

/* HELLO, then all that waits, then what was asked for meanwhile. */
static void say_hello(struct keeper *keeper)
{
    struct wire_hello hello = {
        .head = wire_head(WIRE_HELLO),
        .version = WIRE_VERSION,
        .slots = keeper->slots,
        .epoch = keeper->epoch,
        .hold_us = HOLD_US,
        .hold_count = HOLD_COUNT,
    };
    char *asked = keeper->out;
    size_t asked_size = keeper->out_size;
    keeper->out = NULL;
    keeper->out_size = 0;
    keeper->out_room = 0;
    put(keeper, &hello, sizeof(hello));
    for (const struct keeper_job *job = keeper->jobs.first; job != NULL;
         job = job->next) {
        if (job->is_withdrawn) {
            put_id(keeper, WIRE_WITHDRAW, job->id);
        } else {
            put(keeper, job->message, job->size);
        }
    }
    if (asked_size > 0) {
        put(keeper, asked, asked_size);
    }
    mem_free(asked);
    keeper_flush(keeper);
}

/* A guardian of ours that has ended may not be noticed yet. */
static void bury_guard(struct keeper *keeper)
{
    if (keeper->guard_fd >= 0) {
        guard_ended(keeper, keeper->guard_fd, LOOP_READ);
    }
}

static void connected(struct keeper *keeper, const struct launch *launch)
{
    keeper->fd = launch->fd;
    if (launch->guard_fd >= 0) {
        keeper->guard_fd = launch->guard_fd;
        keeper->has_served = false;
        loop_add(keeper->loop, keeper->guard_fd, LOOP_READ, guard_ended,
                 keeper);
    }
    loop_add(keeper->loop, keeper->fd, LOOP_READ, fd_ready, keeper);
    keeper->mode = MODE_SYNCING;
    keeper->has_answered = false;
    arm(keeper, &keeper->timer, ANSWER_MOST_MS);
    say_hello(keeper);
}

static void try(struct keeper *keeper)
{
    bury_guard(keeper);
    if (keeper->mode != MODE_TRYING) {
        return;
    }
    struct launch launch = {.fd = -1, .guard_fd = -1};
    struct str why;
    str_init(&why, STR_WHY_LIMIT);
    int failed =
        keeper_launch(keeper->state_fd, keeper->program, &launch, &why);
    if (failed == 0) {
        connected(keeper, &launch);
    } else if (failed == -EAGAIN) {
        try_again(keeper);
    } else {
        give_up(keeper, false, why.text);
    }
    str_finish(&why);
}

static void timer_due(void *ctx)
{
    struct keeper *keeper = ctx;
    switch (keeper->mode) {
    case MODE_IDLE:
        wire_read_boot(keeper->boot);
        announce(keeper, keeper->boot);
        break;
    case MODE_TRYING:
        try(keeper);
        break;
    case MODE_SYNCING:
        give_up(keeper, false, "the keeper does not answer");
        break;
    default:
        break;
    }
}

static void flush_due(void *ctx)
{
    keeper_flush(ctx);
}

struct keeper *keeper_create(struct loop *loop,
                             const struct keeper_options *options)
{
    struct keeper *keeper = mem_new(1, sizeof(*keeper));
    keeper->loop = loop;
    keeper->state_fd = options->state_fd;
    keeper->program = mem_text(options->program, strlen(options->program));
    keeper->epoch = options->epoch;
    keeper->slots = options->slots;
    keeper->calls = options->calls;
    keeper->ctx = options->ctx;
    keeper->fd = -1;
    keeper->guard_fd = -1;
    keeper->in = mem_new(1, WIRE_PACKET_LIMIT);
    keeper->last_death_ms = -DEATHS_APART_MS;
    loop_timer_init(&keeper->timer, timer_due, keeper);
    loop_timer_init(&keeper->flush_timer, flush_due, keeper);
    if (options->launch != NULL) {
        connected(keeper, options->launch);
    } else if (keeper_left_something(keeper->state_fd)) {
        try_in(keeper, 0);
    } else {
        rest(keeper);
    }
    return keeper;
}

bool keeper_has_died(const struct keeper *keeper)
{
    return keeper->has_died;
}

void keeper_destroy(struct keeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    keeper_flush(keeper);
    disconnect(keeper);
    if (keeper->guard_fd >= 0) {
        bool is_gone = false;
        keeper_bury(keeper->guard_fd, true, &is_gone);
        forget_guard(keeper);
    }
    keeper_jobs_finish(&keeper->jobs);
    mem_free(keeper->out);
    mem_free(keeper->in);
    mem_free(keeper->program);
    mem_free(keeper);
}

int keeper_spawn(struct keeper *keeper, const struct wire_job *job,
                 struct str *why)
{
    size_t size = wire_job_size(job);
    if (size == 0) {
        str_addf(why,
                 "the arguments and the environment of a process task must be "
                 "at least one and together at most %d bytes",
                 WIRE_PACKET_LIMIT);
        return -EINVAL;
    }
    if (keeper_jobs_find(&keeper->jobs, job->id) != NULL ||
        keeper->mode == MODE_REFUSED) {
        return 0;
    }
    const struct keeper_job *kept = keeper_jobs_add(&keeper->jobs, job, size);
    if (keeper->fd >= 0) {
        put(keeper, kept->message, kept->size);
    } else if (keeper->mode == MODE_IDLE) {
        try_in(keeper, 0);
    }
    return 0;
}

void keeper_withdraw(struct keeper *keeper, uint64_t id)
{
    struct keeper_job *job = keeper_jobs_find(&keeper->jobs, id);
    if (job != NULL) {
        job->is_withdrawn = true;
    }
    if (keeper->mode == MODE_IDLE) {
        try_in(keeper, 0);
    }
    if (job != NULL && keeper->fd < 0) {
        return; /* goes with HELLO, in its place */
    }
    put_id(keeper, WIRE_WITHDRAW, id);
}

void keeper_kill(struct keeper *keeper, uint64_t id, int signal)
{
    if (keeper->mode == MODE_IDLE || keeper->mode == MODE_REFUSED) {
        return; /* nothing runs, or nothing of ours */
    }
    struct wire_kill message = {
        .head = wire_head(WIRE_KILL), .id = id, .signal = signal};
    put(keeper, &message, sizeof(message));
}

void keeper_release(struct keeper *keeper, uint64_t id)
{
    if (keeper->mode != MODE_IDLE && keeper->mode != MODE_REFUSED) {
        put_id(keeper, WIRE_RELEASE, id);
    }
}

void keeper_slots(struct keeper *keeper, uint32_t slots)
{
    keeper->slots = slots;
    if (keeper->fd >= 0) { /* else HELLO says it */
        struct wire_slots message = {.head = wire_head(WIRE_SLOTS),
                                     .slots = slots};
        put(keeper, &message, sizeof(message));
    }
}

/* Bytes of whole messages that go into the next packet. */
static size_t next_packet(const char *out, size_t left)
{
    size_t size = 0;
    while (size < left && size < PACKET_AIM) {
        struct wire_head head;
        memcpy(&head, out + size, sizeof(head));
        if (size + head.size > WIRE_PACKET_LIMIT) {
            break;
        }
        size += head.size;
    }
    return size;
}

void keeper_flush(struct keeper *keeper)
{
    size_t sent = 0;
    if (keeper->fd < 0) {
        return;
    }
    while (sent < keeper->out_size) {
        const char *packet = keeper->out + sent;
        size_t size = next_packet(packet, keeper->out_size - sent);
        if (send(keeper->fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            /* A broken one is told of by the loop. */
            loop_change(keeper->loop, keeper->fd, LOOP_READ | LOOP_WRITE);
            break;
        }
        sent += size;
    }
    keeper->out_size -= sent;
    memmove(keeper->out, keeper->out + sent, keeper->out_size);
    if (keeper->out_size == 0) {
        loop_timer_clear(keeper->loop, &keeper->flush_timer);
    }
}

int32_t keeper_pid(const struct keeper *keeper)
{
    return keeper->pid;
}
