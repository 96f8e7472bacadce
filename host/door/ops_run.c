/* run.get, run.list, run.cancel, run.events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/door/handlers.h"
#include "host/plain/json.h"
#include "host/plain/map.h"
#include "host/plain/mem.h"

#define LIST_LIMIT 1000u

static cJSON *read_value(const char *value, size_t size)
{
    cJSON *tree = NULL;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (size > 1) {
        tree = json_read(value + 1, size - 1, &why);
    }
    str_finish(&why);
    return tree;
}

/* ---- run.get: the run, its definition, its tasks ---- */

static void add_needs(cJSON *task, const struct workflow *w, uint32_t index)
{
    const struct workflow_task *row = &w->tasks[index];
    cJSON *needs = cJSON_AddArrayToObject(task, "needs");

    for (uint32_t i = 0; i < row->needs_count; i++) {
        cJSON_AddItemToArray(needs, cJSON_CreateString(workflow_task_name(
                                        w, w->needs[row->needs + i])));
    }
    if (row->flags & WORKFLOW_FINALLY) {
        cJSON_AddTrueToObject(task, "finally");
    }
}

/* The records of a run's tasks by name: there may be millions. */
struct records {
    cJSON *all; /* an object */
    cJSON **items;
    struct map places;
};

static void records_init(struct records *r, cJSON *all)
{
    uint32_t count = 0;
    cJSON *item;

    r->all = all;
    r->items = mem_new((size_t)cJSON_GetArraySize(all), sizeof(cJSON *));
    map_init(&r->places);
    cJSON_ArrayForEach(item, all)
    {
        map_add(&r->places, item->string, count);
        r->items[count++] = item;
    }
}

static void records_finish(struct records *r)
{
    map_finish(&r->places);
    mem_free(r->items);
    cJSON_Delete(r->all);
}

/* Owned from now on; NULL if there is none. To be taken once. */
static cJSON *records_take(struct records *r, const char *name)
{
    uint32_t place = map_get(&r->places, name);

    return place == MAP_NONE
               ? NULL
               : cJSON_DetachItemViaPointer(r->all, r->items[place]);
}

static void add_items(cJSON *tasks, const char *name, int64_t items,
                      struct records *records)
{
    char key[WORKFLOW_NAME_LIMIT + 24];

    for (int64_t n = 0; n < items; n++) {
        cJSON *task;

        snprintf(key, sizeof(key), "%s[%lld]", name, (long long)n);
        task = records_take(records, key);
        if (task) {
            cJSON_AddStringToObject(task, "name", key);
            cJSON_AddItemToArray(tasks, task);
        }
    }
}

/* All tasks in the order of the file, those without a record as waiting; the
 * records of items follow their owner's, in the order of their numbers. */
static void add_tasks(cJSON *run, const struct workflow *w,
                      struct records *records)
{
    cJSON *tasks = cJSON_AddArrayToObject(run, "tasks_list");

    for (uint32_t i = 0; i < w->tasks_count; i++) {
        const char *name = workflow_task_name(w, i);
        cJSON *task = records_take(records, name);

        if (!task) {
            task = cJSON_CreateObject();
            cJSON_AddStringToObject(task, "state", "waiting");
        }
        cJSON_AddStringToObject(task, "name", name);
        add_needs(task, w, i);
        cJSON_AddItemToArray(tasks, task);
        add_items(tasks, name, json_get_int(task, "items", 0), records);
    }
}

static bool take_task(struct op_call *call, const char *rest, const char *value,
                      size_t size)
{
    cJSON *task = read_value(value, size);

    if (task) {
        cJSON *records = cJSON_GetObjectItem(call->tree, "records");

        cJSON_AddItemToObject(records, rest, task);
    }
    return true;
}

static void got_tasks(struct op_call *call)
{
    struct records records;

    records_init(&records, cJSON_DetachItemFromObject(call->tree, "records"));
    add_tasks(call->tree, call->workflow, &records);
    records_finish(&records);
    call_tree(call, call->tree);
}

