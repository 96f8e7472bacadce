#include "host/carry/journal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "host/base/log.h"
#include "host/carry/journal_inside.h"
#include "host/carry/record.h"
#include "host/plain/mem.h"

/* Between two tries of a batch that the store refused. */
#define BACKOFF_LEAST_MS 50
#define BACKOFF_MOST_MS 5000

#define PATH_SIZE 512

struct journal *journal_create(const struct journal_store *store,
                               const struct journal_client *client)
{
    struct journal *j = mem_new(1, sizeof(*j));

    j->store = *store;
    j->client = *client;
    j->open = batch_create();
    str_init(&j->trouble, STR_WHY_LIMIT);
    return j;
}

void journal_destroy(struct journal *j)
{
    if (!j) {
        return;
    }
    while (j->first) {
        struct batch *next = j->first->next;

        batch_destroy(j->first);
        j->first = next;
    }
    journal_opening_destroy(j->opening);
    batch_destroy(j->open);
    batch_destroy(j->sent);
    batch_destroy(j->spare);
    str_finish(&j->trouble);
    mem_free(j);
}

void journal_lose(struct journal *j, const char *why)
{
    if (j->phase != JOURNAL_LOST) {
        j->phase = JOURNAL_LOST;
        j->is_again = false;
        j->client.lost(j->client.ctx, why);
    }
}

void journal_explain(struct str *out, const char *what, haft_status status,
                     const struct haft_fault *fault)
{
    const char *name = fault_row((uint32_t)-status)->name;

    str_addf(out, "%s: ", what);
    if (!fault || fault->message.n == 0) {
        str_add_text(out, name);
        return;
    }
    str_add(out, fault->message.p, fault->message.n);
    str_add_text(out, " (");
    if (fault->code.n) {
        str_add(out, fault->code.p, fault->code.n);
    } else {
        str_add_text(out, name);
    }
    str_add_char(out, ')');
}

/* ---- filling ---- */

static struct batch *new_batch(struct journal *j)
{
    struct batch *b = j->spare ? j->spare : batch_create();

    j->spare = NULL;
    return b;
}

static void recycle(struct journal *j, struct batch *b)
{
    if (j->spare) {
        batch_destroy(b);
        return;
    }
    batch_reset(b);
    j->spare = b;
}

/* Puts the open batch in line; the next one begins. */
static void line_up(struct journal *j)
{
    struct batch *b = j->open;

    j->open = new_batch(j);
    if (j->final) {
        j->final->next = b;
    } else {
        j->first = b;
    }
    j->final = b;
}

/* The batch that the next piece goes into: a big turn fills several. */
static struct batch *room(struct journal *j)
{
    if (batch_is_full(j->open)) {
        line_up(j);
    }
    return j->open;
}

static bool is_stored(struct journal *j, const char *hash)
{
    for (uint32_t i = 0; i < JOURNAL_HASHES; i++) {
        if (strcmp(j->hashes[i], hash) == 0) {
            return true;
        }
    }
    memcpy(j->hashes[j->hashes_next], hash, sizeof(j->hashes[0]));
    j->hashes_next = (j->hashes_next + 1) % JOURNAL_HASHES;
    return false;
}

static void put_run(struct journal *j, struct batch *b, uint32_t run)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "r/%s", core_run(j->core, run)->id);
    record_add_run(batch_put_begin(b, path), j->core, run);
    batch_put_end(b);
}

static void put_new_run(struct journal *j, struct batch *b, uint32_t run)
{
    const struct run *r = core_run(j->core, run);
    char path[PATH_SIZE];
    struct str key;

    put_run(j, b, run);
    snprintf(path, sizeof(path), "l/%s", r->id);
    batch_put(b, path, "\x01{}", 3);
    if (!is_stored(j, r->workflow->hash)) {
        snprintf(path, sizeof(path), "d/%s", r->workflow->hash);
        record_add_workflow(batch_put_begin(b, path), j->core, run);
        batch_put_end(b);
    }
    if (r->key[0]) {
        str_init(&key, HAFT_STORAGE_KEY_LIMIT);
        record_add_key_path(&key, r->principal, r->key);
        record_add_key(batch_put_begin(b, key.text), j->core, run);
        batch_put_end(b);
        str_finish(&key);
    }
}

static void put_task(struct journal *j, struct batch *b,
                     const struct change *change)
{
    char path[PATH_SIZE];
    char name[96];

    core_task_name(j->core, change->run, change->task, name);
    snprintf(path, sizeof(path), "t/%s/%s", core_run(j->core, change->run)->id,
             name);
    record_add_task(batch_put_begin(b, path), j->core, change->run,
                    change->task);
    batch_put_end(b);
}

