/* executor/local: processes of this machine. The work is the keeper's, behind
 * haft.process/1: an attempt is a child under the same id, its output goes to
 * the job's files without passing through here, and the keeper keeps how it
 * ended until it is released. What is left is translation: a job into a child,
 * and an end into a fault.
 *
 * A cancel of what has not begun withdraws it. The answer may be that it was
 * too late, and is then the child's `started`: only from there on there is a
 * group that can be signalled. */
#include <errno.h>
#include <search.h>
#include <signal.h>
#include <stdbool.h>

#include <haft/executor.h>
#include <haft/faults.h>
#include <haft/sdk.h>

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
    struct haft_instance instance;
    const struct haft_host *host;
    struct haft_object executor;
    struct haft_object slots;
    struct haft_object child;
    struct haft_object ready;
    const struct haft_object *objects[5];
    void *attempts; /* tree of search.h */
    struct haft_limit limits[LIMITS];
    uint32_t limits_count;
    char *limit_names[LIMITS]; /* owned */
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
    if (!attempt) {
        return NULL;
    }
    attempt->id = id;
    attempt->fence = fence;
    if (!tsearch(attempt, &l->attempts, compare)) {
        free(attempt);
        return NULL;
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
    return haft_ask(l->host->query(l->host->self, HAFT_PROCESS_V1), method,
                    NULL, in, out);
}

static haft_status fail(struct local *l, const struct haft_call *call,
                        uint32_t fault_class, const char *code,
                        const char *message)
{
    struct haft_fault fault = haft_fault_of(fault_class, code, message);

    fault.effect = HAFT_EFFECT_NOT_STARTED;
    return haft_fail_with(l->host, call, &fault);
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
static uint32_t merge_limits(const struct local *l,
                             const struct haft_array *wanted,
                             struct haft_limit limits[2 * LIMITS])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < wanted->count && i < LIMITS; i++) {
        limits[count++] = *(const struct haft_limit *)haft_item(*wanted, i);
    }
    for (uint32_t i = 0; i < l->limits_count; i++) {
        if (!has_limit(limits, count, l->limits[i].name)) {
            limits[count++] = l->limits[i];
        }
    }
    return count;
}

static haft_status start_child(struct local *l, const struct haft_call *call,
                               const struct haft_executor_start_in *in)
{
    struct haft_limit limits[2 * LIMITS];
    haft_status status;
    HAFT_NEW(haft_process_start_in, start);
    HAFT_NEW(haft_process_start_out, started);

    start.id = in->attempt;
    start.fence = in->fence;
    start.argv = in->argv;
    start.env = in->env;
    start.workdir = in->workdir;
    start.stdout_path = in->stdout_path;
    start.stderr_path = in->stderr_path;
    start.limits = haft_items(limits, merge_limits(l, &in->limits, limits),
                              (uint32_t)sizeof(limits[0]));
    status = ask_process(l, HAFT_PROCESS_START, &start, &started);
    if (status == HAFT_OK) {
        return HAFT_OK;
    }
    return fail(l, call, status < 0 ? (uint32_t)-status : HAFT_RESOURCE,
                "local.refused", "the keeper does not take the job");
}

static haft_status start(struct local *l, const struct haft_call *call,
                         const struct haft_executor_start_in *in,
                         struct haft_empty *out)
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
    status = start_child(l, call, in);
    if (status != HAFT_OK) {
        forget(l, attempt);
    }
    return status;
}
HAFT_METHOD(start, struct local, struct haft_executor_start_in,
            struct haft_empty);

/* ---- cancel ---- */

static void send_signal(struct local *l, uint64_t id, int32_t number)
{
    HAFT_NEW(haft_process_signal_in, in);

    in.id = id;
    in.signal = number;
    ask_process(l, HAFT_PROCESS_SIGNAL, &in, NULL);
}

/* One timer an attempt: when the grace is over. 0 clears it. */
static void set_timer(struct local *l, uint64_t id, int64_t at_ms)
{
    HAFT_NEW(haft_loop_timer_in, in);

    in.token = id;
    in.at_ms = at_ms;
    haft_ask(l->host->query(l->host->self, HAFT_LOOP_V1), HAFT_LOOP_TIMER, NULL,
             &in, NULL);
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
                  haft_now(l->host).monotonic_ms + attempt->grace_ms);
    }
}

static haft_status cancel(struct local *l, const struct haft_call *call,
                          const struct haft_executor_cancel_in *in,
                          struct haft_empty *out)
{
    struct attempt *attempt = find(l, in->attempt);

