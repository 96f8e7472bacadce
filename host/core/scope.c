#include "host/core/scope.h"

#include <string.h>

#include "host/core/detail.h"
#include "host/core/each.h"
#include "host/core/run.h"
#include "host/core/task.h"
#include "host/flow/template.h"

struct scope_root {
    const char *name;
    cJSON *(*look)(const struct scope_place *place, const char *const *path,
                   size_t count);
};

/* What a path leads to inside a value, copied; NULL if it leads nowhere. */
static cJSON *walk(const cJSON *value, const char *const *path, size_t count)
{
    value = expr_descend(value, path, count);
    return value ? cJSON_Duplicate(value, 1) : NULL;
}

static cJSON *look_params(const struct scope_place *place,
                          const char *const *path, size_t count)
{
    return walk(place->run->run.params, path, count);
}

static cJSON *look_outputs(const struct scope_place *place, uint32_t task,
                           const char *const *path, size_t count)
{
    const struct task_detail *d = detail_of(place->core, place->run, task);

    if (task_has_each(place->run, task)) {
        cJSON *all =
            count ? each_collect(place->core, place->run, task, path[0]) : NULL;
        cJSON *found = walk(all, path + 1, count ? count - 1 : 0);

        cJSON_Delete(all);
        return found;
    }
    return d ? walk(d->outputs, path, count) : NULL;
}

static cJSON *look_tasks(const struct scope_place *place,
                         const char *const *path, size_t count)
{
    const struct run_row *r = place->run;
    uint32_t task;

    if (count < 2) {
        return NULL;
    }
    task = core_find_task(place->core, r->index, path[0]);
    if (task == CORE_NONE) {
        return NULL;
    }
    if (count == 2 && strcmp(path[1], "status") == 0) {
        return cJSON_CreateString(task_state_name(task_state(r, task)));
    }
    if (strcmp(path[1], "outputs") == 0) {
        return look_outputs(place, task, path + 2, count - 2);
    }
    return NULL;
}

static cJSON *look_each(const struct scope_place *place,
                        const char *const *path, size_t count)
{
    const struct run_row *r = place->run;
    const struct run_each *each;
    const char *name;

    if (!count || !task_is_item(r, place->task)) {
        return NULL;
    }
    each = task_each(r, place->task);
    name = r->workflow->eaches[task_row(r, place->task)->each].name;
    if (!each->values || strcmp(name, path[0]) != 0) {
        return NULL;
    }
    return walk(each->values[place->task - each->first], path + 1, count - 1);
}

/* The run's outcome so far, for its finally tasks. */
static enum run_state outcome(const struct run_row *r)
{
    if (r->run.state != RUN_RUNNING) {
        return r->run.state == RUN_CANCELLING ? RUN_CANCELLED : r->run.state;
    }
    if (r->main_failed || r->main_cancelled) {
        return RUN_FAILED;
    }
    return r->run.is_finishing ? RUN_SUCCEEDED : RUN_RUNNING;
}

static cJSON *look_run(const struct scope_place *place, const char *const *path,
                       size_t count)
{
    const struct run_row *r = place->run;

    if (count != 1) {
        return NULL;
    }
    if (strcmp(path[0], "id") == 0) {
        return cJSON_CreateString(r->run.id);
    }
    if (strcmp(path[0], "status") == 0) {
        return cJSON_CreateString(run_state_name(outcome(r)));
    }
    return NULL;
}

/* Its text may hold expressions, but never another env.X: no recursion. */
static cJSON *look_env(const struct scope_place *place, const char *const *path,
                       size_t count)
{
    const struct run_row *r = place->run;
    struct scope_place inner = *place;
    struct expr_scope scope = scope_of(&inner);
    uint32_t row = (uint32_t)(task_row(r, place->task) - r->workflow->tasks);
    const char *text =
        count == 1 ? workflow_env(r->workflow, row, path[0]) : NULL;
    struct str out;
    struct str why;
    cJSON *value = NULL;

    if (!text) {
        return NULL;
    }
    str_init(&out, EXPR_VALUE_LIMIT);
    str_init(&why, STR_WHY_LIMIT);
    if (template_is_plain(text)) {
        value = cJSON_CreateString(text);
    } else if (template_render(text, &scope, &out, &why)) {
        value = cJSON_CreateString(out.text);
    }
    str_finish(&why);
    str_finish(&out);
    return value;
}

static const struct scope_root roots[] = {
    {"params", look_params}, {"tasks", look_tasks}, {"each", look_each},
    {"env", look_env},       {"run", look_run},
};

static cJSON *look(void *ctx, const char *const *path, size_t count)
{
    for (size_t i = 0; count && i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (strcmp(roots[i].name, path[0]) == 0) {
            return roots[i].look(ctx, path + 1, count - 1);
        }
    }
    return NULL;
}

/* A finally task without needs stands below the whole run. */
static bool sees_run(const struct run_row *r, uint32_t task)
{
    return task_is_finally(r, task) && !task_row(r, task)->needs_count;
}

static bool ask(void *ctx, enum expr_question question)
{
    const struct scope_place *place = ctx;
    const struct run_row *r = place->run;
    uint32_t task = task_is_item(r, place->task)
                        ? task_each(r, place->task)->owner
                        : place->task;
    uint16_t flags = r->cells[task].flags;

    switch (question) {
    case EXPR_SUCCESS:
        return sees_run(r, task) ? !r->main_failed && !r->main_cancelled &&
                                       r->run.state != RUN_CANCELLING
                                 : !(flags & CELL_NEED_BAD);
    case EXPR_FAILURE:
        return sees_run(r, task) ? r->main_failed > 0
                                 : flags & CELL_NEED_FAILED;
    case EXPR_CANCELLED:
        return r->run.state == RUN_CANCELLING || r->run.state == RUN_CANCELLED;
    default:
        return true;
    }
}

struct expr_scope scope_of(struct scope_place *place)
{
    return (struct expr_scope){.look = look, .ask = ask, .ctx = place};
}
