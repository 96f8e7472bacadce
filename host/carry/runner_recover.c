#include <haft/executor.h>

#include "host/carry/runner_inside.h"
#include "host/plain/mem.h"

static void found(struct runner *r, struct asked *asked, enum core_found what)
{
    struct attempt *a = attempts_find(&r->attempts, asked->attempt);
    struct logs_of of;

    if (a && !a->has_ended && what == FOUND_UNKNOWN) {
        of = runner_files(a); /* it is lost, but what it wrote is not */
        a->files |= logs_fold(&r->logs, &of);
    }
    core_ask_found(r->core, asked->attempt, asked->fence, what);
    r->recovering--;
    runner_wake(r);
    mem_free(asked);
}

/* Nobody answers any more: the executor's next process is asked again. */
static void drop(struct runner *r, struct asked *asked)
{
    r->recovering--;
    mem_free(asked);
}

/* As long as it is not there the attempt counts as being recovered. */
static void await_executor(struct runner *r, uint32_t executor,
                           struct asked *asked)
{
    r->executors[executor].waiting++;
    mem_free(asked);
}

static void on_recovered(void *ctx, haft_status status, const void *out,
                         const struct haft_fault *fault)
{
    static const enum core_found states[] = {
        [HAFT_RECOVER_UNKNOWN] = FOUND_UNKNOWN,
        [HAFT_RECOVER_RUNNING] = FOUND_RUNNING,
        [HAFT_RECOVER_ENDED] = FOUND_ENDED,
        [HAFT_RECOVER_NEVER_STARTED] = FOUND_NEVER_STARTED,
    };
    const struct haft_executor_recover_out *answer = out;
    struct asked *asked = ctx;
    struct runner *r = asked->runner;
    const struct attempt *a = attempts_find(&r->attempts, asked->attempt);
    enum core_found what = FOUND_UNKNOWN;

    if (a && runner_is_lost_with(asked, a->guest, fault)) {
        drop(r, asked);
        return;
    }
    if (a && status != HAFT_OK && runner_must_wait(r, a->executor)) {
        await_executor(r, a->executor, asked);
        return;
    }
    if (status == HAFT_OK && answer->state <= HAFT_RECOVER_NEVER_STARTED) {
        what = states[answer->state];
    }
    found(r, asked, what);
}

static void call_recover(struct runner *r, struct attempt *a,
                         struct haft_slice token, struct asked *asked)
{
    struct haft_executor_recover_in in = {
        .size = sizeof(in),
        .attempt = a->id,
        .fence = a->fence,
        .token = token,
    };
    struct logs_of of = runner_files(a);

    in.stdout_offset = logs_size(&r->logs, &of, LOGS_OUT);
    in.stderr_offset = logs_size(&r->logs, &of, LOGS_ERR);
    if (logs_size(&r->logs, &of, LOGS_SCRIPT)) {
        a->files |= 1u << LOGS_SCRIPT;
    }
    asked->losses = guest_losses(a->guest);
    guest_call(a->guest, &haft_executor_v1, HAFT_EXECUTOR_RECOVER, &in,
               runner_deadline_ms(r), on_recovered, asked);
}

/* The token that the executor gave comes back from the store first. */
static void on_token(void *ctx, haft_status status, const void *out,
                     const struct haft_fault *fault)
{
    const struct haft_storage_get_out *get = out;
    struct asked *asked = ctx;
    struct runner *r = asked->runner;
    struct attempt *a = attempts_find(&r->attempts, asked->attempt);
    struct haft_slice token = {NULL, 0};

    (void)fault;
    if (!a || a->has_ended) {
        found(r, asked, FOUND_UNKNOWN);
        return;
    }
    if (status == HAFT_OK && get->is_found) {
        a->has_token = true;
        token = get->value;
    }
    call_recover(r, a, token, asked);
}

static void recover(struct runner *r, const struct effect *effect)
{
    struct attempt *a = attempts_find(&r->attempts, effect->attempt);
    struct asked *asked = runner_ask(r, effect->attempt, effect->fence);
    char key[32];

    a = a ? a : runner_add(r, effect);
    a->has_files = true;
    a->guest = runner_guest(r, effect->executor);
    if (runner_must_wait(r, effect->executor)) {
        await_executor(r, effect->executor, asked);
        return;
    }
    a->is_handed = true;
    runner_token_key(key, a->id);
    journal_get(r->journal, key, on_token, asked);
}

/* What the keeper still has must be known before anyone asks for it. */
void runner_recover(struct runner *r, const struct effect *effect)
{
    r->recovering++;
    if (process_is_ready(r->process)) {
        recover(r, effect);
        return;
    }
    r->parked = mem_grow(r->parked, &r->parked_room, r->parked_count + 1,
                         sizeof(*r->parked));
    r->parked[r->parked_count++] = *effect;
}

void runner_on_keeper(void *ctx)
{
    struct runner *r = ctx;

    for (size_t i = 0; i < r->parked_count; i++) {
        recover(r, &r->parked[i]);
    }
    r->parked_count = 0;
}

void runner_on_settle(void *ctx)
{
    struct runner *r = ctx;

    if (r->recovering == 0 && process_is_ready(r->process) &&
        journal_is_idle(r->journal)) {
        r->is_settled = true;
        process_settle(r->process);
    } else {
        loop_timer_set(r->loop, &r->settle_timer,
                       loop_now_ms(r->loop) + RUNNER_SETTLE_MS);
    }
}
