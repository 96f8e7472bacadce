#include "host/carry/runner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <haft/executor.h>
#include <haft/host.h>
#include <haft/retry.h>

#include "host/base/log.h"
#include "host/carry/runner_inside.h"
#include "host/plain/mem.h"

/* An executor answers these at once, and works afterwards. */
#define ANSWER_LIMIT_MS 60000

#define CODE_LIMIT 256 /* bytes of a fault's code; of its message: as `why` */

void runner_wake(struct runner *r)
{
    if (r->wake) {
        r->wake(r->wake_ctx);
    }
}

struct asked *runner_ask(struct runner *r, uint64_t attempt, uint64_t fence)
{
    struct asked *asked = mem_new(1, sizeof(*asked));

    *asked = (struct asked){.runner = r, .attempt = attempt, .fence = fence};
    return asked;
}

int64_t runner_deadline_ms(const struct runner *r)
{
    return loop_now_ms(r->loop) + ANSWER_LIMIT_MS;
}

struct logs_of runner_files(const struct attempt *a)
{
    return (struct logs_of){a->run_id, a->task_name, a->fence};
}

/* ---- the end of an attempt ---- */

/* What the task left: a success with malformed outputs is none. */
static void finish_files(struct runner *r, struct attempt *a,
                         struct core_outcome *outcome, struct str *why)
{
    struct logs_of of = runner_files(a);
    bool is_good;

    if (logs_are_untouched(&r->logs, a->run_id)) {
        return;
    }
    if (a->has_output || process_left_files(r->process, a->id)) {
        a->files |= logs_fold(&r->logs, &of);
    }
    is_good = logs_outputs(&r->logs, &of, &a->files, &outcome->outputs, why);
    if (!is_good && outcome->fault.fault_class == FAULT_NONE) {
        outcome->fault = (struct fault){
            .fault_class = HAFT_INVALID,
            .effect = HAFT_EFFECT_DONE,
            .origin = HAFT_ORIGIN_USER,
            .code = "host.output_invalid",
            .message = why->text,
        };
    }
}

/* The attempt has ended, or never began. */
void runner_end(struct runner *r, struct attempt *a,
                struct core_outcome *outcome)
{
    struct str why;

    if (a->has_ended) {
        return;
    }
    a->has_ended = true;
    str_init(&why, STR_WHY_LIMIT);
    if (a->has_files) {
        finish_files(r, a, outcome, &why);
    }
    outcome->attempt = a->id;
    outcome->executor = a->executor;
    outcome->fence = a->fence;
    core_ask_ended(r->core, outcome);
    str_finish(&why);
    runner_wake(r);
}

static void fail_attempt(struct runner *r, struct attempt *a,
                         const struct fault *fault)
{
    struct core_outcome outcome = {.fault = *fault,
                                   .ended_ms = loop_clock_ms()};

    runner_end(r, a, &outcome);
}

/* ---- the cap on what an attempt writes ---- */

static void cap(void *ctx, const struct attempt *a)
{
    const struct runner *r = ctx;
    struct logs_of of = runner_files(a);

    if (!a->has_ended && !logs_are_untouched(&r->logs, a->run_id)) {
        logs_cap(&r->logs, &of);
    }
}

static void arm_cap(struct runner *r)
{
    loop_timer_set(r->loop, &r->cap_timer,
                   loop_now_ms(r->loop) + RUNNER_CAP_MS);
}

static void on_cap(void *ctx)
{
    struct runner *r = ctx;

    if (attempts_visit(&r->attempts, cap, r)) {
        arm_cap(r);
    }
}

/* ---- starting ---- */

void runner_copy_fault(struct fault *to, const struct haft_fault *from,
                       struct str *texts)
{
    size_t code = from->code.n < CODE_LIMIT ? from->code.n : CODE_LIMIT;
    size_t message =
        from->message.n < STR_WHY_LIMIT ? from->message.n : STR_WHY_LIMIT;

