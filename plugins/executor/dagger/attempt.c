#include "plugins/executor/dagger/attempt.h"

#include <stdlib.h>
#include <string.h>

#include <haft/faults.h>

#include "plugins/executor/dagger/query.h"

#define OUTPUT_LIMIT (1u << 20) /* bytes of one report */
#define AGAIN_MS 50             /* until output is said again */

enum state {
    STATE_WAITING, /* for the session */
    STATE_FINDING, /* the id of its folder */
    STATE_RUNNING,
    STATE_SAYING, /* its output; then its end */
    STATE_ENDED,  /* and told so */
};

struct attempt {
    struct attempts *all;
    struct attempt *next;
    uint64_t id;
    uint64_t fence;
    enum state state;
    struct query *query;
    struct http_request *request; /* while FINDING or RUNNING */
    uint64_t session;             /* number of the one that was asked */
    struct outcome outcome;       /* once it is SAYING */
    uint64_t said[2];             /* bytes of stdout, stderr */
    int64_t started_ms;           /* since 1970; 0: never */
    int64_t ended_ms;
};

static void go(struct attempt *a);

static struct attempt *find(const struct attempts *all, uint64_t id)
{
    struct attempt *a = all->first;

    while (a && a->id != id) {
        a = a->next;
    }
    return a;
}

static void destroy(struct attempt *a)
{
    query_destroy(a->query);
    outcome_finish(&a->outcome);
    free(a);
}

/* ---- what is told ---- */

static void tell_started(struct attempt *a)
{
    struct haft_attempt_started_in in = {
        .size = sizeof(in),
        .attempt = a->id,
        .fence = a->fence,
        .time_ms = a->started_ms,
        .token = {&a->session, sizeof(a->session)},
    };

    haft_ask_host(a->all->host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_STARTED, &in,
                  NULL);
}

/* False: the host has no room yet for the rest. */
static bool say_stream(struct attempt *a, uint32_t stream, const char *text)
{
    uint64_t *said = &a->said[stream == HAFT_STREAM_STDERR];
    uint64_t size = text ? strlen(text) : 0;
    haft_status status = HAFT_OK;

    while (*said < size && status == HAFT_OK) {
        uint64_t n = size - *said < OUTPUT_LIMIT ? size - *said : OUTPUT_LIMIT;
        struct haft_attempt_output_in in = {
            .size = sizeof(in),
            .stream = stream,
            .attempt = a->id,
            .fence = a->fence,
            .offset = *said,
            .data = haft_bytes(text + *said, n),
        };

        status = haft_ask_host(a->all->host, HAFT_ATTEMPT_V1,
                               HAFT_ATTEMPT_OUTPUT, &in, NULL);
        *said += status == HAFT_OK ? n : 0;
    }
    return status != HAFT_AGAIN;
}

static void tell_ended(struct attempt *a)
{
    const struct outcome *o = &a->outcome;
    struct haft_attempt_ended_in in = {
        .size = sizeof(in),
        .attempt = a->id,
        .fence = a->fence,
        .fault_class = o->native.fault_class,
        .effect = o->native.effect,
        .origin = o->native.origin,
        .exit_code = o->exit_code,
        .started_ms = a->started_ms,
        .ended_ms = a->ended_ms,
        .code = haft_text(o->code),
        .message = haft_text(o->message),
    };

    a->state = STATE_ENDED;
    haft_ask_host(a->all->host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, &in, NULL);
}

/* All output, and then the end. */
static void say(struct attempt *a)
{
    if (say_stream(a, HAFT_STREAM_STDOUT, a->outcome.stdout_text) &&
        say_stream(a, HAFT_STREAM_STDERR, a->outcome.stderr_text)) {
        tell_ended(a);
    } else {
        struct haft_loop_timer_in in = {
            sizeof(in), 0, haft_now(a->all->host).monotonic_ms + AGAIN_MS,
            ATTEMPTS_TOKEN};

        haft_ask_host(a->all->host, HAFT_LOOP_V1, HAFT_LOOP_TIMER, &in, NULL);
    }
}

/* Its outcome is known. */
static void end(struct attempt *a)
{
    a->ended_ms = haft_now(a->all->host).real_ms;
    a->state = STATE_SAYING;
    say(a);
}

static void end_with(struct attempt *a, uint32_t fault_class, const char *code,
                     const char *message)
{
    uint32_t effect = a->state == STATE_RUNNING ? HAFT_EFFECT_STARTED
                                                : HAFT_EFFECT_NOT_STARTED;

    outcome_of_fault(&a->outcome,
                     haft_native_of(fault_class, effect, HAFT_ORIGIN_LOCAL),
                     code, message);
    end(a);
}

/* ---- queries ---- */

static void look_at_session(struct attempt *a)
{
    if (a->outcome.is_session_lost) {
        session_drop(a->all->session, a->session);
    }
}

static void on_exec(void *ctx, const struct answer *answer)
{
    struct attempt *a = ctx;

    a->request = NULL;
    outcome_of_exec(&a->outcome, answer);
    look_at_session(a);
    end(a);
}

/* Sends `body`, which it takes; its answer goes to `done`. */
static void ask(struct attempt *a, enum state state, char *body,
                void (*done)(void *ctx, const struct answer *answer))
{
    a->session = session_number(a->all->session);
    a->request = session_ask(a->all->session, body, done, a);
    free(body);
    if (!a->request) {
        end_with(a, HAFT_RESOURCE, "dagger.memory", "no memory for a request");
        return;
    }
    a->state = state;
}

