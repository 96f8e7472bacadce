#include "host/core/attempt.h"

#include "host/core/detail.h"
#include "host/core/retry.h"
#include "host/core/task.h"

static void new_attempt(struct core *c, struct task_detail *d)
{
    assert(c->attempts_made < UINT32_MAX);
    d->attempt = (uint64_t)c->options.epoch << 32 | ++c->attempts_made;
    d->fence++;
    d->handed_ms = 0;
    d->started_ms = 0;
    d->ended_ms = 0;
    d->heard_ms = 0;
    d->force_ms = 0;
    d->seed = 0;
}

void attempt_hand(struct core *c, struct run_row *r, uint32_t task,
                  uint32_t executor)
{
    struct task_detail *d = detail_need(c, r, task);

    new_attempt(c, d);
    d->executor = executor;
    d->handed_ms = c->now_ms;
    task_move(c, r, task, TASK_HANDED);
    task_event(c, r, task, EVENT_TASK_HANDED);
    task_effect(c, r, task, EFFECT_START);
}

/* ---- cancels ---- */

void attempt_repeat_cancel(struct core *c, struct run_row *r, uint32_t task,
                           int64_t grace_ms)
{
    struct task_detail *d = detail_of(c, r, task);

    task_effect(c, r, task, EFFECT_CANCEL)->grace_ms = grace_ms;
    d->force_ms =
        limit_add(limit_add(c->now_ms, grace_ms), ATTEMPT_FORCE_AFTER_MS);
    task_arm(c, r, task);
}

/* From here on the attempt's end counts as `fault_class`, whatever it says. */
static void begin_cancel(struct core *c, struct run_row *r, uint32_t task,
                         enum fault_class fault_class, enum limit limit)
{
    struct task_detail *d = detail_of(c, r, task);

    d->is_cancelling = true;
    d->cancel_class = fault_class;
    d->cancel_limit = (uint8_t)limit;
    task_touch(c, r, task);
    task_event(c, r, task, EVENT_TASK_CANCELLING);
}

void attempt_cancel(struct core *c, struct run_row *r, uint32_t task,
                    int64_t grace_ms)
{
    struct task_detail *d = detail_of(c, r, task);
    bool was_cancelling = d->is_cancelling;

    if (!was_cancelling || d->cancel_class != HAFT_CANCELLED) {
        begin_cancel(c, r, task, HAFT_CANCELLED, LIMITS);
    }
    if (!was_cancelling || !grace_ms) {
        attempt_repeat_cancel(c, r, task, grace_ms);
    }
}

void attempt_time_out(struct core *c, struct run_row *r, uint32_t task,
                      enum limit limit)
{
    begin_cancel(c, r, task,
                 task_state(r, task) == TASK_RUNNING ? HAFT_TIMEOUT_RUN
                                                     : HAFT_TIMEOUT_QUEUE,
                 limit);
    attempt_repeat_cancel(c, r, task, c->options.grace_ms);
}

/* ---- ends ---- */

static void set_timeout(struct core *c, struct task_detail *d,
                        struct fault *fault, enum limit limit)
{
    const struct workflow_policy *policy =
        task_policy(c->runs[d->run], d->task);
    struct str message;

    str_init(&message, STR_WHY_LIMIT);
    limit_explain(limit, policy, &message);
    fault->code = limit_code(limit);
    fault->message = message.text;
    detail_set_fault(c, d, fault);
    str_finish(&message);
}

/* What the end counts as when a cancel was decided before. The rest of the
 * outcome, exit code and effect, stays as told. */
static void set_cancel(struct core *c, struct task_detail *d,
                       const struct fault *told)
{
    struct fault fault = *told;
    enum limit limit = (enum limit)d->cancel_limit;

    fault.fault_class = d->cancel_class;
    fault.origin = HAFT_ORIGIN_LOCAL;
    fault.retry_hint = HAFT_HINT_DEFAULT;
    fault.retry_after_ms = 0;
    if (!told->fault_class) {
        fault.effect = HAFT_EFFECT_DONE;
    }
    if (d->cancel_class == HAFT_CANCELLED) {
        fault.code = "host.cancelled";
        fault.message = "cancelled";
        detail_set_fault(c, d, &fault);
        return;
    }
    if (limit == LIMITS) {
        limit =
            limit_guess(d->cancel_class, task_policy(c->runs[d->run], d->task));
    }
    set_timeout(c, d, &fault, limit);
}

void attempt_expire(struct core *c, struct run_row *r, uint32_t task,
                    enum limit limit)
{
    struct task_detail *d = detail_of(c, r, task);
    struct fault fault = {
        .fault_class = HAFT_TIMEOUT_QUEUE,
        .effect = HAFT_EFFECT_NOT_STARTED,
        .origin = HAFT_ORIGIN_LOCAL,
    };

    new_attempt(c, d);
    d->executor = CORE_NONE;
    d->ended_ms = c->now_ms;
    set_timeout(c, d, &fault, limit);
    task_event(c, r, task, EVENT_TASK_ENDED);
    retry_decide(c, r, task);
}

/* Executors have clocks of their own; what they say stays between what we
 * know. */