    str_add(texts, from->code.p, code);
    str_add_char(texts, '\0');
    str_add(texts, from->message.p, message);
    *to = (struct fault){
        .fault_class = from->fault_class,
        .effect = from->effect,
        .origin = from->origin,
        .retry_hint = from->retry_hint,
        .exit_code = from->exit_code,
        .signal = from->signal,
        .retry_after_ms = from->retry_after_ms,
        .code = texts->text,
        .message = texts->text + code + 1,
    };
}

/* What a plugin says of itself does not count: only the host knows that a
 * process is gone. */
bool runner_is_lost_with(const struct asked *asked, const struct guest *guest,
                         const struct haft_fault *fault)
{
    return fault && fault->fault_class == HAFT_PLUGIN_CRASH &&
           fault->effect == HAFT_EFFECT_MAYBE &&
           guest_losses(guest) != asked->losses;
}

/* A refusal says that nothing was started; the plugin's death says nothing. */
static void on_started(void *ctx, haft_status status, const void *out,
                       const struct haft_fault *fault)
{
    struct asked *asked = ctx;
    struct runner *r = asked->runner;
    struct attempt *a = attempts_find(&r->attempts, asked->attempt);
    struct fault copy;
    struct str texts;

    (void)out;
    if (status < 0 && a && a->fence == asked->fence &&
        !runner_is_lost_with(asked, a->guest, fault)) {
        str_init(&texts, 2 * STR_WHY_LIMIT);
        runner_copy_fault(&copy, fault, &texts);
        if (copy.fault_class != HAFT_PLUGIN_CRASH) {
            copy.effect = HAFT_EFFECT_NOT_STARTED;
        }
        fail_attempt(r, a, &copy);
        str_finish(&texts);
    }
    mem_free(asked);
}

struct attempt *runner_add(struct runner *r, const struct effect *effect)
{
    struct attempt *a = attempts_add(&r->attempts, effect->attempt);

    a->fence = effect->fence;
    a->run = effect->run;
    a->task = effect->task;
    a->executor = effect->executor;
    a->guest = runner_guest(r, effect->executor);
    memcpy(a->run_id, core_run(r->core, effect->run)->id, sizeof(a->run_id));
    core_task_name(r->core, effect->run, effect->task, a->task_name);
    a->gap_ms = loop_clock_ms() - loop_now_ms(r->loop);
    if (r->cap_timer.place == 0) {
        arm_cap(r);
    }
    return a;
}

/* Why it cannot even be handed over: nothing has happened. */
static void refuse(struct runner *r, struct attempt *a, uint32_t fault_class,
                   const char *code, const char *message)
{
    const struct fault fault = {
        .fault_class = fault_class,
        .effect = HAFT_EFFECT_NOT_STARTED,
        .origin =
            fault_class == HAFT_INVALID ? HAFT_ORIGIN_USER : HAFT_ORIGIN_LOCAL,
        .code = code,
        .message = message,
    };

    fail_attempt(r, a, &fault);
}