static bool take_document(struct op_call *call, const char *rest,
                          const char *value, size_t size)
{
    const struct workflow_source source = {
        .name = json_get_text(call->tree, "workflow", NULL)};
    struct str why;

    (void)rest;
    str_init(&why, STR_WHY_LIMIT);
    if (size > 1) {
        call->workflow = workflow_read(value + 1, size - 1, &source, &why);
    }
    str_finish(&why);
    return false;
}

static void got_document(struct op_call *call)
{
    char prefix[64];

    if (!call->workflow) {
        call_fail(call, HAFT_CORRUPT, "host.definition_unreadable",
                  "the definition of run %s cannot be read", call->run);
        return;
    }
    cJSON_AddObjectToObject(call->tree, "records");
    snprintf(prefix, sizeof(prefix), "t/%s/", call->run);
    call->record = take_task;
    call->then = got_tasks;
    call_scan(call, prefix, NULL, 0, UINT32_MAX);
}

static void got_run(struct op_call *call)
{
    char prefix[96];

    if (!call->tree) {
        call_fail(call, HAFT_CORRUPT, "host.record_unreadable",
                  "the record of run %s cannot be read", call->run);
        return;
    }
    snprintf(prefix, sizeof(prefix), "d/%.64s",
             json_get_text(call->tree, "hash", ""));
    call->record = take_document;
    call->then = got_document;
    call_scan(call, prefix, NULL, 0, 1);
}

static void get_run(struct op_call *call)
{
    char key[64];

    snprintf(key, sizeof(key), "r/%s", call->run);
    call_get(call, key, got_run);
}

static const struct op_param get_params[] = {
    {"run", "string", true, "id of the run, its beginning, or last"},
    {0},
};

const struct op op_run_get = {
    .name = "run.get",
    .summary = "show a run and its tasks",
    .access = OP_READ | OP_IDEMPOTENT,
    .params = get_params,
    .result = "the run; tasks_list has its tasks in the order of the file",
    .go = get_run,
};

/* ---- run.list ---- */

static bool is_wanted(struct op_call *call, const cJSON *run)
{
    const char *state = call_text(call, "state");
    const char *workflow = call_text(call, "workflow");

    return (!state || strcmp(state, json_get_text(run, "state", "")) == 0) &&
           (!workflow ||
            strcmp(workflow, json_get_text(run, "workflow", "")) == 0);
}

static bool take_listed(struct op_call *call, const char *rest,
                        const char *value, size_t size)
{
    cJSON *runs = cJSON_GetObjectItem(call->tree, "runs");
    cJSON *run = read_value(value, size);

    (void)rest;
    if (run && is_wanted(call, run)) {
        cJSON_AddItemToArray(runs, run);
        call->offset--;
    } else {
        cJSON_Delete(run);
    }
    return call->offset > 0;
}

static void got_list(struct op_call *call)
{
    call_tree(call, call->tree);
}

static void list_runs(struct op_call *call)
{
    int64_t limit = call_int(call, "limit", 20);
    const char *before = call_text(call, "before");
    char after[64];

    if (limit < 1 || limit > LIST_LIMIT) {
        call_fail(call, HAFT_INVALID, "host.params_invalid", "limit is 1 to %u",
                  LIST_LIMIT);
        return;
    }
    if (before) {
        snprintf(after, sizeof(after), "r/%.32s", before);
    }
    call->offset = (uint64_t)limit; /* runs still wanted */
    call->tree = cJSON_CreateObject();
    cJSON_AddArrayToObject(call->tree, "runs");
    call->record = take_listed;
    call->then = got_list;
    call_scan(call, "r/", before ? after : NULL, HAFT_STORAGE_REVERSE,
              UINT32_MAX);
}

