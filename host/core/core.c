#include "host/core/core.h"

#include "host/core/detail.h"
#include "host/core/run.h"
#include "host/core/scope.h"
#include "host/plain/mem.h"

static const char *const events[EVENT_KINDS] = {
    [EVENT_RUN_SUBMITTED] = "run.submitted",
    [EVENT_RUN_CANCELLING] = "run.cancelling",
    [EVENT_RUN_STOPPING] = "run.stopping",
    [EVENT_RUN_ENDED] = "run.ended",
    [EVENT_TASK_READY] = "task.ready",
    [EVENT_TASK_EXPANDED] = "task.expanded",
    [EVENT_TASK_HANDED] = "task.handed",
    [EVENT_TASK_STARTED] = "task.started",
    [EVENT_TASK_ENDED] = "task.ended",
    [EVENT_TASK_RETRY] = "task.retry",
    [EVENT_TASK_HELD] = "task.held",
    [EVENT_TASK_RESOLVED] = "task.resolved",
    [EVENT_TASK_CANCELLING] = "task.cancelling",
    [EVENT_TASK_DONE] = "task.done",
    [EVENT_TASK_RECOVERED] = "task.recovered",
};

const char *event_kind_name(enum event_kind kind)
{
    return events[kind];
}

struct core *core_create(const struct core_options *options)
{
    struct core *c = mem_new(1, sizeof(*c));

    c->options = *options;
    c->scope = mem_new(1, sizeof(*c->scope));
    return c;
}

void core_destroy(struct core *c)
{
    if (!c) {
        return;
    }
    for (uint32_t i = 0; i < c->runs_count; i++) {
        if (c->runs[i]) {
            run_destroy(c->runs[i]);
        }
    }
    details_finish(c);
    mem_free(c->runs);
    mem_free(c->free_runs);
    mem_free(c->left_runs);
    index_finish(&c->ids);
    index_finish(&c->keys);
    index_finish(&c->attempts);
    timer_finish(&c->timer);
    pool_finish(&c->pool);
    turn_finish(&c->turn);
    asks_finish(&c->asks);
    mem_free(c->ended);
    mem_free(c->stops);
    mem_free(c->scope);
    mem_free(c);
}

uint32_t core_add_executor(struct core *c, const char *name, uint32_t slots,
                           bool is_ahead)
{
    return pool_add(&c->pool, name, slots, is_ahead);
}

const char *core_executor_name(const struct core *c, uint32_t executor)
{
    return executor < c->pool.count ? c->pool.executors[executor].name : NULL;
}

const char *core_job_executor(const struct core *c, const struct workflow *w,
                              uint32_t job)
{
    const struct workflow_job *row = &w->jobs[job];

    if (!row->executor && row->image) {
        return c->options.container;
    }
    return row->executor;
}

const struct change *core_changes(const struct core *c, size_t *count)
{
    *count = c->turn.changes_count;
    return c->turn.changes;
}

const struct event *core_events(const struct core *c, size_t *count)
{
    *count = c->turn.events_count;
    return c->turn.events;
}

const struct effect *core_effects(const struct core *c, size_t *count)
{
    *count = c->turn.effects_count;
    return c->turn.effects;
}

void core_forget(struct core *c, uint32_t run)
{
    struct run_row *r = run_of(c, run);

    assert(!r || run_state_is_ended(r->run.state));
    if (r) {
        run_remove(c, r);
    }
}
