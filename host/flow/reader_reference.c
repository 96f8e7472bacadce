#include <stdlib.h>
#include <string.h>

#include "host/flow/reader.h"
#include "host/plain/mem.h"
#include "host/plain/nearest.h"

/* Adds `; did you mean "..."?` for the nearest of the tasks' names. Looking at
 * all of them is only for the first few mistakes of a file. */
static void add_task_hint(const struct reader *r, const char *name,
                          struct str *out)
{
    struct nearest near;

    nearest_init(&near, name);
    for (uint32_t i = 0; i < r->tasks_count && r->problems->count < 50; i++) {
        nearest_try(&near, r->tasks[i].name);
    }
    nearest_add_hint(&near, out);
}

static void complain_param(const struct reader_visit *at, const char *name)
{
    struct reader *r = at->reader;
    struct nearest near;
    struct str hint;

    str_init(&hint, STR_WHY_LIMIT);
    nearest_init(&near, name);
    for (uint32_t i = 0; i < r->params_count; i++) {
        nearest_try(&near, r->params_rows[i].name);
    }
    nearest_add_hint(&near, &hint);
    reader_complain(r, at->node, "params.%s: `params` declares no %s%s", name,
                    name, hint.text);
    str_finish(&hint);
}

static void visit_param(const struct reader_visit *at, const char *const *path,
                        size_t count)
{
    if (count > 1 && map_get(&at->reader->params, path[1]) == MAP_NONE) {
        complain_param(at, path[1]);
    }
}

static void visit_run(const struct reader_visit *at, const char *const *path,
                      size_t count)
{
    const struct reader *r = at->reader;
    uint32_t task = at->values->task;
    bool is_final =
        task != DOCUMENT_NONE && (r->tasks[task].flags & WORKFLOW_FINALLY);

    if (count == 2 && strcmp(path[1], "id") == 0) {
        return;
    }
    if (count != 2 || strcmp(path[1], "status") != 0) {
        reader_complain(at->reader, at->node,
                        "run has .id and, for `finally` tasks, .status");
    } else if (!is_final) {
        reader_complain(at->reader, at->node,
                        "run.status is known to `finally` tasks alone");
    }
}

static void visit_each(const struct reader_visit *at, const char *const *path,
                       size_t count)
{
    const char *each = at->values->each;

    if (!each) {
        reader_complain(at->reader, at->node,
                        "each.%s: this task has no `each`",
                        count > 1 ? path[1] : "NAME");
    } else if (count < 2 || strcmp(path[1], each) != 0) {
        reader_complain(at->reader, at->node,
                        "each.%s: the name under `each` is %s; did you mean "
                        "\"each.%s\"?",
                        count > 1 ? path[1] : "", each, each);
    }
}

static void visit_env(const struct reader_visit *at, const char *const *path,
                      size_t count)
{
    const struct workflow_job *job = &at->values->job;
    struct nearest near;
    struct str hint;

    nearest_init(&near, count > 1 ? path[1] : "");
    for (size_t i = 0; i < job->env_count; i++) {
        if (count == 2 && strcmp(job->env[i].name, path[1]) == 0) {
            return;
        }
        nearest_try(&near, job->env[i].name);
    }
    str_init(&hint, STR_WHY_LIMIT);
    nearest_add_hint(&near, &hint);
    reader_complain(at->reader, at->node,
                    "env.%s: no `env` of the task, of `defaults` or of the "
                    "file sets this%s",
                    count > 1 ? path[1] : "NAME", hint.text);
    str_finish(&hint);
}

static bool has_known_field(const struct reader_visit *at,
                            const char *const *path, size_t count)
{
    const char *field = count > 2 ? path[2] : "";

    if (strcmp(field, "outputs") == 0 ||
        (strcmp(field, "status") == 0 && count == 3)) {
        return true;
    }
    if (strcmp(field, "result") == 0 || strcmp(field, "conclusion") == 0 ||
        strcmp(field, "outcome") == 0) {
        reader_complain(at->reader, at->node,
                        "tasks.%s.%s: write tasks.%s.status (GitHub calls this "
                        "%s)",
                        path[1], field, path[1], field);
    } else if (strcmp(field, "artifacts") == 0) {
        reader_complain(at->reader, at->node,
                        "tasks.%s.artifacts: not yet: artifacts are known but "
                        "not carried out in this version",
                        path[1]);
    } else {
        reader_complain(at->reader, at->node,
                        "tasks.%s: a task has .status and .outputs.NAME",
                        count > 1 ? path[1] : "NAME");
    }
    return false;
}

static void visit_task(const struct reader_visit *at, const char *const *path,
                       size_t count)
{
    struct reader *r = at->reader;

    if (!has_known_field(at, path, count)) {
        return;
    }
    r->references =
        mem_grow(r->references, &r->references_room,
                 (size_t)r->references_count + 1, sizeof(*r->references));
    r->references[r->references_count++] = (struct reader_reference){
        .task = at->values->task,
        .node = at->node,
        .name = arena_text(&r->scratch, path[1]),
    };
}

static void visit_later(const struct reader_visit *at, const char *const *path,
                        size_t count)
{
    (void)count;
    reader_complain(at->reader, at->node,
                    "%s: not yet: this is known but not carried out in this "
                    "version",
                    path[0]);
}

