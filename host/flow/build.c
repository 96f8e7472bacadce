#include "host/flow/build.h"

#include <assert.h>
#include <string.h>

#include "host/plain/mem.h"

struct workflow_build *workflow_build_create(const char *name)
{
    struct workflow_build *b = mem_new(1, sizeof(*b));
    struct workflow *w;

    b->whole = mem_new(1, sizeof(*b->whole));
    w = &b->whole->workflow;
    w->name = arena_text(&b->whole->arena, name);
    w->description = "";
    return b;
}

uint32_t build_policy_kept(struct workflow_build *b,
                           const struct workflow_policy *policy)
{
    uint32_t index = b->whole->workflow.policies_count++;

    b->policies = mem_grow(b->policies, &b->policies_room, (size_t)index + 1,
                           sizeof(*b->policies));
    b->policies[index] = *policy;
    return index;
}

uint32_t workflow_build_policy(struct workflow_build *b,
                               const struct workflow_policy *policy)
{
    struct arena *a = &b->whole->arena;
    struct workflow_policy copy = *policy;
    struct workflow_retry *r = &copy.retry;

    r->use = arena_text(a, r->use);
    r->strategy = arena_text(a, r->strategy);
    r->jitter = arena_text(a, r->jitter);
    copy.idempotency_key = arena_text(a, copy.idempotency_key);
    if (r->steps_count) {
        int64_t *steps = arena_new(a, r->steps_count, sizeof(*steps));

        memcpy(steps, r->steps_ms, r->steps_count * sizeof(*steps));
        r->steps_ms = steps;
    }
    if (r->exits_count) {
        int32_t *exits = arena_new(a, r->exits_count, sizeof(*exits));

        memcpy(exits, r->exits, r->exits_count * sizeof(*exits));
        r->exits = exits;
    }
    return build_policy_kept(b, &copy);
}

uint32_t build_job_kept(struct workflow_build *b,
                        const struct workflow_job *job)
{
    uint32_t index = b->whole->workflow.jobs_count++;

    b->jobs =
        mem_grow(b->jobs, &b->jobs_room, (size_t)index + 1, sizeof(*b->jobs));
    b->jobs[index] = *job;
    return index;
}

uint32_t workflow_build_job(struct workflow_build *b,
                            const struct workflow_job *job)
{
    struct arena *a = &b->whole->arena;
    struct workflow_job copy = *job;

    copy.executor = arena_text(a, job->executor);
    copy.image = arena_text(a, job->image);
    copy.script = arena_text(a, job->script);
    copy.workdir = arena_text(a, job->workdir);
    copy.shell = arena_texts(a, job->shell, job->shell_count);
    copy.command = arena_texts(a, job->command, job->command_count);
    if (job->env_count) {
        struct workflow_pair *env = arena_new(a, job->env_count, sizeof(*env));

        for (size_t i = 0; i < job->env_count; i++) {
            env[i].name = arena_text(a, job->env[i].name);
            env[i].value = arena_text(a, job->env[i].value);
        }
        copy.env = env;
    }
    return build_job_kept(b, &copy);
}

static uint32_t add_name(struct workflow_build *b, const char *name)
{
    size_t size = strlen(name) + 1;
    size_t start = b->names_size;

    assert(start + size < UINT32_MAX);
    b->names = mem_grow(b->names, &b->names_room, start + size, 1);
    memcpy(b->names + start, name, size);
    b->names_size += size;
    return (uint32_t)start;
}

/* Seven plain values, in the order of a row: a struct would only repeat it.
 * NOLINTNEXTLINE(readability-function-size) */
uint32_t workflow_build_task(struct workflow_build *b, const char *name,
                             const uint32_t *needs, uint32_t needs_count,
                             uint32_t policy, uint32_t job, uint32_t flags)
{
    struct workflow *w = &b->whole->workflow;
    uint32_t index = w->tasks_count++;

    assert(policy < w->policies_count && job < w->jobs_count);
    b->tasks = mem_grow(b->tasks, &b->tasks_room, (size_t)index + 1,
                        sizeof(*b->tasks));
    b->tasks[index] = (struct workflow_task){
        .name = add_name(b, name),
        .needs = w->needs_count,
        .needs_count = needs_count,
        .policy = policy,
        .job = job,
        .condition = WORKFLOW_NONE,
        .each = WORKFLOW_NONE,
        .flags = flags,
    };
    b->needs =
        mem_grow(b->needs, &b->needs_room, (size_t)w->needs_count + needs_count,
                 sizeof(*b->needs));
    for (uint32_t i = 0; i < needs_count; i++) {
        assert(needs[i] < index);
        b->needs[w->needs_count++] = needs[i];
    }
    return index;
}

void workflow_build_condition(struct workflow_build *b, uint32_t task,
                              struct expr *condition)
{
    uint32_t index = b->whole->workflow.conditions_count++;

    assert(b->tasks[task].condition == WORKFLOW_NONE);
    b->conditions = mem_grow(b->conditions, &b->conditions_room,
                             (size_t)index + 1, sizeof(struct expr *));
    b->conditions[index] = condition;
    b->tasks[task].condition = index;
}

void workflow_build_each(struct workflow_build *b, uint32_t task,
                         const char *name, cJSON *items, struct expr *over)
{
    uint32_t index = b->whole->workflow.eaches_count++;

    assert(b->tasks[task].each == WORKFLOW_NONE && !items == !!over);
    b->eaches = mem_grow(b->eaches, &b->eaches_room, (size_t)index + 1,
                         sizeof(*b->eaches));
    b->eaches[index] = (struct workflow_each){
        .name = arena_text(&b->whole->arena, name),
        .items = items,
        .over = over,
    };
    b->tasks[task].each = index;
}

struct workflow *workflow_build_take(struct workflow_build *b)
{
    struct workflow *w = &b->whole->workflow;

    w->names = b->names;
    w->tasks = b->tasks;
    w->needs = b->needs;
    w->policies = b->policies;
    w->jobs = b->jobs;
    w->conditions = b->conditions;
    w->eaches = b->eaches;
    if (!w->canonical) {
        w->canonical = mem_text("", 0);
    }
    mem_free(b);
    return w;
}
