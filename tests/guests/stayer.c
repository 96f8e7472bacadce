/* An executor whose work is in its own memory: an attempt lasts until the file
 * that its command names is there, which holds its exit code. It adds a line to
 * that file's name with .begun behind it, one to .said when the host has what it
 * says, and one to .over when it has ended. It says "begun", and "over" if it
 * ends well. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <haft/executor.h>
#include <haft/host.h>
#include <haft/sdk.h>

#define ATTEMPTS 64
#define LOOK_MS 5

struct attempt {
    uint64_t id; /* 0: a free place */
    uint64_t fence;
    char path[4096];
    uint64_t said; /* bytes of output that the host has */
    int is_over;
    int code;
    int is_told;
};

struct stayer {
    struct haft_instance instance;
    const struct haft_host *host;
    const struct haft_object *attempt;
    const struct haft_object *loop;
    struct haft_object executor;
    struct haft_object ready;
    const struct haft_object *objects[3];
    struct attempt attempts[ATTEMPTS];
};

static const char said[] = "begun\nover\n";

static struct attempt *find(struct stayer *s, uint64_t id)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        if (s->attempts[i].id == id) {
            return &s->attempts[i];
        }
    }
    return NULL;
}

static void wait_a_moment(struct stayer *s)
{
    HAFT_NEW(haft_loop_timer_in, timer);

    timer.token = 1;
    timer.at_ms = haft_now(s->host).monotonic_ms + LOOK_MS;
    haft_ask(s->loop, HAFT_LOOP_TIMER, NULL, &timer, NULL);
}

static void note(const struct attempt *a, const char *what)
{
    char name[4200];
    FILE *f;

    snprintf(name, sizeof(name), "%s.%s", a->path, what);
    f = fopen(name, "ae");
    if (f) {
        fprintf(f, "%s\n", what);
        fclose(f);
    }
}

/* Whether the host has all of it. */
static int say(struct stayer *s, struct attempt *a)
{
    uint64_t wanted =
        a->is_over && !a->code ? sizeof(said) - 1 : strlen("begun\n");

    HAFT_NEW(haft_attempt_output_in, output);
    output.attempt = a->id;
    output.fence = a->fence;
    output.stream = HAFT_STREAM_STDOUT;
    output.offset = a->said;
    output.data = haft_bytes(said + a->said, wanted - a->said);
    if (a->said < wanted && haft_ask(s->attempt, HAFT_ATTEMPT_OUTPUT, NULL,
                                     &output, NULL) == HAFT_OK) {
        a->said = wanted;
        note(a, "said");
    }
    return a->said == wanted;
}

static void end(struct stayer *s, struct attempt *a)
{
    HAFT_NEW(haft_attempt_ended_in, in);

    in.attempt = a->id;
    in.fence = a->fence;
    in.fault_class = a->code ? HAFT_USER_FAILURE : 0;
    in.effect = HAFT_EFFECT_DONE;
    in.exit_code = a->code;
    haft_ask(s->attempt, HAFT_ATTEMPT_ENDED, NULL, &in, NULL);
    a->is_told = 1;
    note(a, "over");
}

static void look(struct stayer *s, struct attempt *a)
{
    FILE *f = a->is_over ? NULL : fopen(a->path, "re");

    if (f) {
        a->is_over = fscanf(f, "%d", &a->code) == 1;
        fclose(f);
    }
    if (say(s, a) && a->is_over && !a->is_told) {
        end(s, a);
    }
}

static haft_status on(struct stayer *s, const struct haft_ready_on_in *in)
{
    (void)in;
    for (int i = 0; i < ATTEMPTS; i++) {
        if (s->attempts[i].id) {
            look(s, &s->attempts[i]);
        }
    }
    wait_a_moment(s);
    return HAFT_OK;
}
HAFT_METHOD_IN(on, struct stayer, struct haft_ready_on_in);

