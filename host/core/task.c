#include "host/core/task.h"

#include "host/core/brief.h"
#include "host/core/detail.h"
#include "host/core/limit.h"
#include "host/plain/mem.h"

#define BIT(state) (1u << (state))

static const uint16_t legal_next[TASK_STATES] = {
    [TASK_WAITING] = BIT(TASK_READY) | BIT(TASK_RUNNING) | BIT(TASK_FAILED) |
                     BIT(TASK_CANCELLED) | BIT(TASK_SKIPPED),
    [TASK_READY] = BIT(TASK_HANDED) | BIT(TASK_DECIDING) | BIT(TASK_FAILED) |
                   BIT(TASK_CANCELLED) | BIT(TASK_SKIPPED),
    [TASK_HANDED] = BIT(TASK_RUNNING) | BIT(TASK_DECIDING) | BIT(TASK_HELD) |
                    BIT(TASK_SUCCEEDED) | BIT(TASK_FAILED) |
                    BIT(TASK_CANCELLED),
    [TASK_RUNNING] = BIT(TASK_DECIDING) | BIT(TASK_HELD) | BIT(TASK_SUCCEEDED) |
                     BIT(TASK_FAILED) | BIT(TASK_CANCELLED) | BIT(TASK_SKIPPED),
    [TASK_DECIDING] = BIT(TASK_READY) | BIT(TASK_HELD) | BIT(TASK_FAILED) |
                      BIT(TASK_CANCELLED),
    [TASK_HELD] = BIT(TASK_SUCCEEDED) | BIT(TASK_FAILED) | BIT(TASK_CANCELLED) |
                  BIT(TASK_SKIPPED),
};
static_assert(TASK_STATES <= 16, "legal_next holds one bit per state");

static const char *const states[TASK_STATES] = {
    [TASK_WAITING] = "waiting",     [TASK_READY] = "ready",
    [TASK_HANDED] = "ready",        [TASK_RUNNING] = "running",
    [TASK_DECIDING] = "deciding",   [TASK_HELD] = "held",
    [TASK_SUCCEEDED] = "succeeded", [TASK_FAILED] = "failed",
    [TASK_CANCELLED] = "cancelled", [TASK_SKIPPED] = "skipped",
};

static const char *const reasons[REASONS] = {
    [REASON_NONE] = "",
    [REASON_NEED_FAILED] = "need_failed",
    [REASON_CONDITION] = "condition",
    [REASON_EMPTY_EACH] = "empty_each",
    [REASON_RUN_STOPPED] = "run_stopped",
    [REASON_RUN_CANCELLED] = "run_cancelled",
    [REASON_RESOLVED] = "resolved",
};

const char *task_state_name(enum task_state state)
{
    return states[state];
}

const char *task_reason_name(enum task_reason reason)
{
    return reasons[reason];
}

bool task_state_is_ended(enum task_state state)
{
    return state >= TASK_SUCCEEDED;
}

struct run_each *task_each(const struct run_row *r, uint32_t task)
{
    if (task_is_item(r, task)) {
        return &r->eaches[r->items[task - r->run.tasks_count]];
    }
    if (!task_has_each(r, task) || task_state(r, task) == TASK_WAITING ||
        r->cells[task].left == CORE_NONE) {
        return NULL;
    }
    return &r->eaches[r->cells[task].left];
}

const struct workflow_task *task_row(const struct run_row *r, uint32_t task)
{
    if (task_is_item(r, task)) {
        task = task_each(r, task)->owner;
    }
    return &r->workflow->tasks[task];
}

const struct workflow_policy *task_policy(const struct run_row *r,
                                          uint32_t task)
{
    return &r->workflow->policies[task_row(r, task)->policy];
}

bool task_is_finally(const struct run_row *r, uint32_t task)
{
    return task_row(r, task)->flags & WORKFLOW_FINALLY;
}

bool task_has_each(const struct run_row *r, uint32_t task)
{
    return !task_is_item(r, task) &&
           r->workflow->tasks[task].each != WORKFLOW_NONE;
}

bool task_has_question(const struct run_row *r, uint32_t task)
{
    uint32_t condition = task_row(r, task)->condition;

    return condition != WORKFLOW_NONE &&
           expr_has_question(r->workflow->conditions[condition]);
}

void task_touch(struct core *c, struct run_row *r, uint32_t task)
{
    struct change *change;

    if (r->cells[task].flags & CELL_DIRTY) {
        return;
    }
    r->cells[task].flags |= CELL_DIRTY;
    change = turn_change(&c->turn, CHANGE_TASK);
    change->run = r->index;
    change->task = task;
}

static bool tells_fault(enum event_kind kind)
{
    return kind == EVENT_TASK_ENDED || kind == EVENT_TASK_DONE ||
           kind == EVENT_TASK_RETRY || kind == EVENT_TASK_HELD;
}

struct event *task_event(struct core *c, struct run_row *r, uint32_t task,
                         enum event_kind kind)
{
    struct event *event = turn_event(&c->turn, kind);
    const struct task_detail *d = detail_of(c, r, task);

