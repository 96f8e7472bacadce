#include "host/core/limit.h"

#include "host/core/task.h"

int64_t limit_add(int64_t from_ms, int64_t span_ms)
{
    if (span_ms > TIMER_NEVER - from_ms) {
        return TIMER_NEVER;
    }
    return from_ms + span_ms;
}

/* A span of 0 is no limit. */
static int64_t span(int64_t from_ms, int64_t span_ms)
{
    return span_ms > 0 ? limit_add(from_ms, span_ms) : TIMER_NEVER;
}

static int64_t ready_limit(const struct run_row *r, uint32_t task,
                           const struct task_detail *d, enum limit limit)
{
    const struct workflow_policy *policy = task_policy(r, task);

    switch (limit) {
    case LIMIT_DELAY:
        return r->cells[task].flags & CELL_QUEUED ? TIMER_NEVER : d->due_ms;
    case LIMIT_TOTAL:
        return span(d->ready_ms, policy->total_ms);
    case LIMIT_QUEUE:
        return span(d->due_ms ? d->due_ms : d->ready_ms, policy->queue_ms);
    default:
        return TIMER_NEVER;
    }
}

static int64_t open_limit(const struct run_row *r, uint32_t task,
                          const struct task_detail *d, enum limit limit)
{
    const struct workflow_policy *policy = task_policy(r, task);
    bool is_running = task_state(r, task) == TASK_RUNNING;

    if (d->is_recovering || task_has_each(r, task)) {
        return TIMER_NEVER;
    }
    if (d->is_cancelling) {
        return limit == LIMIT_FORCE ? d->force_ms : TIMER_NEVER;
    }
    switch (limit) {
    case LIMIT_TOTAL:
        return span(d->ready_ms, policy->total_ms);
    case LIMIT_QUEUE:
        return is_running ? TIMER_NEVER
                          : span(d->due_ms ? d->due_ms : d->ready_ms,
                                 policy->queue_ms);
    case LIMIT_RUN:
        return is_running ? span(d->started_ms, policy->run_ms) : TIMER_NEVER;
    case LIMIT_SILENCE:
        return is_running && !d->is_listening
                   ? span(d->heard_ms, policy->silence_ms)
                   : TIMER_NEVER;
    default:
        return TIMER_NEVER;
    }
}

int64_t limit_at(const struct run_row *r, uint32_t task,
                 const struct task_detail *d, enum limit limit)
{
    switch (task_state(r, task)) {
    case TASK_READY:
        return ready_limit(r, task, d, limit);
    case TASK_HANDED:
    case TASK_RUNNING:
        return open_limit(r, task, d, limit);
    default:
        return TIMER_NEVER;
    }
}

/* Most tasks have no limit at all, and need not be asked for each. */
static bool has_any(const struct run_row *r, uint32_t task,
                    const struct task_detail *d)
{
    const struct workflow_policy *policy;

    switch (task_state(r, task)) {
    case TASK_READY:
        return true;
    case TASK_HANDED:
    case TASK_RUNNING:
        policy = task_policy(r, task);
        return d->is_cancelling || policy->queue_ms > 0 || policy->run_ms > 0 ||
               policy->silence_ms > 0 || policy->total_ms > 0;
    default:
        return false;
    }
}

int64_t limit_next(const struct run_row *r, uint32_t task,
                   const struct task_detail *d)
{
    int64_t next = TIMER_NEVER;

    if (!has_any(r, task, d)) {
        return TIMER_NEVER;
    }
    for (enum limit i = 0; i < LIMITS; i++) {
        int64_t at = limit_at(r, task, d, i);

        next = at < next ? at : next;
    }
    return next;
}

enum limit limit_passed(const struct run_row *r, uint32_t task,
                        const struct task_detail *d, int64_t now_ms)
{
    for (enum limit i = 0; i < LIMITS; i++) {
        if (limit_at(r, task, d, i) <= now_ms) {
            return i;
        }
    }
    return LIMITS;
}

const char *limit_code(enum limit limit)
{
    static const char *const codes[LIMITS] = {
        [LIMIT_DELAY] = "host.timeout",
        [LIMIT_TOTAL] = "host.timeout_total",
        [LIMIT_QUEUE] = "host.timeout_queue",
        [LIMIT_RUN] = "host.timeout_run",
        [LIMIT_SILENCE] = "host.timeout_silence",
        [LIMIT_FORCE] = "host.timeout",
    };

    return codes[limit];
}