static haft_status start(struct stayer *s,
                         const struct haft_executor_start_in *in)
{
    struct attempt *a = find(s, 0);
    const struct haft_slice *word = haft_item(in->argv, 0);

    HAFT_NEW(haft_attempt_started_in, started);
    if (!a || in->argv.count == 0) {
        return -HAFT_RESOURCE;
    }
    *a = (struct attempt){.id = in->attempt, .fence = in->fence};
    snprintf(a->path, sizeof(a->path), "%.*s", (int)word->n,
             (const char *)word->p);
    note(a, "begun");
    started.attempt = a->id;
    started.fence = a->fence;
    haft_ask(s->attempt, HAFT_ATTEMPT_STARTED, NULL, &started, NULL);
    wait_a_moment(s);
    return HAFT_OK;
}
HAFT_METHOD_IN(start, struct stayer, struct haft_executor_start_in);

static haft_status cancel(struct stayer *s,
                          const struct haft_executor_cancel_in *in)
{
    struct attempt *a = find(s, in->attempt);

    if (a) {
        HAFT_NEW(haft_attempt_ended_in, end_in);
        end_in.attempt = a->id;
        end_in.fence = a->fence;
        end_in.fault_class = HAFT_CANCELLED;
        end_in.effect = HAFT_EFFECT_STARTED;
        haft_ask(s->attempt, HAFT_ATTEMPT_ENDED, NULL, &end_in, NULL);
        a->id = 0;
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(cancel, struct stayer, struct haft_executor_cancel_in);

/* What the host does not have of its output is said once more. */
static haft_status recover(struct stayer *s, const struct haft_call *call,
                           const struct haft_executor_recover_in *in,
                           struct haft_executor_recover_out *out)
{
    struct attempt *a = find(s, in->attempt);

    (void)call;
    out->state = a ? HAFT_RECOVER_RUNNING : HAFT_RECOVER_UNKNOWN;
    if (a) {
        a->said = in->stdout_offset;
        a->is_told = 0;
    }
    return HAFT_OK;
}
HAFT_METHOD(recover, struct stayer, struct haft_executor_recover_in,
            struct haft_executor_recover_out);

static haft_status release(struct stayer *s,
                           const struct haft_executor_release_in *in)
{
    struct attempt *a = find(s, in->attempt);

    if (a) {
        a->id = 0;
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(release, struct stayer, struct haft_executor_release_in);

static const haft_method methods[] = {
    [HAFT_EXECUTOR_START] = start_method,
    [HAFT_EXECUTOR_CANCEL] = cancel_method,
    [HAFT_EXECUTOR_RECOVER] = recover_method,
    [HAFT_EXECUTOR_RELEASE] = release_method,
};
static const haft_method ready_methods[] = {on_method};

static void destroy(struct haft_instance *instance)
{
    free(instance);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct stayer *s = calloc(1, sizeof(*s));

    (void)with;
    if (!s) {
        return -HAFT_RESOURCE;
    }
    s->host = host;
    s->attempt = host->query(host->self, HAFT_ATTEMPT_V1);
    s->loop = host->query(host->self, HAFT_LOOP_V1);
    s->executor = (struct haft_object){sizeof(s->executor), 4,
                                       &haft_executor_v1, methods, s};
    s->ready = (struct haft_object){sizeof(s->ready), 1, &haft_ready_v1,
                                    ready_methods, s};
    s->objects[0] = &s->executor;
    s->objects[1] = &s->ready;
    s->instance =
        (struct haft_instance){sizeof(s->instance), 0, s->objects, destroy};
    *out = &s->instance;
    return HAFT_OK;
}

static const struct haft_class stayer = {sizeof(stayer), 0, HAFT_EXECUTOR_V1,
                                         "stayer", create};
static const struct haft_class *const classes[] = {&stayer, NULL};

HAFT_MODULE(guest_stayer, "1.0.0", classes, "tests/guests/stayer.json");
