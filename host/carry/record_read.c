#include <string.h>

#include "host/carry/flat.h"
#include "host/carry/record.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

/* What is being read: a task or a run, and what it borrows meanwhile. */
struct reading {
    const struct record_target *target;
    struct task *task;
    struct run *run;
    cJSON *fault; /* that the task's fault points into */
    char workflow[WORKFLOW_NAME_LIMIT + 1];
    char hash[65];
    char *directory;
};

/* How a member is read, and where to: most of them are plain values. */
struct row {
    const char *key;
    enum {
        ROW_U32,
        ROW_U64,
        ROW_TIME,
        ROW_TRUE,
        ROW_TEXT,
        ROW_OWN
    } kind;
    size_t offset;
    size_t room; /* of a text */
    bool (*own)(struct reading *r, const struct flat_member *m);
};

static bool read_plain(const struct row *row, void *base,
                       const struct flat_member *m)
{
    char *to = (char *)base + row->offset;
    uint64_t number = 0;

    if (row->kind == ROW_TEXT) {
        return flat_text(m, to, row->room);
    }
    if (row->kind == ROW_TRUE) {
        return flat_bool(m, (bool *)to);
    }
    if (!flat_number(m, &number)) {
        return false;
    }
    if (row->kind == ROW_U64) {
        *(uint64_t *)to = number;
        return true;
    }
    if (row->kind == ROW_TIME) {
        *(int64_t *)to = (int64_t)number;
        return number <= INT64_MAX;
    }
    *(uint32_t *)to = (uint32_t)number;
    return number <= UINT32_MAX;
}

static const struct row *find_row(const struct row *rows,
                                  const struct flat_member *m)
{
    while (rows->key && !flat_is(m, rows->key)) {
        rows++;
    }
    return rows->key ? rows : NULL;
}

/* Reads all members that have a row; others are from a later haft. */
static bool read_members(struct reading *r, const struct row *rows, void *base,
                         const struct haft_slice *value, struct str *why)
{
    const char *bytes = value->p;
    struct flat_member m;
    struct flat f;

    if (value->n == 0 || bytes[0] != RECORD_VERSION) {
        str_addf(why, "a record of version %d, this haft reads version %d",
                 value->n ? bytes[0] : 0, RECORD_VERSION);
        return false;
    }
    flat_start(&f, bytes + 1, value->n - 1);
    while (flat_next(&f, &m)) {
        const struct row *row = find_row(rows, &m);
        bool is_good =
            !row || (row->own ? row->own(r, &m) : read_plain(row, base, &m));

        if (!is_good) {
            str_addf(why, "its %s cannot be ", row->key);
            str_add_quoted(why, m.value, m.size);
            return false;
        }
    }
    if (f.is_broken) {
        str_add_text(why, "it is no whole JSON object");
    }
    return !f.is_broken;
}

static uint32_t find_executor(const struct reading *r,
                              const struct flat_member *m)
{
    char name[256];

    return flat_text(m, name, sizeof(name))
               ? r->target->executor(r->target->ctx, name)
               : CORE_NONE;
}

/* ---- tasks ---- */

static bool read_task_state(struct reading *r, const struct flat_member *m)
{
    char word[32] = "";

    if (!flat_text(m, word, sizeof(word))) {
        return false;
    }
    if (strcmp(word, "handed") == 0) {
        r->task->state = TASK_HANDED;
        return true;
    }
    for (int i = 0; i < TASK_STATES; i++) {
        if (i != TASK_HANDED &&
            strcmp(word, task_state_name((enum task_state)i)) == 0) {
            r->task->state = (enum task_state)i;
            return true;
        }
    }
    return false;
}

static bool read_reason(struct reading *r, const struct flat_member *m)
{
    char word[64] = "";

    if (!flat_text(m, word, sizeof(word))) {
        return false;
    }
    for (int i = 0; i < REASONS; i++) {
        if (strcmp(word, task_reason_name((enum task_reason)i)) == 0) {
            r->task->reason = (enum task_reason)i;
            return true;
        }
    }
    return false;
}

static bool read_cancel_class(struct reading *r, const struct flat_member *m)
{
    char word[64] = "";
    uint32_t found =
        flat_text(m, word, sizeof(word)) ? fault_class_of(word) : 0;

    r->task->cancel_class = (enum fault_class)found;
    return found != 0;
}

static bool read_task_executor(struct reading *r, const struct flat_member *m)
{
    r->task->executor = find_executor(r, m);
    return *m->value == '"';
}

static bool read_outputs(struct reading *r, const struct flat_member *m)
{
    cJSON_Delete(r->task->outputs);
    r->task->outputs = flat_tree(m);
    return cJSON_IsObject(r->task->outputs);
}

