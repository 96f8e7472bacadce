#include "host/door/intake.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <haft/executor.h>

#include "host/base/loop.h"
#include "host/carry/record.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

#define LOOKS_LIMIT 3 /* a store that never shows a key must end it */

#define DIRECTORY_LIMIT 4095
#define PARAMS_LIMIT (8u << 20) /* bytes of JSON */

#define DOCUMENT_PARAMS                                                        \
    {"document", "any", true,                                                  \
     "the workflow: YAML or JSON as text, or an "                              \
     "object"},                                                                \
        {"file", "string", false, "where it came from, for messages"},         \
        {"directory", "string", false, "its folder, if it lies on the host"},  \
    {                                                                          \
        "name", "string", false, "of the workflow, if the text has none"       \
    }

const struct op_param intake_document_params[] = {DOCUMENT_PARAMS, {0}};

struct workflow *intake_read(const cJSON *params, struct str *why)
{
    const cJSON *document = json_get(params, "document");
    const struct workflow_source source = {
        .file = json_get_text(params, "file", NULL),
        .directory = json_get_text(params, "directory", NULL),
        .name = json_get_text(params, "name", NULL),
    };
    struct workflow *w;
    struct str text;

    if (cJSON_IsString(document)) {
        return workflow_read(document->valuestring,
                             strlen(document->valuestring), &source, why);
    }
    str_init(&text, WORKFLOW_FILE_LIMIT);
    json_value(&text, document);
    w = workflow_read(text.text, text.size, &source, why);
    str_finish(&text);
    return w;
}

/* ---- ids ---- */

/* 42 bits of milliseconds and 18 of chance, as 12 letters of Crockford's base
 * 32: ids sort by time, can be read aloud, and last until 2109. */
static void make_id(char id[13])
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint64_t bits = 0;

    if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits)) {
        bits = (uint64_t)loop_clock_ms(); /* the store refuses a second one */
    }
    bits = (uint64_t)loop_clock_ms() << 18 | (bits & 0x3ffff);
    for (int i = 0; i < 12; i++) {
        id[i] = letters[bits >> (55 - 5 * i) & 31];
    }
    id[12] = '\0';
}

static void make_new_id(const struct core *core, char id[13])
{
    do {
        make_id(id);
    } while (core_find_run(core, id) != CORE_NONE);
}

/* ---- submitting ---- */

static void answer_id(struct op_call *call, bool is_new)
{
    struct str out;

    str_init(&out, 1024);
    json_open(&out, '{');
    json_put_text(&out, "run", call->run);
    json_put_bool(&out, "is_new", is_new);
    if (is_new) {
        json_put_int(&out, "after", (int64_t)call->offset);
    }
    json_close(&out, '}');
    call_result(call, out.text, out.size);
    str_finish(&out);
}

static void look_up(struct op_call *call);

/* A conflict may be of keys: who came first is on disk by now. */
static void submitted(struct op_call *call, int status)
{
    if (status == -HAFT_CONFLICT && call_text(call, "key")) {
        look_up(call);
        return;
    }
    if (status < 0) {
        call_fail(call, (uint32_t)-status, "host.submit",
                  "the run was not accepted");
        return;
    }
    answer_id(call, true);
}

/* An executor that takes such jobs, made ready; CORE_NONE with the reason. */
static uint32_t find_executor(const struct op_call *call, const char *name,
                              const char *sort, struct str *why)
{
    struct runner *runner = call_host(call)->runner;
    uint32_t executor = runner_executor(runner, name, why);

    return executor != CORE_NONE && runner_takes(runner, executor, sort, why)
               ? executor
               : CORE_NONE;
}

/* Those of all its jobs; the one of those that name none. */
static uint32_t find_executors(struct op_call *call, const struct workflow *w,
                               struct str *why)
{
    const char *first = call_text(call, "executor");

    for (uint32_t i = 0; i < w->jobs_count; i++) {
        const char *name = core_job_executor(call_core(call), w, i);
        const char *sort =
            w->jobs[i].image ? HAFT_SORT_CONTAINER : HAFT_SORT_PROCESS;

        if (name && find_executor(call, name, sort, why) == CORE_NONE) {
            return CORE_NONE;
        }
    }
    return find_executor(call, first ? first : call_host(call)->executor,
                         HAFT_SORT_PROCESS, why);
}

/* What is to be one record must fit into one. */
static bool fits_store(const struct workflow *w, const cJSON *params,
                       struct str *why)
{
    struct str text;
    bool fits;

