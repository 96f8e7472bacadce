#include <errno.h>

#include <haft/host.h>

#include "host/base/log.h"
#include "host/carry/runner_inside.h"

#define TOKEN_LIMIT 4096 /* as host.h says */

/* The attempt that a guest speaks of, if it may. */
static struct attempt *find_own(struct runner *r, const struct guest *who,
                                uint64_t id, uint64_t fence)
{
    struct attempt *a = attempts_find(&r->attempts, id);

    return a && a->guest == who && a->fence == fence && !a->has_ended ? a
                                                                      : NULL;
}

static haft_status serve_started(void *ctx, struct guest *who,
                                 const struct haft_call *call, const void *in,
                                 void *out)
{
    const struct haft_attempt_started_in *started = in;
    struct runner *r = ctx;
    struct attempt *a = find_own(r, who, started->attempt, started->fence);
    char key[32];

    (void)call;
    (void)out;
    if (!a) {
        return HAFT_STALE;
    }
    if (started->token.n > 0 && started->token.n <= TOKEN_LIMIT) {
        runner_token_key(key, a->id);
        journal_put(r->journal, key, started->token.p, started->token.n);
        a->has_token = true;
    }
    core_ask_started(r->core, a->id, a->fence,
                     started->time_ms ? started->time_ms : loop_clock_ms());
    runner_wake(r);
    return HAFT_OK;
}

static haft_status serve_output(void *ctx, struct guest *who,
                                const struct haft_call *call, const void *in,
                                void *out)
{
    const struct haft_attempt_output_in *output = in;
    struct runner *r = ctx;
    struct attempt *a = find_own(r, who, output->attempt, output->fence);
    struct logs_output bytes;
    struct logs_of of;

    (void)call;
    (void)out;
    if (!a) {
        return HAFT_STALE;
    }
    if (output->stream != HAFT_STREAM_STDOUT &&
        output->stream != HAFT_STREAM_STDERR) {
        return -HAFT_INVALID;
    }
    bytes = (struct logs_output){
        .file = (enum logs_file)output->stream,
        .offset = output->offset,
        .bytes = output->data.p,
        .size = output->data.n,
    };
    of = runner_files(a);
    a->has_output = true;
    switch (logs_write(&r->logs, &of, &bytes)) {
    case 0:
        return HAFT_OK;
    case -ESPIPE:
        return -HAFT_INVALID;
    default:
        return -HAFT_RESOURCE;
    }
}

static haft_status serve_progress(void *ctx, struct guest *who,
                                  const struct haft_call *call, const void *in,
                                  void *out)
{
    const struct haft_attempt_progress_in *progress = in;
    struct runner *r = ctx;
    struct attempt *a = find_own(r, who, progress->attempt, progress->fence);

    (void)call;
    (void)out;
    if (!a) {
        return HAFT_STALE;
    }
    log_debug("runner", "progress run=%s task=%s permille=%u", a->run_id,
              a->task_name, progress->permille);
    return HAFT_OK;
}

static void fill_outcome(struct core_outcome *outcome,
                         const struct haft_attempt_ended_in *ended,
                         struct str *texts)
{
    const struct haft_fault fault = {
        .fault_class = ended->fault_class,
        .effect = ended->effect,
        .origin = ended->origin,
        .retry_hint = ended->retry_hint,
        .exit_code = ended->exit_code,
        .signal = ended->signal,
        .retry_after_ms = ended->retry_after_ms,
        .code = ended->code,
        .message = ended->message,
    };

    runner_copy_fault(&outcome->fault, &fault, texts);
    if (outcome->fault.fault_class >= FAULT_CLASSES) {
        outcome->fault.fault_class = HAFT_INTERNAL;
    }
    outcome->started_ms = ended->started_ms;
    outcome->ended_ms = ended->ended_ms ? ended->ended_ms : loop_clock_ms();
}

static uint32_t index_of(const struct runner *r, const struct guest *who)
{
    uint32_t i = 0;

    while (i < r->executors_count && r->executors[i].guest != who) {
        i++;
    }
    return i < r->executors_count ? i : CORE_NONE;
}

/* The end of what nobody knows: the core counts it, and lets it be released.
 * As long as attempts are being recovered it may only be early: it is asked
 * for again then. */
static haft_status end_unknown(struct runner *r, const struct guest *who,
                               const struct haft_attempt_ended_in *ended)
{
    const struct core_outcome outcome = {.attempt = ended->attempt,
                                         .fence = ended->fence,
                                         .fault = {.code = "", .message = ""},
                                         .executor = index_of(r, who)};

    if (r->is_settled) {
        core_ask_ended(r->core, &outcome);
        runner_wake(r);
    }
    return HAFT_STALE;
}

static haft_status serve_ended(void *ctx, struct guest *who,
                               const struct haft_call *call, const void *in,
                               void *out)
{
    const struct haft_attempt_ended_in *ended = in;
    struct runner *r = ctx;
    struct attempt *a = find_own(r, who, ended->attempt, ended->fence);
    struct core_outcome outcome = {.attempt = ended->attempt};
    struct str texts;

    (void)call;
    (void)out;
    if (!a) {
        return end_unknown(r, who, ended);
    }
    str_init(&texts, SIZE_MAX / 2);
    fill_outcome(&outcome, ended, &texts);
    log_debug("runner", "attempt ended run=%s task=%s class=%u", a->run_id,
              a->task_name, ended->fault_class);
    runner_end(r, a, &outcome);
    str_finish(&texts);
    return HAFT_OK;
}

const guest_serve runner_attempt_methods[] = {
    [HAFT_ATTEMPT_STARTED] = serve_started,
    [HAFT_ATTEMPT_OUTPUT] = serve_output,
    [HAFT_ATTEMPT_PROGRESS] = serve_progress,
    [HAFT_ATTEMPT_ENDED] = serve_ended,
};
