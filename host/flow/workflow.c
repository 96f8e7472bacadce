#include "host/flow/workflow.h"

#include <string.h>

#include "host/flow/build.h"
#include "host/plain/mem.h"

/* The tables are const for everyone but their owner, who ends here. */
static void free_const(const void *p)
{
    mem_free((void *)p);
}

void workflow_destroy(struct workflow *w)
{
    struct workflow_whole *whole = (struct workflow_whole *)w;

    if (!w) {
        return;
    }
    for (size_t i = 0; i < w->params_count; i++) {
        cJSON_Delete((cJSON *)w->params[i].fallback);
        cJSON_Delete((cJSON *)w->params[i].choices);
    }
    for (uint32_t i = 0; i < w->conditions_count; i++) {
        expr_destroy(w->conditions[i]);
    }
    for (uint32_t i = 0; i < w->eaches_count; i++) {
        cJSON_Delete((cJSON *)w->eaches[i].items);
        expr_destroy(w->eaches[i].over);
    }
    free_const(w->names);
    free_const(w->tasks);
    free_const(w->needs);
    free_const(w->policies);
    free_const(w->jobs);
    free_const(w->conditions);
    free_const(w->eaches);
    mem_free(w->canonical);
    arena_finish(&whole->arena);
    mem_free(whole);
}

const char *workflow_env(const struct workflow *w, uint32_t task,
                         const char *name)
{
    const struct workflow_job *job = &w->jobs[w->tasks[task].job];

    for (size_t i = 0; i < job->env_count; i++) {
        if (strcmp(job->env[i].name, name) == 0) {
            return job->env[i].value;
        }
    }
    return NULL;
}