static void run(struct attempt *a, const char *directory)
{
    const struct dialect *dialect = session_dialect(a->all->session);

    ask(a, STATE_RUNNING, query_exec(a->query, dialect, directory), on_exec);
    if (a->state == STATE_RUNNING) {
        a->started_ms = haft_now(a->all->host).real_ms;
        tell_started(a);
    }
}

/* An id belongs to its session: with another one, all begins anew. */
static void on_directory(void *ctx, const struct answer *answer)
{
    struct attempt *a = ctx;
    const char *id = outcome_of_text(&a->outcome, answer, "id");
    char *directory;

    a->request = NULL;
    if (!id) {
        a->outcome.native.effect = HAFT_EFFECT_NOT_STARTED;
        look_at_session(a);
        end(a);
        return;
    }
    directory = haft_copy_text(haft_text(id));
    outcome_finish(&a->outcome);
    if (!directory) {
        end_with(a, HAFT_RESOURCE, "dagger.memory", "no memory for an id");
    } else if (a->session == session_number(a->all->session) &&
               session_need(a->all->session)) {
        run(a, directory);
    } else {
        a->state = STATE_WAITING;
        go(a);
    }
    free(directory);
}

/* Onwards, if the session is ready; it tells otherwise. */
static void go(struct attempt *a)
{
    if (!session_need(a->all->session) || a->state != STATE_WAITING) {
        return;
    }
    if (query_rootfs(a->query)) {
        ask(a, STATE_FINDING, query_directory(a->query), on_directory);
    } else {
        run(a, NULL);
    }
}

void attempts_on_told(void *ctx, const struct outcome *trouble)
{
    struct attempts *all = ctx;

    for (struct attempt *a = all->first; a; a = a->next) {
        if (a->state != STATE_WAITING) {
            continue;
        }
        if (trouble) {
            outcome_of_fault(&a->outcome, trouble->native, trouble->code,
                             trouble->message);
            end(a);
        } else {
            go(a);
        }
    }
}

void attempts_on_timer(struct attempts *all)
{
    for (struct attempt *a = all->first; a; a = a->next) {
        if (a->state == STATE_SAYING) {
            say(a);
        }
    }
}

/* ---- what the host asks ---- */

static haft_status refuse(const struct attempts *all,
                          const struct haft_call *call, uint32_t fault_class,
                          const char *code, const char *message)
{
    struct haft_fault fault = haft_fault_of(fault_class, code, message);

    fault.effect = HAFT_EFFECT_NOT_STARTED;
    return haft_fail_with(all->host, call, &fault);
}

haft_status attempts_start(struct attempts *all, const struct haft_call *call,
                           const struct haft_executor_start_in *in)
{
    struct attempt *a;

    if (!haft_slice_is(in->sort, HAFT_SORT_CONTAINER)) {
        return refuse(all, call, HAFT_INVALID, "dagger.sort",
                      "dagger runs containers; a task without an image needs "
                      "an executor for processes");
    }
    if (haft_slice_begins(in->image, QUERY_ROOTFS) &&
        !haft_slice_begins(in->image, QUERY_ROOTFS "/")) {
        return refuse(all, call, HAFT_INVALID, "dagger.rootfs",
                      "image: rootfs: wants the folder from the root on, as in "
                      "rootfs:/srv/busybox");
    }
    if (find(all, in->attempt)) {
        return HAFT_OK;
    }
    a = calloc(1, sizeof(*a));
    if (a) {
        a->query = query_create(in);
    }
    if (!a || !a->query) {
        free(a);
        return refuse(all, call, HAFT_RESOURCE, "dagger.memory", "no memory");
    }
    a->all = all;
    a->id = in->attempt;
    a->fence = in->fence;
    a->next = all->first;
    all->first = a;
    go(a);
    return HAFT_OK;
}

/* Closing the connection is what an engine understands: the process is killed
 * within the second. There is no polite way, so grace is not waited for. */
void attempts_cancel(struct attempts *all, uint64_t id)
{
    struct attempt *a = find(all, id);

    if (!a || a->state >= STATE_SAYING) {
        return;
    }
    if (a->request) {
        http_drop(a->request);
        a->request = NULL;
    }
    end_with(a, HAFT_CANCELLED, "dagger.cancelled", "cancelled");
}

uint32_t attempts_recover(struct attempts *all,
                          const struct haft_executor_recover_in *in)
{
    struct attempt *a = find(all, in->attempt);

    if (!a) {
        return HAFT_RECOVER_UNKNOWN;
    }
    if (a->state < STATE_SAYING) {
        return HAFT_RECOVER_RUNNING;
    }
    a->said[0] = in->stdout_offset;
    a->said[1] = in->stderr_offset;
    a->state = STATE_SAYING;
    say(a);
    return HAFT_RECOVER_ENDED;
}

void attempts_release(struct attempts *all, uint64_t id)
{
    struct attempt **link = &all->first;
    struct attempt *a = find(all, id);

    if (!a) {
        return;
    }
    while (*link != a) {
        link = &(*link)->next;
    }
    *link = a->next;
    if (a->request) {
        http_drop(a->request);
    }
    destroy(a);
}

void attempts_close(struct attempts *all)
{
    while (all->first) {
        struct attempt *a = all->first;

        all->first = a->next;
        destroy(a);
    }
}