    (void)call;
    (void)out;
    if (attempt && !attempt->is_ended) {
        attempt->is_cancelled = true;
        attempt->grace_ms = in->grace_ms;
        end_attempt(l, attempt);
    }
    return HAFT_OK;
}
HAFT_METHOD(cancel, struct local, struct haft_executor_cancel_in,
            struct haft_empty);

static haft_status on_ready(struct local *l, const struct haft_call *call,
                            const struct haft_ready_on_in *in,
                            struct haft_empty *out)
{
    struct attempt *attempt = find(l, in->token);

    (void)call;
    (void)out;
    if (attempt && attempt->is_started && !attempt->is_ended) {
        send_signal(l, attempt->id, SIGKILL);
    }
    return HAFT_OK;
}
HAFT_METHOD(on_ready, struct local, struct haft_ready_on_in, struct haft_empty);

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
    haft_status status;
    HAFT_NEW(haft_process_id_in, find_in);
    HAFT_NEW(haft_process_find_out, found);

    if (!attempt) {
        return fail(l, call, HAFT_RESOURCE, "local.memory", "no memory");
    }
    find_in.id = in->attempt;
    status = ask_process(l, HAFT_PROCESS_FIND, &find_in, &found);
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

static haft_status release(struct local *l, const struct haft_call *call,
                           const struct haft_executor_release_in *in,
                           struct haft_empty *out)
{
    struct attempt *attempt = find(l, in->attempt);
    HAFT_NEW(haft_process_id_in, id);

    (void)call;
    (void)out;
    id.id = in->attempt;
    if (attempt) {
        forget(l, attempt);
    }
    ask_process(l, HAFT_PROCESS_RELEASE, &id, NULL);
    return HAFT_OK;
}
HAFT_METHOD(release, struct local, struct haft_executor_release_in,
            struct haft_empty);

/* ---- what becomes of children ---- */

static haft_status ask_attempt(struct local *l, uint32_t method, const void *in)
{
    return haft_ask(l->host->query(l->host->self, HAFT_ATTEMPT_V1), method,
                    NULL, in, NULL);
}

static haft_status on_started(struct local *l, const struct haft_call *call,
                              const struct haft_child_started_in *in,
                              struct haft_empty *out)
{
    struct attempt *attempt = find(l, in->id);
    HAFT_NEW(haft_attempt_started_in, report);

    (void)call;
    (void)out;
    if (!attempt || attempt->is_ended) {
        return HAFT_OK;
    }
    report.attempt = in->id;
    report.fence = attempt->fence;
    report.time_ms = in->time_ms;
    report.token = haft_bytes(&in->id, sizeof(in->id));
    ask_attempt(l, HAFT_ATTEMPT_STARTED, &report);
    if (!attempt->is_started) {
        attempt->is_started = true;
        if (attempt->is_cancelled) {
            end_attempt(l, attempt);
        }
    }
    return HAFT_OK;
}
HAFT_METHOD(on_started, struct local, struct haft_child_started_in,
            struct haft_empty);

/* Our names of ends, by their class; the last one is for all others. */
struct end_name {
    uint32_t fault_class;
    const char *code;
};

static const struct end_name error_names[] = {
    {HAFT_NOT_FOUND, "local.not_found"}, {HAFT_DENIED, "local.denied"},
    {HAFT_INVALID, "local.refused"},     {HAFT_BACKEND_DOWN, "local.keeper"},
    {HAFT_CLASSES, "local.no_process"},
};
static const struct end_name signal_names[] = {
    {HAFT_CANCELLED, "local.cancelled"},
    {HAFT_INFRA_LOST, "local.killed"},
    {HAFT_TIMEOUT_RUN, "local.cpu_limit"},
    {HAFT_RESOURCE, "local.file_size_limit"},
    {HAFT_CLASSES, "local.signal"},
};
static const struct end_name exit_names[] = {
    {0, ""},
    {HAFT_CANCELLED, "local.cancelled"},
    {HAFT_INVALID, "local.not_executable"},
    {HAFT_NOT_FOUND, "local.command_not_found"},
    {HAFT_CLASSES, "local.exit"},
};

static const char *name_of(uint32_t fault_class, const struct end_name *name)
{
    while (name->fault_class != fault_class &&
           name->fault_class != HAFT_CLASSES) {
        name++;
    }
    return name->code;
}

/* Whatever the error, the job never ran. ECHILD is the host's own word for a
 * keeper that could not be had. */
