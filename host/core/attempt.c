#include "host/core/attempt.h"

#include "host/core/detail.h"
#include "host/core/halt.h"
#include "host/core/limit.h"
#include "host/core/ready.h"
#include "host/core/retry.h"
#include "host/core/run.h"
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

static void send_cancel(struct core *c, struct run_row *r, uint32_t task,
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
                         enum fault_class fault_class, const char *code)
{
    struct task_detail *d = detail_of(c, r, task);

    d->is_cancelling = true;
    d->cancel_class = fault_class;
    d->cancel_code = code;
    task_touch(c, r, task);
    task_event(c, r, task, EVENT_TASK_CANCELLING);
}

void attempt_cancel(struct core *c, struct run_row *r, uint32_t task,
                    int64_t grace_ms)
{
    struct task_detail *d = detail_of(c, r, task);
    bool was_cancelling = d->is_cancelling;

    if (!was_cancelling || d->cancel_class != HAFT_CANCELLED) {
        begin_cancel(c, r, task, HAFT_CANCELLED, "host.cancelled");
    }
    if (!was_cancelling || !grace_ms) {
        send_cancel(c, r, task, grace_ms);
    }
}

/* What the end of an attempt counts as. A cancel that was decided before beats
 * whatever it says of itself, success included (the rest of the outcome, exit
 * code and effect, stays as told). */
static struct fault judge(const struct task_detail *d, const struct fault *told)
{
    struct fault fault = *told;

    if (!d->is_cancelling) {
        return fault;
    }
    fault.fault_class = d->cancel_class;
    fault.origin = HAFT_ORIGIN_LOCAL;
    fault.retry_hint = HAFT_HINT_DEFAULT;
    fault.retry_after_ms = 0;
    fault.code = d->cancel_code ? d->cancel_code : "host.timeout";
    if (d->cancel_class == HAFT_CANCELLED) {
        fault.code = "host.cancelled";
        fault.message = "cancelled";
    } else if (!fault.message[0] || !told->fault_class) {
        fault.message = "took longer than its limit allows";
    }
    if (!told->fault_class) {
        fault.effect = HAFT_EFFECT_DONE;
    }
    return fault;
}

static void close_attempt(struct core *c, struct run_row *r, uint32_t task,
                          int64_t started_ms, int64_t ended_ms)
{
    struct task_detail *d = detail_of(c, r, task);

    if (!d->started_ms && started_ms > 0) {
        d->started_ms = started_ms;
    }
    d->ended_ms = ended_ms > 0 ? ended_ms : c->now_ms;
    if (d->started_ms && d->executor < c->pool.count) {
        pool_measure(&c->pool.executors[d->executor],
                     d->ended_ms - d->started_ms);
    }
    task_effect(c, r, task, EFFECT_RELEASE);
}

static void end_attempt(struct core *c, struct run_row *r, uint32_t task,
                        const struct fault *told)
{
    struct task_detail *d = detail_of(c, r, task);
    struct fault fault = judge(d, told);

    d->is_cancelling = false;
    d->cancel_class = FAULT_NONE;
    d->cancel_code = NULL;
    d->is_listening = false;
    d->is_recovering = false;
    if (!fault.fault_class) {
        d->tries++;
        task_event(c, r, task, EVENT_TASK_ENDED)->fault =
            (struct fault){.code = "", .message = ""};
        task_end(c, r, task, TASK_SUCCEEDED, REASON_NONE);
        return;
    }
    detail_set_fault(c, d, &fault);
    task_event(c, r, task, EVENT_TASK_ENDED);
    retry_decide(c, r, task);
}

static bool is_open(const struct core *c, struct task_place place)
{
    enum task_state state = task_state(c->runs[place.run], place.task);

    return state == TASK_HANDED || state == TASK_RUNNING;
}

static bool find(const struct core *c, const struct ask *ask,
                 struct task_place *place)
{
    size_t cursor = 0;
    const struct index_slot *slot;

    if (!ask->attempt) {
        return false;
    }
    slot = index_next(&c->attempts, ask->attempt, &cursor);
    if (!slot ||
        detail_of(c, c->runs[slot->run], slot->task)->fence != ask->fence) {
        return false;
    }
    *place = (struct task_place){.run = slot->run, .task = slot->task};
    return true;
}

/* The open attempt that is meant, or false and counted. */
static bool find_open(struct core *c, const struct ask *ask,
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

    if (!find_open(c, ask, &place)) {
        return;
    }
    r = c->runs[place.run];
    d = detail_of(c, r, place.task);
    if (task_state(r, place.task) == TASK_RUNNING) {
        return;
    }
    d->started_ms = ask->time_ms > 0 ? ask->time_ms : c->now_ms;
    d->heard_ms = d->started_ms;
    task_move(c, r, place.task, TASK_RUNNING);
    task_event(c, r, place.task, EVENT_TASK_STARTED);
}

/* Whoever reports an end that is known already may forget it; one whose
 * attempt is still open, but with another fence, must not. */
static void release_stale(struct core *c, const struct ask *ask)
{
    size_t cursor = 0;
    const struct index_slot *slot =
        ask->attempt ? index_next(&c->attempts, ask->attempt, &cursor) : NULL;
    struct effect *effect;

    if (!ask->attempt ||
        (slot && is_open(c, (struct task_place){slot->run, slot->task}))) {
        return;
    }
    effect = turn_effect(&c->turn, EFFECT_RELEASE);
    effect->executor = ask->executor;
    effect->attempt = ask->attempt;
    effect->fence = ask->fence;
}

