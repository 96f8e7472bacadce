#include <haft/retry.h>

#include "host/base/log.h"
#include "host/carry/retry_question.h"
#include "host/carry/runner_inside.h"
#include "host/plain/mem.h"

static void decide(struct runner *r, const struct effect *effect,
                   enum core_verdict verdict, int64_t delay_ms)
{
    core_ask_verdict(r->core, effect->attempt, effect->fence, verdict,
                     delay_ms);
    runner_wake(r);
}

static void wait_for_plugin(struct runner *r, const struct effect *effect)
{
    r->undecided = mem_grow(r->undecided, &r->undecided_room,
                            r->undecided_count + 1, sizeof(*r->undecided));
    r->undecided[r->undecided_count++] = *effect;
}

static void refused(struct asked *asked, const struct haft_fault *fault)
{
    struct log_room quoted;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    str_add(&why, fault->message.p, fault->message.n);
    log_warn("runner", "retry plugin has no answer attempt=%llu why=%s",
             (unsigned long long)asked->attempt, log_quoted(&quoted, why.text));
    str_finish(&why);
}

static void on_verdict(void *ctx, haft_status status, const void *out,
                       const struct haft_fault *fault)
{
    static const enum core_verdict verdicts[] = {
        [HAFT_RETRY_FAIL] = VERDICT_FAIL,
        [HAFT_RETRY_AGAIN] = VERDICT_AGAIN,
        [HAFT_RETRY_ELSEWHERE] = VERDICT_ELSEWHERE,
        [HAFT_RETRY_HOLD] = VERDICT_HOLD,
    };
    const struct haft_retry_decide_out *answer = out;
    struct asked *asked = ctx;
    struct runner *r = asked->runner;

    if (status < 0 && guest_is_given_up(asked->guest)) {
        wait_for_plugin(r, &asked->effect);
    } else if (runner_is_lost_with(asked, asked->guest, fault)) {
        runner_ask_retry(r, &asked->effect);
    } else if (status < 0 || answer->verdict > HAFT_RETRY_HOLD) {
        if (status < 0) {
            refused(asked, fault);
        }
        decide(r, &asked->effect, VERDICT_FAIL, 0);
    } else {
        decide(r, &asked->effect, verdicts[answer->verdict],
               answer->delay_ms > 0 ? answer->delay_ms : 0);
    }
    mem_free(asked);
}

static void ask(struct runner *r, const struct effect *effect,
                struct guest *guest, const struct retry_question *q)
{
    struct asked *asked = runner_ask(r, effect->attempt, effect->fence);

    asked->guest = guest;
    asked->effect = *effect;
    asked->losses = guest_losses(guest);
    guest_call(guest, &haft_retry_v1, HAFT_RETRY_DECIDE, &q->in,
               runner_deadline_ms(r), on_verdict, asked);
}

/* The task may be another one by now, or have been cancelled meanwhile. */
static bool is_still_asked(const struct runner *r, const struct effect *effect)
{
    struct task room;
    const struct task *t =
        core_run(r->core, effect->run)
            ? core_task(r->core, effect->run, effect->task, &room)
            : NULL;

    return t && t->state == TASK_DECIDING && t->attempt == effect->attempt &&
           t->fence == effect->fence;
}

void runner_ask_retry(struct runner *r, const struct effect *effect)
{
    struct retry_question q;
    struct guest *guest;
    const char *name;
    struct str why;

    if (!is_still_asked(r, effect)) {
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    retry_question_init(&q, r->core, effect->run, effect->task,
                        loop_clock_ms());
    name = q.use ? q.use : r->retry;
    guest = guests_find(r->guests, "retry", name, &why);
    if (guest && !guest_is_given_up(guest)) {
        ask(r, effect, guest, &q);
    } else if (guest || guests_is_quarantined(r->guests, "retry", name)) {
        log_warn("runner", "a task waits for its retry plugin name=%s", name);
        wait_for_plugin(r, effect);
    } else {
        log_warn("runner", "no retry plugin why=\"%s\"", why.text);
        decide(r, effect, VERDICT_FAIL, 0);
    }
    retry_question_finish(&q);
    str_finish(&why);
}

/* Those that must wait still are added anew. */
void runner_ask_undecided(struct runner *r)
{
    struct effect *all = r->undecided;
    size_t count = r->undecided_count;

    r->undecided = NULL;
    r->undecided_count = 0;
    r->undecided_room = 0;
    for (size_t i = 0; i < count; i++) {
        runner_ask_retry(r, &all[i]);
    }
    mem_free(all);
}