static void start(struct runner *r, const struct effect *effect)
{
    struct attempt *a = attempts_find(&r->attempts, effect->attempt);
    const struct haft_executor_start_in *in;
    struct str why;
    int status;

    a = a ? a : runner_add(r, effect);
    if (!a->guest) {
        refuse(r, a, HAFT_NOT_FOUND, "host.no_executor",
               "its executor is not there any more");
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    status = strcmp(r->made_run, a->run_id) == 0
                 ? 0
                 : logs_make_run(&r->logs, a->run_id);
    if (status) {
        str_addf(&why, "its folders cannot be made: %s", strerror(-status));
        refuse(r, a, HAFT_RESOURCE, "host.no_folder", why.text);
        str_finish(&why);
        return;
    }
    memcpy(r->made_run, a->run_id, sizeof(r->made_run));
    in = job_make(r->job, &r->logs, r->core, effect, &why);
    a->files |= job_has_script(r->job) ? 1u << LOGS_SCRIPT : 0;
    if (in) {
        struct asked *asked = runner_ask(r, a->id, a->fence);

        a->has_files = true;
        a->is_handed = true;
        asked->losses = guest_losses(a->guest);
        guest_call(a->guest, &haft_executor_v1, HAFT_EXECUTOR_START, in,
                   runner_deadline_ms(r), on_started, asked);
    } else {
        refuse(r, a, HAFT_INVALID, "host.no_value", why.text);
    }
    str_finish(&why);
}

static void cancel(struct runner *r, const struct effect *effect)
{
    const struct attempt *a = attempts_find(&r->attempts, effect->attempt);
    const struct haft_executor_cancel_in in = {
        .size = sizeof(in),
        .attempt = effect->attempt,
        .fence = effect->fence,
        .grace_ms = effect->grace_ms,
    };

    if (a && a->is_handed && !a->has_ended) {
        guest_call(a->guest, &haft_executor_v1, HAFT_EXECUTOR_CANCEL, &in,
                   runner_deadline_ms(r), NULL, NULL);
    }
}

void runner_token_key(char key[32], uint64_t attempt)
{
    snprintf(key, 32, "a/%016llx", (unsigned long long)attempt);
}

void runner_release(struct guest *guest, uint64_t attempt, uint64_t fence)
{
    const struct haft_executor_release_in in = {
        .size = sizeof(in),
        .attempt = attempt,
        .fence = fence,
    };

    guest_call(guest, &haft_executor_v1, HAFT_EXECUTOR_RELEASE, &in, INT64_MAX,
               NULL, NULL);
}

static void release(struct runner *r, const struct effect *effect)
{
    struct attempt *a = attempts_find(&r->attempts, effect->attempt);
    struct guest *guest = runner_guest(r, effect->executor);
    struct logs_of of;
    char key[32];

    if (!a) { /* an earlier host's, or one that nobody knows */
        if (guest) {
            runner_release(guest, effect->attempt, effect->fence);
        }
        return;
    }
    of = runner_files(a);
    logs_remove(&r->logs, &of, a->files);
    if (a->is_handed) {
        runner_release(a->guest, a->id, a->fence);
    }
    if (a->has_token) {
        runner_token_key(key, a->id);
        journal_put(r->journal, key, NULL, 0);
    }
    attempts_remove(&r->attempts, a);
}

/* ---- silence ---- */

static void listen(struct runner *r, const struct effect *effect)
{
    struct attempt *a = attempts_find(&r->attempts, effect->attempt);
    struct logs_of of;

    if (a) {
        of = runner_files(a);
        core_ask_heard(r->core, a->id, a->fence,
                       attempt_silent_ms(a, logs_heard_ms(&r->logs, &of),
                                         loop_clock_ms(),
                                         loop_now_ms(r->loop)));
        runner_wake(r);
    }
}

/* ---- effects ---- */

static void forget(struct runner *r, const struct effect *effect)
{
    const struct run *run = core_run(r->core, effect->run);

    logs_end_run(&r->logs, run->id);
    if (strcmp(r->made_run, run->id) == 0) {
        r->made_run[0] = '\0';
    }
    core_forget(r->core, effect->run);
}

void runner_act(struct runner *r, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_START:
        start(r, effect);
        break;
    case EFFECT_CANCEL:
        cancel(r, effect);
        break;
    case EFFECT_RELEASE:
        release(r, effect);
        break;
    case EFFECT_RETRY:
        runner_ask_retry(r, effect);
        break;
    case EFFECT_LISTEN:
        listen(r, effect);
        break;
    case EFFECT_RECOVER:
        runner_recover(r, effect);
        break;
    case EFFECT_FORGET:
        forget(r, effect);
        break;
    case EFFECT_ANSWER:
        break;
    }
}

/* ---- life ---- */

void runner_on_turn(struct runner *r, void (*fn)(void *ctx), void *ctx)
{
    r->wake = fn;
    r->wake_ctx = ctx;
}

