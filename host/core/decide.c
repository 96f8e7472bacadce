#include "host/core/attempt.h"
#include "host/core/core.h"
#include "host/core/halt.h"
#include "host/core/ready.h"
#include "host/core/resume.h"
#include "host/core/run.h"
#include "host/core/task.h"
#include "host/plain/mem.h"

/* One turn: what was asked, in order; what is due; then what there is room
 * for. An answer that arrived beats a limit that passed meanwhile. */

static void answer(struct core *c, const struct ask *ask, uint32_t run,
                   int status)
{
    struct effect *effect = turn_effect(&c->turn, EFFECT_ANSWER);

    effect->ask = ask->ask;
    effect->run = run;
    effect->task = ask->task;
    effect->status = status;
}

static void submit(struct core *c, struct ask *ask)
{
    struct run_row *r = ask->row;

    if (core_find_run(c, r->run.id) != CORE_NONE) {
        answer(c, ask, CORE_NONE, -HAFT_CONFLICT);
        return;
    }
    ask->row = NULL;
    r->run.created_ms = c->now_ms;
    run_add(c, r);
    run_touch(c, r, CHANGE_RUN_NEW);
    run_event(c, r, EVENT_RUN_SUBMITTED);
    answer(c, ask, r->index, HAFT_OK);
    ready_begin(c, r);
    ready_review(c, r);
}

static void cancel(struct core *c, struct ask *ask)
{
    struct run_row *r = run_of(c, ask->run);

    if (!r) {
        answer(c, ask, ask->run, -HAFT_NOT_FOUND);
    } else if (run_state_is_ended(r->run.state)) {
        answer(c, ask, ask->run, -HAFT_CONFLICT);
    } else {
        answer(c, ask, ask->run, HAFT_OK);
        halt_cancel(c, r);
    }
}

static void resolve(struct core *c, struct ask *ask)
{
    struct run_row *r = run_of(c, ask->run);

    if (!r || ask->task >= r->cells_count) {
        answer(c, ask, ask->run, -HAFT_NOT_FOUND);
        return;
    }
    if (task_state(r, ask->task) != TASK_HELD) {
        answer(c, ask, ask->run, -HAFT_CONFLICT);
        return;
    }
    answer(c, ask, ask->run, HAFT_OK);
    task_event(c, r, ask->task, EVENT_TASK_RESOLVED);
    switch ((enum core_resolution)ask->choice) {
    case RESOLVE_SUCCESS:
        task_end(c, r, ask->task, TASK_SUCCEEDED, REASON_RESOLVED);
        break;
    case RESOLVE_SKIP:
        task_end(c, r, ask->task, TASK_SKIPPED, REASON_RESOLVED);
        break;
    default:
        halt_fail(c, r, ask->task, REASON_RESOLVED);
        break;
    }
}

static void read_state(struct core *c, struct ask *ask)
{
    answer(c, ask, CORE_NONE, HAFT_OK);
}

static void (*const handlers[ASK_KINDS])(struct core *c, struct ask *ask) = {
    [ASK_SUBMIT] = submit,           [ASK_CANCEL] = cancel,
    [ASK_RESOLVE] = resolve,         [ASK_READ] = read_state,
    [ASK_STARTED] = attempt_started, [ASK_ENDED] = attempt_ended,
    [ASK_VERDICT] = attempt_verdict, [ASK_HEARD] = attempt_heard,
    [ASK_FOUND] = attempt_found,
};

/* An entry whose task has moved on since is dropped. */
static bool is_current(const struct core *c, struct queue_entry entry)
{
    const struct run_row *r = run_of(c, entry.run);

    return r && entry.task < r->cells_count &&
           task_state(r, entry.task) == TASK_READY &&
           r->cells[entry.task].flags & CELL_QUEUED &&
           r->cells[entry.task].left == entry.stamp;
}

static void hand_over(struct core *c, uint32_t executor)
{
    struct executor *e = &c->pool.executors[executor];
    struct queue_entry entry;

    while (e->used < pool_window(e) && queue_pop(&e->queue, &entry)) {
        if (is_current(c, entry)) {
            attempt_hand(c, c->runs[entry.run], entry.task, executor);
        }
    }
}

/* Slots of forgotten runs: free now that no queued ask can mean them. */
static void free_left_runs(struct core *c)
{
    c->free_runs = mem_grow(c->free_runs, &c->free_runs_room,
                            (size_t)c->free_runs_count + c->left_runs_count,
                            sizeof(*c->free_runs));
    for (uint32_t i = 0; i < c->left_runs_count; i++) {
        c->free_runs[c->free_runs_count++] = c->left_runs[i];
    }
    c->left_runs_count = 0;
}

void core_decide(struct core *c, int64_t now_ms)
{
    struct ask *ask;
    uint32_t id;

    if (now_ms > c->now_ms) {
        c->now_ms = now_ms;
    }
    c->counts.turns++;
    if (c->is_resuming) {
        c->is_resuming = false;
        resume_runs(c);
    }
    for (ask = asks_next(&c->asks); ask; ask = asks_next(&c->asks)) {
        handlers[ask->kind](c, ask);
        asks_drop(ask);
        ready_settle(c);
    }
    while (timer_take(&c->timer, c->now_ms, &id)) {
        attempt_due(c, id);
        ready_settle(c);
    }
    for (uint32_t i = 0; i < c->pool.count; i++) {
        hand_over(c, i);
    }
    free_left_runs(c);
}

int64_t core_next_ms(const struct core *c)
{
    return c->is_resuming ? c->now_ms : timer_next(&c->timer);
}

void core_clear(struct core *c)
{
    for (size_t i = 0; i < c->turn.changes_count; i++) {
        const struct change *change = &c->turn.changes[i];
        struct run_row *r = run_of(c, change->run);

        if (!r) {
            continue;
        }
        if (change->kind == CHANGE_TASK) {
            r->cells[change->task].flags &= (uint16_t)~CELL_DIRTY;
        } else {
            r->is_new = false;
            r->change = 0;
        }
    }
    turn_clear(&c->turn);
}