static void put_change(struct journal *j, const struct change *change)
{
    struct batch *b = room(j);
    char path[PATH_SIZE];

    switch (change->kind) {
    case CHANGE_RUN_NEW:
        put_new_run(j, b, change->run);
        break;
    case CHANGE_RUN:
        put_run(j, b, change->run);
        break;
    case CHANGE_RUN_OVER:
        put_run(j, b, change->run);
        snprintf(path, sizeof(path), "l/%s",
                 core_run(j->core, change->run)->id);
        batch_delete(b, path);
        break;
    case CHANGE_TASK:
        put_task(j, b, change);
        break;
    }
}

/* A turn may fill several batches, and the host may die between them: so the
 * end of a run comes after those of its tasks. */
static void put_changes(struct journal *j)
{
    size_t count;
    const struct change *changes = core_changes(j->core, &count);
    size_t over = 0;

    for (size_t i = 0; i < count; i++) {
        if (changes[i].kind == CHANGE_RUN_OVER) {
            over++;
        } else {
            put_change(j, &changes[i]);
        }
    }
    for (size_t i = 0; over && i < count; i++) {
        if (changes[i].kind == CHANGE_RUN_OVER) {
            over--;
            put_change(j, &changes[i]);
        }
    }
}

/* The truth first, then the story, then what follows from both. */
static void take_turn(struct journal *j)
{
    const struct event *events;
    const struct effect *effects;
    size_t count;

    put_changes(j);
    events = core_events(j->core, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t seq = j->counts.next_seq++;

        record_add_event(batch_event(room(j), seq), j->core, &events[i], seq,
                         j->now_ms);
    }
    effects = core_effects(j->core, &count);
    batch_add_effects(j->open, effects, count);
    core_clear(j->core);
}

/* ---- writing ---- */

static void on_answer(void *ctx, haft_status status, const void *out,
                      const struct haft_fault *fault);

static void ask(struct journal *j, enum journal_wait what, uint32_t method,
                const void *in)
{
    j->wait = what;
    j->asked = what;
    j->store.ask(j->store.ctx, method, in, on_answer, j);
}

static void ask_commit(struct journal *j)
{
    struct haft_storage_commit_in in;

    batch_message(j->sent, &in);
    ask(j, WAIT_COMMIT, HAFT_STORAGE_COMMIT, &in);
}

static void ask_last(struct journal *j)
{
    const struct haft_storage_last_in in = {.size = sizeof(in)};

    ask(j, WAIT_LAST, HAFT_STORAGE_LAST, &in);
}

static void ask_owner(struct journal *j)
{
    const struct haft_storage_get_in in = {
        .size = sizeof(in),
        .key = {"h/owner", 7},
    };

    ask(j, WAIT_OWNER, HAFT_STORAGE_GET, &in);
}

static void act(struct journal *j, struct batch *b)
{
    if (b->events_count) {
        j->client.tell(j->client.ctx, b->first_seq, b->events_count,
                       b->events.text + 1, b->events.size - 1);
    }
    if (b->effects_count) {
        j->client.act(j->client.ctx, b->effects, b->effects_count);
    }
    recycle(j, b);
}

static void finish_sent(struct journal *j)
{
    struct batch *b = j->sent;

    if (j->backoff_ms) {
        log_warn("journal", "store accepts again batch=%llu",
                 (unsigned long long)b->number);
    }
    j->backoff_ms = 0;
    j->last = b->number;
    j->counts.batches++;
    j->counts.operations += b->ops_count;
    j->sent = NULL;
    j->wait = WAIT_NOTHING;
    act(j, b);
}

/* The same question once more, after a while: what is known to have failed is
 * sent again, and what is not known is asked for. */
static void try_again(struct journal *j, enum journal_wait what)
{
    struct log_room quoted;

    if (j->backoff_ms == 0) {
        log_error("journal", "store refuses batch=%llu why=%s",
                  (unsigned long long)j->sent->number,
                  log_quoted(&quoted, j->trouble.text));
    }
    j->backoff_ms =
        j->backoff_ms ? 2 * j->backoff_ms : (int64_t)BACKOFF_LEAST_MS;
    if (j->backoff_ms > BACKOFF_MOST_MS) {
        j->backoff_ms = BACKOFF_MOST_MS;
    }
    j->counts.failures++;
    j->is_again = true;
    j->again_ms = 0;
    j->asked = what;
    j->wait = WAIT_NOTHING;
}

static void settle_commit(struct journal *j)
{
    if (j->status == HAFT_OK) {
        finish_sent(j);
    } else if (j->status == -HAFT_CONFLICT) {
        journal_lose(j, "another host has taken over the store");
    } else if (j->status == -HAFT_INVALID) {
        journal_lose(j, j->trouble.text);
    } else if (j->effect == HAFT_EFFECT_NOT_STARTED) {
        try_again(j, WAIT_COMMIT);
    } else {
        ask_last(j);
    }
}

static void settle_last(struct journal *j)
{
    if (j->status != HAFT_OK) {
        try_again(j, WAIT_LAST);
    } else if (j->answer == j->sent->number) {
        ask_owner(j);
    } else if (j->answer == j->sent->number - 1) {
        try_again(j, WAIT_COMMIT);
    } else {
        journal_lose(j, j->answer < j->sent->number
                            ? "the store has lost batches"
                            : "another host writes to the store");
    }
}

