/* An executor that runs nothing and does what the words of a command say, one
 * after the other, each WORD or WORD:TEXT:
 *
 *   begin        says that it has started, with a token
 *   say:TEXT     writes to standard output, by haft.attempt/1
 *   cry:TEXT     writes to standard error
 *   skip:TEXT    writes to standard output, with a gap before it
 *   third:TEXT   writes to a stream that there is not
 *   stale:TEXT   writes as an attempt that there is not
 *   tell         writes what the host answered to all that was written
 *   note:TEXT    tells its progress
 *   leave:TEXT   writes TEXT to the file $HAFT_OUTPUT
 *   ghost        says that an attempt has ended that never was
 *   refuse       answers the start with a fault
 *   blame        answers the start with a fault that only the host may give
 *   await:TEXT   as begin; asked again for the attempt it ends it well if there
 *                is a file TEXT, else it runs
 *   die:TEXT     ends the process, unless there is a file TEXT
 *   mortal:TEXT  as begin; the first time that it is asked for the attempt
 *                again it makes the file TEXT and dies, then it ends it well
 *  X
 *   linger       does not end until it is cancelled
 *   code:TEXT    has that code when it fails
 *   fail:CLASS   ends with that class, by number
 *
 * What did not end otherwise ends well. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <haft/executor.h>
#include <haft/host.h>
#include <haft/sdk.h>

#define GHOST 0x7777

struct puppet {
    struct haft_instance instance;
    const struct haft_host *host;
    const struct haft_object *attempt; /* haft.attempt/1 */
    struct haft_object executor;
    const struct haft_object *objects[2];

    /* Of the attempt being started. */
    const struct haft_executor_start_in *job;
    uint64_t written[3]; /* by stream */
    char answers[128];
    size_t answers_size;
    uint32_t fault_class;
    struct haft_slice code;
    int lingers;
    int is_refused;
    int is_blamed;
};

static void output(struct puppet *p, uint32_t stream, uint64_t offset,
                   uint64_t fence, struct haft_slice text)
{
    HAFT_NEW(haft_attempt_output_in, in);
    haft_status status;

    in.attempt = p->job->attempt;
    in.fence = fence;
    in.stream = stream;
    in.offset = offset;
    in.data = text;
    status = haft_ask(p->attempt, HAFT_ATTEMPT_OUTPUT, NULL, &in, NULL);
    if (p->answers_size < sizeof(p->answers)) {
        int size =
            snprintf(p->answers + p->answers_size,
                     sizeof(p->answers) - p->answers_size, "%d ", (int)status);

        p->answers_size += size > 0 ? (size_t)size : 0;
    }
}

static void append(struct puppet *p, uint32_t stream, struct haft_slice text)
{
    output(p, stream, p->written[stream], p->job->fence, text);
    p->written[stream] += text.n;
}

static void say(struct puppet *p, struct haft_slice text)
{
    append(p, HAFT_STREAM_STDOUT, text);
}

static void cry(struct puppet *p, struct haft_slice text)
{
    append(p, HAFT_STREAM_STDERR, text);
}

static void skip(struct puppet *p, struct haft_slice text)
{
    output(p, HAFT_STREAM_STDOUT, p->written[HAFT_STREAM_STDOUT] + 100,
           p->job->fence, text);
}

static void third(struct puppet *p, struct haft_slice text)
{
    output(p, 3, 0, p->job->fence, text);
}

static void stale(struct puppet *p, struct haft_slice text)
{
    output(p, HAFT_STREAM_STDOUT, 0, p->job->fence + 1, text);
}

static void tell(struct puppet *p, struct haft_slice text)
{
    (void)text;
    say(p, haft_text(p->answers));
}

static void note(struct puppet *p, struct haft_slice text)
{
    HAFT_NEW(haft_attempt_progress_in, in);

    in.attempt = p->job->attempt;
    in.fence = p->job->fence;
    in.permille = 500;
    in.note = text;
    haft_ask(p->attempt, HAFT_ATTEMPT_PROGRESS, NULL, &in, NULL);
}

