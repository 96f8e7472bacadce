#include "host/core/limit.h"

#include <stddef.h>
#include <string.h>

#include "host/core/task.h"
#include "host/plain/units.h"

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

static const struct {
    const char *code;
    const char *did; /* ... of 10m */
    size_t span;     /* in struct workflow_policy */
} rows[LIMITS] = {
    [LIMIT_TOTAL] = {"host.timeout_total", "took longer, all tries together",
                     offsetof(struct workflow_policy, total_ms)},
    [LIMIT_QUEUE] = {"host.timeout_queue", "waited longer for its start",
                     offsetof(struct workflow_policy, queue_ms)},
    [LIMIT_RUN] = {"host.timeout_run", "ran longer",
                   offsetof(struct workflow_policy, run_ms)},
    [LIMIT_SILENCE] = {"host.timeout_silence", "was silent for longer",
                       offsetof(struct workflow_policy, silence_ms)},
};

static int64_t span_of(enum limit limit, const struct workflow_policy *policy)
{
    int64_t span_ms;

    memcpy(&span_ms, (const char *)policy + rows[limit].span, sizeof(span_ms));
    return span_ms;
}

const char *limit_code(enum limit limit)
{
    return rows[limit].code;
}

void limit_explain(enum limit limit, const struct workflow_policy *policy,
                   struct str *out)
{
    str_addf(out, "%s than its limit of ", rows[limit].did);
    units_add_duration(out, span_of(limit, policy));
}

enum limit limit_guess(enum fault_class fault_class,
                       const struct workflow_policy *policy)
{
    enum limit first =
        fault_class == HAFT_TIMEOUT_QUEUE ? LIMIT_QUEUE : LIMIT_RUN;

    if (span_of(first, policy) > 0) {
        return first;
    }
    if (first == LIMIT_RUN && policy->silence_ms > 0) {
        return LIMIT_SILENCE;
    }
    return LIMIT_TOTAL;
}
