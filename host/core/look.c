#include <stdio.h>
#include <string.h>

#include "host/core/brief.h"
#include "host/core/core.h"
#include "host/core/run.h"
#include "host/core/scope.h"
#include "host/core/task.h"

const struct run *core_run(const struct core *c, uint32_t run)
{
    const struct run_row *r = run_of(c, run);

    return r ? &r->run : NULL;
}

uint32_t core_find_run(const struct core *c, const char *id)
{
    uint64_t hash = index_hash(id, NULL);
    size_t cursor = 0;
    const struct index_slot *slot = index_next(&c->ids, hash, &cursor);

    while (slot && strcmp(c->runs[slot->run]->run.id, id) != 0) {
        slot = index_next(&c->ids, hash, &cursor);
    }
    return slot ? slot->run : CORE_NONE;
}

static bool is_keyed(const struct run *run, const char *principal,
                     const char *key)
{
    return strcmp(run->principal, principal) == 0 && strcmp(run->key, key) == 0;
}

uint32_t core_find_key(const struct core *c, const char *principal,
                       const char *key)
{
    uint64_t hash = index_hash(principal, key);
    size_t cursor = 0;
    const struct index_slot *slot = index_next(&c->keys, hash, &cursor);

    while (slot && !is_keyed(&c->runs[slot->run]->run, principal, key)) {
        slot = index_next(&c->keys, hash, &cursor);
    }
    return slot ? slot->run : CORE_NONE;
}

uint32_t core_runs_count(const struct core *c)
{
    return c->runs_count;
}

const struct task *core_task(const struct core *c, uint32_t run, uint32_t task,
                             struct task *room)
{
    const struct run_row *r = run_of(c, run);

    if (!r || task >= r->cells_count) {
        return NULL;
    }
    brief_view(c, r, task, room);
    return room;
}

uint32_t core_tasks_count(const struct core *c, uint32_t run)
{
    const struct run_row *r = run_of(c, run);

    return r ? r->cells_count : 0;
}

uint32_t core_find_task(const struct core *c, uint32_t run, const char *name)
{
    struct run_row *r = run_of(c, run);

    return r ? run_find_task(r, name) : CORE_NONE;
}

void core_task_name(const struct core *c, uint32_t run, uint32_t task,
                    char name[96])
{
    const struct run_row *r = run_of(c, run);
    const struct run_each *each;

    if (!task_is_item(r, task)) {
        const char *own = workflow_task_name(r->workflow, task);
        size_t size = strnlen(own, 95);

        memcpy(name, own, size);
        name[size] = '\0';
        return;
    }
    each = task_each(r, task);
    snprintf(name, 96, "%s[%u]", workflow_task_name(r->workflow, each->owner),
             task - each->first);
}

const struct workflow_task *core_task_row(const struct core *c, uint32_t run,
                                          uint32_t task)
{
    return task_row(run_of(c, run), task);
}

struct expr_scope core_scope(const struct core *c, uint32_t run, uint32_t task)
{
    *c->scope = (struct scope_place){
        .core = c,
        .run = run_of(c, run),
        .task = task,
    };
    return scope_of(c->scope);
}

struct core_counts core_count(const struct core *c)
{
    return c->counts;
}