static void leave(struct puppet *p, struct haft_slice text)
{
    for (uint32_t i = 0; i < p->job->env.count; i++) {
        const struct haft_pair *pair = haft_item(p->job->env, i);

        if (haft_slice_is(pair->name, "HAFT_OUTPUT")) {
            char path[4096];
            FILE *f;

            snprintf(path, sizeof(path), "%.*s", (int)pair->value.n,
                     (const char *)pair->value.p);
            f = fopen(path, "we");
            if (f) {
                fwrite(text.p, 1, text.n, f);
                fclose(f);
            }
        }
    }
}

static void mortal(struct puppet *p, struct haft_slice text)
{
    HAFT_NEW(haft_attempt_started_in, in);

    in.attempt = p->job->attempt;
    in.fence = p->job->fence;
    in.token = text;
    haft_ask(p->attempt, HAFT_ATTEMPT_STARTED, NULL, &in, NULL);
}

static void await(struct puppet *p, struct haft_slice text)
{
    char token[4096];

    snprintf(token, sizeof(token), "+%.*s", (int)text.n, (const char *)text.p);
    mortal(p, haft_text(token));
}

static void begin(struct puppet *p, struct haft_slice text)
{
    (void)text;
    mortal(p, haft_text("strings"));
}

static void end(struct puppet *p, uint64_t attempt, uint64_t fence,
                uint32_t fault_class)
{
    HAFT_NEW(haft_attempt_ended_in, in);

    in.attempt = attempt;
    in.fence = fence;
    in.fault_class = fault_class;
    in.effect = fault_class ? HAFT_EFFECT_STARTED : HAFT_EFFECT_DONE;
    if (fault_class) {
        in.code = p->code;
    }
    in.message = haft_text(fault_class ? "failed as told" : "");
    haft_ask(p->attempt, HAFT_ATTEMPT_ENDED, NULL, &in, NULL);
}

static void ghost(struct puppet *p, struct haft_slice text)
{
    (void)text;
    end(p, GHOST, 1, 0);
}

static void refuse(struct puppet *p, struct haft_slice text)
{
    (void)text;
    p->is_refused = 1;
}

static void die(struct puppet *p, struct haft_slice text)
{
    char path[4096];

    (void)p;
    snprintf(path, sizeof(path), "%.*s", (int)text.n, (const char *)text.p);
    if (access(path, F_OK) != 0) {
        _exit(7);
    }
}

static void blame(struct puppet *p, struct haft_slice text)
{
    (void)text;
    p->is_blamed = 1;
}

static void linger(struct puppet *p, struct haft_slice text)
{
    (void)text;
    p->lingers = 1;
}

static void name(struct puppet *p, struct haft_slice text)
{
    p->code = text;
}

static void fail(struct puppet *p, struct haft_slice text)
{
    const char *digits = text.p;

    for (uint64_t i = 0; i < text.n; i++) {
        p->fault_class = p->fault_class * 10 + (uint32_t)(digits[i] - '0');
    }
}

static const struct {
    const char *word;
    void (*act)(struct puppet *p, struct haft_slice text);
} acts[] = {
    {"begin", begin}, {"say", say},     {"cry", cry},       {"skip", skip},
    {"third", third}, {"stale", stale}, {"tell", tell},     {"note", note},
    {"leave", leave}, {"ghost", ghost}, {"refuse", refuse}, {"linger", linger},
    {"code", name},   {"fail", fail},   {"blame", blame},   {"mortal", mortal},
    {"die", die},     {"await", await},
};

static void act(struct puppet *p, struct haft_slice word)
{
    const char *bytes = word.p;
    uint64_t size = 0;
    struct haft_slice text = {NULL, 0};

    while (size < word.n && bytes[size] != ':') {
        size++;
    }
    if (size < word.n) {
        text = haft_bytes(bytes + size + 1, word.n - size - 1);
    }
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (haft_slice_is(haft_bytes(bytes, size), acts[i].word)) {
            acts[i].act(p, text);
        }
    }
}