static uint32_t find_word(const char *word, uint32_t count,
                          const char *(*name)(uint32_t))
{
    uint32_t i = 0;

    while (word && i < count && strcmp(word, name(i)) != 0) {
        i++;
    }
    return i < count ? i : 0;
}

static bool read_fault(struct reading *r, const struct flat_member *m)
{
    struct fault *f = &r->task->fault;
    const cJSON *t;

    cJSON_Delete(r->fault);
    r->fault = flat_tree(m);
    t = r->fault;
    if (!cJSON_IsObject(t)) {
        return false;
    }
    f->fault_class = fault_class_of(json_get_text(t, "class", ""));
    f->effect =
        find_word(json_get_text(t, "effect", NULL), 4, fault_effect_name);
    f->origin =
        find_word(json_get_text(t, "origin", NULL), 3, fault_origin_name);
    f->retry_hint = (uint32_t)json_get_int(t, "hint", 0);
    f->code = json_get_text(t, "code", "");
    f->message = json_get_text(t, "message", "");
    f->exit_code = (int32_t)json_get_int(t, "exit_code", 0);
    f->signal = (int32_t)json_get_int(t, "signal", 0);
    f->retry_after_ms = json_get_int(t, "retry_after_ms", 0);
    return f->fault_class != 0;
}

#define TASK_AT(member) offsetof(struct task, member)

static const struct row task_rows[] = {
    {"state", ROW_OWN, 0, 0, read_task_state},
    {"executor", ROW_OWN, 0, 0, read_task_executor},
    {"tries", ROW_U32, TASK_AT(tries), 0, NULL},
    {"attempt", ROW_U64, TASK_AT(attempt), 0, NULL},
    {"fence", ROW_U64, TASK_AT(fence), 0, NULL},
    {"ready_ms", ROW_TIME, TASK_AT(ready_ms), 0, NULL},
    {"handed_ms", ROW_TIME, TASK_AT(handed_ms), 0, NULL},
    {"started_ms", ROW_TIME, TASK_AT(started_ms), 0, NULL},
    {"ended_ms", ROW_TIME, TASK_AT(ended_ms), 0, NULL},
    {"due_ms", ROW_TIME, TASK_AT(due_ms), 0, NULL},
    {"delay_ms", ROW_TIME, TASK_AT(delay_ms), 0, NULL},
    {"outputs", ROW_OWN, 0, 0, read_outputs},
    {"fault", ROW_OWN, 0, 0, read_fault},
    {"reason", ROW_OWN, 0, 0, read_reason},
    {"losses", ROW_U32, TASK_AT(losses), 0, NULL},
    {"seed", ROW_U64, TASK_AT(seed), 0, NULL},
    {"cancelling", ROW_TRUE, TASK_AT(is_cancelling), 0, NULL},
    {"cancel_class", ROW_OWN, 0, 0, read_cancel_class},
    {"item", ROW_U32, TASK_AT(item), 0, NULL},
    {"items", ROW_U32, TASK_AT(items_count), 0, NULL},
    {NULL, ROW_OWN, 0, 0, NULL},
};

bool record_restore_task(const struct record_target *target, uint32_t run,
                         const char *name, const struct haft_slice *value,
                         struct str *why)
{
    struct task task = {.item = CORE_NONE,
                        .owner = CORE_NONE,
                        .executor = CORE_NONE,
                        .fault = {.code = "", .message = ""}};
    struct reading r = {.target = target, .task = &task};
    bool is_good = read_members(&r, task_rows, &task, value, why);

    if (is_good && task.state == TASK_WAITING) {
        str_add_text(why, "it has no state, or waits");
        is_good = false;
    }
    if (!is_good) {
        cJSON_Delete(task.outputs);
    } else if (!core_restore_task(target->core, run, name, &task)) {
        str_add_text(why, "it does not fit the run's workflow");
        is_good = false;
    }
    cJSON_Delete(r.fault);
    return is_good;
}

/* ---- runs ---- */

static bool read_run_state(struct reading *r, const struct flat_member *m)
{
    char word[32] = "";

    if (!flat_text(m, word, sizeof(word))) {
        return false;
    }
    for (int i = 0; i < RUN_STATES; i++) {
        if (strcmp(word, run_state_name((enum run_state)i)) == 0) {
            r->run->state = (enum run_state)i;
            return true;
        }
    }
    return false;
}

static bool read_workflow(struct reading *r, const struct flat_member *m)
{
    return flat_text(m, r->workflow, sizeof(r->workflow));
}

