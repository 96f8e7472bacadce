#include "host/carry/record.h"

#include <string.h>

#include "host/plain/json.h"

/* The largest whole number that a double, and so any reader, holds. */
#define EXACT_LIMIT (UINT64_C(1) << 53)

/* A record is written for every step of every task, so its members go out as
 * they stand here, comma, quotes and colon included: each is preceded by
 * another one, since `state` (or `seq`) comes first and is always there. */
static inline void add(struct str *out, const char *piece)
{
    str_add(out, piece, strlen(piece));
}

static void add_digits(struct str *out, uint64_t value)
{
    char digits[24];
    char *end = digits + sizeof(digits);
    char *p = end;

    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    str_add(out, p, (size_t)(end - p));
}

static inline void add_number(struct str *out, const char *piece,
                              uint64_t value)
{
    bool is_exact = value <= EXACT_LIMIT;

    if (value) {
        add(out, piece);
        add(out, is_exact ? "" : "\"");
        add_digits(out, value);
        add(out, is_exact ? "" : "\"");
    }
}

/* Times and delays: never negative. */
static inline void add_time(struct str *out, const char *piece, int64_t value)
{
    add_number(out, piece, value > 0 ? (uint64_t)value : 0);
}

static void add_signed(struct str *out, const char *piece, int32_t value)
{
    if (value) {
        add(out, piece);
        add(out, value < 0 ? "-" : "");
        add_digits(out, (uint64_t)(value < 0 ? -(int64_t)value : value));
    }
}

static inline void add_true(struct str *out, const char *piece, bool value)
{
    if (value) {
        add(out, piece);
        add(out, "true");
    }
}

/* Words of ours: nothing in them needs an escape. */
static inline void add_word(struct str *out, const char *piece,
                            const char *word)
{
    add(out, piece);
    str_add_char(out, '"');
    add(out, word);
    str_add_char(out, '"');
}

static void add_text(struct str *out, const char *piece, const char *text)
{
    if (text && *text) {
        add(out, piece);
        json_text(out, text, strlen(text));
    }
}

static void add_value(struct str *out, const char *piece, const cJSON *value)
{
    if (value) {
        add(out, piece);
        json_value(out, value);
    }
}

/* Whoever shows many puts them into an array. */
static void separate(struct str *out)
{
    if (out->size && out->text[out->size - 1] == '}') {
        str_add_char(out, ',');
    }
}

static void add_seed(struct str *out, uint64_t seed)
{
    if (seed) {
        add(out, ",\"seed\":\"");
        add_digits(out, seed);
        str_add_char(out, '"');
    }
}

static void add_fault(struct str *out, const struct fault *f)
{
    if (f->fault_class == FAULT_NONE) {
        return;
    }
    add_word(out, ",\"fault\":{\"class\":", fault_row(f->fault_class)->name);
    add_word(out, ",\"effect\":", fault_effect_name(f->effect));
    add_word(out, ",\"origin\":", fault_origin_name(f->origin));
    add_number(out, ",\"hint\":", f->retry_hint);
    add_text(out, ",\"code\":", f->code);
    add_text(out, ",\"message\":", f->message);
    add_signed(out, ",\"exit_code\":", f->exit_code);
    add_signed(out, ",\"signal\":", f->signal);
    add_time(out, ",\"retry_after_ms\":", f->retry_after_ms);
    str_add_char(out, '}');
}

/* ---- tasks ---- */

/* What is shown as ready may have been handed over, and that matters. */
static const char *state_word(enum task_state state)
{
    return state == TASK_HANDED ? "handed" : task_state_name(state);
}

static void add_task_members(struct str *out, const struct core *c,
                             const struct task *t)
{
    if (t->reason != REASON_NONE) {
        add_word(out, ",\"reason\":", task_reason_name(t->reason));
    }
    if (t->executor != CORE_NONE && t->attempt) {
        add_text(out, ",\"executor\":", core_executor_name(c, t->executor));
    }
    add_number(out, ",\"tries\":", t->tries);
    add_number(out, ",\"losses\":", t->losses);
    add_number(out, ",\"attempt\":", t->attempt);
    add_number(out, ",\"fence\":", t->fence);
    add_true(out, ",\"cancelling\":", t->is_cancelling);
    if (t->is_cancelling && t->cancel_class != FAULT_NONE) {
        add_word(out, ",\"cancel_class\":", fault_row(t->cancel_class)->name);
    }
    add_time(out, ",\"ready_ms\":", t->ready_ms);
    add_time(out, ",\"due_ms\":", t->due_ms);
    add_time(out, ",\"handed_ms\":", t->handed_ms);
    add_time(out, ",\"started_ms\":", t->started_ms);
    add_time(out, ",\"ended_ms\":", t->ended_ms);
    add_time(out, ",\"delay_ms\":", t->delay_ms);
    add_seed(out, t->seed);
    if (t->item != CORE_NONE) {
        add(out, ",\"item\":");
        add_digits(out, t->item);
    }
    add_number(out, ",\"items\":", t->items_count);
    add_fault(out, &t->fault);
    add_value(out, ",\"outputs\":", t->outputs);
}

