#include "host/core/brief.h"

#include "host/core/detail.h"
#include "host/core/task.h"

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
void brief_fold(struct core *c, struct run_row *r, uint32_t task)
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
void brief_set(struct core *c, struct run_row *r, uint32_t task)
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

static int64_t age(const struct task_brief *brief, uint32_t age_ms)
{
    return age_ms == BRIEF_NEVER ? 0 : brief->at_ms - age_ms;
}

static void view_short(const struct run_row *r, uint32_t task,
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

void brief_view(const struct core *c, const struct run_row *r, uint32_t task,
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
        view_short(r, task, view);
    }
    view_each(r, task, view);
}
