#include "host/core/run.h"

#include <string.h>

#include "host/core/detail.h"
#include "host/core/task.h"
#include "host/plain/mem.h"

#define BIT(state) (1u << (state))

static const uint8_t legal_next[RUN_STATES] = {
    [RUN_RUNNING] = BIT(RUN_CANCELLING) | BIT(RUN_SUCCEEDED) | BIT(RUN_FAILED),
    [RUN_CANCELLING] = BIT(RUN_CANCELLED),
};
static_assert(RUN_STATES <= 8, "legal_next holds one bit per state");

static const char *const states[RUN_STATES] = {
    [RUN_RUNNING] = "running",     [RUN_CANCELLING] = "cancelling",
    [RUN_SUCCEEDED] = "succeeded", [RUN_FAILED] = "failed",
    [RUN_CANCELLED] = "cancelled",
};

const char *run_state_name(enum run_state state)
{
    return states[state];
}

bool run_state_is_ended(enum run_state state)
{
    return state >= RUN_SUCCEEDED;
}

struct run_row *run_create(const struct run *run, struct workflow *workflow,
                           cJSON *params, uint32_t executor)
{
    struct run_row *r = mem_new(1, sizeof(*r));
    uint32_t count = workflow->tasks_count;

    r->run = *run;
    r->run.workflow = workflow;
    r->run.params = params;
    r->run.executor = executor;
    r->run.tasks_count = count;
    r->run.executor = executor;
    memset(r->run.counts, 0, sizeof(r->run.counts));
    r->run.counts[TASK_WAITING] = count;
    r->live[TASK_WAITING] = count;
    r->workflow = workflow;
    r->cells = mem_new(count, sizeof(*r->cells));
    r->cells_room = count;
    r->briefs = mem_new(count, sizeof(*r->briefs));
    r->briefs_room = count;
    r->cells_count = count;
    graph_init(&r->graph, workflow);
    for (uint32_t t = 0; t < count; t++) {
        r->cells[t].left = workflow->tasks[t].needs_count;
        *(task_is_finally(r, t) ? &r->finally_left : &r->main_left) += 1;
    }
    return r;
}

void run_destroy(struct run_row *r)
{
    for (uint32_t i = 0; i < r->eaches_count; i++) {
        cJSON_Delete(r->eaches[i].array);
        mem_free(r->eaches[i].values);
    }
    mem_free(r->eaches);
    mem_free(r->items);
    mem_free(r->cells);
    mem_free(r->briefs);
    graph_finish(&r->graph);
    index_finish(&r->names);
    cJSON_Delete(r->run.params);
    workflow_destroy(r->workflow);
    mem_free(r);
}

static uint32_t take_slot(struct core *c)
{
    uint32_t slot;

    if (c->free_runs_count) {
        return c->free_runs[--c->free_runs_count];
    }
    slot = c->runs_count++;
    c->runs = mem_grow(c->runs, &c->runs_room, c->runs_count,
                       sizeof(struct run_row *));
    return slot;
}

void run_add(struct core *c, struct run_row *r)
{
    r->index = take_slot(c);
    c->runs[r->index] = r;
    index_add(&c->ids, index_hash(r->run.id, NULL), r->index, 0);
    if (r->run.key[0]) {
        index_add(&c->keys, index_hash(r->run.principal, r->run.key), r->index,
                  0);
    }
    if (!run_state_is_ended(r->run.state)) {
        c->counts.runs_live++;
        c->counts.tasks_live[TASK_WAITING] += r->cells_count;
    }
}

/* A slot that is left is free only after the next turn: an ask that is queued
 * by now may mean the run that was there. */
void run_remove(struct core *c, struct run_row *r)
{
    for (uint32_t t = 0; t < r->cells_count; t++) {
        detail_drop(c, r, t);
    }
    index_remove(&c->ids, index_hash(r->run.id, NULL), r->index, 0);
    if (r->run.key[0]) {
        index_remove(&c->keys, index_hash(r->run.principal, r->run.key),
                     r->index, 0);
    }
    c->runs[r->index] = NULL;
    c->left_runs = mem_grow(c->left_runs, &c->left_runs_room,
                            c->left_runs_count + 1, sizeof(*c->left_runs));
    c->left_runs[c->left_runs_count++] = r->index;
    run_destroy(r);
}

/* Slots of forgotten runs: free now that no queued ask can mean them. */
void run_free_slots(struct core *c)
{
    c->free_runs = mem_grow(c->free_runs, &c->free_runs_room,
                            (size_t)c->free_runs_count + c->left_runs_count,
                            sizeof(*c->free_runs));
    for (uint32_t i = 0; i < c->left_runs_count; i++) {
        c->free_runs[c->free_runs_count++] = c->left_runs[i];
    }
    c->left_runs_count = 0;
}

struct run_row *run_of(const struct core *c, uint32_t run)
{
    return run < c->runs_count ? c->runs[run] : NULL;
}