void reader_visit(void *ctx, const char *const *path, size_t count)
{
    static const struct {
        const char *name;
        uint32_t bit;
        void (*visit)(const struct reader_visit *, const char *const *, size_t);
    } roots[] = {
        {"params", ROOT_PARAMS, visit_param}, {"run", ROOT_RUN, visit_run},
        {"tasks", ROOT_TASKS, visit_task},    {"each", ROOT_EACH, visit_each},
        {"env", ROOT_ENV, visit_env},         {"matrix", 0, visit_later},
        {"secrets", 0, visit_later},          {"trigger", 0, visit_later},
    };
    const struct reader_visit *at = ctx;

    for (size_t i = 0; i < READER_COUNT(roots); i++) {
        if (strcmp(roots[i].name, path[0]) != 0) {
            continue;
        }
        if (roots[i].bit && !(roots[i].bit & at->values->roots)) {
            reader_complain(at->reader, at->node,
                            "%s has no value here: it is not known yet when "
                            "this is needed",
                            path[0]);
        } else {
            roots[i].visit(at, path, count);
        }
    }
}

/* ---- whether a task rests on what it refers to ---- */

static bool needs_directly(const struct reader *r, uint32_t task,
                           uint32_t other)
{
    const struct reader_task *t = &r->tasks[task];

    for (uint32_t i = 0; i < t->needs_count; i++) {
        if (r->needs[t->needs + i] == other) {
            return true;
        }
    }
    return false;
}

static void complain_reference(struct reader *r,
                               const struct reader_reference *reference)
{
    const struct reader_task *task = &r->tasks[reference->task];

    if (strcmp(task->name, reference->name) == 0) {
        reader_complain(r, reference->node,
                        "tasks.%s is this task itself, which has not ended",
                        reference->name);
    } else if (task->needs_count || task->needs_node != DOCUMENT_NONE) {
        reader_complain(r, reference->node,
                        "tasks.%s may not have ended by then; add %s to the "
                        "`needs` of %s",
                        reference->name, reference->name, task->name);
    } else {
        reader_complain(r, reference->node,
                        "tasks.%s may not have ended by then; give %s "
                        "`needs: %s`",
                        reference->name, task->name, reference->name);
    }
}

/* A reference that is neither unknown nor a need in so many words. */
struct indirect {
    uint32_t target;
    const struct reader_reference *reference;
};

static int compare_targets(const void *a, const void *b)
{
    const struct indirect *x = a;
    const struct indirect *y = b;

    if (x->target != y->target) {
        return x->target < y->target ? -1 : 1;
    }
    return x->reference < y->reference ? -1 : x->reference > y->reference;
}

/* Marks in `rests` all tasks that rest on `target`, in the order in which
 * needs come first. Returns the steps it took. */
static size_t mark_resting(const struct reader *r, const uint32_t *order,
                           uint32_t target, bool *rests)
{
    size_t steps = r->tasks_count;

    memset(rests, 0, r->tasks_count * sizeof(*rests));
    rests[target] = true;
    for (uint32_t i = r->tasks[target].index + 1; i < r->tasks_count; i++) {
        const struct reader_task *t = &r->tasks[order[i]];

        for (uint32_t k = 0; k < t->needs_count && !rests[order[i]]; k++) {
            rests[order[i]] = rests[r->needs[t->needs + k]];
            steps++;
        }
    }
    return steps;
}

static void check_indirect(struct reader *r, const uint32_t *order,
                           struct indirect *items, size_t count)
{
    bool *rests = mem_new(r->tasks_count, sizeof(*rests));
    uint32_t target = DOCUMENT_NONE;
    size_t steps = 0;

    qsort(items, count, sizeof(*items), compare_targets);
    for (size_t i = 0; i < count; i++) {
        if (items[i].target != target && steps < READER_WALK_LIMIT) {
            target = items[i].target;
            steps += mark_resting(r, order, target, rests);
        }
        /* Out of steps, every need has to be said in so many words. */
        if (items[i].target != target || !rests[items[i].reference->task]) {
            complain_reference(r, items[i].reference);
        }
    }
    mem_free(rests);
}

/* A finally task comes after all others, whatever it needs. */
static bool is_surely_over(const struct reader *r, uint32_t task,
                           uint32_t target)
{
    return ((r->tasks[task].flags & WORKFLOW_FINALLY) &&
            !(r->tasks[target].flags & WORKFLOW_FINALLY)) ||
           needs_directly(r, task, target);
}

void reader_references(struct reader *r, const uint32_t *order)
{
    struct indirect *items = NULL;
    size_t room = 0;
    size_t count = 0;

    for (uint32_t i = 0; i < r->references_count; i++) {
        const struct reader_reference *reference = &r->references[i];
        uint32_t target = map_get(&r->names, reference->name);

        if (target == MAP_NONE) {
            struct str hint;

            str_init(&hint, STR_WHY_LIMIT);
            add_task_hint(r, reference->name, &hint);
            reader_complain(r, reference->node,
                            "tasks.%s: there is no task %s%s", reference->name,
                            reference->name, hint.text);
            str_finish(&hint);
        } else if (target == reference->task) {
            complain_reference(r, reference);
        } else if (order && !is_surely_over(r, reference->task, target)) {
            items = mem_grow(items, &room, count + 1, sizeof(*items));
            items[count++] = (struct indirect){target, reference};
        }
    }
    if (count) {
        check_indirect(r, order, items, count);
    }
    mem_free(items);
}
