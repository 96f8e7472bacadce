/* What was promised, held against what is on disk and what was done. */
#include <string.h>

#include "host/carry/flat.h"
#include "host/carry/story.h"
#include "host/plain/mem.h"
#include "tests/sim/sim.h"

static bool is_ended(const char *state)
{
    return strcmp(state, "succeeded") == 0 || strcmp(state, "failed") == 0 ||
           strcmp(state, "cancelled") == 0 || strcmp(state, "skipped") == 0;
}

/* A member of a JSON object as text without quotes; "" if there is none. */
static void member(const void *json, size_t size, const char *name,
                   char room[64])
{
    struct flat_member m;
    struct flat f;

    room[0] = '\0';
    flat_start(&f, json, size);
    while (flat_next(&f, &m)) {
        if (flat_is(&m, name) && m.size < 64) {
            bool is_text = *m.value == '"';

            memcpy(room, m.value + is_text, m.size - 2 * is_text);
            room[m.size - 2 * is_text] = '\0';
        }
    }
}

static uint64_t number(const void *json, size_t size, const char *name)
{
    struct flat_member m;
    struct flat f;
    uint64_t value = 0;

    flat_start(&f, json, size);
    while (flat_next(&f, &m)) {
        if (flat_is(&m, name) && !flat_number(&m, &value)) {
            value = 0;
        }
    }
    return value;
}

static struct sim_task *task_of(struct sim *s, const struct story_event *event)
{
    char name[136];
    struct sim_task *t;

    snprintf(name, sizeof(name), "%.*s/%.*s", (int)event->run.n,
             (const char *)event->run.p, (int)event->task.n,
             (const char *)event->task.p);
    for (size_t i = 0; i < s->tasks_count; i++) {
        if (strcmp(s->tasks[i].name, name) == 0) {
            return &s->tasks[i];
        }
    }
    s->tasks =
        mem_grow(s->tasks, &s->tasks_room, s->tasks_count + 1, sizeof(*t));
    t = &s->tasks[s->tasks_count++];
    *t = (struct sim_task){.fence = 0};
    memcpy(t->name, name, sizeof(t->name));
    return t;
}

/* ---- events, as they reach the disk ---- */

static bool is_kind(const struct story_event *event, const char *kind)
{
    return event->kind.n == strlen(kind) &&
           memcmp(event->kind.p, kind, event->kind.n) == 0;
}

static void check_handed(struct sim *s, struct sim_task *t,
                         const struct story_event *event)
{
    uint64_t fence = number(event->json.p, event->json.n, "fence");

    if (fence <= t->fence) {
        sim_fail(s, "the fence of %s does not grow: %llu", t->name,
                 (unsigned long long)fence);
    }
    if (event->time_ms < t->due_ms) {
        sim_fail(s, "%s was handed over before it was due", t->name);
    }
    t->fence = fence;
    t->due_ms = 0;
}

/* What ended well has ended well at its executor, under the same number. */
static void check_outcome(struct sim *s, const struct sim_task *t,
                          const struct story_event *event)
{
    uint64_t attempt = number(event->json.p, event->json.n, "attempt");
    char fault[64];

    member(event->json.p, event->json.n, "fault", fault);
    if (memmem(event->json.p, event->json.n, "\"fault\":", 8)) {
        return;
    }
    for (size_t i = 0; i < s->attempts_count; i++) {
        const struct sim_attempt *a = &s->attempts[i];

        if (a->id == attempt && a->has_ended && a->fault_class == 0) {
            return;
        }
    }
    sim_fail(s, "attempt %llx of %s counts as a success and was none",
             (unsigned long long)attempt, t->name);
}

static void check_event(struct sim *s, const struct story_event *event)
{
    struct sim_task *t;

    if (event->seq != s->seq + 1) {
        sim_fail(s, "event %llu follows event %llu",
                 (unsigned long long)event->seq, (unsigned long long)s->seq);
    }
    s->seq = event->seq;
    sim_trace(s, "disk: %.*s", (int)event->json.n, (const char *)event->json.p);
    if (event->task.n == 0) {
        return;
    }
    t = task_of(s, event);
    if (is_kind(event, "task.handed")) {
        check_handed(s, t, event);
    } else if (is_kind(event, "task.ended")) {
        check_outcome(s, t, event);
    } else if (is_kind(event, "task.retry")) {
        t->due_ms = (int64_t)number(event->json.p, event->json.n, "due_ms");
    } else if (is_kind(event, "task.done") && t->dones++) {
        sim_fail(s, "%s has ended for good twice", t->name);
    }
}

static void check_events(struct sim *s, const struct haft_storage_op *op)
{
    struct story_event event;
    struct story story;

    story_start(&story, (const char *)op->value.p + 1, op->value.n - 1);
    while (story_next(&story, &event)) {
        check_event(s, &event);
    }
}

