/* executor/local: processes of this machine. The work is the keeper's, behind
 * haft.process/1: an attempt is a child under the same id, its output goes to
 * the job's files without passing through here, and the keeper keeps how it
 * ended until it is released. What is left is translation: a job into a child,
 * and an end into a fault (<haft/child.h>).
 *
 * A cancel of what has not begun withdraws it. The answer may be that it was
 * too late, and is then the child's `started`: only from there on there is a
 * group that can be signalled. */
#include <search.h>
#include <stdbool.h>

#include <haft/child.h>
#include <haft/executor.h>

#define LIMITS 16 /* of one job, as the keeper has it */

struct attempt {
    uint64_t id;
    uint64_t fence;
    int64_t grace_ms;
    bool is_started;
    bool is_ended;
    bool is_cancelled;
};

struct local {
    struct haft_base base; /* first */
    void *attempts;        /* tree of search.h */
    struct haft_limit limits[LIMITS];
    uint32_t limits_count;
};

/* ---- attempts ---- */

static int compare(const void *a, const void *b)
{
    const struct attempt *x = a;
    const struct attempt *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static struct attempt *find(struct local *l, uint64_t id)
{
    struct attempt key = {.id = id};
    void *node = tfind(&key, &l->attempts, compare);

    return node ? *(struct attempt **)node : NULL;
}

/* The attempt, made if it is not there; NULL without memory. */
static struct attempt *add(struct local *l, uint64_t id, uint64_t fence)
{
    struct attempt *attempt = find(l, id);

    if (attempt) {
        return attempt;
    }
    attempt = calloc(1, sizeof(*attempt));
    if (attempt) {
        *attempt = (struct attempt){.id = id, .fence = fence};
        if (!tsearch(attempt, &l->attempts, compare)) {
            free(attempt);
            attempt = NULL;
        }
    }
    return attempt;
}

static void forget(struct local *l, struct attempt *attempt)
{
    tdelete(attempt, &l->attempts, compare);
    free(attempt);
}

static haft_status ask_process(struct local *l, uint32_t method, const void *in,
                               void *out)
{
    return haft_ask_host(l->base.host, HAFT_PROCESS_V1, method, in, out);
}

static haft_status fail(struct local *l, const struct haft_call *call,
                        uint32_t fault_class, const char *code,
                        const char *message)
{
    struct haft_fault fault = haft_fault_of(fault_class, code, message);

    fault.effect = HAFT_EFFECT_NOT_STARTED;
    return haft_fail_with(l->base.host, call, &fault);
}

/* ---- start ---- */

static bool has_limit(const struct haft_limit *limits, uint32_t count,
                      struct haft_slice name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (haft_slice_equal(limits[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* The job's limits, and the instance's where the job has none. */
static struct haft_array merge_limits(const struct local *l,
                                      struct haft_array wanted,
                                      struct haft_limit limits[2 * LIMITS])
{
    uint32_t count = 0;

    while (count < wanted.count) {
        limits[count] = *(const struct haft_limit *)haft_item(wanted, count);
        count++;
    }
    for (uint32_t i = 0; i < l->limits_count; i++) {
        if (!has_limit(limits, count, l->limits[i].name)) {
            limits[count++] = l->limits[i];
        }
    }
    return haft_items(limits, count, sizeof(limits[0]));
}

static haft_status start_child(struct local *l,
                               const struct haft_executor_start_in *in)
{
    struct haft_limit limits[2 * LIMITS];
    struct haft_process_start_out started = {.size = sizeof(started)};
    struct haft_process_start_in child = {
        .size = sizeof(child),
        .id = in->attempt,
        .fence = in->fence,
        .argv = in->argv,
        .env = in->env,
        .workdir = in->workdir,
        .stdout_path = in->stdout_path,
        .stderr_path = in->stderr_path,
        .limits = merge_limits(l, in->limits, limits),
    };

    return ask_process(l, HAFT_PROCESS_START, &child, &started);
}

static haft_status start(struct local *l, const struct haft_call *call,
                         const struct haft_executor_start_in *in, void *out)
{
    struct attempt *attempt;
    haft_status status;

    (void)out;
    if (!haft_slice_is(in->sort, HAFT_SORT_PROCESS)) {
        return fail(l, call, HAFT_INVALID, "local.sort",
                    "local runs processes; a task with an image needs an "
                    "executor for containers");
    }
    if (in->limits.count > LIMITS) {
        return fail(l, call, HAFT_INVALID, "local.limits",
                    "more resource limits than there are");
    }
    if (find(l, in->attempt)) {
        return HAFT_OK;
    }
    attempt = add(l, in->attempt, in->fence);
    if (!attempt) {
        return fail(l, call, HAFT_RESOURCE, "local.memory", "no memory");
    }
    status = start_child(l, in);
    if (status == HAFT_OK) {
        return HAFT_OK;
    }
    forget(l, attempt);
    return fail(l, call, status < 0 ? (uint32_t)-status : HAFT_RESOURCE,
                "local.refused", "the keeper does not take the job");
}
HAFT_METHOD(start, struct local, struct haft_executor_start_in, void);

/* ---- cancel ---- */

static void send_signal(struct local *l, uint64_t id, int32_t number)
{
    struct haft_process_signal_in in = {sizeof(in), number, id};

    ask_process(l, HAFT_PROCESS_SIGNAL, &in, NULL);
}

/* One timer an attempt: when the grace is over. 0 clears it. */
static void set_timer(struct local *l, uint64_t id, int64_t at_ms)
{
    struct haft_loop_timer_in in = {sizeof(in), 0, at_ms, id};

    haft_ask_host(l->base.host, HAFT_LOOP_V1, HAFT_LOOP_TIMER, &in, NULL);
}

static void end_attempt(struct local *l, struct attempt *attempt)
{
    if (!attempt->is_started) {
        send_signal(l, attempt->id, 0);
    } else if (attempt->grace_ms <= 0) {
        set_timer(l, attempt->id, 0);
        send_signal(l, attempt->id, SIGKILL);
    } else {
        send_signal(l, attempt->id, SIGTERM);
        set_timer(l, attempt->id,
                  haft_now(l->base.host).monotonic_ms + attempt->grace_ms);
    }
}

static haft_status cancel(struct local *l,
                          const struct haft_executor_cancel_in *in)
{
    struct attempt *attempt = find(l, in->attempt);

    if (attempt && !attempt->is_ended) {
        attempt->is_cancelled = true;
        attempt->grace_ms = in->grace_ms;
        end_attempt(l, attempt);
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(cancel, struct local, struct haft_executor_cancel_in);

static haft_status on_ready(struct local *l, const struct haft_ready_on_in *in)
{
    const struct attempt *attempt = find(l, in->token);

    if (attempt && attempt->is_started && !attempt->is_ended) {
        send_signal(l, attempt->id, SIGKILL);
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(on_ready, struct local, struct haft_ready_on_in);

/* ---- after a restart ---- */

/* What the keeper does not know has been released, or never reached it. The
 * host asks only for what is open, so it was the second: unless it had told
 * that it runs, which says that a keeper has forgotten it. */
static uint32_t translate(uint32_t state, bool was_started)
{
    switch (state) {
    case HAFT_PROCESS_QUEUED:
    case HAFT_PROCESS_RUNNING:
        return HAFT_RECOVER_RUNNING;
    case HAFT_PROCESS_ENDED:
    case HAFT_PROCESS_LOST:
        return HAFT_RECOVER_ENDED;
    default:
        return was_started ? HAFT_RECOVER_UNKNOWN : HAFT_RECOVER_NEVER_STARTED;
    }
}

static haft_status recover(struct local *l, const struct haft_call *call,
                           const struct haft_executor_recover_in *in,
                           struct haft_executor_recover_out *out)
{
    struct attempt *attempt = add(l, in->attempt, in->fence);
    struct haft_process_id_in id = {sizeof(id), 0, in->attempt};
    struct haft_process_find_out found = {.size = sizeof(found)};
    haft_status status;

    if (!attempt) {
        return fail(l, call, HAFT_RESOURCE, "local.memory", "no memory");
    }
    status = ask_process(l, HAFT_PROCESS_FIND, &id, &found);
    if (status != HAFT_OK) {
        forget(l, attempt);
        return fail(l, call, status < 0 ? (uint32_t)-status : HAFT_BACKEND_DOWN,
                    "local.keeper", "the keeper cannot be asked");
    }
    attempt->is_started |= found.state == HAFT_PROCESS_RUNNING;
    out->state = translate(found.state, in->token.n > 0);
    if (found.state == HAFT_PROCESS_UNKNOWN) {
        forget(l, attempt);
    }
    return HAFT_OK;
}
HAFT_METHOD(recover, struct local, struct haft_executor_recover_in,
            struct haft_executor_recover_out);

static haft_status release(struct local *l,
                           const struct haft_executor_release_in *in)
{
    struct attempt *attempt = find(l, in->attempt);
    struct haft_process_id_in id = {sizeof(id), 0, in->attempt};

    if (attempt) {
        forget(l, attempt);
    }
    return ask_process(l, HAFT_PROCESS_RELEASE, &id, NULL);
}
HAFT_METHOD_IN(release, struct local, struct haft_executor_release_in);

/* ---- what becomes of children ---- */

static haft_status on_started(struct local *l,
                              const struct haft_child_started_in *in)
{
    struct attempt *attempt = find(l, in->id);
    struct haft_attempt_started_in report = {
        .size = sizeof(report),
        .attempt = in->id,
        .time_ms = in->time_ms,
        .token = {&in->id, sizeof(in->id)},
    };

    if (!attempt || attempt->is_ended) {
        return HAFT_OK;
    }
    report.fence = attempt->fence;
    haft_ask_host(l->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_STARTED, &report,
                  NULL);
    if (!attempt->is_started) {
        attempt->is_started = true;
        if (attempt->is_cancelled) {
            end_attempt(l, attempt);
        }
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(on_started, struct local, struct haft_child_started_in);

static haft_status report_end(struct local *l, const struct attempt *attempt,
                              const struct haft_child_ended_in *in)
{
    char message[HAFT_MESSAGE_LIMIT];
    char code[64];
    struct haft_child_end end = haft_from_child(
        in, attempt->is_cancelled ? HAFT_KNOWN_CANCELLED : 0, message);
    struct haft_attempt_ended_in report = {
        .size = sizeof(report),
        .attempt = in->id,
        .fence = attempt->fence,
        .fault_class = end.native.fault_class,
        .effect = end.native.effect,
        .origin = end.native.origin,
        .exit_code = in->exit_code,
        .signal = in->signal,
        .started_ms = in->started_ms,
        .ended_ms = in->ended_ms,
        .message = haft_text(message),
    };

    snprintf(code, sizeof(code), "local.%s", end.word);
    report.code = haft_text(end.native.fault_class ? code : "");
    return haft_ask_host(l->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED,
                         &report, NULL);
}

static haft_status on_ended(struct local *l,
                            const struct haft_child_ended_in *in)
{
    struct attempt *attempt = find(l, in->id);

    if (!attempt || attempt->is_ended) {
        return HAFT_OK;
    }
    attempt->is_ended = true;
    if (attempt->is_cancelled) {
        set_timer(l, attempt->id, 0);
    }
    return report_end(l, attempt, in);
}
HAFT_METHOD_IN(on_ended, struct local, struct haft_child_ended_in);

static haft_status set_slots(struct local *l,
                             const struct haft_slots_set_in *in)
{
    return ask_process(l, HAFT_PROCESS_SLOTS, in, NULL);
}
HAFT_METHOD_IN(set_slots, struct local, struct haft_slots_set_in);

/* ---- the instance ---- */

/* The option limits: "nofile=1024" and the like. */
static haft_status add_limits(struct local *l, const struct haft_create *with)
{
    uint32_t count = haft_option_count(with, "limits");

    if (count > LIMITS) {
        return haft_fail(l->base.host, NULL, HAFT_INVALID, "local.limits",
                         "option limits: more than %d", LIMITS);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct haft_slice text = haft_option(with, "limits", i)->text;

        if (!haft_limit_read(text, &l->limits[l->limits_count++])) {
            return haft_fail(l->base.host, NULL, HAFT_INVALID, "local.limits",
                             "option limits: \"%.*s\" is not like nofile=1024, "
                             "as=2GiB or cpu=unlimited; there are cpu, as, "
                             "fsize, nofile, nproc, core, stack, memlock, "
                             "memory, pids",
                             (int)text.n, (const char *)text.p);
        }
    }
    return HAFT_OK;
}

static void destroy(struct haft_instance *instance)
{
    struct local *l = (struct local *)(void *)instance;

    tdestroy(l->attempts, free);
    free(l);
}

static const haft_method executor_methods[] = {
    [HAFT_EXECUTOR_START] = start_method,
    [HAFT_EXECUTOR_CANCEL] = cancel_method,
    [HAFT_EXECUTOR_RECOVER] = recover_method,
    [HAFT_EXECUTOR_RELEASE] = release_method,
};
static const haft_method slots_methods[] = {set_slots_method};
static const haft_method ready_methods[] = {on_ready_method};
static const haft_method child_methods[] = {
    [HAFT_CHILD_STARTED] = on_started_method,
    [HAFT_CHILD_ENDED] = on_ended_method,
};

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct local *l = haft_base_create(sizeof(*l), host, destroy);
    haft_status status;

    if (!l) {
        return -HAFT_RESOURCE;
    }
    haft_base_offer(&l->base, &haft_executor_v1, executor_methods);
    haft_base_offer(&l->base, &haft_slots_v1, slots_methods);
    haft_base_offer(&l->base, &haft_child_v1, child_methods);
    haft_base_offer(&l->base, &haft_ready_v1, ready_methods);
    status = add_limits(l, with);
    if (status != HAFT_OK) {
        destroy(&l->base.instance);
        return status;
    }
    return haft_base_give(&l->base, out);
}
HAFT_MODULE_OF_ONE(executor_local, "0.1.0", HAFT_EXECUTOR_V1, "local", create,
                   "plugins/executor/local/manifest.json");
