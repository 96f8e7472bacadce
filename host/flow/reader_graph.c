#include <stdlib.h>
#include <string.h>

#include "host/flow/reader.h"
#include "host/plain/mem.h"
#include "host/plain/nearest.h"

#define CYCLE_SHOWN 12 /* names of one cycle that are printed */
#define UNSEEN UINT32_MAX

/* ---- needs ---- */

static void complain_need(struct reader *r, uint32_t node, const char *name)
{
    struct nearest near;
    struct str hint;

    str_init(&hint, STR_WHY_LIMIT);
    nearest_init(&near, name);
    str_add_quoted(&hint, name, strlen(name));
    for (uint32_t i = 0; i < r->tasks_count && r->problems->count < 50; i++) {
        nearest_try(&near, r->tasks[i].name);
    }
    nearest_add_hint(&near, &hint);
    reader_complain(r, node, "there is no task %s", hint.text);
    str_finish(&hint);
}

/* One need of `task`; `seen` has for each task the last that named it. */
static void add_need(struct reader *r, uint32_t node, uint32_t task,
                     uint32_t *seen)
{
    const char *name = reader_text(r, node, "the name of a task");
    uint32_t need = name ? map_get(&r->names, name) : MAP_NONE;
    bool is_final = r->tasks[task].flags & WORKFLOW_FINALLY;

    if (!name) {
        return;
    }
    if (need == MAP_NONE) {
        complain_need(r, node, name);
    } else if (need == task) {
        reader_complain(r, node, "a task cannot wait for itself");
    } else if (seen[need] == task) {
        reader_complain(r, node, "%s stands here twice", name);
    } else if (is_final != (bool)(r->tasks[need].flags & WORKFLOW_FINALLY)) {
        reader_complain(r, node,
                        is_final ? "leave %s out: a `finally` task starts when "
                                   "all tasks have ended, and may need only "
                                   "other `finally` tasks"
                                 : "%s is a `finally` task, which starts when "
                                   "all others have ended",
                        name);
    } else {
        seen[need] = task;
        r->needs = mem_grow(r->needs, &r->needs_room,
                            (size_t)r->needs_count + 1, sizeof(*r->needs));
        r->needs[r->needs_count++] = need;
        r->tasks[task].needs_count++;
    }
}

static void resolve(struct reader *r)
{
    uint32_t *seen = mem_new(r->tasks_count, sizeof(*seen));

    for (uint32_t i = 0; i < r->tasks_count; i++) {
        seen[i] = UNSEEN;
    }
    for (uint32_t i = 0; i < r->tasks_count; i++) {
        uint32_t node = r->tasks[i].needs_node;

        r->tasks[i].needs = r->needs_count;
        if (node == DOCUMENT_NONE) {
            continue;
        }
        if (document_node(r->document, node)->kind == DOCUMENT_TEXT) {
            add_need(r, node, i, seen);
            continue;
        }
        for (uint32_t k = document_node(r->document, node)->first;
             k != DOCUMENT_NONE; k = document_node(r->document, k)->next) {
            add_need(r, k, i, seen);
        }
    }
    mem_free(seen);
}

/* ---- levels ---- */

/* Who needs a task: `list[first[t]]` up to `list[first[t + 1]]`. */
struct children {
    uint32_t *first;
    uint32_t *list;
};

static struct children find_children(const struct reader *r)
{
    struct children c = {mem_new((size_t)r->tasks_count + 2, sizeof(*c.first)),
                         mem_new(r->needs_count, sizeof(*c.list))};

    for (uint32_t i = 0; i < r->needs_count; i++) {
        c.first[r->needs[i] + 2]++;
    }
    for (uint32_t i = 2; i < r->tasks_count + 2; i++) {
        c.first[i] += c.first[i - 1];
    }
    for (uint32_t i = 0; i < r->tasks_count; i++) {
        const struct reader_task *t = &r->tasks[i];

        for (uint32_t k = 0; k < t->needs_count; k++) {
            c.list[c.first[r->needs[t->needs + k] + 1]++] = i;
        }
    }
    return c;
}

/* Gives every task its level; `left` keeps how many needs have none. Returns
 * how many tasks have got a level: all, if there is no cycle. */
static uint32_t find_levels(struct reader *r, uint32_t *left)
{
    struct children c = find_children(r);
    uint32_t *queue = mem_new(r->tasks_count, sizeof(*queue));
    uint32_t end = 0;

    for (uint32_t i = 0; i < r->tasks_count; i++) {
        left[i] = r->tasks[i].needs_count;
        if (left[i] == 0) {
            queue[end++] = i;
        }
    }
    for (uint32_t i = 0; i < end; i++) {
        const struct reader_task *t = &r->tasks[queue[i]];

        for (uint32_t k = c.first[queue[i]]; k < c.first[queue[i] + 1]; k++) {
            struct reader_task *child = &r->tasks[c.list[k]];

            if (child->level <= t->level) {
                child->level = t->level + 1;
            }
            if (--left[c.list[k]] == 0) {
                queue[end++] = c.list[k];
            }
        }
    }
    mem_free(queue);
    mem_free(c.first);
    mem_free(c.list);
    return end;
}