/* Terminal is terminal, for runs and tasks; fences never shrink. */
static void check_change(struct sim *s, const struct haft_storage_op *op,
                         const struct sim_record *old)
{
    char before[64];
    char after[64];

    member(old->value + 1, old->size - 1, "state", before);
    member((const char *)op->value.p + 1, op->value.n - 1, "state", after);
    if (is_ended(before) && strcmp(before, after) != 0) {
        sim_fail(s, "%.*s has left the state %s for %s", (int)op->key.n,
                 (const char *)op->key.p, before, after);
    }
    if (number((const char *)op->value.p + 1, op->value.n - 1, "fence") <
        number(old->value + 1, old->size - 1, "fence")) {
        sim_fail(s, "the fence of %.*s shrinks", (int)op->key.n,
                 (const char *)op->key.p);
    }
}

void sim_check_put(struct sim *s, const struct haft_storage_op *op,
                   const struct sim_record *old)
{
    const char *key = op->key.p;

    if (op->value.n < 2 || ((const char *)op->value.p)[0] != 1) {
        sim_fail(s, "%.*s is no record", (int)op->key.n, key);
    } else if (key[0] == 'e') {
        check_events(s, op);
    } else if (old && (key[0] == 'r' || key[0] == 't')) {
        check_change(s, op, old);
    } else if (key[0] == 'q') {
        sim_fail(s, "a good run was set aside: %.*s", (int)op->value.n - 1,
                 (const char *)op->value.p + 1);
    }
}

/* ---- what is done ---- */

void sim_check_start(struct sim *s, const struct effect *effect,
                     const char *run, const char *task)
{
    char path[160];
    char state[64];
    char attempt[64];
    char ours[24];

    snprintf(path, sizeof(path), "t/%s/%s", run, task);
    snprintf(ours, sizeof(ours), "%llu", (unsigned long long)effect->attempt);
    sim_store_get(s, path, "state", state);
    sim_store_get(s, path, "attempt", attempt);
    if (strcmp(attempt, ours) != 0 || strcmp(state, "handed") != 0) {
        sim_fail(s, "%s was started, on disk it is %s with attempt %s", path,
                 state[0] ? state : "nothing", attempt);
    }
}

/* ---- what comes back ---- */

static void check_due(struct sim *s, const struct core *core, uint32_t run)
{
    struct task room;
    char name[96];
    char whole[136];

    for (uint32_t t = 0; t < core_tasks_count(core, run); t++) {
        const struct task *task = core_task(core, run, t, &room);

        core_task_name(core, run, t, name);
        snprintf(whole, sizeof(whole), "%s/%s", core_run(core, run)->id, name);
        for (size_t i = 0; i < s->tasks_count; i++) {
            if (task->state == TASK_READY && s->tasks[i].due_ms &&
                strcmp(s->tasks[i].name, whole) == 0 &&
                s->tasks[i].due_ms != task->due_ms) {
                sim_fail(s, "%s was to be due at %lld, and is at %lld", whole,
                         (long long)s->tasks[i].due_ms,
                         (long long)task->due_ms);
            }
        }
    }
}

void sim_check_restored(struct sim *s, struct sim_host *h)
{
    for (size_t i = 0; i < s->store.count; i++) {
        const struct sim_record *r = &s->store.records[i];

        if (r->key[0] == 'l' &&
            core_find_run(h->core, r->key + 2) == CORE_NONE) {
            sim_fail(s, "run %s has not come back", r->key + 2);
        }
    }
    for (uint32_t run = 0; run < core_runs_count(h->core); run++) {
        if (core_run(h->core, run)) {
            check_due(s, h->core, run);
        }
    }
}

/* ---- the end ---- */

static void check_record(struct sim *s, const struct sim_record *r)
{
    char state[64];

    if (r->key[0] == 'l') {
        sim_fail(s, "run %s never ends", r->key + 2);
    } else if (r->key[0] == 'r' || r->key[0] == 't') {
        sim_store_get(s, r->key, "state", state);
        if (!is_ended(state)) {
            sim_fail(s, "%s stays %s for ever", r->key, state);
        }
    }
}

static void check_client(struct sim *s, const struct sim_client *c)
{
    char path[64];
    char state[64];

    snprintf(path, sizeof(path), "r/%s", c->run);
    sim_store_get(s, path, "state", state);
    if (!c->is_acked) {
        sim_fail(s, "a client was never answered");
    } else if (!state[0]) {
        sim_fail(s, "run %s was acknowledged and is gone", c->run);
    } else if (c->is_cancelled && strcmp(state, "cancelled") != 0) {
        sim_fail(s, "the cancel of run %s was acknowledged, it ended %s",
                 c->run, state);
    }
}

void sim_check_end(struct sim *s)
{
    uint32_t runs = 0;
    const char *broken;

    if (!s->host || !s->host->is_open) {
        sim_fail(s, "no host is left");
        return;
    }
    for (size_t i = 0; i < s->store.count; i++) {
        check_record(s, &s->store.records[i]);
        runs += s->store.records[i].key[0] == 'r';
    }
    for (uint32_t i = 0; i < s->clients_count; i++) {
        check_client(s, &s->clients[i]);
    }
    if (runs != s->clients_count) {
        sim_fail(s, "%u runs for %u keys", runs, s->clients_count);
    }
    broken = core_check(s->host->core);
    if (broken) {
        sim_fail(s, "the core's tables disagree in the end: %s", broken);
    }
    if (!journal_is_idle(s->host->journal)) {
        sim_fail(s, "something is never written");
    }
}
