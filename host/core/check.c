#include <string.h>

#include "host/core/core.h"
#include "host/core/detail.h"
#include "host/core/hand.h"
#include "host/core/limit.h"
#include "host/core/run.h"
#include "host/core/task.h"
#include "host/plain/mem.h"

/* What is counted while the tables are walked, to be compared with what they
 * say of themselves. */
struct tally {
    uint32_t tasks[TASK_STATES];
    uint32_t runs;
    uint32_t open; /* attempts that can be looked up */
    uint32_t details;
    uint32_t timers;
    uint32_t queued;
    uint32_t *used; /* slots of each executor */
};

static uint32_t needs_left(const struct run_row *r, uint32_t task)
{
    const struct workflow_task *row = &r->workflow->tasks[task];
    uint32_t left = 0;

    for (uint32_t i = 0; i < row->needs_count; i++) {
        uint32_t need = r->workflow->needs[row->needs + i];

        left += !task_state_is_ended(task_state(r, need));
    }
    return left;
}

static const char *check_waiting(const struct run_row *r, uint32_t task)
{
    if (r->cells[task].detail) {
        return "a waiting task has a detail";
    }
    if (task_is_item(r, task)) {
        return NULL;
    }
    if (r->cells[task].left != needs_left(r, task)) {
        return "a waiting task has miscounted its needs";
    }
    if (!r->cells[task].left &&
        task_is_finally(r, task) == r->run.is_finishing) {
        return "a task waits for nothing";
    }
    return NULL;
}

static const char *check_open(const struct core *c, const struct run_row *r,
                              uint32_t task, const struct task_detail *d)
{
    size_t cursor = 0;
    const struct index_slot *slot;

    if (!d || !d->attempt) {
        return "an open task has no attempt";
    }
    slot = index_next(&c->attempts, d->attempt, &cursor);
    if (!slot || slot->run != r->index || slot->task != task) {
        return "an open attempt cannot be looked up";
    }
    return NULL;
}

static const char *check_detail(const struct core *c, const struct run_row *r,
                                uint32_t task, struct tally *tally)
{
    const struct task_detail *d = detail_of(c, r, task);
    int64_t due_ms;

    if (!d) {
        return NULL;
    }
    tally->details++;
    if (d->run != r->index || d->task != task) {
        return "a detail is another task's";
    }
    due_ms = timer_due(&c->timer, r->cells[task].detail - 1);
    tally->timers += due_ms != TIMER_NEVER;
    if (due_ms != limit_next(r, task, d)) {
        return "a timer is not set to the next limit";
    }
    return NULL;
}

static const char *check_state(const struct core *c, const struct run_row *r,
                               uint32_t task, struct tally *tally)
{
    const struct task_detail *d = detail_of(c, r, task);

    switch (task_state(r, task)) {
    case TASK_WAITING:
        return check_waiting(r, task);
    case TASK_READY:
        tally->queued += !!(r->cells[task].flags & CELL_QUEUED);
        return !(r->cells[task].flags & CELL_QUEUED) && !d
                   ? "a ready task is in no queue"
                   : NULL;
    case TASK_HANDED:
    case TASK_RUNNING:
        if (task_has_each(r, task)) {
            return NULL;
        }
        tally->open++;
        if (d && d->executor < c->pool.count) {
            tally->used[d->executor]++;
        }
        return check_open(c, r, task, d);
    case TASK_DECIDING:
        tally->open++;
        return check_open(c, r, task, d);
    default:
        return NULL;
    }
}

static const char *check_each(const struct run_row *r,
                              const struct run_each *each)
{
    uint32_t ended = 0;
    uint32_t open = 0;

    for (uint32_t i = each->first; i < each->first + each->count; i++) {
        bool is_ended = task_state_is_ended(task_state(r, i));

        ended += is_ended;
        open += !is_ended && task_state(r, i) != TASK_WAITING;
    }
    if (ended != each->ended || open != each->open) {
        return "an each has miscounted its items";
    }
    if ((ended == each->count) !=
        task_state_is_ended(task_state(r, each->owner))) {
        return "an each and its items have not ended together";
    }
    return NULL;
}