static const struct op_param list_params[] = {
    {"limit", "integer", false, "how many, 1 to 1000; default 20"},
    {"state", "string", false, "only those in this state"},
    {"workflow", "string", false, "only those of this workflow"},
    {"before", "string", false, "only those older than this run's id"},
    {0},
};

const struct op op_run_list = {
    .name = "run.list",
    .summary = "list runs, the newest first",
    .access = OP_READ | OP_IDEMPOTENT,
    .params = list_params,
    .result = "runs: an array of runs without their tasks",
    .handle = list_runs,
};

/* ---- run.cancel ---- */

static void cancelled(struct op_call *call, int status)
{
    if (status < 0) {
        call_fail(call, (uint32_t)-status, "host.run_ended",
                  "run %s has ended already", call->run);
        return;
    }
    call_result(call, "{}", 2);
}

static void cancel_run(struct op_call *call)
{
    struct core *core = call_core(call);
    uint32_t run = core_find_run(core, call->run);
    const struct run *found = run == CORE_NONE ? NULL : core_run(core, run);
    bool is_asked_twice;

    if (!found || run_state_is_ended(found->state)) {
        cancelled(call, -HAFT_CONFLICT);
        return;
    }
    is_asked_twice = call_bool(call, "force") && found->state == RUN_RUNNING;
    core_ask_cancel(core, call_ask(call, cancelled), run);
    if (is_asked_twice) { /* what is left of it, if anything is */
        core_ask_cancel(core, 0, run);
    }
}

static const struct op_param cancel_params[] = {
    {"run", "string", true, "id of the run, its beginning, or last"},
    {"force", "boolean", false, "kill at once, the finally tasks too"},
    {0},
};

const struct op op_run_cancel = {
    .name = "run.cancel",
    .summary = "cancel a run; asked again, by force",
    .access = OP_WRITE | OP_DESTRUCTIVE,
    .params = cancel_params,
    .result = "nothing, once it is on disk",
    .go = cancel_run,
};

/* ---- run.events ---- */

static void on_event(void *ctx, uint64_t seq, const char *json, size_t size)
{
    struct op_call *call = ctx;

    (void)seq;
    call_event(call, json, size);
}

/* One record holds the events of a batch. */
static bool take_events(struct op_call *call, const char *rest,
                        const char *value, size_t size)
{
    cJSON *events = read_value(value, size);
    cJSON *event;

    (void)rest;
    cJSON_ArrayForEach(event, events)
    {
        bool is_new = (uint64_t)json_get_int(event, "seq", 0) > call->offset;
        bool is_ours = !call->run[0] ||
                       strcmp(json_get_text(event, "run", ""), call->run) == 0;

        if (is_new && is_ours) {
            struct str out;

            str_init(&out, CALL_ANSWER_LIMIT);
            json_value(&out, event);
            call_event(call, out.text, out.size);
            str_finish(&out);
        }
    }
    cJSON_Delete(events);
    return !call->is_dropped;
}

static void told_all(struct op_call *call)
{
    call_result(call, "{}", 2);
}

static void tell_events(struct op_call *call)
{
    const struct ops_options *host = call_host(call);

    call->offset = (uint64_t)call_int(call, "after", 0);
    if (call_bool(call, "follow") && host->bus) {
        call->follower =
            bus_follow(host->bus, call->offset, call->run[0] ? call->run : NULL,
                       on_event, call);
        return;
    }
    call->record = take_events;
    call->then = told_all;
    call_scan(call, "e/", NULL, 0, UINT32_MAX);
}

static const struct op_param events_params[] = {
    {"run", "string", false, "only those of this run"},
    {"after", "integer", false, "only those with a greater seq"},
    {"follow", "boolean", false, "go on for ever"},
    {0},
};

const struct op op_run_events = {
    .name = "run.events",
    .summary = "tell what happened, in order",
    .access = OP_READ | OP_IDEMPOTENT | OP_STREAM,
    .params = events_params,
    .result = "events; then nothing, unless followed",
    .handle = tell_events,
    .go = tell_events,
};