/* ---- cycles ---- */

/* A need of a task that is itself left over; there is one. */
static uint32_t left_need(const struct reader *r, uint32_t task,
                          const uint32_t *left)
{
    const struct reader_task *t = &r->tasks[task];
    uint32_t k = 0;

    while (left[r->needs[t->needs + k]] == 0) {
        k++;
    }
    return r->needs[t->needs + k];
}

static void complain_cycle(struct reader *r, uint32_t start,
                           const uint32_t *left)
{
    uint32_t task = start;
    uint32_t length = 0;
    struct str names;

    str_init(&names, STR_WHY_LIMIT);
    do {
        if (length < CYCLE_SHOWN) {
            str_addf(&names, "%s needs ", r->tasks[task].name);
        }
        task = left_need(r, task, left);
        length++;
    } while (task != start);
    if (length > CYCLE_SHOWN) {
        str_addf(&names, "%u more, the last of which needs ",
                 length - CYCLE_SHOWN);
    }
    reader_complain(r, r->tasks[start].needs_node,
                    "these tasks wait for each other: %s%s", names.text,
                    r->tasks[start].name);
    str_finish(&names);
}

/* From a task that is left over, one left need after the other leads into a
 * cycle. `walk` has the number of the walk that came by. */
static void complain_cycles(struct reader *r, const uint32_t *left)
{
    uint32_t *walk = mem_new(r->tasks_count, sizeof(*walk));

    for (uint32_t i = 0; i < r->tasks_count; i++) {
        uint32_t task = i;

        if (left[i] == 0 || walk[i]) {
            continue;
        }
        while (walk[task] == 0) {
            walk[task] = i + 1;
            task = left_need(r, task, left);
        }
        if (walk[task] == i + 1) {
            complain_cycle(r, task, left);
        }
    }
    mem_free(walk);
}

/* ---- order ---- */

/* By level, then by name: the tasks lie in order of their names already, so
 * it is enough to count them into their levels. Finally tasks come last. */
static uint32_t *find_order(struct reader *r)
{
    uint32_t *order = mem_new(r->tasks_count, sizeof(*order));
    uint32_t levels = 0;
    uint32_t *start;

    for (uint32_t i = 0; i < r->tasks_count; i++) {
        if (!(r->tasks[i].flags & WORKFLOW_FINALLY) &&
            r->tasks[i].level >= levels) {
            levels = r->tasks[i].level + 1;
        }
    }
    for (uint32_t i = 0; i < r->tasks_count; i++) {
        if (r->tasks[i].flags & WORKFLOW_FINALLY) {
            r->tasks[i].level += levels;
        }
    }
    start = mem_new(2 * (size_t)r->tasks_count + 2, sizeof(*start));
    for (uint32_t i = 0; i < r->tasks_count; i++) {
        start[r->tasks[i].level + 1]++;
    }
    for (uint32_t i = 1; i <= 2 * r->tasks_count; i++) {
        start[i] += start[i - 1];
    }
    for (uint32_t i = 0; i < r->tasks_count; i++) {
        struct reader_task *t = &r->tasks[i];

        t->index = start[t->level]++;
        order[t->index] = i;
    }
    mem_free(start);
    return order;
}

static void add_tasks(struct reader *r, const uint32_t *order)
{
    uint32_t *needs = NULL;
    size_t room = 0;

    for (uint32_t i = 0; i < r->tasks_count; i++) {
        struct reader_task *t = &r->tasks[order[i]];

        needs = mem_grow(needs, &room, t->needs_count, sizeof(*needs));
        for (uint32_t k = 0; k < t->needs_count; k++) {
            needs[k] = r->tasks[r->needs[t->needs + k]].index;
        }
        workflow_build_task(r->build, t->name, needs, t->needs_count, t->policy,
                            t->job, t->flags);
        if (t->condition) {
            workflow_build_condition(r->build, i, t->condition);
            t->condition = NULL;
        }
        if (t->items || t->over) {
            workflow_build_each(r->build, i, t->each, t->items, t->over);
            t->items = NULL;
            t->over = NULL;
        }
    }
    mem_free(needs);
}

void reader_graph(struct reader *r)
{
    uint32_t *left = mem_new(r->tasks_count, sizeof(*left));
    uint32_t *order = NULL;

    resolve(r);
    if (find_levels(r, left) == r->tasks_count) {
        order = find_order(r);
    } else {
        complain_cycles(r, left);
    }
    reader_references(r, order);
    if (r->problems->count == 0) {
        add_tasks(r, order);
    }
    mem_free(left);
    mem_free(order);
}