static const char *check_left(const struct run_row *r)
{
    uint32_t main_left = 0;
    uint32_t finally_left = 0;

    for (uint32_t t = 0; t < r->run.tasks_count; t++) {
        if (!task_state_is_ended(task_state(r, t))) {
            main_left += !task_is_finally(r, t);
            finally_left += task_is_finally(r, t);
        }
    }
    if (main_left != r->main_left || finally_left != r->finally_left) {
        return "a run has miscounted what is left of it";
    }
    if (run_state_is_ended(r->run.state) != (!main_left && !finally_left)) {
        return "a run and its tasks have not ended together";
    }
    return NULL;
}

static const char *check_run(const struct core *c, const struct run_row *r,
                             struct tally *tally)
{
    bool is_live = !run_state_is_ended(r->run.state);
    uint32_t counts[TASK_STATES] = {0};
    const char *wrong = check_left(r);

    tally->runs += is_live;
    for (uint32_t t = 0; t < r->cells_count && !wrong; t++) {
        tally->tasks[task_state(r, t)] += is_live;
        counts[task_state(r, t)] += !task_is_item(r, t);
        wrong = check_detail(c, r, t, tally);
        if (!wrong) {
            wrong = check_state(c, r, t, tally);
        }
    }
    for (uint32_t i = 0; i < r->eaches_count && !wrong; i++) {
        wrong = check_each(r, &r->eaches[i]);
    }
    if (!wrong && memcmp(counts, r->run.counts, sizeof(counts)) != 0) {
        wrong = "a run has miscounted its states";
    }
    return wrong;
}

static uint32_t count_queue(const struct core *c, const struct queue *q)
{
    uint32_t count = 0;

    for (size_t i = 0; i < q->levels_count; i++) {
        const struct queue_level *level = &q->levels[i];

        for (size_t j = 0; j < level->count; j++) {
            count += hand_is_current(
                c, level->entries[(level->head + j) & (level->room - 1)]);
        }
    }
    return count;
}

static const char *check_pool(const struct core *c, const struct tally *tally)
{
    uint32_t queued = 0;

    for (uint32_t i = 0; i < c->pool.count; i++) {
        const struct executor *e = &c->pool.executors[i];

        queued += count_queue(c, &e->queue);
        if (e->used != tally->used[i]) {
            return "an executor has miscounted its slots";
        }
    }
    return queued == tally->queued ? NULL : "a ready task is not queued once";
}

static const char *check_totals(const struct core *c, const struct tally *tally)
{
    if (tally->runs != c->counts.runs_live) {
        return "the live runs are miscounted";
    }
    if (memcmp(tally->tasks, c->counts.tasks_live, sizeof(tally->tasks)) != 0) {
        return "the live tasks are miscounted";
    }
    if (tally->open != c->attempts.count) {
        return "an attempt is open that no task has";
    }
    if (tally->details != c->details.count - c->details.free_count) {
        return "a detail belongs to no task";
    }
    if (tally->timers != c->timer.count || !timer_is_sound(&c->timer)) {
        return "a timer belongs to no task";
    }
    return check_pool(c, tally);
}

const char *core_check(const struct core *c)
{
    struct tally tally = {.used = mem_new(c->pool.count, sizeof(uint32_t))};
    const char *wrong = NULL;

    for (uint32_t i = 0; i < c->runs_count && !wrong; i++) {
        if (c->runs[i] && !c->runs[i]->is_restored) {
            wrong = check_run(c, c->runs[i], &tally);
        }
    }
    if (!wrong && !c->is_resuming) {
        wrong = check_totals(c, &tally);
    }
    mem_free(tally.used);
    return wrong;
}
