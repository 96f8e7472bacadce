/* A module that does what it is told: the kind of the first event of a delivery
 * names an act, good or bad, and `seq` is its argument. Tests drive the host's
 * side of the border with it. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

#include <haft/notify.h>
#include <haft/retry.h>
#include <haft/sdk.h>

#define KEPT 64

/* The objects of one instance, and the list of them, in one piece. */
struct offers {
    const struct haft_object *list[4];
    struct haft_object objects[3];
};

struct actor {
    struct haft_instance instance;
    struct offers *offers;
    const struct haft_host *host;
    pthread_mutex_t lock;
    uint64_t kept[KEPT]; /* calls that were answered PENDING */
    uint32_t kept_count;
    pthread_t helper;
    int has_helper;
    uint64_t told; /* the token of the last haft.ready/1 */
    int32_t pid;   /* of the last haft.child/1 */
    char *file;    /* its option, or NULL */
    int has_will;  /* it writes the file when it is destroyed */
    struct haft_child_ended_in child;
};

static struct haft_slice event_kind(const struct haft_notify_deliver_in *in)
{
    const struct haft_notify_event *e = haft_item(in->events, 0);

    return in->events.count > 0 ? e->kind : haft_text("ok");
}

static uint64_t event_seq(const struct haft_notify_deliver_in *in)
{
    const struct haft_notify_event *e = haft_item(in->events, 0);

    return in->events.count > 0 ? e->seq : 0;
}

static haft_status keep(struct actor *a, const struct haft_call *call)
{
    pthread_mutex_lock(&a->lock);
    a->kept[a->kept_count++ % KEPT] = call->id;
    pthread_mutex_unlock(&a->lock);
    return HAFT_PENDING;
}

/* Ends everything that is kept; says how many were still wanted. */
static uint32_t release(struct actor *a)
{
    uint32_t good = 0;

    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < a->kept_count && i < KEPT; i++) {
        good += haft_end(a->host, a->kept[i], NULL) == HAFT_OK;
    }
    a->kept_count = 0;
    pthread_mutex_unlock(&a->lock);
    return good;
}

static void *release_soon(void *ctx)
{
    release(ctx);
    return NULL;
}

static haft_status post_end(struct actor *a, uint64_t attempt)
{
    HAFT_NEW(haft_attempt_ended_in, report);
    report.attempt = attempt;
    report.code = haft_text("actor.ended");
    return haft_ask(a->host->query(a->host->self, HAFT_ATTEMPT_V1),
                    HAFT_ATTEMPT_ENDED, NULL, &report, NULL);
}

static haft_status ask_output(struct actor *a, uint64_t attempt)
{
    HAFT_NEW(haft_attempt_output_in, output);
    output.attempt = attempt;
    output.stream = HAFT_STREAM_STDOUT;
    output.data = haft_text("said");
    return haft_ask(a->host->query(a->host->self, HAFT_ATTEMPT_V1),
                    HAFT_ATTEMPT_OUTPUT, NULL, &output, NULL);
}

static haft_status bad_post(struct actor *a)
{
    HAFT_NEW(haft_attempt_ended_in, report);
    report.code = haft_bytes("\xff\xfe", 2);
    return haft_ask(a->host->query(a->host->self, HAFT_ATTEMPT_V1),
                    HAFT_ATTEMPT_ENDED, NULL, &report, NULL);
}

static haft_status wait_on_loop(struct actor *a, uint64_t token)
{
    const struct haft_object *loop =
        a->host->query(a->host->self, HAFT_LOOP_V1);

    HAFT_NEW(haft_loop_timer_in, timer);
    timer.token = token;
    timer.at_ms = haft_now(a->host).monotonic_ms + 1;
    return haft_ask(loop, HAFT_LOOP_TIMER, NULL, &timer, NULL);
}

/* Until nobody wants it any more. */
static haft_status spin(struct actor *a, const struct haft_call *call)
{
    const struct timespec pause = {0, 1000000};

    while (!a->host->cancelled(a->host->self, call->id)) {
        nanosleep(&pause, NULL);
    }
    return -HAFT_CANCELLED;
}

