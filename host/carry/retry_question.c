#include "host/carry/retry_question.h"

#include <string.h>

#include "host/plain/mem.h"

static struct haft_slice slice(const char *text)
{
    return (struct haft_slice){text, text ? strlen(text) : 0};
}

static void fill_fault(struct haft_retry_decide_in *in, const struct fault *f)
{
    in->fault_class = f->fault_class;
    in->effect = f->effect;
    in->origin = f->origin;
    in->retry_hint = f->retry_hint;
    in->exit_code = f->exit_code;
    in->signal = f->signal;
    in->retry_after_ms = f->retry_after_ms;
    in->code = slice(f->code);
}

static void fill_policy(struct retry_question *q,
                        const struct workflow_retry *r)
{
    struct haft_retry_decide_in *in = &q->in;

    in->max = r->max;
    in->classes = r->classes;
    in->base_ms = r->base_ms;
    in->cap_ms = r->cap_ms;
    in->limit_ms = r->elapsed_ms;
    in->strategy = slice(r->strategy);
    in->jitter = slice(r->jitter);
    if (r->is_given && r->max == 0 && !r->strategy) {
        in->strategy = slice("none");
    }
    q->steps = mem_new(r->steps_count + 1, sizeof(*q->steps));
    for (size_t i = 0; i < r->steps_count; i++) {
        q->steps[i].delay_ms = r->steps_ms[i];
    }
    in->steps = (struct haft_array){q->steps, (uint32_t)r->steps_count,
                                    sizeof(*q->steps)};
    q->exits = mem_new(r->exits_count + 1, sizeof(*q->exits));
    for (size_t i = 0; i < r->exits_count; i++) {
        q->exits[i].code = r->exits[i];
    }
    in->exits = (struct haft_array){q->exits, (uint32_t)r->exits_count,
                                    sizeof(*q->exits)};
}

/* Time counts from when the task first could have begun. */
static void fill_times(struct haft_retry_decide_in *in, const struct task *t,
                       int64_t total_ms, int64_t now_ms)
{
    in->elapsed_ms = now_ms > t->ready_ms ? now_ms - t->ready_ms : 0;
    in->previous_delay_ms = t->delay_ms;
    if (total_ms) {
        in->left_ms = in->elapsed_ms < total_ms ? total_ms - in->elapsed_ms : 1;
    }
}

void retry_question_init(struct retry_question *q, const struct core *core,
                         uint32_t run, uint32_t task, int64_t now_ms)
{
    struct task room;
    const struct task *t = core_task(core, run, task, &room);
    const struct workflow *w = core_run(core, run)->workflow;
    const struct workflow_policy *policy =
        &w->policies[core_task_row(core, run, task)->policy];

    *q = (struct retry_question){.in = {.size = sizeof(q->in)}};
    q->use = policy->retry.use;
    q->in.tries = t->tries;
    q->in.losses = t->losses;
    q->in.is_idempotent = policy->is_idempotent;
    q->in.seed = t->seed;
    fill_fault(&q->in, &t->fault);
    fill_policy(q, &policy->retry);
    fill_times(&q->in, t, policy->total_ms, now_ms);
}

void retry_question_finish(struct retry_question *q)
{
    mem_free(q->steps);
    mem_free(q->exits);
}