static struct haft_native explain_error(int32_t error, const char **code)
{
    struct haft_native native = haft_from_errno(error);

    if (error == ECHILD) {
        native.fault_class = HAFT_BACKEND_DOWN;
    }
    native.effect = HAFT_EFFECT_NOT_STARTED;
    if (native.fault_class == HAFT_NOT_FOUND ||
        native.fault_class == HAFT_DENIED ||
        native.fault_class == HAFT_INVALID) {
        native.origin = HAFT_ORIGIN_USER;
    }
    *code = name_of(native.fault_class, error_names);
    return native;
}

/* What an end means; `code` is our own name for it, the message is written
 * into `room`. The rest is the common tables' of <haft/faults.h>. */
static struct haft_native explain(const struct haft_child_ended_in *in,
                                  bool is_cancelled, const char **code,
                                  char room[HAFT_MESSAGE_LIMIT])
{
    uint32_t known = is_cancelled ? HAFT_KNOWN_CANCELLED : 0;
    struct haft_native native;

    room[0] = '\0';
    if (in->is_withdrawn) {
        *code = "local.withdrawn";
        snprintf(room, HAFT_MESSAGE_LIMIT, "cancelled before it was started");
        return haft_native_of(HAFT_CANCELLED, HAFT_EFFECT_NOT_STARTED,
                              HAFT_ORIGIN_LOCAL);
    }
    if (in->is_lost) {
        *code = "local.lost";
        snprintf(room, HAFT_MESSAGE_LIMIT, "the keeper was lost with it");
        return haft_native_of(HAFT_INFRA_LOST, HAFT_EFFECT_STARTED,
                              HAFT_ORIGIN_LOCAL);
    }
    if (in->error) {
        native = explain_error(in->error, code);
        snprintf(room, HAFT_MESSAGE_LIMIT, "could not be started: %s",
                 strerror(in->error));
    } else if (in->signal) {
        native = haft_from_signal(in->signal, known);
        *code = name_of(native.fault_class, signal_names);
        snprintf(room, HAFT_MESSAGE_LIMIT, "ended by signal %d (%s)",
                 in->signal, strsignal(in->signal));
    } else {
        native = haft_from_exit(in->exit_code, known);
        *code = name_of(native.fault_class, exit_names);
        if (in->exit_code) {
            snprintf(room, HAFT_MESSAGE_LIMIT, "exited with %d", in->exit_code);
        }
    }
    return native;
}

static haft_status on_ended(struct local *l, const struct haft_call *call,
                            const struct haft_child_ended_in *in,
                            struct haft_empty *out)
{
    struct attempt *attempt = find(l, in->id);
    char message[HAFT_MESSAGE_LIMIT];
    struct haft_native native;
    const char *code;
    HAFT_NEW(haft_attempt_ended_in, report);

    (void)call;
    (void)out;
    if (!attempt || attempt->is_ended) {
        return HAFT_OK;
    }
    attempt->is_ended = true;
    if (attempt->is_cancelled) {
        set_timer(l, attempt->id, 0);
    }
    report.attempt = in->id;
    report.fence = attempt->fence;
    report.started_ms = in->started_ms;
    report.ended_ms = in->ended_ms;
    native = explain(in, attempt->is_cancelled, &code, message);
    report.fault_class = native.fault_class;
    report.effect = native.effect;
    report.origin = native.origin;
    report.exit_code = in->exit_code;
    report.signal = in->signal;
    report.code = haft_text(code);
    report.message = haft_text(message);
    return ask_attempt(l, HAFT_ATTEMPT_ENDED, &report);
}
HAFT_METHOD(on_ended, struct local, struct haft_child_ended_in,
            struct haft_empty);

static haft_status set_slots(struct local *l, const struct haft_call *call,
                             const struct haft_slots_set_in *in,
                             struct haft_empty *out)
{
    (void)call;
    (void)out;
    return ask_process(l, HAFT_PROCESS_SLOTS, in, NULL);
}
HAFT_METHOD(set_slots, struct local, struct haft_slots_set_in,
            struct haft_empty);

static const haft_method executor_methods[] = {
    [HAFT_EXECUTOR_START] = start_method,
    [HAFT_EXECUTOR_CANCEL] = cancel_method,
    [HAFT_EXECUTOR_RECOVER] = recover_method,
    [HAFT_EXECUTOR_RELEASE] = release_method,
};
static const haft_method slots_methods[] = {[HAFT_SLOTS_SET] =
                                                set_slots_method};
