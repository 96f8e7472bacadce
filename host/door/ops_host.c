/* workflow.check, workflow.schema, plugin.list and so on, host.status,
 * and the order in which all operations are listed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/base/loop.h"
#include "host/door/handlers.h"
#include "host/door/intake.h"
#include "host/plain/json.h"

static const struct op_param no_params[] = {{0}};

/* ---- workflow.check ---- */

static void check_workflow(struct op_call *call)
{
    struct str why;
    struct str out;

    str_init(&why, INTAKE_WHY_LIMIT);
    str_init(&out, 4096);
    call->workflow = intake_read(call->params, &why);
    if (!call->workflow) {
        call_fail(call, HAFT_INVALID, "host.workflow_invalid", "%s", why.text);
    } else {
        json_open(&out, '{');
        json_put_text(&out, "name", call->workflow->name);
        json_put_text(&out, "hash", call->workflow->hash);
        json_put_int(&out, "tasks", call->workflow->tasks_count);
        json_close(&out, '}');
        call_result(call, out.text, out.size);
    }
    str_finish(&out);
    str_finish(&why);
}

const struct op op_workflow_check = {
    .name = "workflow.check",
    .summary = "check a workflow file without running it",
    .access = OP_READ | OP_IDEMPOTENT,
    .params = intake_document_params,
    .result = "its name, hash and number of tasks; or every error",
    .handle = check_workflow,
};

/* ---- workflow.schema ---- */

static void show_schema(struct op_call *call)
{
    struct str out;

    str_init(&out, CALL_ANSWER_LIMIT);
    workflow_schema(&out);
    call_result(call, out.text, out.size);
    str_finish(&out);
}

const struct op op_workflow_schema = {
    .name = "workflow.schema",
    .summary = "print the JSON Schema of workflow files",
    .access = OP_READ | OP_IDEMPOTENT,
    .params = no_params,
    .result = "a JSON Schema, draft 2020-12",
    .handle = show_schema,
};

/* ---- plugin.list, plugin.describe ---- */

static void list_plugins(struct op_call *call)
{
    struct str out;

    str_init(&out, CALL_ANSWER_LIMIT);
    json_open(&out, '{');
    json_key(&out, "plugins");
    guests_list(call_host(call)->guests, &out);
    json_close(&out, '}');
    call_result(call, out.text, out.size);
    str_finish(&out);
}

const struct op op_plugin_list = {
    .name = "plugin.list",
    .summary = "list the modules, those that were refused included",
    .access = OP_READ | OP_IDEMPOTENT,
    .params = no_params,
    .result = "each module: id, version, file, state, reason, classes",
    .handle = list_plugins,
};

static void describe_plugin(struct op_call *call)
{
    struct str out;
    struct str why;

    str_init(&out, CALL_ANSWER_LIMIT);
    str_init(&why, STR_WHY_LIMIT);
    if (guests_describe(call_host(call)->guests, call_text(call, "name"), &out,
                        &why)) {
        call_result(call, out.text, out.size);
    } else {
        call_fail(call, HAFT_NOT_FOUND, "host.plugin_unknown", "%s", why.text);
    }
    str_finish(&why);
    str_finish(&out);
}

static const struct op_param describe_params[] = {
    {"name", "string", true, "id of a module, as `haft plugin list` shows it"},
    {0},
};

const struct op op_plugin_describe = {
    .name = "plugin.describe",
    .summary = "show a module's manifest and what is in effect",
    .access = OP_READ | OP_IDEMPOTENT,
    .params = describe_params,
    .result = "the manifest, the file, the instances",
    .handle = describe_plugin,
};

/* ---- plugin.pardon ---- */

static void pardon_plugin(struct op_call *call)
{
    const struct ops_options *host = call_host(call);
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (guests_pardon(host->guests, call_text(call, "name"), &why)) {
        runner_look_again(host->runner);
        call_result(call, "{}", 2);
    } else {
        call_fail(call, HAFT_NOT_FOUND, "host.plugin_unknown", "%s", why.text);
    }
    str_finish(&why);
}

const struct op op_plugin_pardon = {
    .name = "plugin.pardon",
    .summary = "run a quarantined module again",
    .access = OP_WRITE | OP_STORELESS,
    .params = describe_params,
    .result = "an empty object",
    .handle = pardon_plugin,
};

/* ---- plugin.reload ---- */

/* A line for each instance; true if one was refused. */
static bool tell_refused(const cJSON *rows, struct str *out)
{
    const cJSON *row;
    bool is_refused = false;

    cJSON_ArrayForEach(row, rows)
    {
        const char *why = json_get_text(row, "refused", NULL);

        str_addf(out, "%s%s %s: %s%s", out->size > 0 ? "\n" : "",
                 json_get_text(row, "kind", ""), json_get_text(row, "name", ""),
                 why ? "not reloaded: " : "reloaded", why ? why : "");
        is_refused |= why != NULL;
    }
    return is_refused;
}

