#include <stdio.h>
#include <string.h>

#include "host/base/log.h"
#include "host/carry/opening.h"
#include "host/carry/record.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

/* Owners that died restoring before the next one is careful. */
#define DEATHS_LIMIT 2

/* ---- the end ---- */

static void finish(struct journal_opening *o)
{
    struct journal *j = o->journal;

    if (o->runs_count) {
        journal_put(j, "h/restoring", NULL, 0);
    }
    core_resume(j->core);
    j->phase = JOURNAL_OPEN;
    j->client.opened(j->client.ctx, 0, "");
}

/* ---- the runs, one after the other ---- */

static uint32_t find_executor(void *ctx, const char *name)
{
    struct journal *j = ctx;
    const char *known;

    if (j->client.executor) {
        return j->client.executor(j->client.ctx, name);
    }
    for (uint32_t i = 0;; i++) {
        known = core_executor_name(j->core, i);
        if (!known) {
            return CORE_NONE;
        }
        if (strcmp(known, name) == 0) {
            return i;
        }
    }
}

static void set_aside(struct journal_opening *o)
{
    const char *id = o->runs[o->at];
    struct log_room quoted;
    char path[OPENING_PATH_SIZE];
    struct str value;

    log_error("journal", "run set aside run=%s why=%s", id,
              log_quoted(&quoted, o->why.text));
    str_init(&value, STR_WHY_LIMIT * 8);
    str_add_char(&value, RECORD_VERSION);
    str_add_text(&value, "{\"reason\":");
    json_text(&value, o->why.text, o->why.size);
    str_add_char(&value, '}');
    snprintf(path, sizeof(path), "q/%s", id);
    journal_put(o->journal, path, value.text, value.size);
    snprintf(path, sizeof(path), "l/%s", id);
    journal_put(o->journal, path, NULL, 0);
    str_finish(&value);
    o->journal->counts.set_aside++;
}

/* What had come back of a run that is set aside leaves the core again. */
static void end_run(struct journal_opening *o)
{
    if (o->is_bad) {
        if (o->run != CORE_NONE) {
            core_withdraw(o->journal->core, o->run);
        }
        set_aside(o);
    } else {
        o->journal->counts.restored++;
    }
    mem_free(o->value);
    o->value = NULL;
    o->at++;
    opening_go_on(o, opening_restore);
}

static void fail_run(struct journal_opening *o)
{
    o->is_bad = true;
    end_run(o);
}

static void ask_tasks(struct journal_opening *o);

static bool restore_task(struct journal_opening *o,
                         const struct haft_storage_record *record)
{
    const struct record_target target = {o->journal->core, find_executor,
                                         o->journal};
    size_t prefix = 3 + strlen(o->runs[o->at]); /* t/RUN/ */
    const char *key = record->key.p;
    char name[96];
    struct str why;
    bool is_good;

    if (record->key.n <= prefix || record->key.n - prefix >= sizeof(name)) {
        str_add_text(&o->why, "a task's key is malformed");
        return false;
    }
    memcpy(name, key + prefix, record->key.n - prefix);
    name[record->key.n - prefix] = '\0';
    str_init(&why, STR_WHY_LIMIT);
    is_good = record_restore_task(&target, o->run, name, &record->value, &why);
    if (!is_good) {
        str_addf(&o->why, "task %s: %s", name, why.text);
    }
    str_finish(&why);
    return is_good;
}

static void on_tasks(void *ctx, haft_status status, const void *out,
                     const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_scan_out *scan = out;
    const struct haft_storage_record *record = NULL;

    if (status != HAFT_OK) {
        opening_give_up(o, "reading a run's tasks", status, fault);
        return;
    }
    for (uint32_t i = 0; i < scan->records.count && !o->is_bad; i++) {
        record = (const void *)((const char *)scan->records.p +
                                (size_t)i * scan->records.stride);
        o->is_bad = !restore_task(o, record);
    }
    if (!o->is_bad && scan->has_more && record) {
        str_reset(&o->after);
        str_add(&o->after, record->key.p, record->key.n);
        opening_go_on(o, ask_tasks);
    } else {
        opening_go_on(o, end_run);
    }
}

static void ask_tasks(struct journal_opening *o)
{
    char prefix[OPENING_PATH_SIZE];

    snprintf(prefix, sizeof(prefix), "t/%s/", o->runs[o->at]);
    opening_scan(o, prefix, 0, on_tasks);
}