    if (w->canonical_size >= HAFT_STORAGE_VALUE_LIMIT) {
        str_addf(why, "the workflow is over %u bytes",
                 HAFT_STORAGE_VALUE_LIMIT);
        return false;
    }
    if (w->directory && strlen(w->directory) > DIRECTORY_LIMIT) {
        str_addf(why, "the directory is over %d bytes", DIRECTORY_LIMIT);
        return false;
    }
    str_init(&text, PARAMS_LIMIT);
    json_value(&text, params);
    fits = !text.is_cut;
    str_finish(&text);
    if (!fits) {
        str_addf(why, "the params are over %u bytes", PARAMS_LIMIT);
    }
    return fits;
}

static void submit(struct op_call *call)
{
    struct workflow *w = call->workflow;
    struct core_submit s = {
        .id = call->run,
        .key = call_text(call, "key"),
        .principal = call->principal,
        .space = "default",
    };
    struct str why;

    str_init(&why, INTAKE_WHY_LIMIT);
    s.params = workflow_bind(w, json_get(call->params, "params"), &why);
    if (!s.params) {
        call_fail(call, HAFT_INVALID, "host.params_invalid", "%s", why.text);
        goto out;
    }
    if (!fits_store(w, s.params, &why)) {
        cJSON_Delete(s.params);
        call_fail(call, HAFT_INVALID, "host.too_large", "%s", why.text);
        goto out;
    }
    s.executor = find_executors(call, w, &why);
    if (s.executor == CORE_NONE) {
        cJSON_Delete(s.params);
        call_fail(call, HAFT_INVALID, "host.executor_missing", "%s", why.text);
        goto out;
    }
    call->offset = journal_count(call_host(call)->journal).next_seq - 1;
    make_new_id(call_core(call), call->run);
    s.workflow = w;
    call->workflow = NULL;
    core_ask_submit(call_core(call), call_ask(call, submitted), &s);
out:
    str_finish(&why);
}

/* ---- the key ---- */

/* The same key and the same definition: the run that is there already. */
static void answer_known(struct op_call *call, const char *run,
                         const char *hash)
{
    if (strcmp(hash, call->hash) != 0) {
        call_fail(call, HAFT_CONFLICT, "host.key_conflict",
                  "the key %.128s was used for another definition, in run %s",
                  call_text(call, "key"), run);
        return;
    }
    snprintf(call->run, sizeof(call->run), "%s", run);
    answer_id(call, false);
}

static void noted(struct op_call *call, int status)
{
    (void)status;
    look_up(call);
}

/* A run that is live may not be on disk yet, and nobody is told of it before:
 * so the store is asked again, after the turn that is under way. */
static void looked_up(struct op_call *call)
{
    struct core *core = call_core(call);
    const char *key = call_text(call, "key");

    if (!core) {
        call_fail(call, HAFT_CANCELLED, "host.stopping",
                  "the host is stopping");
    } else if (call->tree) {
        answer_known(call, json_get_text(call->tree, "run", ""),
                     json_get_text(call->tree, "hash", ""));
    } else if (core_find_key(core, call->principal, key) != CORE_NONE &&
               call->left < LOOKS_LIMIT) {
        call->left++;
        core_ask_read(core, call_ask(call, noted));
    } else if (call->workflow) {
        submit(call);
    } else {
        call_fail(call, HAFT_CONFLICT, "host.submit",
                  "the run was not accepted; ask again");
    }
}

static void look_up(struct op_call *call)
{
    struct str path;

    str_init(&path, HAFT_STORAGE_KEY_LIMIT);
    record_add_key_path(&path, call->principal, call_text(call, "key"));
    call_get(call, path.text, looked_up);
    str_finish(&path);
}

static bool is_key(const char *key)
{
    size_t size = strlen(key);

    return size > 0 && size <= 128;
}

void intake_submit(struct op_call *call)
{
    const char *key = call_text(call, "key");
    struct str text;

    str_init(&text, INTAKE_WHY_LIMIT);
    call->workflow = intake_read(call->params, &text);
    if (!call->workflow) {
        call_fail(call, HAFT_INVALID, "host.workflow_invalid", "%s", text.text);
    } else if (!key) {
        submit(call);
    } else if (!is_key(key)) {
        call_fail(call, HAFT_INVALID, "host.params_invalid",
                  "key is 1 to 128 bytes long");
    } else {
        memcpy(call->hash, call->workflow->hash, sizeof(call->hash));
        look_up(call);
    }
    str_finish(&text);
}

static const struct op_param submit_params[] = {
    DOCUMENT_PARAMS,
    {"params", "object", false, "values for the workflow's params"},
    {"key", "string", false, "asked again with the same key, the same run"},
    {"executor", "string", false, "for tasks that name none; default: [route]"},
    {0},
};

const struct op op_run_submit = {
    .name = "run.submit",
    .summary = "accept a workflow and run it",
    .access = OP_WRITE,
    .params = submit_params,
    .result = "the id of the run, once it is on disk; its events come after "
              "the one numbered `after`",
    .handle = intake_submit,
};
