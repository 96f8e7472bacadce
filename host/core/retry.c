#include "host/core/retry.h"

#include "host/core/attempt.h"
#include "host/core/detail.h"
#include "host/core/halt.h"
#include "host/core/limit.h"
#include "host/core/task.h"

/* splitmix64: the seeds of neighbours have nothing in common. */
static uint64_t mix(uint64_t seed, uint64_t attempt)
{
    uint64_t x = seed + attempt * 0x9E3779B97F4A7C15u;

    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    x ^= x >> 31;
    return x ? x : 1;
}

/* What started costs a try, if its class says so; all else costs one of the
 * few losses that the infrastructure is allowed. */
static void count(struct task_detail *d)
{
    if (d->fault.effect != HAFT_EFFECT_NOT_STARTED &&
        fault_row(d->fault.fault_class)->costs_attempt) {
        d->tries++;
    } else {
        d->losses++;
    }
}

static void hold(struct core *c, struct run_row *r, uint32_t task)
{
    task_move(c, r, task, TASK_HELD);
    task_event(c, r, task, EVENT_TASK_HELD);
}

static void ask(struct core *c, struct run_row *r, uint32_t task)
{
    struct task_detail *d = detail_of(c, r, task);

    d->seed = mix(c->options.seed, d->attempt);
    task_move(c, r, task, TASK_DECIDING);
    task_effect(c, r, task, EFFECT_RETRY);
}

/* No plugin may widen: what the table or the fault itself rules out, and what
 * is out of time or of losses, has failed for good. */
static bool is_final(const struct core *c, const struct run_row *r,
                     uint32_t task, const struct task_detail *d)
{
    int64_t total_ms = task_policy(r, task)->total_ms;

    return fault_row(d->fault.fault_class)->retry == FAULT_RETRY_NO ||
           d->fault.retry_hint == HAFT_HINT_NEVER ||
           d->losses > ATTEMPT_LOSSES_LIMIT ||
           (total_ms > 0 && c->now_ms >= limit_add(d->ready_ms, total_ms));
}

/* Whether a second try might do twice what nobody asked to be done twice. A
 * class that the task's own retry policy names is a different matter: whoever
 * wrote it has asked. */
static bool is_doubtful(const struct fault *fault,
                        const struct workflow_policy *policy)
{
    return fault->effect != HAFT_EFFECT_NOT_STARTED && !policy->is_idempotent &&
           fault_row(fault->fault_class)->retry != FAULT_RETRY_POLICY;
}

void retry_decide(struct core *c, struct run_row *r, uint32_t task)
{
    struct task_detail *d = detail_of(c, r, task);
    const struct workflow_policy *policy = task_policy(r, task);
    enum workflow_on_unknown doubt;

    if (d->fault.fault_class == HAFT_CANCELLED) {
        task_end(c, r, task, TASK_CANCELLED,
                 r->run.state == RUN_CANCELLING ? REASON_RUN_CANCELLED
                                                : REASON_NONE);
        return;
    }
    count(d);
    doubt =
        is_doubtful(&d->fault, policy) ? policy->on_unknown : ON_UNKNOWN_RETRY;
    if (is_final(c, r, task, d) || doubt == ON_UNKNOWN_FAIL) {
        halt_fail(c, r, task, REASON_NONE);
    } else if (doubt == ON_UNKNOWN_HOLD) {
        hold(c, r, task);
    } else {
        ask(c, r, task);
    }
}

static void again(struct core *c, struct run_row *r, uint32_t task,
                  int64_t delay_ms)
{
    struct task_detail *d = detail_of(c, r, task);
    int64_t total_ms = task_policy(r, task)->total_ms;
    int64_t due_ms = limit_add(c->now_ms, delay_ms > 0 ? delay_ms : 0);

    if (total_ms > 0 && due_ms >= limit_add(d->ready_ms, total_ms)) {
        halt_fail(c, r, task, REASON_NONE);
        return;
    }
    d->delay_ms = due_ms - c->now_ms;
    d->due_ms = due_ms;
    task_move(c, r, task, TASK_READY);
    task_event(c, r, task, EVENT_TASK_RETRY);
}

void retry_answer(struct core *c, struct run_row *r, uint32_t task,
                  enum core_verdict verdict, int64_t delay_ms)
{
    switch (verdict) {
    case VERDICT_AGAIN:
    case VERDICT_ELSEWHERE:
        again(c, r, task, delay_ms);
        break;
    case VERDICT_HOLD:
        hold(c, r, task);
        break;
    default:
        halt_fail(c, r, task, REASON_NONE);
        break;
    }
}