static void settle_owner(struct journal *j)
{
    if (j->status != HAFT_OK) {
        try_again(j, WAIT_OWNER);
    } else if (j->answer == j->owner_version) {
        finish_sent(j);
    } else {
        journal_lose(j, "another host has taken over the store");
    }
}

static void settle(struct journal *j)
{
    if (j->asked == WAIT_COMMIT) {
        settle_commit(j);
    } else if (j->asked == WAIT_LAST) {
        settle_last(j);
    } else {
        settle_owner(j);
    }
}

/* The next batch in line. One that stores nothing has nothing to wait for. */
static bool send_next(struct journal *j)
{
    struct batch *b;

    if (!j->first && batch_is_empty(j->open)) {
        return false;
    }
    if (!j->first) {
        line_up(j);
    }
    b = j->first;
    assert(b);
    j->first = b->next;
    j->final = j->first ? j->final : NULL;
    b->next = NULL;
    if (b->ops_count == 0 && b->events_count == 0) {
        act(j, b);
        return true;
    }
    batch_check(b, "h/owner", j->owner_version);
    batch_close(b, j->last + 1);
    j->sent = b;
    ask_commit(j);
    return true;
}

static bool send_again(struct journal *j)
{
    if (j->again_ms == 0 || j->now_ms < j->again_ms) {
        return false;
    }
    j->is_again = false;
    if (j->asked == WAIT_COMMIT) {
        ask_commit(j);
    } else if (j->asked == WAIT_LAST) {
        ask_last(j);
    } else {
        ask_owner(j);
    }
    return true;
}

/* Whatever can go on goes on. What a client or the store calls from inside
 * finds this at work and leaves the rest to it. */
static void pump(struct journal *j)
{
    bool is_moving = !j->is_pumping;

    if (!is_moving) {
        return;
    }
    j->is_pumping = true;
    while (is_moving && j->phase == JOURNAL_OPEN) {
        if (j->wait == WAIT_ANSWERED) {
            settle(j);
        } else if (j->wait != WAIT_NOTHING) {
            is_moving = false;
        } else if (j->is_again) {
            is_moving = send_again(j);
        } else {
            is_moving = send_next(j);
        }
    }
    j->is_pumping = false;
}

static void on_answer(void *ctx, haft_status status, const void *out,
                      const struct haft_fault *fault)
{
    struct journal *j = ctx;

    j->status = status;
    j->effect = fault ? fault->effect : HAFT_EFFECT_MAYBE;
    str_reset(&j->trouble);
    if (status != HAFT_OK) {
        journal_explain(&j->trouble, "writing to the store", status, fault);
    } else if (j->asked == WAIT_LAST) {
        j->answer = ((const struct haft_storage_last_out *)out)->batch;
    } else if (j->asked == WAIT_OWNER) {
        const struct haft_storage_get_out *get = out;

        j->answer = get->is_found ? get->version : 0;
    }
    j->wait = WAIT_ANSWERED;
    pump(j);
}

/* ---- what the host calls ---- */

void journal_turn(struct journal *j, int64_t now_ms)
{
    if (j->phase != JOURNAL_OPEN) {
        return;
    }
    j->now_ms = now_ms;
    take_turn(j);
    if (j->is_again && j->again_ms == 0) {
        j->again_ms = now_ms + j->backoff_ms;
    }
    pump(j);
}

void journal_put(struct journal *j, const char *key, const void *value,
                 size_t size)
{
    if (value) {
        batch_put(room(j), key, value, size);
    } else {
        batch_delete(room(j), key);
    }
}

int64_t journal_next_ms(const struct journal *j)
{
    return j->phase == JOURNAL_OPEN && j->is_again ? j->again_ms : INT64_MAX;
}

uint32_t journal_epoch(const struct journal *j)
{
    return j->epoch;
}

bool journal_is_idle(const struct journal *j)
{
    return j->phase != JOURNAL_OPENING && !j->sent && !j->first &&
           batch_is_empty(j->open);
}

bool journal_is_stuck(const struct journal *j)
{
    return j->backoff_ms != 0;
}

struct journal_counts journal_count(const struct journal *j)
{
    return j->counts;
}

void journal_get(struct journal *j, const char *key, journal_answer answer,
                 void *ctx)
{
    const struct haft_storage_get_in in = {
        .size = sizeof(in),
        .key = {key, strlen(key)},
    };

    j->store.ask(j->store.ctx, HAFT_STORAGE_GET, &in, answer, ctx);
}

void journal_scan(struct journal *j, const struct haft_storage_scan_in *in,
                  journal_answer answer, void *ctx)
{
    j->store.ask(j->store.ctx, HAFT_STORAGE_SCAN, in, answer, ctx);
}
