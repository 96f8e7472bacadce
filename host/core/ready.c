#include "host/core/ready.h"

#include <string.h>

#include "host/core/detail.h"
#include "host/core/each.h"
#include "host/core/halt.h"
#include "host/core/limit.h"
#include "host/core/run.h"
#include "host/core/scope.h"
#include "host/core/task.h"

/* It fails before it came to anything, and whoever wrote it can mend it. */
static void refuse(struct core *c, struct run_row *r, uint32_t task,
                   struct fault fault)
{
    fault.effect = HAFT_EFFECT_NOT_STARTED;
    fault.origin = HAFT_ORIGIN_USER;
    halt_refuse(c, r, task, &fault);
}

static void refuse_executor(struct core *c, struct run_row *r, uint32_t task,
                            const char *name)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (name) {
        str_add_text(&why, "no executor ");
        str_add_quoted(&why, name, strlen(name));
        str_add_text(&why, " is configured");
    } else {
        str_add_text(&why, "no executor is configured for such a task");
    }
    refuse(c, r, task,
           (struct fault){
               .fault_class = HAFT_NOT_FOUND,
               .code = "host.executor",
               .message = why.text,
           });
    str_finish(&why);
}

void ready_queue(struct core *c, struct run_row *r, uint32_t task)
{
    const struct workflow_task *row = task_row(r, task);
    const char *name = core_job_executor(c, r->workflow, row->job);
    uint32_t executor = name ? pool_find(&c->pool, name) : r->run.executor;

    if (executor >= c->pool.count) {
        refuse_executor(c, r, task, name);
        return;
    }
    r->cells[task].flags |= CELL_QUEUED;
    r->cells[task].left = ++c->stamp;
    queue_push(&c->pool.executors[executor].queue,
               task_policy(r, task)->priority,
               (struct queue_entry){
                   .run = r->index,
                   .task = task,
                   .stamp = c->stamp,
               });
    task_arm(c, r, task);
}

void ready_make(struct core *c, struct run_row *r, uint32_t task)
{
    const struct workflow_policy *policy = task_policy(r, task);

    r->briefs[task].at_ms = c->now_ms;
    if (policy->queue_ms > 0 || policy->total_ms > 0) {
        detail_need(c, r, task);
    }
    task_move(c, r, task, TASK_READY);
    if (!task_is_item(r, task) &&
        (task_row(r, task)->needs_count || task_is_finally(r, task))) {
        task_event(c, r, task, EVENT_TASK_READY);
    }
    ready_queue(c, r, task);
}

/* 1: it holds; 0: it does not; -1: it has no value, and the task is refused. */
static int holds(struct core *c, struct run_row *r, uint32_t task)
{
    uint32_t condition = task_row(r, task)->condition;
    struct scope_place place = {.core = c, .run = r, .task = task};
    struct expr_scope scope = scope_of(&place);
    struct str why;
    cJSON *value;
    int answer = -1;

    if (condition == WORKFLOW_NONE) {
        return 1;
    }
    str_init(&why, STR_WHY_LIMIT);
    value = expr_eval(r->workflow->conditions[condition], &scope, &why);
    if (value) {
        answer = expr_is_true(value);
        cJSON_Delete(value);
    } else {
        refuse(c, r, task,
               (struct fault){
                   .fault_class = HAFT_INVALID,
                   .code = "host.expression",
                   .message = why.text,
               });
    }
    str_finish(&why);
    return answer;
}

void ready_consider(struct core *c, struct run_row *r, uint32_t task)
{
    bool decides = task_has_question(r, task);
    int answer;

    if (!decides && r->cells[task].flags & CELL_NEED_BAD) {
        task_end(c, r, task, TASK_SKIPPED, REASON_NEED_FAILED);
        return;
    }
    if (!decides && r->run.is_stopped && !task_is_finally(r, task)) {
        task_end(c, r, task, TASK_SKIPPED, REASON_RUN_STOPPED);
        return;
    }
    answer = holds(c, r, task);
    if (answer < 0) {
        return;
    }
    if (!answer) {
        task_end(c, r, task, TASK_SKIPPED, REASON_CONDITION);
    } else if (task_has_each(r, task)) {
        each_expand(c, r, task);
    } else {
        ready_make(c, r, task);
    }
}

void ready_begin(struct core *c, struct run_row *r)
{
    for (uint32_t t = 0; t < r->run.tasks_count; t++) {
        if (task_state(r, t) == TASK_WAITING && !r->cells[t].left &&
            task_is_finally(r, t) == r->run.is_finishing) {
            ready_consider(c, r, t);
        }
    }
}

/* A need that its own condition skipped, or that had nothing to do, counts as
 * done; but a failure above it is still seen by failure(). */
void ready_tell(struct run_row *r, uint32_t task, uint32_t child)
{
    const struct task_cell *need = &r->cells[task];
    struct task_cell *cell = &r->cells[child];

    if (need->state == TASK_FAILED) {
        cell->flags |= CELL_NEED_BAD | CELL_NEED_FAILED;
    } else if (need->state == TASK_CANCELLED) {
        cell->flags |= CELL_NEED_BAD;
    } else if (need->state == TASK_SKIPPED) {
        cell->flags |= need->flags & CELL_NEED_FAILED;
        if (need->reason != REASON_CONDITION &&
            need->reason != REASON_EMPTY_EACH) {
            cell->flags |= CELL_NEED_BAD;
        }
    }
    if (cell->state == TASK_WAITING) {
        assert(cell->left);
        cell->left--;
    }
}

static void settle(struct core *c, struct run_row *r, uint32_t task)
{
    const uint32_t *children;
    uint32_t count;

    if (task_is_item(r, task)) {
        each_item_ended(c, r, task);
        return;
    }
    children = graph_children(&r->graph, task, &count);
    for (uint32_t i = 0; i < count; i++) {
        ready_tell(r, task, children[i]);
        if (task_state(r, children[i]) == TASK_WAITING &&
            !r->cells[children[i]].left) {
            ready_consider(c, r, children[i]);
        }
    }
}

void ready_review(struct core *c, struct run_row *r)
{
    if (r->main_left || run_state_is_ended(r->run.state)) {
        return;
    }
    if (!r->run.is_finishing && r->finally_left) {
        r->run.is_finishing = true;
        ready_begin(c, r);
    }
    if (!r->finally_left) {
        run_end(c, r);
    }
}

void ready_settle(struct core *c)
{
    while (c->ended_head < c->ended_count || c->stops_count) {
        struct task_place place;
        struct run_row *r;

        if (c->ended_head == c->ended_count) {
            halt_stopped(c);
            continue;
        }
        place = c->ended[c->ended_head++];
        r = c->runs[place.run];
        settle(c, r, place.task);
        ready_review(c, r);
    }
    c->ended_head = 0;
    c->ended_count = 0;
}