/* Executors that its tasks name are registered before the tasks come back. */
static void find_executors(struct journal_opening *o)
{
    const struct core *c = o->journal->core;
    const struct workflow *w = core_run(c, o->run)->workflow;

    for (uint32_t i = 0; i < w->jobs_count; i++) {
        const char *name = core_job_executor(c, w, i);

        if (name) {
            find_executor(o->journal, name);
        }
    }
}

static void on_document(void *ctx, haft_status status, const void *out,
                        const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_get_out *get = out;
    const struct record_target target = {o->journal->core, find_executor,
                                         o->journal};
    struct record_run record;

    if (status != HAFT_OK) {
        opening_give_up(o, "reading a definition", status, fault);
        return;
    }
    record = (struct record_run){
        .value = o->value,
        .size = o->size,
        .document = get->value.p,
        .document_size = get->is_found ? get->value.n : 0,
    };
    if (!record_restore_run(&target, &record, &o->run, &o->why)) {
        opening_go_on(o, fail_run);
        return;
    }
    find_executors(o);
    str_reset(&o->after);
    opening_go_on(o, ask_tasks);
}

static void ask_document(struct journal_opening *o)
{
    char path[OPENING_PATH_SIZE];

    if (!record_find_hash(o->value, o->size, o->hash, &o->why)) {
        fail_run(o);
        return;
    }
    snprintf(path, sizeof(path), "d/%s", o->hash);
    opening_get(o, path, on_document);
}

static void on_run(void *ctx, haft_status status, const void *out,
                   const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_get_out *get = out;

    if (status != HAFT_OK) {
        opening_give_up(o, "reading a run", status, fault);
        return;
    }
    if (!get->is_found) {
        str_add_text(&o->why, "it is listed as live, and has no record");
        opening_go_on(o, fail_run);
        return;
    }
    o->value = mem_text(get->value.p, get->value.n);
    o->size = get->value.n;
    opening_go_on(o, ask_document);
}

static void ask_run(struct journal_opening *o)
{
    char path[OPENING_PATH_SIZE];

    snprintf(path, sizeof(path), "r/%s", o->runs[o->at]);
    opening_get(o, path, on_run);
}

static void on_note(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;

    (void)out;
    if (status != HAFT_OK) {
        opening_give_up(o, "noting which run is restored", status, fault);
        return;
    }
    o->journal->last = o->batch->number;
    opening_go_on(o, ask_run);
}

void opening_put_restoring(struct journal_opening *o, struct batch *b,
                           const char *run, uint64_t run_tries)
{
    struct str *value = batch_put_begin(b, "h/restoring");

    str_addf(value, "\x01{\"tries\":%llu", (unsigned long long)o->deaths + 1);
    if (run_tries) {
        str_addf(value, ",\"run\":\"%s\",\"run_tries\":%llu", run,
                 (unsigned long long)run_tries);
    }
    str_add_char(value, '}');
    batch_put_end(b);
}

/* Too many owners have died here: says on disk which run is next. */
static void note_run(struct journal_opening *o)
{
    struct haft_storage_commit_in in;
    const char *id = o->runs[o->at];
    bool is_same = strcmp(id, o->died_on) == 0;

    batch_reset(o->batch);
    opening_put_restoring(o, o->batch, id, is_same ? o->died_on_count + 1 : 1);
    batch_check(o->batch, "h/owner", o->journal->owner_version);
    batch_close(o->batch, o->journal->last + 1);
    batch_message(o->batch, &in);
    o->journal->store.ask(o->journal->store.ctx, HAFT_STORAGE_COMMIT, &in,
                          on_note, o);
}

void opening_restore(struct journal_opening *o)
{
    if (o->at == o->runs_count) {
        finish(o);
        return;
    }
    o->run = CORE_NONE;
    o->is_bad = false;
    str_reset(&o->why);
    if (o->died_on_count >= DEATHS_LIMIT &&
        strcmp(o->runs[o->at], o->died_on) == 0) {
        str_addf(&o->why, "%llu owners have died restoring it",
                 (unsigned long long)o->died_on_count);
        fail_run(o);
    } else if (o->deaths >= DEATHS_LIMIT) {
        note_run(o);
    } else {
        ask_run(o);
    }
}
