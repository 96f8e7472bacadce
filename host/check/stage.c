#include "host/check/stage.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "host/guest/codec.h"

const struct haft_interface *const stage_services[STAGE_SERVICES] = {
    &haft_log_v1,     &haft_clock_v1,   &haft_loop_v1,
    &haft_attempt_v1, &haft_process_v1,
};

#define PLAYED_PID 1000000 /* no child of ours */

void stage_init(struct stage *s)
{
    *s = (struct stage){0};
    str_init(&s->wrong, STR_WHY_LIMIT);
}

void stage_finish(struct stage *s)
{
    str_finish(&s->wrong);
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- news ---- */

static struct stage_news *add_news(struct stage *s)
{
    if (s->news_count == STAGE_NEWS) {
        return NULL;
    }
    return &s->news[(s->news_first + s->news_count++) % STAGE_NEWS];
}

bool stage_take(struct stage *s, struct stage_news *news)
{
    if (s->news_count == 0) {
        return false;
    }
    *news = s->news[s->news_first];
    s->news_first = (s->news_first + 1) % STAGE_NEWS;
    s->news_count--;
    return true;
}

static void tell_started(struct stage *s, const struct stage_child *child)
{
    struct stage_news *news = add_news(s);

    if (news) {
        news->interface = &haft_child_v1;
        news->method = HAFT_CHILD_STARTED;
        news->in.started = (struct haft_child_started_in){
            .size = sizeof(news->in.started),
            .pid = PLAYED_PID,
            .id = child->id,
            .time_ms = clock_ms(CLOCK_REALTIME),
        };
    }
}

static void tell_ended(struct stage *s, const struct stage_child *child)
{
    struct stage_news *news = add_news(s);

    if (news) {
        news->interface = &haft_child_v1;
        news->method = HAFT_CHILD_ENDED;
        news->in.ended = (struct haft_child_ended_in){
            .size = sizeof(news->in.ended),
            .id = child->id,
            .signal = child->signal,
            .started_ms = clock_ms(CLOCK_REALTIME),
            .ended_ms = clock_ms(CLOCK_REALTIME),
        };
    }
}

/* ---- children ---- */

static struct stage_child *find_child(struct stage *s, uint64_t id)
{
    for (size_t i = 0; i < STAGE_CHILDREN; i++) {
        if (s->children[i].id == id &&
            s->children[i].state != HAFT_PROCESS_UNKNOWN) {
            return &s->children[i];
        }
    }
    return NULL;
}

static void end_child(struct stage *s, struct stage_child *child, int signal)
{
    child->state = HAFT_PROCESS_ENDED;
    child->signal = signal;
    tell_ended(s, child);
}

static haft_status start_child(struct stage *s,
                               const struct haft_process_start_in *in,
                               struct haft_process_start_out *out)
{
    uint64_t id = in->id ? in->id : ++s->last_child + (UINT64_C(1) << 40);
    struct stage_child *child = find_child(s, id);
    size_t place = 0;

    out->id = id;
    if (child) {
        return HAFT_OK;
    }
    while (place < STAGE_CHILDREN &&
           s->children[place].state != HAFT_PROCESS_UNKNOWN) {
        place++;
    }
    if (place == STAGE_CHILDREN) {
        return -HAFT_RESOURCE;
    }
    child = &s->children[place];
    *child = (struct stage_child){.id = id, .state = HAFT_PROCESS_RUNNING};
    tell_started(s, child);
    if (!s->holds) {
        end_child(s, child, 0);
    }
    return HAFT_OK;
}

static haft_status serve_process(struct stage *s, uint32_t method,
                                 const void *in, void *out)
{
    const struct haft_process_signal_in *kill = in;
    const struct haft_process_id_in *id = in;
    struct haft_process_find_out *found = out;
    struct stage_child *child = NULL;

    if (method == HAFT_PROCESS_START) {
        return start_child(s, in, out);
    }
    if (method == HAFT_PROCESS_SIGNAL) {
        child = find_child(s, kill->id);
        if (child && child->state == HAFT_PROCESS_RUNNING && kill->signal > 0) {
            end_child(s, child, kill->signal);
        }
        return HAFT_OK;
    }
    if (method == HAFT_PROCESS_SLOTS) {
        return HAFT_OK;
    }
    child = find_child(s, id->id);
    if (method == HAFT_PROCESS_FIND) {
        found->state = child ? child->state : HAFT_PROCESS_UNKNOWN;
        if (child && child->state == HAFT_PROCESS_ENDED) {
            tell_ended(s, child);
        }
    } else if (child) {
        *child = (struct stage_child){0};
    }
    return HAFT_OK;
}

/* ---- the rest ---- */

static void keep_report(struct stage *s, uint32_t method, const void *in)
{
    const struct haft_attempt_ended_in *ended = in;
    struct stage_report report = {.method = method};

    /* Of all four messages attempt and fence lie in the same place. */
    report.attempt = ended->attempt;
    report.fence = ended->fence;
    if (method == HAFT_ATTEMPT_ENDED) {
        report.fault_class = ended->fault_class;
        report.effect = ended->effect;
        report.exit_code = ended->exit_code;
    }
    if (s->reports_count < STAGE_REPORTS) {
        s->reports[s->reports_count++] = report;
    }
}

static void tell_ready(struct stage *s, uint32_t events, uint64_t token)
{
    struct stage_news *news = add_news(s);

    if (news) {
        news->interface = &haft_ready_v1;
        news->method = HAFT_READY_ON;
        news->in.ready =
            (struct haft_ready_on_in){sizeof(news->in.ready), events, token};
    }
}

static haft_status watch(struct stage *s, const struct haft_loop_watch_in *in)
{
    struct stage_watch *place = NULL;

    for (size_t i = 0; i < STAGE_WATCHES; i++) {
        struct stage_watch *w = &s->watches[i];

        if (w->events && w->fd == in->fd) {
            place = w;
            break;
        }
        place = w->events || place ? place : w;
    }
    if (!place) {
        return -HAFT_RESOURCE;
    }
    *place = (struct stage_watch){
        .token = in->token, .fd = in->fd, .events = in->events};
    return HAFT_OK;
}

static haft_status set_timer(struct stage *s,
                             const struct haft_loop_timer_in *in)
{
    struct stage_watch *place = NULL;

    for (size_t i = 0; i < STAGE_WATCHES; i++) {
        struct stage_watch *t = &s->timers[i];

        if (t->at_ms && t->token == in->token) {
            place = t;
            break;
        }
        place = t->at_ms || place ? place : t;
    }
    if (!place) {
        return -HAFT_RESOURCE;
    }
    *place = (struct stage_watch){.token = in->token, .at_ms = in->at_ms};
    return HAFT_OK;
}

static haft_status serve_loop(struct stage *s, uint32_t method, const void *in)
{
    const struct haft_loop_post_in *post = in;

    switch (method) {
    case HAFT_LOOP_WATCH:
        return watch(s, in);
    case HAFT_LOOP_TIMER:
        return set_timer(s, in);
    default:
        tell_ready(s, 0, post->token);
        return HAFT_OK;
    }
}

bool stage_waits(const struct stage *s)
{
    for (size_t i = 0; i < STAGE_WATCHES; i++) {
        if (s->watches[i].events || s->timers[i].at_ms) {
            return true;
        }
    }
    return false;
}

static void tell_timers(struct stage *s)
{
    int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

    for (size_t i = 0; i < STAGE_WATCHES; i++) {
        struct stage_watch *t = &s->timers[i];

        if (t->at_ms && t->at_ms <= now_ms) {
            t->at_ms = 0;
            tell_ready(s, 0, t->token);
        }
    }
}

void stage_wait(struct stage *s, int most_ms)
{
    struct pollfd fds[STAGE_WATCHES];

    for (size_t i = 0; i < STAGE_WATCHES; i++) {
        uint32_t events = s->watches[i].events;

        fds[i] = (struct pollfd){.fd = events ? s->watches[i].fd : -1};
        fds[i].events = (short)((events & HAFT_LOOP_READ ? POLLIN : 0) |
                                (events & HAFT_LOOP_WRITE ? POLLOUT : 0));
    }
    poll(fds, STAGE_WATCHES, most_ms);
    for (size_t i = 0; i < STAGE_WATCHES; i++) {
        short got = fds[i].revents;

        if (got) {
            tell_ready(s,
                       (got & POLLIN ? HAFT_LOOP_READ : 0) |
                           (got & POLLOUT ? HAFT_LOOP_WRITE : 0) |
                           (got & (POLLERR | POLLHUP) ? HAFT_LOOP_ERROR : 0),
                       s->watches[i].token);
        }
    }
    tell_timers(s);
}

static haft_status serve(struct stage *s, const struct haft_interface *i,
                         uint32_t method, const void *in, void *out)
{
    if (i == &haft_clock_v1) {
        struct haft_clock_now_out *now = out;

        now->monotonic_ms = clock_ms(CLOCK_MONOTONIC);
        now->real_ms = clock_ms(CLOCK_REALTIME);
    } else if (i == &haft_attempt_v1) {
        keep_report(s, method, in);
    } else if (i == &haft_process_v1) {
        return serve_process(s, method, in, out);
    } else if (i == &haft_loop_v1) {
        return serve_loop(s, method, in);
    }
    return HAFT_OK;
}

haft_status stage_serve(struct stage *s, const struct haft_interface *interface,
                        uint32_t method, const void *in, void *out)
{
    const struct haft_signature *m = &interface->methods[method];
    struct str why;
    haft_status status;

    s->asked++;
    if (s->asked == s->refused) {
        return -HAFT_TRANSIENT;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (codec_check(m->in, in, &why)) {
        status = serve(s, interface, method, in, out);
    } else {
        status = -HAFT_INVALID;
        if (s->wrong.size == 0) {
            str_addf(&s->wrong, "%s %s: %s", interface->id, m->name, why.text);
        }
    }
    str_finish(&why);
    return status;
}

unsigned stage_count(const struct stage *s, uint32_t method, uint64_t attempt)
{
    unsigned count = 0;

    for (size_t i = 0; i < s->reports_count; i++) {
        count +=
            s->reports[i].method == method && s->reports[i].attempt == attempt;
    }
    return count;
}

const struct stage_report *stage_end(const struct stage *s, uint64_t attempt)
{
    for (size_t i = s->reports_count; i-- > 0;) {
        if (s->reports[i].method == HAFT_ATTEMPT_ENDED &&
            s->reports[i].attempt == attempt) {
            return &s->reports[i];
        }
    }
    return NULL;
}
