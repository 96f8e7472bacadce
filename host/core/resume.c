#include "host/core/resume.h"

#include "host/core/detail.h"
#include "host/core/each.h"
#include "host/core/halt.h"
#include "host/core/limit.h"
#include "host/core/ready.h"
#include "host/core/recover.h"
#include "host/core/run.h"
#include "host/core/task.h"

uint32_t core_restore_run(struct core *c, const struct run *run,
                          struct workflow *workflow, cJSON *params,
                          uint32_t executor)
{
    struct run_row *r = run_create(run, workflow, params, executor);

    r->run.is_finishing = false; /* the tasks will say */
    r->cancels = run->state == RUN_CANCELLING;
    r->is_restored = true;
    run_add(c, r);
    return r->index;
}

static void fill(struct core *c, struct task_detail *d, const struct task *t)
{
    d->executor = t->executor;
    d->tries = t->tries;
    d->losses = t->losses;
    d->attempt = t->attempt;
    d->fence = t->fence;
    d->seed = t->seed;
    d->ready_ms = t->ready_ms;
    d->due_ms = t->due_ms;
    d->handed_ms = t->handed_ms;
    d->started_ms = t->started_ms;
    d->ended_ms = t->ended_ms;
    d->delay_ms = t->delay_ms;
    d->is_cancelling = t->is_cancelling;
    d->cancel_class = t->cancel_class;
    d->cancel_limit = LIMITS;
    d->outputs = t->outputs;
    detail_set_fault(c, d, &t->fault);
}

/* Whether a record can be true of this task, coming from WAITING. */
static bool fits(const struct run_row *r, uint32_t task, const struct task *t)
{
    bool is_open = t->state == TASK_HANDED || t->state == TASK_RUNNING ||
                   t->state == TASK_DECIDING;
    bool is_owner = task_has_each(r, task);

    if (t->state >= TASK_STATES || t->reason >= REASONS ||
        task_state(r, task) != TASK_WAITING ||
        t->fault.fault_class >= FAULT_CLASSES) {
        return false;
    }
    if (is_owner) {
        return t->items_count <= EACH_ITEMS_LIMIT &&
               (t->state == TASK_RUNNING ? t->items_count > 0
                                         : !is_open && t->state != TASK_READY);
    }
    return (!is_open || t->attempt) && !t->items_count;
}

bool core_restore_task(struct core *c, uint32_t run, const char *name,
                       const struct task *t)
{
    struct run_row *r = run_of(c, run);
    uint32_t task = r ? run_find_task(r, name) : CORE_NONE;

    if (task == CORE_NONE || !fits(r, task, t)) {
        cJSON_Delete(t->outputs);
        return false;
    }
    fill(c, detail_need(c, r, task), t);
    r->cells[task].reason = (uint8_t)t->reason;
    r->cells[task].left = CORE_NONE;
    if (t->items_count) {
        each_restore(c, r, task, t->items_count);
    }
    task_restore(c, r, task, t->state);
    return true;
}

/* Needs come before the tasks that need them, so one pass tells all. */
static void tell_children(struct run_row *r)
{
    for (uint32_t t = 0; t < r->run.tasks_count; t++) {
        const uint32_t *children;
        uint32_t count;

        if (!task_state_is_ended(task_state(r, t))) {
            continue;
        }
        children = graph_children(&r->graph, t, &count);
        for (uint32_t i = 0; i < count; i++) {
            ready_tell(r, t, children[i]);
        }
    }
}

static void resume_task(struct core *c, struct run_row *r, uint32_t task)
{
    switch (task_state(r, task)) {
    case TASK_READY:
        task_arm(c, r, task);
        if (detail_of(c, r, task)->due_ms <= c->now_ms) {
            ready_queue(c, r, task);
        }
        break;
    case TASK_HANDED:
    case TASK_RUNNING:
        if (!task_has_each(r, task)) {
            recover_attempt(c, r, task);
        }
        break;
    case TASK_DECIDING:
        task_effect(c, r, task, EFFECT_RELEASE);
        task_effect(c, r, task, EFFECT_RETRY);
        break;
    case TASK_HELD:
        task_effect(c, r, task, EFFECT_RELEASE);
        break;
    default:
        break;
    }
}

/* The values of an owner's items come from what its needs left, so there are
 * as many as there were; a store that says otherwise, or that the owner ended
 * before them, is not to be trusted. */
static void refuse_items(struct core *c, struct run_row *r,
                         const struct run_each *each)
{
    for (uint32_t i = 0; i < each->count; i++) {
        uint32_t item = each->first + i;

        if (task_state(r, item) == TASK_WAITING) {
            halt_refuse(c, r, item,
                        &(struct fault){
                            .fault_class = HAFT_CORRUPT,
                            .effect = HAFT_EFFECT_NOT_STARTED,
                            .code = "host.each_changed",
                            .message = "the values of `each` are not those "
                                       "that the task was started with",
                        });
        }
    }
}

static void review_eaches(struct core *c, struct run_row *r)
{
    for (uint32_t i = 0; i < r->eaches_count; i++) {
        struct run_each *each = &r->eaches[i];

        if (task_state_is_ended(task_state(r, each->owner))) {
            refuse_items(c, r, each); /* an owner ends after its items */
            continue;
        }
        if (each->failed &&
            task_policy(r, each->owner)->on_fail == ON_FAIL_STOP) {
            each_stop(c, r, each);
        }
        if (!each->values) {
            refuse_items(c, r, each);
        } else {
            each_review(c, r, each);
        }
    }
}

static void resume_run(struct core *c, struct run_row *r)
{
    uint32_t count = r->cells_count;

    r->is_restored = false;
    index_finish(&r->names);
    if (run_state_is_ended(r->run.state)) {
        turn_effect(&c->turn, EFFECT_FORGET)->run = r->index;
        return;
    }
    tell_children(r);
    for (uint32_t i = 0; i < r->eaches_count; i++) {
        each_resume(c, r, &r->eaches[i]);
    }
    for (uint32_t t = 0; t < count; t++) {
        resume_task(c, r, t);
    }
    halt_resume(c, r);
    review_eaches(c, r);
    r->run.is_finishing = !r->main_left;
    ready_begin(c, r);
    ready_settle(c);
    ready_review(c, r);
}

void resume_runs(struct core *c)
{
    for (uint32_t i = 0; i < c->runs_count; i++) {
        if (c->runs[i] && c->runs[i]->is_restored) {
            resume_run(c, c->runs[i]);
        }
    }
}

void core_withdraw(struct core *c, uint32_t run)
{
    struct run_row *r = run_of(c, run);

    assert(r && r->is_restored);
    for (uint32_t t = 0; t < r->cells_count; t++) {
        task_take_back(c, r, t);
    }
    if (!run_state_is_ended(r->run.state)) {
        c->counts.runs_live--;
        c->counts.tasks_live[TASK_WAITING] -= r->cells_count;
    }
    run_remove(c, r);
}

void core_resume(struct core *c)
{
    c->is_resuming = true;
}
