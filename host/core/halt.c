#include "host/core/halt.h"

#include "host/core/attempt.h"
#include "host/core/detail.h"
#include "host/core/each.h"
#include "host/core/run.h"
#include "host/core/task.h"
#include "host/plain/mem.h"

static void stop(struct core *c, struct run_row *r)
{
    if (r->run.is_stopped) {
        return;
    }
    r->run.is_stopped = true;
    r->is_stop_due = true;
    c->stops = mem_grow(c->stops, &c->stops_room, c->stops_count + 1,
                        sizeof(struct run_row *));
    c->stops[c->stops_count++] = r;
    run_touch(c, r, CHANGE_RUN);
    run_event(c, r, EVENT_RUN_STOPPING);
}

void halt_fail(struct core *c, struct run_row *r, uint32_t task,
               enum task_reason reason)
{
    task_end(c, r, task, TASK_FAILED, reason);
    if (task_policy(r, task)->on_fail != ON_FAIL_STOP) {
        return;
    }
    if (task_is_item(r, task)) {
        each_stop(c, r, task_each(r, task));
    }
    if (!task_is_finally(r, task)) {
        stop(c, r);
    }
}

void halt_refuse(struct core *c, struct run_row *r, uint32_t task,
                 const struct fault *fault)
{
    detail_set_fault(c, detail_need(c, r, task), fault);
    halt_fail(c, r, task, REASON_NONE);
}

/* An attempt, even one that failed, is a start: such a task is left to end. */
static bool has_started(const struct core *c, const struct run_row *r,
                        uint32_t task)
{
    const struct task_detail *d = detail_of(c, r, task);

    return d && d->fence;
}

static void skip_rest(struct core *c, struct run_row *r)
{
    for (uint32_t t = 0; t < r->cells_count; t++) {
        enum task_state state = task_state(r, t);

        if ((state == TASK_WAITING || state == TASK_READY) &&
            !has_started(c, r, t) && !task_is_finally(r, t) &&
            !task_has_question(r, t)) {
            task_end(c, r, t, TASK_SKIPPED, REASON_RUN_STOPPED);
        }
    }
}

void halt_stopped(struct core *c)
{
    for (size_t i = 0; i < c->stops_count; i++) {
        c->stops[i]->is_stop_due = false;
        skip_rest(c, c->stops[i]);
    }
    c->stops_count = 0;
}

static void cancel_task(struct core *c, struct run_row *r, uint32_t task,
                        int64_t grace_ms)
{
    switch (task_state(r, task)) {
    case TASK_WAITING:
    case TASK_READY:
    case TASK_DECIDING:
    case TASK_HELD:
        task_end(c, r, task, TASK_CANCELLED, REASON_RUN_CANCELLED);
        break;
    case TASK_HANDED:
    case TASK_RUNNING:
        if (!task_has_each(r, task)) {
            attempt_cancel(c, r, task, grace_ms);
        }
        break;
    default:
        break;
    }
}

static void cancel_tasks(struct core *c, struct run_row *r, bool is_forced)
{
    for (uint32_t t = 0; t < r->cells_count; t++) {
        if (is_forced || !task_is_finally(r, t)) {
            cancel_task(c, r, t, is_forced ? 0 : c->options.grace_ms);
        }
    }
}

void halt_cancel(struct core *c, struct run_row *r)
{
    bool is_forced = r->cancels > 0;

    r->cancels += !is_forced;
    if (!is_forced) {
        run_move(c, r, RUN_CANCELLING);
    }
    run_event(c, r, EVENT_RUN_CANCELLING);
    cancel_tasks(c, r, is_forced);
}

/* By the run's cancel, whose own record may not have come to disk. */
static bool is_cancelled(const struct run_row *r)
{
    for (uint32_t t = 0; r->live[TASK_CANCELLED] && t < r->cells_count; t++) {
        if (r->cells[t].reason == REASON_RUN_CANCELLED) {
            return true;
        }
    }
    return false;
}

void halt_resume(struct core *c, struct run_row *r)
{
    if (r->run.is_stopped) {
        skip_rest(c, r);
    }
    if (r->cancels) {
        cancel_tasks(c, r, false);
    } else if (is_cancelled(r)) {
        halt_cancel(c, r);
    }
}
