#include "host/core/task.h"

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

/* Ages are exact or not there: false if one does not fit. */
static bool set_age(uint32_t *age, int64_t at_ms, int64_t then_ms)
{
    if (!then_ms) {
        *age = BRIEF_NEVER;
        return true;
    }
    if (then_ms > at_ms || at_ms - then_ms >= BRIEF_NEVER) {
        return false;
    }
    *age = (uint32_t)(at_ms - then_ms);
    return true;
}

static bool is_plain(const struct task_detail *d)
{
    return !d->fault.fault_class && !d->outputs && !d->seed && !d->delay_ms &&
           !d->due_ms && !d->is_cancelling && d->fence <= UINT8_MAX &&
           d->tries <= UINT8_MAX && d->losses <= UINT8_MAX &&
           (d->executor < BRIEF_NONE || d->executor == CORE_NONE);
}

/* Folds the detail of an ended task into its brief, if nothing is lost. */
static void fold(struct core *c, struct run_row *r, uint32_t task)
{
    const struct task_detail *d = detail_of(c, r, task);
    struct task_brief brief = {0};

    if (!d || !is_plain(d)) {
        return;
    }
    brief.at_ms = d->ended_ms;
    brief.attempt = d->attempt;
    brief.fence = (uint8_t)d->fence;
    brief.tries = (uint8_t)d->tries;
    brief.losses = (uint8_t)d->losses;
    brief.executor =
        d->executor == CORE_NONE ? BRIEF_NONE : (uint8_t)d->executor;
    if (set_age(&brief.ready_age, d->ended_ms, d->ready_ms) &&
        set_age(&brief.handed_age, d->ended_ms, d->handed_ms) &&
        set_age(&brief.started_age, d->ended_ms, d->started_ms)) {
        r->briefs[task] = brief;
        detail_drop(c, r, task);
    }
}

/* The end of a task that has no detail: it was WAITING, or READY at most. */
static void set_brief(struct core *c, struct run_row *r, uint32_t task)
{
    struct task_brief *brief = &r->briefs[task];
    int64_t ready_ms = brief->at_ms;

    *brief = (struct task_brief){
        .at_ms = c->now_ms,
        .handed_age = BRIEF_NEVER,
        .started_age = BRIEF_NEVER,
        .executor = BRIEF_NONE,
    };
    if (!set_age(&brief->ready_age, c->now_ms, ready_ms)) {
        brief->ready_age = BRIEF_NEVER;
    }
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
        set_brief(c, r, task);
    }
    if (task_state(r, task) == TASK_WAITING) {
        r->cells[task].left = CORE_NONE;
    }
    r->cells[task].reason = (uint8_t)reason;
    task_move(c, r, task, state);
    count_end(r, task);
    list_end(c, r, task);
    task_event(c, r, task, EVENT_TASK_DONE);
    fold(c, r, task);
}

void task_restore(struct core *c, struct run_row *r, uint32_t task,
                  enum task_state state)
{
    assert(task_state(r, task) == TASK_WAITING);
    place(c, r, task, state);
    if (task_state_is_ended(state)) {
        count_end(r, task);
        fold(c, r, task);
    }
}

void task_take_back(struct core *c, struct run_row *r, uint32_t task)
{
    place(c, r, task, TASK_WAITING);
}

static int64_t age(const struct task_brief *brief, uint32_t age_ms)
{
    return age_ms == BRIEF_NEVER ? 0 : brief->at_ms - age_ms;
}

static void view_brief(const struct run_row *r, uint32_t task,
                       struct task *view)
{
    const struct task_brief *brief = &r->briefs[task];

    if (view->state == TASK_WAITING) {
        return;
    }
    if (view->state == TASK_READY) {
        view->ready_ms = brief->at_ms;
        return;
    }
    view->attempt = brief->attempt;
    view->fence = brief->fence;
    view->tries = brief->tries;
    view->losses = brief->losses;
    if (brief->executor != BRIEF_NONE) {
        view->executor = brief->executor;
    }
    view->ended_ms = brief->at_ms;
    view->ready_ms = age(brief, brief->ready_age);
    view->handed_ms = age(brief, brief->handed_age);
    view->started_ms = age(brief, brief->started_age);
}

static void view_detail(const struct task_detail *d, struct task *view)
{
    view->executor = d->executor;
    view->tries = d->tries;
    view->losses = d->losses;
    view->attempt = d->attempt;
    view->fence = d->fence;
    view->is_cancelling = d->is_cancelling;
    view->cancel_class = d->cancel_class;
    view->ready_ms = d->ready_ms;
    view->due_ms = d->due_ms;
    view->handed_ms = d->handed_ms;
    view->started_ms = d->started_ms;
    view->ended_ms = d->ended_ms;
    view->delay_ms = d->delay_ms;
    view->seed = d->seed;
    view->fault = d->fault;
    view->outputs = d->outputs;
}

static void view_each(const struct run_row *r, uint32_t task, struct task *view)
{
    const struct run_each *each = task_each(r, task);

    if (!each) {
        return;
    }
    if (task_is_item(r, task)) {
        view->owner = each->owner;
        view->item = task - each->first;
        view->value = each->values ? each->values[view->item] : NULL;
    } else {
        view->first_item = each->first;
        view->items_count = each->count;
    }
}

void task_view(const struct core *c, const struct run_row *r, uint32_t task,
               struct task *view)
{
    const struct task_detail *d = detail_of(c, r, task);

    *view = (struct task){
        .state = task_state(r, task),
        .reason = (enum task_reason)r->cells[task].reason,
        .item = CORE_NONE,
        .owner = CORE_NONE,
        .executor = CORE_NONE,
        .fault = {.code = "", .message = ""},
    };
    if (d) {
        view_detail(d, view);
    } else {
        view_brief(r, task, view);
    }
    view_each(r, task, view);
}
