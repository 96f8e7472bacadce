#include "host/core/request.h"

#include "host/core/halt.h"
#include "host/core/ready.h"
#include "host/core/run.h"
#include "host/core/task.h"

static void answer(struct core *c, const struct ask *ask, uint32_t run,
                   int status)
{
    struct effect *effect = turn_effect(&c->turn, EFFECT_ANSWER);

    effect->ask = ask->ask;
    effect->run = run;
    effect->task = ask->task;
    effect->status = status;
}

/* Two askers with one key may both have been told that it is new. */
static bool is_known(const struct core *c, const struct run *run)
{
    return core_find_run(c, run->id) != CORE_NONE ||
           (run->key[0] &&
            core_find_key(c, run->principal, run->key) != CORE_NONE);
}

void request_submit(struct core *c, struct ask *ask)
{
    struct run_row *r = ask->row;

    if (is_known(c, &r->run)) {
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

void request_cancel(struct core *c, struct ask *ask)
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

void request_resolve(struct core *c, struct ask *ask)
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

void request_read(struct core *c, struct ask *ask)
{
    answer(c, ask, CORE_NONE, HAFT_OK);
}