/* As a plugin that is hostile to the process that it is in. */
static void end_process(struct haft_slice what, uint64_t n)
{
    static const char frame[] = "this is no frame of any protocol at all";

    if (haft_slice_is(what, "signal")) {
        struct sigaction usual = {.sa_handler = SIG_DFL};
        sigset_t one;

        sigemptyset(&one);
        sigaddset(&one, (int)n);
        sigaction((int)n, &usual, NULL);
        pthread_sigmask(SIG_UNBLOCK, &one, NULL);
        raise((int)n);
    }
    if (haft_slice_is(what, "exit")) {
        _exit((int)n);
    }
    if (haft_slice_is(what, "orphan")) { /* somebody keeps what was its own */
        if (fork() == 0) {
            setsid();
            sleep(10);
            _exit(0);
        }
        _exit((int)n);
    }
    if (haft_slice_is(what, "garble") &&
        write(3, frame, sizeof(frame)) < (ssize_t)sizeof(frame)) {
        _exit(99);
    }
}

static haft_status act(struct actor *a, const struct haft_call *call,
                       struct haft_slice what, uint64_t n)
{
    if (haft_slice_is(what, "fail")) {
        return haft_fail(a->host, call, HAFT_TRANSIENT, "actor.told",
                         "failed as told, %u", (unsigned)n);
    }
    if (haft_slice_is(what, "mute")) {
        return -HAFT_RESOURCE;
    }
    if (haft_slice_is(what, "status")) {
        return 77;
    }
    if (haft_slice_is(what, "keep")) {
        return keep(a, call);
    }
    if (haft_slice_is(what, "release")) {
        return release(a) == n ? HAFT_OK : -HAFT_CONFLICT;
    }
    if (haft_slice_is(what, "early")) {
        haft_end(a->host, call->id, NULL);
        return HAFT_PENDING;
    }
    if (haft_slice_is(what, "twice")) {
        haft_end(a->host, call->id, NULL);
        return HAFT_OK;
    }
    if (haft_slice_is(what, "spin")) {
        return spin(a, call);
    }
    if (haft_slice_is(what, "stall")) {
        const struct timespec deaf = {0, (long)n * 1000000};

        nanosleep(&deaf, NULL);
        return HAFT_OK;
    }
    if (haft_slice_is(what, "thread")) {
        a->has_helper = 1;
        keep(a, call);
        return pthread_create(&a->helper, NULL, release_soon, a) == 0
                   ? HAFT_PENDING
                   : -HAFT_RESOURCE;
    }
    return HAFT_OK;
}

/* Whether the last child that was told has ended so. */
static haft_status was_child(const struct actor *a, struct haft_slice how,
                             uint64_t n)
{
    const struct haft_child_ended_in *c = &a->child;
    int is_so = (haft_slice_is(how, "child_started") && a->pid > 0) ||
                (haft_slice_is(how, "child_id") && c->id == n);

    if (c->id) {
        is_so |= haft_slice_is(how, "child_exited") && !c->signal &&
                 !c->error && (uint64_t)c->exit_code == n;
        is_so |= haft_slice_is(how, "child_killed") && (uint64_t)c->signal == n;
        is_so |= haft_slice_is(how, "child_failed") && (uint64_t)c->error == n;
        is_so |= haft_slice_is(how, "child_withdrawn") && c->is_withdrawn;
        is_so |= haft_slice_is(how, "child_lost") && c->is_lost;
    }
    return is_so ? HAFT_OK : -HAFT_CONFLICT;
}