static void on_reloaded(void *ctx, const char *why, const char *result,
                        size_t size)
{
    struct op_call *call = ctx;
    cJSON *tree = cJSON_CreateObject();
    cJSON *rows = cJSON_ParseWithLength(result, size);
    struct str refused;

    str_init(&refused, 1 << 20);
    if (*why) {
        call_fail(call, HAFT_INVALID, "host.not_reloaded", "%s", why);
    } else if (tell_refused(rows, &refused)) {
        call_fail(call, HAFT_CONFLICT, "host.not_reloaded", "%s", refused.text);
    } else {
        cJSON_AddItemReferenceToObject(tree, "instances", rows);
        call_tree(call, tree);
    }
    cJSON_Delete(tree);
    cJSON_Delete(rows);
    str_finish(&refused);
}

static void reload_plugin(struct op_call *call)
{
    const struct ops_options *host = call_host(call);

    if (host->reload) {
        host->reload(host->reload_ctx, call_text(call, "name"), on_reloaded,
                     call);
    } else {
        call_fail(call, HAFT_BACKEND_DOWN, "host.not_running",
                  "no host is running on this state directory: the next one "
                  "takes files and sections as they are");
    }
}

static const struct op_param reload_params[] = {
    {"name", "string", false,
     "id of a module, or KIND:NAME of an instance; without it, whatever has "
     "changed"},
    {0},
};

const struct op op_plugin_reload = {
    .name = "plugin.reload",
    .summary = "take plugins' files and sections as they now are",
    .access = OP_WRITE | OP_STORELESS,
    .params = reload_params,
    .result = "the instances that were made anew, and for how long calls "
              "waited; an error if one could not be, which leaves it as it was",
    .handle = reload_plugin,
};

/* ---- host.status ---- */

/* Resident memory in bytes, of /proc/self/statm's second number; 0: unknown. */
static int64_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long pages = 0;

    if (f) {
        if (fscanf(f, "%*s %ld", &pages) != 1) {
            pages = 0;
        }
        fclose(f);
    }
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* A handed task is shown as ready: one member counts both. */
static void add_core(struct str *out, const struct core *core)
{
    struct core_counts counts = core_count(core);

    counts.tasks_live[TASK_READY] += counts.tasks_live[TASK_HANDED];
    json_put_int(out, "runs_live", counts.runs_live);
    json_put_int(out, "turns", (int64_t)counts.turns);
    json_put_int(out, "stale_answers", (int64_t)counts.stale);
    json_key(out, "tasks_live");
    json_open(out, '{');
    for (int i = 0; i < TASK_STATES; i++) {
        if (i != TASK_HANDED) {
            json_put_int(out, task_state_name((enum task_state)i),
                         counts.tasks_live[i]);
        }
    }
    json_close(out, '}');
}

static void show_status(struct op_call *call)
{
    const struct ops_options *host = call_host(call);
    struct journal_counts counts = journal_count(host->journal);
    struct str out;

    str_init(&out, 16 * 1024);
    json_open(&out, '{');
    json_put_text(&out, "version", PACKAGE_VERSION);
    json_put_text(&out, "state", host->state);
    json_put_bool(&out, "is_owner", call_core(call) != NULL);
    json_put_int(&out, "pid", getpid());
    json_put_int(&out, "epoch", journal_epoch(host->journal));
    json_put_int(&out, "memory_bytes", resident_bytes());
    json_put_int(&out, "wakeups", (int64_t)loop_wakeups(host->loop));
    json_put_int(&out, "batches", (int64_t)counts.batches);
    json_put_int(&out, "operations", (int64_t)counts.operations);
    json_put_int(&out, "store_failures", (int64_t)counts.failures);
    json_put_int(&out, "next_event", (int64_t)counts.next_seq);
    json_put_bool(&out, "is_stuck", journal_is_stuck(host->journal));
    if (call_core(call)) {
        add_core(&out, call_core(call));
    }
    json_close(&out, '}');
    call_result(call, out.text, out.size);
    str_finish(&out);
}

const struct op op_host_status = {
    .name = "host.status",
    .summary = "show the host: memory, wake-ups, batches, owner",
    .access = OP_READ | OP_IDEMPOTENT,
    .params = no_params,
    .result = "an object of figures",
    .handle = show_status,
};

/* The order of lists and help. */
const struct op *const handlers[] = {
    &op_run_submit,     &op_run_get,
    &op_run_list,       &op_run_cancel,
    &op_run_events,     &op_task_get,
    &op_task_log,       &op_task_resolve,
    &op_workflow_check, &op_workflow_schema,
    &op_plugin_list,    &op_plugin_describe,
    &op_plugin_pardon,  &op_plugin_reload,
    &op_host_status,    NULL,
};