static int64_t between(int64_t low_ms, int64_t time_ms, int64_t high_ms)
{
    if (time_ms < low_ms) {
        time_ms = low_ms;
    }
    return time_ms > high_ms ? high_ms : time_ms;
}

static void set_times(struct core *c, struct task_detail *d,
                      const struct attempt_end *end)
{
    if (!d->started_ms && end->started_ms > 0) {
        d->started_ms = between(d->handed_ms, end->started_ms, c->now_ms);
    }
    d->ended_ms = c->now_ms;
    if (end->ended_ms > 0) {
        d->ended_ms = between(d->started_ms ? d->started_ms : d->handed_ms,
                              end->ended_ms, c->now_ms);
    }
    if (d->started_ms && d->executor < c->pool.count) {
        pool_measure(&c->pool.executors[d->executor],
                     d->ended_ms - d->started_ms);
    }
}

static void forget_waiting(struct task_detail *d)
{
    d->is_cancelling = false;
    d->cancel_class = FAULT_NONE;
    d->is_listening = false;
    d->is_recovering = false;
}

void attempt_end(struct core *c, struct run_row *r, uint32_t task,
                 const struct attempt_end *end)
{
    struct task_detail *d = detail_of(c, r, task);
    bool was_cancelling = d->is_cancelling;

    set_times(c, d, end);
    task_effect(c, r, task, EFFECT_RELEASE);
    if (!was_cancelling && !end->told->fault_class) {
        forget_waiting(d);
        d->tries++;
        task_event(c, r, task, EVENT_TASK_ENDED)->fault =
            (struct fault){.code = "", .message = ""};
        task_end(c, r, task, TASK_SUCCEEDED, REASON_NONE);
        return;
    }
    if (was_cancelling) {
        set_cancel(c, d, end->told);
    } else {
        detail_set_fault(c, d, end->told);
    }
    forget_waiting(d);
    task_event(c, r, task, EVENT_TASK_ENDED);
    retry_decide(c, r, task);
}

/* ---- answers ---- */

static bool is_open(const struct core *c, struct task_place place)
{
    enum task_state state = task_state(c->runs[place.run], place.task);

    return state == TASK_HANDED || state == TASK_RUNNING;
}

/* By id alone: the fence may be another. */
static bool look_up(const struct core *c, uint64_t attempt,
                    struct task_place *place)
{
    size_t cursor = 0;
    const struct index_slot *slot =
        attempt ? index_next(&c->attempts, attempt, &cursor) : NULL;

    if (slot) {
        *place = (struct task_place){.run = slot->run, .task = slot->task};
    }
    return slot != NULL;
}

static bool find(const struct core *c, const struct ask *ask,
                 struct task_place *place)
{
    return look_up(c, ask->attempt, place) &&
           detail_of(c, c->runs[place->run], place->task)->fence == ask->fence;
}

bool attempt_find(struct core *c, const struct ask *ask,
                  struct task_place *place)
{
    if (find(c, ask, place) && is_open(c, *place)) {
        return true;
    }
    c->counts.stale++;
    return false;
}

void attempt_started(struct core *c, struct ask *ask)
{
    struct task_place place;
    struct run_row *r;
    struct task_detail *d;

    if (!attempt_find(c, ask, &place)) {
        return;
    }
    r = c->runs[place.run];
    d = detail_of(c, r, place.task);
    if (task_state(r, place.task) == TASK_RUNNING) {
        return;
    }
    d->started_ms = between(d->handed_ms, ask->time_ms, c->now_ms);
    d->heard_ms = d->started_ms;
    task_move(c, r, place.task, TASK_RUNNING);
    task_event(c, r, place.task, EVENT_TASK_STARTED);
}

/* Whoever reports an end that is known already may forget it; one whose
 * attempt is still open, but with another fence, must not. */
static void release_stale(struct core *c, const struct ask *ask)
{
    struct task_place place;
    struct effect *effect;

    if (!ask->attempt ||
        (look_up(c, ask->attempt, &place) && is_open(c, place))) {
        return;
    }
    effect = turn_effect(&c->turn, EFFECT_RELEASE);
    effect->executor = ask->executor;
    effect->attempt = ask->attempt;
    effect->fence = ask->fence;
}

void attempt_ended(struct core *c, struct ask *ask)
{
    const struct attempt_end end = {
        .told = &ask->fault,
        .started_ms = ask->started_ms,
        .ended_ms = ask->time_ms,
    };
    struct task_place place;
    struct task_detail *d;

    if (!attempt_find(c, ask, &place)) {
        release_stale(c, ask);
        return;
    }
    d = detail_of(c, c->runs[place.run], place.task);
    if (!ask->fault.fault_class && !d->is_cancelling) {
        d->outputs = ask->outputs;
        ask->outputs = NULL;
    }
    attempt_end(c, c->runs[place.run], place.task, &end);
}

void attempt_verdict(struct core *c, struct ask *ask)
{
    struct task_place place;

    if (!find(c, ask, &place) || is_open(c, place)) {
        c->counts.stale++;
        return;
    }
    retry_answer(c, c->runs[place.run], place.task,
                 (enum core_verdict)ask->choice, ask->time_ms);
}
