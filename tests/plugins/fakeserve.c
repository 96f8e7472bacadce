#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "host/plain/json.h"
#include "tests/plugins/fakehost_inside.h"
#include "tests/plugins/message.h"

/* ---- services ---- */

static const struct haft_interface *const service_interfaces[SERVICES] = {
    &haft_log_v1, &haft_clock_v1, &haft_loop_v1, &haft_attempt_v1,
    &haft_process_v1};

enum {
    SERVICE_LOG,
    SERVICE_CLOCK,
    SERVICE_LOOP,
    SERVICE_ATTEMPT,
    SERVICE_PROCESS
};

static void note(struct fakehost *h, int service, uint32_t method,
                 const void *in)
{
    const struct haft_interface *interface = service_interfaces[service];

    h->said = realloc(h->said, (h->said_count + 1) * sizeof(*h->said));
    ck_assert_ptr_nonnull(h->said);
    h->said[h->said_count++] =
        (struct fake_said){interface, method,
                           message_copy(interface->methods[method].in, in,
                                        interface->methods[method].name)};
}

static haft_status log_write(void *self, const struct haft_call *call,
                             const void *in, void *out)
{
    struct fakehost *h = self;
    struct haft_log_write_in *line =
        message_copy(&haft_log_write_in_record, in, "log");

    (void)call;
    (void)out;
    str_addf(&h->log, "%.*s\n", (int)line->event.n,
             line->event.n > 0 ? (const char *)line->event.p : "");
    message_free(&haft_log_write_in_record, line);
    return HAFT_OK;
}

static haft_status clock_now(void *self, const struct haft_call *call,
                             const void *in, void *out)
{
    struct fakehost *h = self;
    struct haft_clock_now_out *now = out;

    (void)call;
    (void)in;
    now->monotonic_ms = h->now_ms;
    now->real_ms = REAL_BASE_MS + h->now_ms;
    return HAFT_OK;
}

static haft_status loop_watch(void *self, const struct haft_call *call,
                              const void *in, void *out)
{
    struct fakehost *h = self;

    (void)call;
    (void)out;
    note(h, SERVICE_LOOP, HAFT_LOOP_WATCH, in);
    return h->answers[SERVICE_LOOP][HAFT_LOOP_WATCH];
}

static struct timer *find_timer(struct fakehost *h, uint64_t token)
{
    struct timer *unused = NULL;

    for (size_t i = 0; i < sizeof(h->timers) / sizeof(h->timers[0]); i++) {
        if (h->timers[i].at_ms == 0) {
            unused = &h->timers[i];
        } else if (h->timers[i].token == token) {
            return &h->timers[i];
        }
    }
    ck_assert_msg(unused != NULL, "too many timers");
    return unused;
}

static haft_status loop_timer(void *self, const struct haft_call *call,
                              const void *in, void *out)
{
    struct fakehost *h = self;
    const struct haft_loop_timer_in *timer = in;

    (void)call;
    (void)out;
    note(h, SERVICE_LOOP, HAFT_LOOP_TIMER, in);
    *find_timer(h, timer->token) = (struct timer){timer->token, timer->at_ms};
    return h->answers[SERVICE_LOOP][HAFT_LOOP_TIMER];
}

static haft_status loop_post(void *self, const struct haft_call *call,
                             const void *in, void *out)
{
    struct fakehost *h = self;
    const struct haft_loop_post_in *post = in;

    (void)call;
    (void)out;
    ck_assert_uint_lt(h->posts_count, sizeof(h->posts) / sizeof(h->posts[0]));
    h->posts[h->posts_count++] = post->token;
    return HAFT_OK;
}

#define RECORDING(name, service, method)                                       \
    static haft_status name(void *self, const struct haft_call *call,          \
                            const void *in, void *out)                         \
    {                                                                          \
        struct fakehost *h = self;                                             \
                                                                               \
        (void)call;                                                            \
        (void)out;                                                             \
        note(h, service, method, in);                                          \
        return h->answers[service][method];                                    \
    }

RECORDING(attempt_started, SERVICE_ATTEMPT, HAFT_ATTEMPT_STARTED)
RECORDING(attempt_output, SERVICE_ATTEMPT, HAFT_ATTEMPT_OUTPUT)
RECORDING(attempt_progress, SERVICE_ATTEMPT, HAFT_ATTEMPT_PROGRESS)
RECORDING(attempt_ended, SERVICE_ATTEMPT, HAFT_ATTEMPT_ENDED)
RECORDING(process_signal, SERVICE_PROCESS, HAFT_PROCESS_SIGNAL)
RECORDING(process_release, SERVICE_PROCESS, HAFT_PROCESS_RELEASE)
RECORDING(process_slots, SERVICE_PROCESS, HAFT_PROCESS_SLOTS)

static haft_status process_start(void *self, const struct haft_call *call,
                                 const void *in, void *out)
{
    struct fakehost *h = self;
    const struct haft_process_start_in *start = in;
    struct haft_process_start_out *answer = out;

    (void)call;
    note(h, SERVICE_PROCESS, HAFT_PROCESS_START, in);
    answer->id = start->id > 0 ? start->id : ++h->last_process;
    return h->answers[SERVICE_PROCESS][HAFT_PROCESS_START];
}

