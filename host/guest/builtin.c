#include "host/guest/builtin.h"

#include <string.h>
#include <time.h>

#include <haft/host.h>

#include "host/base/log.h"
#include "host/base/loop.h"
#include "host/guest/instance.h"
#include "host/plain/mem.h"

/* ---- haft.log/1 ---- */

static void add_fact(struct str *line, const struct haft_pair *fact)
{
    char name[64];
    size_t n = fact->name.n < sizeof(name) ? fact->name.n : sizeof(name) - 1;

    for (size_t i = 0; i < n; i++) {
        char c = ((const char *)fact->name.p)[i];

        name[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
    }
    str_addf(line, " %.*s=", (int)n, name);
    str_add_quoted(line, fact->value.p, fact->value.n);
}

static haft_status write_log(void *ctx, struct guest *who,
                             const struct haft_call *call, const void *in,
                             void *out)
{
    const struct haft_log_write_in *m = in;
    enum log_level level =
        m->level <= HAFT_LOG_DEBUG ? (enum log_level)m->level : LOG_LEVEL_DEBUG;
    struct str line;

    (void)ctx;
    (void)call;
    (void)out;
    if (level > log_get_level()) {
        return HAFT_OK;
    }
    str_init(&line, LOG_LINE_LIMIT);
    str_addf(&line, "said kind=%s name=%s event=", who->kind, who->name);
    str_add_quoted(&line, m->event.p, m->event.n);
    for (uint32_t i = 0; i < m->facts.count; i++) {
        add_fact(&line, (const void *)((const char *)m->facts.p +
                                       (size_t)i * m->facts.stride));
    }
    log_line(level, "plugin", "%s", line.text);
    str_finish(&line);
    return HAFT_OK;
}

/* ---- haft.clock/1 ---- */

static haft_status tell_time(void *ctx, struct guest *who,
                             const struct haft_call *call, const void *in,
                             void *out)
{
    struct haft_clock_now_out *m = out;
    struct timespec t;

    (void)ctx;
    (void)who;
    (void)call;
    (void)in;
    clock_gettime(CLOCK_MONOTONIC, &t);
    m->monotonic_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    m->real_ms = loop_clock_ms();
    return HAFT_OK;
}

/* ---- haft.loop/1 ---- */

/* A descriptor or a timer that a guest waits for. */
struct watch {
    struct watch *next;
    struct guest *guest;
    uint64_t token;
    int fd; /* -1: a timer */
    struct loop_timer timer;
};

static void tell(struct guest *g, uint32_t events, uint64_t token)
{
    const struct haft_ready_on_in in = {
        .size = sizeof(in), .events = events, .token = token};

    guest_call(g, &haft_ready_v1, HAFT_READY_ON, &in, INT64_MAX, NULL, NULL);
}

/* Takes it out of the list and out of the loop. */
static void end_watch(struct watch **place)
{
    struct watch *w = *place;
    struct loop *loop = calls_loop(w->guest->calls);

    *place = w->next;
    if (w->fd >= 0) {
        loop_remove(loop, w->fd);
    } else if (w->timer.place) {
        loop_timer_clear(loop, &w->timer);
    }
    mem_free(w);
}

static struct watch **find_watch(struct guest *g, int fd, uint64_t token)
{
    struct watch **place = &g->watches;

    while (*place &&
           ((*place)->fd != fd || (fd < 0 && (*place)->token != token))) {
        place = &(*place)->next;
    }
    return place;
}

static struct watch *add_watch(struct guest *g, int fd, uint64_t token)
{
    struct watch *w = mem_new(1, sizeof(*w));

    w->next = g->watches;
    w->guest = g;
    w->fd = fd;
    w->token = token;
    g->watches = w;
    return w;
}

static void on_ready(void *ctx, int fd, uint32_t ready)
{
    struct watch *w = ctx;
    uint32_t events = 0;

    (void)fd;
    events |= ready & LOOP_READ ? HAFT_LOOP_READ : 0;
    events |= ready & LOOP_WRITE ? HAFT_LOOP_WRITE : 0;
    events |= ready & LOOP_HANGUP ? HAFT_LOOP_ERROR : 0;
    tell(w->guest, events, w->token);
}

static int start_watch(struct guest *g, int fd, uint32_t flags, uint64_t token)
{
    struct watch *w = add_watch(g, fd, token);
    int error = loop_add(calls_loop(g->calls), fd, flags, on_ready, w);

    if (error) {
        g->watches = w->next;
        mem_free(w);
    }
    return error;
}

static haft_status watch_fd(void *ctx, struct guest *who,
                            const struct haft_call *call, const void *in,
                            void *out)
{
    const struct haft_loop_watch_in *m = in;
    struct watch **place = find_watch(who, m->fd, 0);
    uint32_t flags = 0;
    int error = 0;

    (void)ctx;
    (void)call;
    (void)out;
    if (m->fd < 0 || (m->events & ~(HAFT_LOOP_READ | HAFT_LOOP_WRITE))) {
        return -HAFT_INVALID;
    }
    flags |= m->events & HAFT_LOOP_READ ? LOOP_READ : 0;
    flags |= m->events & HAFT_LOOP_WRITE ? LOOP_WRITE : 0;
    if (!*place) {
        error = flags ? start_watch(who, m->fd, flags, m->token) : 0;
    } else if (flags == 0) {
        end_watch(place);
    } else {
        (*place)->token = m->token;
        error = loop_change(calls_loop(who->calls), m->fd, flags);
    }
    return error ? -HAFT_INVALID : HAFT_OK;
}

static void on_timer(void *ctx)
{
    struct watch *w = ctx;
    struct guest *g = w->guest;
    uint64_t token = w->token;

    end_watch(find_watch(g, -1, token));
    tell(g, 0, token);
}

static haft_status set_timer(void *ctx, struct guest *who,
                             const struct haft_call *call, const void *in,
                             void *out)
{
    const struct haft_loop_timer_in *m = in;
    struct watch **place = find_watch(who, -1, m->token);

    (void)ctx;
    (void)call;
    (void)out;
    if (m->at_ms == 0) {
        if (*place) {
            end_watch(place);
        }
        return HAFT_OK;
    }

    struct watch *w = *place;

    if (!w) {
        w = add_watch(who, -1, m->token);
        loop_timer_init(&w->timer, on_timer, w);
    }
    loop_timer_set(calls_loop(who->calls), &w->timer, m->at_ms);
    return HAFT_OK;
}

static haft_status post_token(void *ctx, struct guest *who,
                              const struct haft_call *call, const void *in,
                              void *out)
{
    const struct haft_loop_post_in *m = in;

    (void)ctx;
    (void)call;
    (void)out;
    tell(who, 0, m->token);
    return HAFT_OK;
}

void builtin_close(struct guest *guest)
{
    while (guest->watches) {
        end_watch(&guest->watches);
    }
}

static const guest_serve log_methods[] = {[HAFT_LOG_WRITE] = write_log};
static const guest_serve clock_methods[] = {[HAFT_CLOCK_NOW] = tell_time};
static const guest_serve loop_methods[] = {
    [HAFT_LOOP_WATCH] = watch_fd,
    [HAFT_LOOP_TIMER] = set_timer,
    [HAFT_LOOP_POST] = post_token,
};

static const struct guest_service log_service = {.interface = &haft_log_v1,
                                                 .methods = log_methods};
static const struct guest_service clock_service = {.interface = &haft_clock_v1,
                                                   .methods = clock_methods};
static const struct guest_service loop_service = {.interface = &haft_loop_v1,
                                                  .methods = loop_methods};

const struct border_service builtin_services[BUILTIN_COUNT] = {
    {.service = &log_service, .is_for_all = true, .is_any_thread = true},
    {.service = &clock_service, .is_for_all = true, .is_any_thread = true},
    {.service = &loop_service, .is_for_loop_only = true},
};