    event->run = r->index;
    event->task = task;
    event->state = task_state(r, task);
    event->run_state = r->run.state;
    event->reason = (enum task_reason)r->cells[task].reason;
    if (d && tells_fault(kind) && event->state != TASK_SUCCEEDED) {
        event->fault = d->fault;
    }
    if (d) {
        event->attempt = d->attempt;
        event->fence = d->fence;
        event->tries = d->tries;
        event->due_ms = d->due_ms;
        event->started_ms = d->started_ms;
        event->ended_ms = d->ended_ms;
        event->seed = d->seed;
    } else if (task_state_is_ended(event->state)) {
        event->ended_ms = r->briefs[task].at_ms;
    }
    return event;
}

struct effect *task_effect(struct core *c, struct run_row *r, uint32_t task,
                           enum effect_kind kind)
{
    struct effect *effect = turn_effect(&c->turn, kind);
    const struct task_detail *d = detail_of(c, r, task);

    effect->run = r->index;
    effect->task = task;
    effect->executor = d->executor;
    effect->attempt = d->attempt;
    effect->fence = d->fence;
    return effect;
}

void task_arm(struct core *c, struct run_row *r, uint32_t task)
{
    const struct task_detail *d = detail_of(c, r, task);

    if (d) {
        timer_set(&c->timer, r->cells[task].detail - 1, limit_next(r, task, d));
    }
}

/* An owner of items is RUNNING without an attempt of its own. */
static bool holds_slot(const struct run_row *r, uint32_t task)
{
    enum task_state state = task_state(r, task);

    return (state == TASK_HANDED || state == TASK_RUNNING) &&
           !task_has_each(r, task);
}

static void follow_slot(struct core *c, const struct task_detail *d, bool held,
                        bool holds)
{
    if (held == holds || d->executor >= c->pool.count) {
        return;
    }
    if (holds) {
        pool_take(&c->pool.executors[d->executor]);
    } else {
        pool_give(&c->pool.executors[d->executor]);
    }
}

static void follow_attempt(struct core *c, const struct task_detail *d,
                           bool was_open, bool is_open)
{
    if (was_open && !is_open) {
        index_remove(&c->attempts, d->attempt, d->run, d->task);
    }
    if (!was_open && is_open) {
        index_add(&c->attempts, d->attempt, d->run, d->task);
    }
}

static void count_state(struct core *c, struct run_row *r, uint32_t task,
                        int step)
{
    enum task_state state = task_state(r, task);

    r->live[state] += (uint32_t)step;
    if (!run_state_is_ended(r->run.state)) {
        c->counts.tasks_live[state] += (uint32_t)step;
    }
    if (!task_is_item(r, task)) {
        r->run.counts[state] += (uint32_t)step;
    }
}

static void place(struct core *c, struct run_row *r, uint32_t task,
                  enum task_state state)
{
    struct task_cell *cell = &r->cells[task];
    const struct task_detail *d = detail_of(c, r, task);
    bool held = holds_slot(r, task);
    bool was_open = held || (cell->state == TASK_DECIDING && d->attempt);
    bool holds;

    count_state(c, r, task, -1);
    cell->state = (uint8_t)state;
    count_state(c, r, task, 1);
    holds = holds_slot(r, task);
    if (d) {
        follow_slot(c, d, held, holds);
        follow_attempt(c, d, was_open,
                       holds || (state == TASK_DECIDING && d->attempt));
    }
}

bool task_may_move(enum task_state from, enum task_state to)
{
    return legal_next[from] & BIT(to);
}

void task_move(struct core *c, struct run_row *r, uint32_t task,
               enum task_state state)
{
    assert(task_may_move(task_state(r, task), state));
    r->cells[task].flags &= (uint16_t)~CELL_QUEUED;
    place(c, r, task, state);
    if (state != TASK_READY || detail_of(c, r, task)) {
        task_touch(c, r, task);
    }
    task_arm(c, r, task);
}

static void count_end(struct run_row *r, uint32_t task)
{
    enum task_state state = task_state(r, task);
    bool is_main = !task_is_finally(r, task);

    if (!task_is_item(r, task)) {
        *(is_main ? &r->main_left : &r->finally_left) -= 1;
        r->main_failed += is_main && state == TASK_FAILED;
        r->main_cancelled += is_main && state == TASK_CANCELLED;
    }
}

static void list_end(struct core *c, const struct run_row *r, uint32_t task)
{
    c->ended = mem_grow(c->ended, &c->ended_room, c->ended_count + 1,
                        sizeof(*c->ended));
    c->ended[c->ended_count++] = (struct task_place){r->index, task};
}

void task_end(struct core *c, struct run_row *r, uint32_t task,
              enum task_state state, enum task_reason reason)
{
    struct task_detail *d = detail_of(c, r, task);

    assert(task_state_is_ended(state));
    if (d && !d->ended_ms) {
        d->ended_ms = c->now_ms;
    } else if (!d) {
        brief_set(c, r, task);
    }
    if (task_state(r, task) == TASK_WAITING) {
        r->cells[task].left = CORE_NONE;
    }
    r->cells[task].reason = (uint8_t)reason;
    task_move(c, r, task, state);
    count_end(r, task);
    list_end(c, r, task);
    task_event(c, r, task, EVENT_TASK_DONE);
    brief_fold(c, r, task);
}

void task_restore(struct core *c, struct run_row *r, uint32_t task,
                  enum task_state state)
{
    assert(task_state(r, task) == TASK_WAITING);
    place(c, r, task, state);
    if (task_state_is_ended(state)) {
        count_end(r, task);
        brief_fold(c, r, task);
    }
}

void task_take_back(struct core *c, struct run_row *r, uint32_t task)
{
    place(c, r, task, TASK_WAITING);
}