/* Whether the kernel lets it do what is none of its business. */
static haft_status overstep(struct haft_slice what)
{
    char path[64];
    int fd = -1;

    if (haft_slice_is(what, "trace")) {
        return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? HAFT_OK
                                                                 : -HAFT_DENIED;
    }
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
    if (haft_slice_is(what, "memory")) {
        fd = open(path, O_RDWR | O_CLOEXEC);
    } else if (haft_slice_is(what, "system")) {
        fd = open("/etc/haft-actor", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    } else if (haft_slice_is(what, "scratch")) {
        fd = open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    }
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 ? HAFT_OK : -HAFT_DENIED;
}

static haft_status act_on_host(struct actor *a, struct haft_slice what,
                               uint64_t n)
{
    if (haft_slice_is(what, "post")) {
        return post_end(a, n);
    }
    if (haft_slice_is(what, "output")) {
        return ask_output(a, n);
    }
    if (haft_slice_is(what, "bad_post")) {
        return bad_post(a) == -HAFT_INVALID ? HAFT_OK : -HAFT_CONFLICT;
    }
    if (haft_slice_is(what, "timer")) {
        return wait_on_loop(a, n);
    }
    if (haft_slice_is(what, "will")) {
        a->has_will = 1;
        return a->file ? HAFT_OK : -HAFT_INVALID;
    }
    if (haft_slice_is(what, "told")) {
        return a->told == n ? HAFT_OK : -HAFT_CONFLICT;
    }
    if (what.n > 6 && memcmp(what.p, "child_", 6) == 0) {
        return was_child(a, what, n);
    }
    if (haft_slice_is(what, "trace") || haft_slice_is(what, "memory") ||
        haft_slice_is(what, "system") || haft_slice_is(what, "scratch")) {
        return overstep(what);
    }
    if (haft_slice_is(what, "process")) {
        return a->host->query(a->host->self, "haft.process/1") ? -HAFT_CONFLICT
                                                               : HAFT_OK;
    }
    if (haft_slice_is(what, "log")) {
        haft_log(a->host, HAFT_LOG_INFO, "as told", "what", what);
    }
    return HAFT_OK;
}

static haft_status deliver(struct actor *a, const struct haft_call *call,
                           const struct haft_notify_deliver_in *in, void *out)
{
    struct haft_slice what = event_kind(in);
    haft_status status = act(a, call, what, event_seq(in));

    (void)out;
    end_process(what, event_seq(in));
    return status != HAFT_OK ? status : act_on_host(a, what, event_seq(in));
}
HAFT_METHOD(deliver, struct actor, struct haft_notify_deliver_in, void);

static haft_status on(struct actor *a, const struct haft_call *call,
                      const struct haft_ready_on_in *in, void *out)
{
    (void)call;
    (void)out;
    a->told = in->token;
    return HAFT_OK;
}
HAFT_METHOD(on, struct actor, struct haft_ready_on_in, void);

static haft_status started(struct actor *a, const struct haft_call *call,
                           const struct haft_child_started_in *in, void *out)
{
    (void)call;
    (void)out;
    a->pid = in->pid;
    return HAFT_OK;
}
HAFT_METHOD(started, struct actor, struct haft_child_started_in, void);

static haft_status ended(struct actor *a, const struct haft_call *call,
                         const struct haft_child_ended_in *in, void *out)
{
    (void)call;
    (void)out;
    a->child = *in; /* its step is not looked at */
    return HAFT_OK;
}
HAFT_METHOD(ended, struct actor, struct haft_child_ended_in, void);

/* The code says what to answer. */
static haft_status decide(struct actor *a, const struct haft_call *call,
                          const struct haft_retry_decide_in *in,
                          struct haft_retry_decide_out *out)
{
    out->verdict = HAFT_RETRY_AGAIN;
    out->delay_ms = in->base_ms;
    out->reason = in->code; /* the host's own bytes */
    if (haft_slice_is(in->code, "memory")) {
        char *bytes = a->host->alloc(a->host->self, call->id, 5);

        memcpy(bytes, "owned", 5);
        out->reason = haft_bytes(bytes, 5);
    }
    if (haft_slice_is(in->code, "bytes")) {
        out->reason = haft_bytes("\xc3(", 2);
    }
    if (haft_slice_is(in->code, "null")) {
        out->reason = haft_bytes(NULL, 9);
    }
    return HAFT_OK;
}
HAFT_METHOD(decide, struct actor, struct haft_retry_decide_in,
            struct haft_retry_decide_out);

static void destroy(struct haft_instance *instance)
{
    struct actor *a = (struct actor *)instance;

    if (a->has_helper) {
        pthread_join(a->helper, NULL);
    }
    if (a->has_will) {
        close(open(a->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    pthread_mutex_destroy(&a->lock);
    free(a->file);
    free(a->offers);
    free(a);
}

static const haft_method notify_methods[] = {deliver_method};
static const haft_method ready_methods[] = {on_method};
static const haft_method child_methods[] = {started_method, ended_method};
static const haft_method retry_methods[] = {decide_method};

static struct actor *make(const struct haft_host *host,
                          const struct haft_interface *interface,
                          const haft_method *methods)
{
    struct actor *a = calloc(1, sizeof(*a));
    struct offers *o = calloc(1, sizeof(*o));

    if (!a || !o) {
        free(a);
        free(o);
        return NULL;
    }
    o->objects[0] =
        (struct haft_object){sizeof(o->objects[0]), 1, interface, methods, a};
    o->objects[1] = (struct haft_object){sizeof(o->objects[1]), 1,
                                         &haft_ready_v1, ready_methods, a};
    o->list[0] = &o->objects[0];
    o->objects[2] = (struct haft_object){sizeof(o->objects[2]), 2,
                                         &haft_child_v1, child_methods, a};
    o->list[1] = &o->objects[1];
    o->list[2] = &o->objects[2];
    a->instance.size = sizeof(a->instance);
    a->instance.objects = o->list;
    a->offers = o;
    a->instance.destroy = destroy;
    a->host = host;
    pthread_mutex_init(&a->lock, NULL);
    return a;
}

static haft_status give(struct actor *a, struct haft_instance **out)
{
    if (!a) {
        return -HAFT_RESOURCE;
    }
    *out = &a->instance;
    return HAFT_OK;
}

static haft_status make_notify(const struct haft_host *host,
                               const struct haft_create *with,
                               struct haft_instance **out)
{
    if (haft_option_number(with, "fail")) {
        struct haft_slice word = haft_option_text(with, "word");

        return haft_fail(host, NULL, HAFT_INVALID, "actor.told",
                         "%.*s, %u words, %d ms, %s", (int)word.n,
                         (const char *)word.p,
                         (unsigned)haft_option_count(with, "words"),
                         (int)haft_option_number(with, "wait"),
                         haft_option(with, "room", 0) ? "room" : "no room");
    }
    struct actor *a = make(host, &haft_notify_v1, notify_methods);
    struct haft_slice file = haft_option_text(with, "file");

    if (a && file.n > 0) {
        a->file = haft_copy_text(file);
    }
    return give(a, out);
}

static haft_status make_retry(const struct haft_host *host,
                              const struct haft_create *with,
                              struct haft_instance **out)
{
    (void)with;
    return give(make(host, &haft_retry_v1, retry_methods), out);
}

static const struct haft_class looping = {sizeof(looping), 0, HAFT_NOTIFY_V1,
                                          "looping", make_notify};
static const struct haft_class serial = {sizeof(serial), 0, HAFT_NOTIFY_V1,
                                         "serial", make_notify};
static const struct haft_class crowd = {sizeof(crowd), 0, HAFT_NOTIFY_V1,
                                        "crowd", make_notify};
static const struct haft_class judge = {sizeof(judge), 0, HAFT_RETRY_V1,
                                        "judge", make_retry};
static const struct haft_class *const classes[] = {&looping, &serial, &crowd,
                                                   &judge, NULL};

HAFT_MODULE(guest_actor, "1.2.3", classes, "tests/guests/actor.json");

/* A test writes "yes" into the file: it then ends as soon as it is loaded. */
static const volatile char aborts[] = "aborts when loaded: no ";

__attribute__((constructor)) static void start(void)
{
    if (aborts[sizeof(aborts) - 4] == 'y') {
        abort();
    }
}