void attempt_ended(struct core *c, struct ask *ask)
{
    struct task_place place;
    struct run_row *r;
    struct task_detail *d;

    if (!find_open(c, ask, &place)) {
        release_stale(c, ask);
        return;
    }
    r = c->runs[place.run];
    d = detail_of(c, r, place.task);
    close_attempt(c, r, place.task, ask->started_ms, ask->time_ms);
    if (!ask->fault.fault_class && !d->is_cancelling) {
        d->outputs = ask->outputs;
        ask->outputs = NULL;
    }
    end_attempt(c, r, place.task, &ask->fault);
}

static void lose(struct core *c, struct run_row *r, uint32_t task)
{
    close_attempt(c, r, task, 0, 0);
    end_attempt(c, r, task,
                &(struct fault){
                    .fault_class = HAFT_INFRA_LOST,
                    .effect = HAFT_EFFECT_MAYBE,
                    .origin = HAFT_ORIGIN_LOCAL,
                    .code = "host.attempt_lost",
                    .message = "nobody knows what became of the attempt",
                });
}

void attempt_recover(struct core *c, struct run_row *r, uint32_t task)
{
    struct task_detail *d = detail_of(c, r, task);

    if (d->executor >= c->pool.count) {
        lose(c, r, task);
        return;
    }
    d->is_recovering = true;
    d->heard_ms = c->now_ms;
    task_effect(c, r, task, EFFECT_RECOVER);
}

static void go_on(struct core *c, struct run_row *r, uint32_t task)
{
    struct task_detail *d = detail_of(c, r, task);

    d->heard_ms = c->now_ms;
    task_event(c, r, task, EVENT_TASK_RECOVERED);
    if (d->is_cancelling) {
        send_cancel(c, r, task, c->options.grace_ms);
    }
    task_arm(c, r, task);
}

/* The same attempt is started once more: nobody has started it before. */
static void start_again(struct core *c, struct run_row *r, uint32_t task)
{
    const struct task_detail *d = detail_of(c, r, task);

    if (d->is_cancelling) {
        close_attempt(c, r, task, 0, 0);
        end_attempt(c, r, task,
                    &(struct fault){
                        .fault_class = HAFT_CANCELLED,
                        .effect = HAFT_EFFECT_NOT_STARTED,
                        .code = "",
                        .message = "",
                    });
        return;
    }
    task_event(c, r, task, EVENT_TASK_RECOVERED);
    task_effect(c, r, task, EFFECT_START);
    task_arm(c, r, task);
}

void attempt_found(struct core *c, struct ask *ask)
{
    struct task_place place;
    struct run_row *r;
    struct task_detail *d;

    if (!find_open(c, ask, &place)) {
        return;
    }
    r = c->runs[place.run];
    d = detail_of(c, r, place.task);
    if (!d->is_recovering) {
        c->counts.stale++;
        return;
    }
    d->is_recovering = false;
    if (ask->choice == FOUND_RUNNING || ask->choice == FOUND_ENDED) {
        go_on(c, r, place.task);
    } else if (ask->choice == FOUND_NEVER_STARTED &&
               task_state(r, place.task) == TASK_HANDED) {
        start_again(c, r, place.task);
    } else {
        lose(c, r, place.task);
    }
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

static void time_out(struct core *c, struct run_row *r, uint32_t task,
                     enum limit limit)
{
    enum fault_class fault_class = task_state(r, task) == TASK_RUNNING
                                       ? HAFT_TIMEOUT_RUN
                                       : HAFT_TIMEOUT_QUEUE;

    begin_cancel(c, r, task, fault_class, limit_code(limit));
    send_cancel(c, r, task, c->options.grace_ms);
}

void attempt_heard(struct core *c, struct ask *ask)
{
    struct task_place place;
    struct run_row *r;
    struct task_detail *d;

    if (!find_open(c, ask, &place)) {
        return;
    }
    r = c->runs[place.run];
    d = detail_of(c, r, place.task);
    d->is_listening = false;
    if (ask->time_ms > d->heard_ms) {
        d->heard_ms = ask->time_ms;
    }
    if (limit_at(r, place.task, d, LIMIT_SILENCE) <= c->now_ms) {
        time_out(c, r, place.task, LIMIT_SILENCE);
    }
    task_arm(c, r, place.task);
}

/* A READY task that waited too long has an attempt of its own to say so, that
 * the retry plugin can be asked about. */
static void time_out_ready(struct core *c, struct run_row *r, uint32_t task,
                           enum limit limit)
{
    struct task_detail *d = detail_of(c, r, task);
    struct fault fault = {
        .fault_class = HAFT_TIMEOUT_QUEUE,
        .effect = HAFT_EFFECT_NOT_STARTED,
        .origin = HAFT_ORIGIN_LOCAL,
        .code = limit_code(limit),
        .message = "waited longer than its limit allows",
    };

    new_attempt(c, d);
    d->executor = CORE_NONE;
    d->ended_ms = c->now_ms;
    detail_set_fault(c, d, &fault);
    task_event(c, r, task, EVENT_TASK_ENDED);
    retry_decide(c, r, task);
}

void attempt_due(struct core *c, uint32_t id)
{
    const struct task_detail *at = detail_at(c, id);
    uint32_t task = at->task;
    struct run_row *r = c->runs[at->run];
    struct task_detail *d = detail_of(c, r, task);
    enum limit limit = limit_passed(r, task, d, c->now_ms);

    switch (limit) {
    case LIMIT_DELAY:
        ready_queue(c, r, task);
        return;
    case LIMIT_SILENCE:
        d->is_listening = true;
        task_effect(c, r, task, EFFECT_LISTEN);
        task_arm(c, r, task);
        return;
    case LIMIT_FORCE:
        send_cancel(c, r, task, 0);
        return;
    default:
        break;
    }
    assert(limit != LIMITS);
    if (task_state(r, task) == TASK_READY) {
        time_out_ready(c, r, task, limit);
    } else {
        time_out(c, r, task, limit);
    }
}