static bool read_hash(struct reading *r, const struct flat_member *m)
{
    return flat_text(m, r->hash, sizeof(r->hash)) && strlen(r->hash) == 64;
}

static bool read_directory(struct reading *r, const struct flat_member *m)
{
    mem_free(r->directory);
    r->directory = mem_new(m->size + 1, 1);
    return flat_text(m, r->directory, m->size + 1);
}

static bool read_params(struct reading *r, const struct flat_member *m)
{
    cJSON_Delete(r->run->params);
    r->run->params = flat_tree(m);
    return cJSON_IsObject(r->run->params);
}

static bool read_run_executor(struct reading *r, const struct flat_member *m)
{
    r->run->executor = find_executor(r, m);
    return *m->value == '"';
}

#define RUN_AT(member) offsetof(struct run, member)
#define RUN_TEXT(member)                                                       \
    ROW_TEXT, RUN_AT(member), sizeof(((struct run *)0)->member)

static const struct row run_rows[] = {
    {"state", ROW_OWN, 0, 0, read_run_state},
    {"id", RUN_TEXT(id), NULL},
    {"workflow", ROW_OWN, 0, 0, read_workflow},
    {"hash", ROW_OWN, 0, 0, read_hash},
    {"directory", ROW_OWN, 0, 0, read_directory},
    {"principal", RUN_TEXT(principal), NULL},
    {"key", RUN_TEXT(key), NULL},
    {"space", RUN_TEXT(space), NULL},
    {"executor", ROW_OWN, 0, 0, read_run_executor},
    {"stopped", ROW_TRUE, RUN_AT(is_stopped), 0, NULL},
    {"finishing", ROW_TRUE, RUN_AT(is_finishing), 0, NULL},
    {"tasks", ROW_U32, RUN_AT(tasks_count), 0, NULL},
    {"created_ms", ROW_TIME, RUN_AT(created_ms), 0, NULL},
    {"ended_ms", ROW_TIME, RUN_AT(ended_ms), 0, NULL},
    {"params", ROW_OWN, 0, 0, read_params},
    {NULL, ROW_OWN, 0, 0, NULL},
};

static const struct row hash_rows[] = {
    {"hash", ROW_OWN, 0, 0, read_hash},
    {NULL, ROW_OWN, 0, 0, NULL},
};

bool record_find_hash(const void *value, size_t size, char hash[65],
                      struct str *why)
{
    struct haft_slice bytes = {.p = value, .n = size};
    struct reading r = {.target = NULL};

    if (!read_members(&r, hash_rows, NULL, &bytes, why)) {
        return false;
    }
    if (r.hash[0] == '\0') {
        str_add_text(why, "it names no definition");
        return false;
    }
    memcpy(hash, r.hash, sizeof(r.hash));
    return true;
}

/* The definition that the run pinned. It keeps the hash under which it is
 * stored, even if a later haft would write it in another way. */
static struct workflow *read_document(const struct record_run *record,
                                      const struct reading *r, struct str *why)
{
    const char *bytes = record->document;
    struct workflow_source source = {
        .file = "(stored)", .directory = r->directory, .name = r->workflow};
    struct workflow *w;

    if (record->document_size == 0 || bytes[0] != RECORD_VERSION) {
        str_add_text(why, "its definition is missing or of another version");
        return NULL;
    }
    w = workflow_read(bytes + 1, record->document_size - 1, &source, why);
    if (w) {
        memcpy(w->hash, r->hash, sizeof(w->hash));
    }
    return w;
}

static uint32_t put_back(struct reading *r, struct workflow *w)
{
    struct run *run = r->run;
    cJSON *params = run->params ? run->params : cJSON_CreateObject();

    run->tasks_count = w->tasks_count;
    run->workflow = w;
    run->params = params;
    return core_restore_run(r->target->core, run, w, params, run->executor);
}

bool record_restore_run(const struct record_target *target,
                        const struct record_run *record, uint32_t *run,
                        struct str *why)
{
    struct haft_slice value = {.p = record->value, .n = record->size};
    struct run room = {.state = RUN_RUNNING, .executor = CORE_NONE};
    struct reading r = {.target = target, .run = &room};
    struct workflow *w = NULL;

    if (read_members(&r, run_rows, &room, &value, why)) {
        if (room.id[0] == '\0' || r.hash[0] == '\0') {
            str_add_text(why, "it names no run or no definition");
        } else if (run_state_is_ended(room.state)) {
            str_add_text(why, "it has ended, and is listed as live");
        } else {
            w = read_document(record, &r, why);
        }
    }
    if (w) {
        *run = put_back(&r, w);
    } else {
        cJSON_Delete(room.params);
    }
    mem_free(r.directory);
    return w != NULL;
}