static const haft_method child_methods[] = {
    [HAFT_CHILD_STARTED] = on_started_method,
    [HAFT_CHILD_ENDED] = on_ended_method,
};
static const haft_method ready_methods[] = {[HAFT_READY_ON] = on_ready_method};

/* ---- the instance ---- */

static void destroy(struct haft_instance *instance)
{
    struct local *l = (struct local *)(void *)instance;

    tdestroy(l->attempts, free);
    for (uint32_t i = 0; i < l->limits_count; i++) {
        free(l->limit_names[i]);
    }
    free(l);
}

/* A number, one with a unit of 1024, or "unlimited". */
static bool read_amount(const char *text, uint64_t *amount)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    unsigned long long number;
    char *end;

    if (strcmp(text, "unlimited") == 0) {
        *amount = UINT64_MAX;
        return true;
    }
    errno = 0;
    number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0) {
        return false;
    }
    for (unsigned int i = 0; i < 4; i++) {
        if (strcmp(end, units[i]) == 0 && number <= UINT64_MAX >> (10 * i)) {
            *amount = (uint64_t)number << (10 * i);
            return true;
        }
    }
    return false;
}

/* One item of the option limits: "nofile=1024". Takes `text`. */
static haft_status add_limit(struct local *l, char *text)
{
    static const char *const names[] = {"cpu",   "as",   "fsize", "nofile",
                                        "nproc", "core", "stack", "memlock"};
    char *equals = strchr(text, '=');
    uint64_t amount;
    size_t i = 0;

    l->limit_names[l->limits_count] = text;
    if (!equals || !read_amount(equals + 1, &amount)) {
        l->limits_count++;
        return haft_fail(l->host, NULL, HAFT_INVALID, "local.limits",
                         "option limits: \"%s\" is not like nofile=1024, "
                         "as=2GiB or cpu=unlimited",
                         text);
    }
    *equals = '\0';
    while (i < sizeof(names) / sizeof(names[0]) &&
           strcmp(names[i], text) != 0) {
        i++;
    }
    l->limits[l->limits_count++] = (struct haft_limit){haft_text(text), amount};
    if (i == sizeof(names) / sizeof(names[0])) {
        return haft_fail(l->host, NULL, HAFT_INVALID, "local.limits",
                         "option limits: there is no limit \"%s\"; there are "
                         "cpu, as, fsize, nofile, nproc, core, stack, memlock",
                         text);
    }
    return HAFT_OK;
}

static haft_status add_limits(struct local *l, const struct haft_create *with)
{
    uint32_t count = haft_option_count(with, "limits");
    haft_status status = HAFT_OK;

    if (count > LIMITS) {
        return haft_fail(l->host, NULL, HAFT_INVALID, "local.limits",
                         "option limits: more than %d", LIMITS);
    }
    for (uint32_t i = 0; i < count && status == HAFT_OK; i++) {
        char *text = haft_copy_text(haft_option(with, "limits", i)->text);

        status = text ? add_limit(l, text) : -HAFT_RESOURCE;
    }
    return status;
}

#define OBJECT(id, methods, self)                                              \
    {                                                                          \
        sizeof(struct haft_object), sizeof(methods) / sizeof((methods)[0]),    \
            &(id), methods, self                                               \
    }

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct local *l = calloc(1, sizeof(*l));
    haft_status status;

    if (!l) {
        return -HAFT_RESOURCE;
    }
    l->host = host;
    l->executor =
        (struct haft_object)OBJECT(haft_executor_v1, executor_methods, l);
    l->slots = (struct haft_object)OBJECT(haft_slots_v1, slots_methods, l);
    l->child = (struct haft_object)OBJECT(haft_child_v1, child_methods, l);
    l->ready = (struct haft_object)OBJECT(haft_ready_v1, ready_methods, l);
    l->objects[0] = &l->executor;
    l->objects[1] = &l->slots;
    l->objects[2] = &l->child;
    l->objects[3] = &l->ready;
    l->instance =
        (struct haft_instance){sizeof(l->instance), 0, l->objects, destroy};
    status = add_limits(l, with);
    if (status != HAFT_OK) {
        destroy(&l->instance);
        return status;
    }
    *out = &l->instance;
    return HAFT_OK;
}

static const struct haft_class local_class = {
    sizeof(struct haft_class), 0, "haft.executor/1", "local", create};
static const struct haft_class *const classes[] = {&local_class, NULL};

HAFT_MODULE(executor_local, "0.1.0", classes,
            "plugins/executor/local/manifest.json");
