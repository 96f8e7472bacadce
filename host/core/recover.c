#include "host/core/recover.h"

#include "host/core/attempt.h"
#include "host/core/detail.h"
#include "host/core/task.h"

static void lose(struct core *c, struct run_row *r, uint32_t task)
{
    const struct fault lost = {
        .fault_class = HAFT_INFRA_LOST,
        .effect = HAFT_EFFECT_MAYBE,
        .origin = HAFT_ORIGIN_LOCAL,
        .code = "host.attempt_lost",
        .message = "nobody knows what became of the attempt",
    };

    attempt_end(c, r, task, &(struct attempt_end){.told = &lost});
}

void recover_attempt(struct core *c, struct run_row *r, uint32_t task)
{
    struct task_detail *d = detail_of(c, r, task);

    if (d->executor >= c->pool.count) {
        lose(c, r, task);
        return;
    }
    d->is_recovering = true;
    task_effect(c, r, task, EFFECT_RECOVER);
}

static void go_on(struct core *c, struct run_row *r, uint32_t task)
{
    struct task_detail *d = detail_of(c, r, task);

    d->heard_ms = c->now_ms;
    task_event(c, r, task, EVENT_TASK_RECOVERED);
    if (d->is_cancelling) {
        attempt_repeat_cancel(c, r, task, c->options.grace_ms);
    }
    task_arm(c, r, task);
}

/* The same attempt is started once more: nobody has started it before. */
static void start_again(struct core *c, struct run_row *r, uint32_t task)
{
    const struct fault withdrawn = {
        .fault_class = HAFT_CANCELLED,
        .effect = HAFT_EFFECT_NOT_STARTED,
        .origin = HAFT_ORIGIN_LOCAL,
    };

    if (detail_of(c, r, task)->is_cancelling) {
        attempt_end(c, r, task, &(struct attempt_end){.told = &withdrawn});
        return;
    }
    task_event(c, r, task, EVENT_TASK_RECOVERED);
    task_effect(c, r, task, EFFECT_START);
    task_arm(c, r, task);
}

void recover_found(struct core *c, struct ask *ask)
{
    struct task_place place;
    struct run_row *r;
    struct task_detail *d;

    if (!attempt_find(c, ask, &place)) {
        return;
    }
    r = c->runs[place.run];
    d = detail_of(c, r, place.task);
    if (!d->is_recovering) {
        c->counts.stale++;
        return;
    }
    d->is_recovering = false;
    if (ask->choice == FOUND_RUNNING || ask->choice == FOUND_ENDED) {
        go_on(c, r, place.task);
    } else if (ask->choice == FOUND_NEVER_STARTED &&
               task_state(r, place.task) == TASK_HANDED) {
        start_again(c, r, place.task);
    } else {
        lose(c, r, place.task);
    }
}

void recover_adrift(struct core *c, struct ask *ask)
{
    for (uint32_t i = 0; i < c->details.count; i++) {
        const struct task_detail *d = detail_at(c, i);
        struct run_row *r = d->task == CORE_NONE ? NULL : c->runs[d->run];
        enum task_state state = r ? task_state(r, d->task) : TASK_WAITING;

        if ((state == TASK_HANDED || state == TASK_RUNNING) &&
            d->executor == ask->executor && !task_has_each(r, d->task)) {
            recover_attempt(c, r, d->task);
            task_arm(c, r, d->task);
        }
    }
}