static haft_status process_find(void *self, const struct haft_call *call,
                                const void *in, void *out)
{
    struct fakehost *h = self;
    struct haft_process_find_out *answer = out;

    (void)call;
    note(h, SERVICE_PROCESS, HAFT_PROCESS_FIND, in);
    answer->state = h->found;
    return h->answers[SERVICE_PROCESS][HAFT_PROCESS_FIND];
}

static const haft_method service_methods[SERVICES][METHODS] = {
    [SERVICE_LOG] = {log_write},
    [SERVICE_CLOCK] = {clock_now},
    [SERVICE_LOOP] = {loop_watch, loop_timer, loop_post},
    [SERVICE_ATTEMPT] = {attempt_started, attempt_output, attempt_progress,
                         attempt_ended},
    [SERVICE_PROCESS] = {process_start, process_signal, process_find,
                         process_release, process_slots},
};

static bool is_needed(const struct fakehost *h, const char *id)
{
    const cJSON *need;

    cJSON_ArrayForEach(need, json_get(h->about, "needs"))
    {
        if (cJSON_IsString(need) && strcmp(need->valuestring, id) == 0) {
            return true;
        }
    }
    return strcmp(id, HAFT_LOG_V1) == 0 || strcmp(id, HAFT_CLOCK_V1) == 0;
}

const struct haft_object *fakeserve_query(void *self, const char *id)
{
    struct fakehost *h = self;

    for (int i = 0; i < SERVICES; i++) {
        if (strcmp(service_interfaces[i]->id, id) == 0 && is_needed(h, id)) {
            return &h->services[i];
        }
    }
    return NULL;
}

void fakeserve_init(struct fakehost *h)
{
    for (int i = 0; i < SERVICES; i++) {
        h->services[i] = (struct haft_object){
            sizeof(h->services[i]), service_interfaces[i]->count,
            service_interfaces[i], service_methods[i], h};
    }
}

void fakehost_answer(struct fakehost *h, const char *interface, uint32_t method,
                     haft_status status)
{
    for (int i = 0; i < SERVICES; i++) {
        if (strcmp(service_interfaces[i]->id, interface) == 0) {
            h->answers[i][method] = status;
        }
    }
}

void fakehost_find(struct fakehost *h, uint32_t state)
{
    h->found = state;
}

size_t fakehost_said_count(const struct fakehost *h)
{
    return h->said_count;
}

const void *fakehost_said(const struct fakehost *h, const char *interface,
                          uint32_t method, size_t index)
{
    for (size_t i = 0; i < h->said_count; i++) {
        if (strcmp(h->said[i].interface->id, interface) == 0 &&
            h->said[i].method == method && index-- == 0) {
            return h->said[i].in;
        }
    }
    return NULL;
}

void fakehost_forget(struct fakehost *h)
{
    for (size_t i = 0; i < h->said_count; i++) {
        message_free(h->said[i].interface->methods[h->said[i].method].in,
                     h->said[i].in);
    }
    free(h->said);
    h->said = NULL;
    h->said_count = 0;
}

const char *fakehost_log(const struct fakehost *h)
{
    return h->log.text;
}

/* ---- time and the outside ---- */

static void tell_ready(struct fakehost *h, uint64_t token)
{
    struct haft_ready_on_in in = {.size = sizeof(in), .token = token};

    fakehost_ask(h, &haft_ready_v1, HAFT_READY_ON, &in, NULL);
}

int64_t fakehost_now_ms(const struct fakehost *h)
{
    return h->now_ms;
}

static struct timer *first_timer(struct fakehost *h, int64_t until_ms)
{
    struct timer *first = NULL;

    for (size_t i = 0; i < sizeof(h->timers) / sizeof(h->timers[0]); i++) {
        struct timer *timer = &h->timers[i];

        if (timer->at_ms > 0 && timer->at_ms <= until_ms &&
            (!first || timer->at_ms < first->at_ms)) {
            first = timer;
        }
    }
    return first;
}

void fakehost_advance(struct fakehost *h, int64_t ms)
{
    int64_t until_ms = h->now_ms + ms;
    struct timer *timer = first_timer(h, until_ms);

    while (timer) {
        if (timer->at_ms > h->now_ms) {
            h->now_ms = timer->at_ms;
        }
        timer->at_ms = 0;
        tell_ready(h, timer->token);
        timer = first_timer(h, until_ms);
    }
    h->now_ms = until_ms;
}

size_t fakehost_timers(const struct fakehost *h)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof(h->timers) / sizeof(h->timers[0]); i++) {
        count += h->timers[i].at_ms > 0;
    }
    return count;
}

void fakehost_posts(struct fakehost *h)
{
    size_t count = h->posts_count;
    uint64_t posts[sizeof(h->posts) / sizeof(h->posts[0])];

    memcpy(posts, h->posts, sizeof(posts));
    h->posts_count = 0;
    for (size_t i = 0; i < count; i++) {
        tell_ready(h, posts[i]);
    }
}

void fakehost_child_started(struct fakehost *h, uint64_t id, int32_t pid)
{
    struct haft_child_started_in in = {.size = sizeof(in),
                                       .pid = pid,
                                       .id = id,
                                       .time_ms = REAL_BASE_MS + h->now_ms};

    fakehost_ask(h, &haft_child_v1, HAFT_CHILD_STARTED, &in, NULL);
}

void fakehost_child_ended(struct fakehost *h,
                          const struct haft_child_ended_in *in)
{
    fakehost_ask(h, &haft_child_v1, HAFT_CHILD_ENDED, in, NULL);
}
