#include "host/core/due.h"

#include "host/core/attempt.h"
#include "host/core/detail.h"
#include "host/core/limit.h"
#include "host/core/ready.h"
#include "host/core/task.h"

/* Silence is asked about before it is believed: nobody tells us of output. */
static void listen(struct core *c, struct run_row *r, uint32_t task)
{
    detail_of(c, r, task)->is_listening = true;
    task_effect(c, r, task, EFFECT_LISTEN);
    task_arm(c, r, task);
}

static void end_by(struct core *c, struct run_row *r, uint32_t task,
                   enum limit limit)
{
    assert(limit != LIMITS);
    if (task_state(r, task) == TASK_READY) {
        attempt_expire(c, r, task, limit);
    } else {
        attempt_time_out(c, r, task, limit);
    }
}

void due_act(struct core *c, uint32_t id)
{
    const struct task_detail *d = detail_at(c, id);
    struct run_row *r = c->runs[d->run];
    uint32_t task = d->task;
    enum limit limit = limit_passed(r, task, d, c->now_ms);

    switch (limit) {
    case LIMIT_DELAY:
        ready_queue(c, r, task);
        break;
    case LIMIT_SILENCE:
        listen(c, r, task);
        break;
    case LIMIT_FORCE:
        attempt_repeat_cancel(c, r, task, 0);
        break;
    default:
        end_by(c, r, task, limit);
        break;
    }
}

void due_heard(struct core *c, struct ask *ask)
{
    struct task_place place;
    struct run_row *r;
    struct task_detail *d;

    if (!attempt_find(c, ask, &place)) {
        return;
    }
    r = c->runs[place.run];
    d = detail_of(c, r, place.task);
    d->is_listening = false;
    if (ask->time_ms < c->now_ms - d->heard_ms) {
        d->heard_ms = c->now_ms - ask->time_ms;
    }
    if (limit_at(r, place.task, d, LIMIT_SILENCE) <= c->now_ms) {
        attempt_time_out(c, r, place.task, LIMIT_SILENCE);
    }
    task_arm(c, r, place.task);
}