void run_touch(struct core *c, struct run_row *r, enum change_kind kind)
{
    if (kind == CHANGE_RUN && (r->is_new || r->change)) {
        return;
    }
    if (kind == CHANGE_RUN_OVER && r->change) {
        c->turn.changes[r->change - 1].kind = kind;
        return;
    }
    turn_change(&c->turn, kind)->run = r->index;
    if (kind == CHANGE_RUN_NEW) {
        r->is_new = true;
    } else {
        r->change = (uint32_t)c->turn.changes_count;
    }
}

struct event *run_event(struct core *c, struct run_row *r, enum event_kind kind)
{
    struct event *event = turn_event(&c->turn, kind);

    event->run = r->index;
    event->run_state = r->run.state;
    event->ended_ms = r->run.ended_ms;
    return event;
}

bool run_may_move(enum run_state from, enum run_state to)
{
    return legal_next[from] & BIT(to);
}

void run_move(struct core *c, struct run_row *r, enum run_state state)
{
    assert(run_may_move(r->run.state, state));
    r->run.state = state;
    run_touch(c, r, run_state_is_ended(state) ? CHANGE_RUN_OVER : CHANGE_RUN);
}

/* A task that was cancelled though nobody here asked for it is no success. */
void run_end(struct core *c, struct run_row *r)
{
    enum run_state state = RUN_SUCCEEDED;

    assert(!r->main_left && !r->finally_left);
    if (r->run.state == RUN_CANCELLING) {
        state = RUN_CANCELLED;
    } else if (r->run.counts[TASK_FAILED] || r->run.counts[TASK_CANCELLED]) {
        state = RUN_FAILED;
    }
    r->run.ended_ms = c->now_ms;
    run_move(c, r, state);
    run_event(c, r, EVENT_RUN_ENDED);
    turn_effect(&c->turn, EFFECT_FORGET)->run = r->index;
    c->counts.runs_live--;
    for (int i = 0; i < TASK_STATES; i++) {
        c->counts.tasks_live[i] -= r->live[i];
    }
}

uint32_t run_add_items(struct core *c, struct run_row *r, uint32_t each,
                       uint32_t count)
{
    uint32_t first = r->cells_count;
    size_t total = (size_t)first + count;

    r->cells = mem_grow(r->cells, &r->cells_room, total, sizeof(*r->cells));
    r->briefs = mem_grow(r->briefs, &r->briefs_room, total, sizeof(*r->briefs));
    r->items = mem_grow(r->items, &r->items_room, total - r->run.tasks_count,
                        sizeof(*r->items));
    memset(r->cells + first, 0, count * sizeof(*r->cells));
    memset(r->briefs + first, 0, count * sizeof(*r->briefs));
    for (uint32_t i = 0; i < count; i++) {
        r->items[first - r->run.tasks_count + i] = each;
    }
    r->cells_count += count;
    r->live[TASK_WAITING] += count;
    if (!run_state_is_ended(r->run.state)) {
        c->counts.tasks_live[TASK_WAITING] += count;
    }
    return first;
}

static void index_names(struct run_row *r)
{
    if (r->names.count) {
        return;
    }
    index_reserve(&r->names, r->run.tasks_count);
    for (uint32_t t = 0; t < r->run.tasks_count; t++) {
        index_add(&r->names,
                  index_hash(workflow_task_name(r->workflow, t), NULL), 0, t);
    }
}

static uint32_t find_name(struct run_row *r, const char *name)
{
    uint64_t hash = index_hash(name, NULL);
    size_t cursor = 0;
    const struct index_slot *slot;

    index_names(r);
    slot = index_next(&r->names, hash, &cursor);
    while (slot &&
           strcmp(workflow_task_name(r->workflow, slot->task), name) != 0) {
        slot = index_next(&r->names, hash, &cursor);
    }
    return slot ? slot->task : CORE_NONE;
}

/* The digits of "[123]", without leading zeros; CORE_NONE if it is not so. */
static uint32_t read_item(const char *text)
{
    uint64_t item = 0;
    size_t i = 1;

    if (text[1] == '0' && text[2] != ']') {
        return CORE_NONE;
    }
    for (; text[i] >= '0' && text[i] <= '9' && item < CORE_NONE; i++) {
        item = item * 10 + (uint64_t)(text[i] - '0');
    }
    if (i == 1 || text[i] != ']' || text[i + 1] || item >= CORE_NONE) {
        return CORE_NONE;
    }
    return (uint32_t)item;
}

uint32_t run_find_task(struct run_row *r, const char *name)
{
    const char *bracket = strchr(name, '[');
    char owner[WORKFLOW_NAME_LIMIT + 1];
    const struct run_each *each;
    uint32_t task;
    uint32_t item;

    if (!bracket) {
        return find_name(r, name);
    }
    if ((size_t)(bracket - name) >= sizeof(owner)) {
        return CORE_NONE;
    }
    memcpy(owner, name, (size_t)(bracket - name));
    owner[bracket - name] = 0;
    task = find_name(r, owner);
    item = read_item(bracket);
    each = task == CORE_NONE ? NULL : task_each(r, task);
    if (!each || item >= each->count) {
        return CORE_NONE;
    }
    return each->first + item;
}