void record_add_task(struct str *out, const struct core *c, uint32_t run,
                     uint32_t task)
{
    struct task room;
    const struct task *t = core_task(c, run, task, &room);

    str_add_char(out, RECORD_VERSION);
    add_word(out, "{\"state\":", state_word(t->state));
    add_task_members(out, c, t);
    str_add_char(out, '}');
}

/* ---- runs ---- */

static void add_counts(struct str *out, const struct run *r)
{
    const char *comma = "\"";

    add(out, ",\"counts\":{");
    for (int i = 0; i < TASK_STATES; i++) {
        if (r->counts[i]) {
            add(out, comma);
            add(out, state_word((enum task_state)i));
            add(out, "\":");
            add_digits(out, r->counts[i]);
            comma = ",\"";
        }
    }
    str_add_char(out, '}');
}

static void add_run_members(struct str *out, const struct core *c,
                            const struct run *r)
{
    add_word(out, "{\"state\":", run_state_name(r->state));
    add_text(out, ",\"id\":", r->id);
    add_text(out, ",\"workflow\":", r->workflow->name);
    add_text(out, ",\"hash\":", r->workflow->hash);
    add_text(out, ",\"directory\":", r->workflow->directory);
    add_text(out, ",\"principal\":", r->principal);
    add_text(out, ",\"key\":", r->key);
    add_text(out, ",\"space\":", r->space);
    if (r->executor != CORE_NONE) {
        add_text(out, ",\"executor\":", core_executor_name(c, r->executor));
    }
    add_true(out, ",\"stopped\":", r->is_stopped);
    add_true(out, ",\"finishing\":", r->is_finishing);
    add_number(out, ",\"tasks\":", r->tasks_count);
    add_counts(out, r);
    add_time(out, ",\"created_ms\":", r->created_ms);
    add_time(out, ",\"ended_ms\":", r->ended_ms);
    add_value(out, ",\"params\":", r->params);
    str_add_char(out, '}');
}

void record_add_run(struct str *out, const struct core *c, uint32_t run)
{
    str_add_char(out, RECORD_VERSION);
    add_run_members(out, c, core_run(c, run));
}

void record_add_workflow(struct str *out, const struct core *c, uint32_t run)
{
    const struct workflow *w = core_run(c, run)->workflow;

    str_add_char(out, RECORD_VERSION);
    str_add(out, w->canonical, w->canonical_size);
}

void record_add_key(struct str *out, const struct core *c, uint32_t run)
{
    const struct run *r = core_run(c, run);

    str_add_char(out, RECORD_VERSION);
    add_word(out, "{\"run\":", r->id);
    add_text(out, ",\"hash\":", r->workflow->hash);
    str_add_char(out, '}');
}

void record_add_key_path(struct str *out, const char *principal,
                         const char *key)
{
    add(out, "k/");
    for (const char *p = principal; *p; p++) {
        if (*p == '%' || *p == '/') {
            str_addf(out, "%%%02X", (unsigned)*p);
        } else {
            str_add_char(out, *p);
        }
    }
    str_add_char(out, '/');
    add(out, key);
}

/* ---- events ---- */

static void add_event_task(struct str *out, const struct core *c,
                           const struct event *e)
{
    char name[96];

    core_task_name(c, e->run, e->task, name);
    add_text(out, ",\"task\":", name);
    add_word(out, ",\"state\":", state_word(e->state));
    if (e->kind == EVENT_TASK_EXPANDED) {
        struct task room;

        add_number(out, ",\"items\":",
                   core_task(c, e->run, e->task, &room)->items_count);
    }
}

void record_add_event(struct str *out, const struct core *c,
                      const struct event *e, uint64_t seq, int64_t time_ms)
{
    const struct run *r = core_run(c, e->run);

    separate(out);
    add(out, "{\"seq\":");
    add_digits(out, seq);
    add_time(out, ",\"time_ms\":", time_ms);
    add_word(out, ",\"kind\":", event_kind_name(e->kind));
    add_word(out, ",\"run\":", r->id);
    add_text(out, ",\"workflow\":", r->workflow->name);
    if (e->task != CORE_NONE) {
        add_event_task(out, c, e);
    } else {
        add_word(out, ",\"state\":", run_state_name(e->run_state));
    }
    if (e->reason != REASON_NONE) {
        add_word(out, ",\"reason\":", task_reason_name(e->reason));
    }
    add_number(out, ",\"attempt\":", e->attempt);
    add_number(out, ",\"fence\":", e->fence);
    add_number(out, ",\"tries\":", e->tries);
    add_time(out, ",\"due_ms\":", e->due_ms);
    add_time(out, ",\"started_ms\":", e->started_ms);
    add_time(out, ",\"ended_ms\":", e->ended_ms);
    add_seed(out, e->seed);
    add_fault(out, &e->fault);
    str_add_char(out, '}');
}