/* A program that was not installed has its keeper beside it. */
static char *find_keeper(const char *given)
{
    static const char name[] = "/haft-keeper";
    char path[4096 + sizeof(name)];
    ssize_t size = given ? 0 : readlink("/proc/self/exe", path, 4096);
    char *end;

    if (given) {
        return mem_text(given, strlen(given));
    }
    path[size > 0 ? size : 0] = '\0';
    end = strrchr(path, '/');
    if (end) {
        memcpy(end, name, sizeof(name));
        if (access(path, X_OK) == 0) {
            return mem_text(path, strlen(path));
        }
    }
    return mem_text(HAFT_LIBEXEC_DIR "/haft-keeper",
                    strlen(HAFT_LIBEXEC_DIR "/haft-keeper"));
}

static uint32_t count_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count > 0 ? (uint32_t)count : 1;
}

struct runner *runner_create(struct loop *loop, struct guests *guests,
                             struct journal *journal,
                             const struct runner_options *options)
{
    struct runner *r = mem_new(1, sizeof(*r));
    struct process_options process;

    r->loop = loop;
    r->guests = guests;
    r->journal = journal;
    r->state = mem_text(options->state, strlen(options->state));
    r->retry = options->retry ? mem_text(options->retry, strlen(options->retry))
                              : mem_text("", 0);
    r->keeper = find_keeper(options->keeper);
    r->slots = options->slots ? options->slots : count_processors();
    r->logs = (struct logs){.state = r->state,
                            .limit_bytes = options->log_limit_bytes,
                            .fold_bytes = options->fold_limit_bytes,
                            .journal = journal};
    r->job = job_create();
    loop_timer_init(&r->settle_timer, runner_on_settle, r);
    loop_timer_init(&r->cap_timer, on_cap, r);
    process = (struct process_options){.state = r->state,
                                       .program = r->keeper,
                                       .ready = runner_on_keeper,
                                       .ctx = r};
    r->process = process_create(loop, guests, &process);
    r->service = (struct guest_service){.interface = &haft_attempt_v1,
                                        .methods = runner_attempt_methods,
                                        .ctx = r};
    guests_serve(guests, &r->service);
    r->launcher = (struct guest_launcher){
        .start = runner_start_worker, .is_busy = runner_is_busy, .ctx = r};
    guests_launch_by(guests, &r->launcher);
    guests_on_restart(guests, runner_on_restarted, r);
    return r;
}

/* Its end is not in the store yet. */
static bool is_kept(const void *ctx, uint64_t id)
{
    const struct runner *r = ctx;

    return attempts_find(&r->attempts, id) != NULL;
}

bool runner_is_released(const struct runner *r)
{
    return !process_has_unreleased(r->process, is_kept, r);
}

void runner_end_idle_workers(struct runner *r)
{
    const struct process_judge judge = {runner_is_busy, r};

    process_end_idle_workers(r->process, &judge);
}

bool runner_has_idle_worker(struct runner *r)
{
    const struct process_judge judge = {runner_is_busy, r};

    return process_has_idle_worker(r->process, &judge);
}

void runner_destroy(struct runner *r)
{
    if (!r) {
        return;
    }
    loop_timer_clear(r->loop, &r->settle_timer);
    loop_timer_clear(r->loop, &r->cap_timer);
    process_destroy(r->process);
    attempts_finish(&r->attempts);
    for (uint32_t i = 0; i < r->executors_count; i++) {
        mem_free(r->executors[i].name);
    }
    job_destroy(r->job);
    mem_free(r->parked);
    mem_free(r->undecided);
    mem_free(r->state);
    mem_free(r->retry);
    mem_free(r->keeper);
    mem_free(r);
}

void runner_prepare(struct runner *r, const char *executor)
{
    const struct guest *guest;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    guest = guests_find(r->guests, "executor", executor, &why);
    if (guest && guest_needs(guest, haft_process_v1.id)) {
        process_prepare(r->process);
    }
    str_finish(&why);
}

void runner_attach(struct runner *r, struct core *core)
{
    r->core = core;
    process_open(r->process, journal_epoch(r->journal));
    loop_timer_set(r->loop, &r->settle_timer,
                   loop_now_ms(r->loop) + RUNNER_SETTLE_MS);
}