static haft_status start(struct puppet *p, const struct haft_call *call,
                         const struct haft_executor_start_in *in,
                         struct haft_empty *out)
{
    (void)out;
    p->job = in;
    p->written[1] = 0;
    p->written[2] = 0;
    p->answers_size = 0;
    p->answers[0] = '\0';
    p->fault_class = 0;
    p->code = haft_text("puppet.failed");
    p->lingers = 0;
    p->is_refused = 0;
    p->is_blamed = 0;
    for (uint32_t i = 0; i < in->argv.count; i++) {
        act(p, *(const struct haft_slice *)haft_item(in->argv, i));
    }
    if (p->is_refused) {
        return haft_fail(p->host, call, HAFT_RESOURCE, "puppet.refused",
                         "refused as told");
    }
    if (p->is_blamed) {
        HAFT_NEW(haft_fault, fault);
        fault.fault_class = HAFT_PLUGIN_CRASH;
        fault.effect = HAFT_EFFECT_MAYBE;
        fault.code = haft_text("host.worker_lost");
        p->host->fault(p->host->self, call->id, &fault);
        return -HAFT_PLUGIN_CRASH;
    }
    if (!p->lingers) {
        end(p, in->attempt, in->fence, p->fault_class);
    }
    return HAFT_OK;
}
HAFT_METHOD(start, struct puppet, struct haft_executor_start_in,
            struct haft_empty);

static haft_status cancel(struct puppet *p, const struct haft_call *call,
                          const struct haft_executor_cancel_in *in,
                          struct haft_empty *out)
{
    (void)call;
    (void)out;
    p->code = haft_text("puppet.cancelled"); /* the job is gone */
    end(p, in->attempt, in->fence, HAFT_CANCELLED);
    return HAFT_OK;
}
HAFT_METHOD(cancel, struct puppet, struct haft_executor_cancel_in,
            struct haft_empty);

static haft_status recover(struct puppet *p, const struct haft_call *call,
                           const struct haft_executor_recover_in *in,
                           struct haft_executor_recover_out *out)
{
    char token[4096];

    (void)call;
    snprintf(token, sizeof(token), "%.*s", (int)in->token.n,
             (const char *)in->token.p);
    if (token[0] == '/' &&
        open(token, O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0) {
        _exit(8);
    }
    out->state = token[0] == '/' || token[0] == '+' ? HAFT_RECOVER_RUNNING
                                                    : HAFT_RECOVER_UNKNOWN;
    if (token[0] == '/' || (token[0] == '+' && access(token + 1, F_OK) == 0)) {
        end(p, in->attempt, in->fence, 0);
    }
    return HAFT_OK;
}
HAFT_METHOD(recover, struct puppet, struct haft_executor_recover_in,
            struct haft_executor_recover_out);

static haft_status release(struct puppet *p, const struct haft_call *call,
                           const struct haft_executor_release_in *in,
                           struct haft_empty *out)
{
    (void)call;
    (void)out;
    if (in->attempt == GHOST) {
        haft_log(p->host, HAFT_LOG_ERROR, "ghost is released", "fence",
                 haft_text("1"));
    }
    return HAFT_OK;
}
HAFT_METHOD(release, struct puppet, struct haft_executor_release_in,
            struct haft_empty);

static const haft_method methods[] = {
    [HAFT_EXECUTOR_START] = start_method,
    [HAFT_EXECUTOR_CANCEL] = cancel_method,
    [HAFT_EXECUTOR_RECOVER] = recover_method,
    [HAFT_EXECUTOR_RELEASE] = release_method,
};

static void destroy(struct haft_instance *instance)
{
    free(instance);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct puppet *p = calloc(1, sizeof(*p));

    (void)with;
    if (!p) {
        return -HAFT_RESOURCE;
    }
    p->host = host;
    p->attempt = host->query(host->self, HAFT_ATTEMPT_V1);
    p->executor = (struct haft_object){sizeof(p->executor),
                                       sizeof(methods) / sizeof(methods[0]),
                                       &haft_executor_v1, methods, p};
    p->objects[0] = &p->executor;
    p->instance =
        (struct haft_instance){sizeof(p->instance), 0, p->objects, destroy};
    *out = &p->instance;
    return HAFT_OK;
}

static const struct haft_class puppet = {sizeof(puppet), 0, HAFT_EXECUTOR_V1,
                                         "puppet", create};
static const struct haft_class picky = {sizeof(picky), 0, HAFT_EXECUTOR_V1,
                                        "picky", create};
static const struct haft_class *const classes[] = {&puppet, &picky, NULL};

HAFT_MODULE(guest_puppet, "1.0.0", classes, "tests/guests/puppet.json");
