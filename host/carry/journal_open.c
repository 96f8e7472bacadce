#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "host/base/log.h"
#include "host/carry/flat.h"
#include "host/carry/opening.h"
#include "host/carry/record.h"
#include "host/plain/mem.h"

/* Commits whose outcome stayed unknown, until the opening is given up. */
#define CLAIMS_LIMIT 5

void journal_opening_destroy(struct journal_opening *o)
{
    if (!o) {
        return;
    }
    mem_free(o->owner);
    mem_free(o->runs);
    mem_free(o->value);
    batch_destroy(o->batch);
    str_finish(&o->after);
    str_finish(&o->why);
    mem_free(o);
}

static void drive(struct journal_opening *o)
{
    struct journal *j = o->journal;

    if (o->is_driving) {
        return;
    }
    o->is_driving = true;
    while (j->phase == JOURNAL_OPENING && o->step) {
        void (*step)(struct journal_opening *) = o->step;

        o->step = NULL;
        step(o);
    }
    o->is_driving = false;
    if (j->phase != JOURNAL_OPENING) {
        journal_opening_destroy(o);
        j->opening = NULL;
    }
}

void opening_go_on(struct journal_opening *o,
                   void (*step)(struct journal_opening *))
{
    o->step = step;
    drive(o);
}

static void end_badly(struct journal_opening *o)
{
    struct journal *j = o->journal;

    j->phase = JOURNAL_NEW;
    j->client.opened(j->client.ctx, o->status, o->why.text);
    drive(o);
}

static void on_uncounted(void *ctx, haft_status status, const void *out,
                         const struct haft_fault *fault)
{
    (void)status; /* it was worth a try */
    (void)out;
    (void)fault;
    opening_go_on(ctx, end_badly);
}

static void uncount(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_last_out *last = out;
    struct haft_storage_commit_in in;

    (void)fault;
    if (status != HAFT_OK) {
        opening_go_on(o, end_badly);
        return;
    }
    batch_reset(o->batch);
    opening_put_restoring(o, o->batch, o->died_on, o->died_on_count);
    batch_check(o->batch, "h/owner", o->journal->owner_version);
    batch_close(o->batch, last->batch + 1);
    batch_message(o->batch, &in);
    o->journal->store.ask(o->journal->store.ctx, HAFT_STORAGE_COMMIT, &in,
                          on_uncounted, o);
}

/* That the store failed is no death: the next owner is not to suspect a run
 * for it. The note that failed may be in the store all the same: the number
 * of this batch is beyond it. */
static void begin_to_uncount(struct journal_opening *o)
{
    const struct haft_storage_last_in in = {.size = sizeof(in)};

    o->deaths--;
    o->journal->store.ask(o->journal->store.ctx, HAFT_STORAGE_LAST, &in,
                          uncount, o);
}

void opening_give_up(struct journal_opening *o, const char *what,
                     haft_status status, const struct haft_fault *fault)
{
    str_reset(&o->why);
    journal_explain(&o->why, what, status, fault);
    o->status = status;
    if (o->journal->core && o->runs_count) {
        opening_go_on(o, begin_to_uncount);
    } else {
        opening_go_on(o, end_badly);
    }
}

void opening_get(struct journal_opening *o, const char *key,
                 journal_answer answer)
{
    journal_get(o->journal, key, answer, o);
}

void opening_scan(struct journal_opening *o, const char *prefix, uint32_t flags,
                  journal_answer answer)
{
    struct haft_storage_scan_in in = {
        .size = sizeof(in),
        .flags = flags,
        .prefix = {prefix, strlen(prefix)},
        .after = {o->after.text, o->after.size},
    };

    in.limit = flags & HAFT_STORAGE_REVERSE ? 1 : 0;
    journal_scan(o->journal, &in, answer, o);
}

/* ---- becoming the owner ---- */

static void ask_last(struct journal_opening *o);

static void start_restoring(struct journal_opening *o)
{
    struct journal *j = o->journal;

    j->last = o->batch->number;
    j->owner_version = j->last;
    j->epoch = o->epoch + 1;
    j->counts.next_seq = o->next_seq;
    j->core = o->make(j->client.ctx, j->epoch);
    opening_restore(o);
}

/* A store answers a number that it has already with OK, whosever it is: so we
 * look whether the owner it now knows is this one. */
static void on_proof(void *ctx, haft_status status, const void *out,
                     const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_get_out *get = out;
    struct haft_storage_commit_in in;
    const struct haft_storage_op *op;

    if (status != HAFT_OK) {
        opening_give_up(o, "reading who owns the store", status, fault);
        return;
    }
    batch_message(o->batch, &in);
    op = in.ops.p;
    if (!get->is_found || get->version != o->batch->number ||
        get->value.n != op->value.n ||
        memcmp(get->value.p, op->value.p, op->value.n) != 0) {
        opening_give_up(o, "another host has just become the owner",
                        -HAFT_CONFLICT, NULL);
        return;
    }
    opening_go_on(o, start_restoring);
}

static void ask_proof(struct journal_opening *o)
{
    opening_get(o, "h/owner", on_proof);
}

static void on_claim(void *ctx, haft_status status, const void *out,
                     const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    bool is_unknown = status != HAFT_OK && status != -HAFT_CONFLICT && fault &&
                      fault->effect != HAFT_EFFECT_NOT_STARTED;

    (void)out;
    if (status == HAFT_OK) {
        opening_go_on(o, ask_proof);
    } else if (is_unknown && o->claims < CLAIMS_LIMIT) {
        opening_go_on(
            o, ask_last); /* whatever became of it: an epoch more is free */
    } else {
        opening_give_up(o, "becoming the owner", status, fault);
    }
}

static void claim(struct journal_opening *o)
{
    struct batch *b = o->batch;
    struct haft_storage_commit_in in;
    struct str *value;

    o->claims++;
    batch_reset(b);
    value = batch_put_begin(b, "h/owner");
    str_addf(value, "\x01{\"epoch\":%u,\"seq\":%llu%s", o->epoch + 1,
             (unsigned long long)o->next_seq,
             strcmp(o->owner, "{}") == 0 ? "" : ",");
    str_add_text(value, o->owner + 1);
    batch_put_end(b);
    batch_guard(b, o->owner_version ? HAFT_STORAGE_EQUAL : HAFT_STORAGE_ABSENT,
                o->owner_version);
    if (o->runs_count) {
        opening_put_restoring(o, b, o->died_on, o->died_on_count);
    }
    batch_close(b, o->journal->last + 1);
    batch_message(b, &in);
    o->journal->store.ask(o->journal->store.ctx, HAFT_STORAGE_COMMIT, &in,
                          on_claim, o);
}

/* ---- which runs are live ---- */

static void ask_live(struct journal_opening *o);

static void add_live(struct journal_opening *o, struct haft_slice key)
{
    size_t size = key.n - 2; /* l/RUN */

    if (key.n <= 2 || size >= OPENING_ID_SIZE) {
        log_error("journal", "malformed key under l/ size=%llu",
                  (unsigned long long)key.n);
        return;
    }
    o->runs =
        mem_grow(o->runs, &o->runs_room, o->runs_count + 1, sizeof(*o->runs));
    memcpy(o->runs[o->runs_count], (const char *)key.p + 2, size);
    o->runs[o->runs_count++][size] = '\0';
}

static void on_live(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_scan_out *scan = out;
    const struct haft_storage_record *record = NULL;

    if (status != HAFT_OK) {
        opening_give_up(o, "reading which runs are live", status, fault);
        return;
    }
    for (uint32_t i = 0; i < scan->records.count; i++) {
        record = (const void *)((const char *)scan->records.p +
                                (size_t)i * scan->records.stride);
        add_live(o, record->key);
    }
    if (scan->has_more && record) {
        str_reset(&o->after);
        str_add(&o->after, record->key.p, record->key.n);
        opening_go_on(o, ask_live);
    } else {
        opening_go_on(o, claim);
    }
}

static void ask_live(struct journal_opening *o)
{
    opening_scan(o, "l/", HAFT_STORAGE_KEYS_ONLY, on_live);
}

/* The number of the last event in a row: no text in JSON can hold these bytes
 * unescaped, so the last place where they are is the one. */
static uint64_t find_last_seq(const char *row, size_t size)
{
    static const char mark[] = "{\"seq\":";
    const size_t length = sizeof(mark) - 1;
    uint64_t seq = 0;

    for (size_t i = size; i >= length; i--) {
        const char *p = row + i - length;

        if (memcmp(p, mark, length) == 0) {
            for (p += length; p < row + size && *p >= '0' && *p <= '9'; p++) {
                seq = seq * 10 + (uint64_t)(*p - '0');
            }
            return seq;
        }
    }
    return 0;
}

static void on_events(void *ctx, haft_status status, const void *out,
                      const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_scan_out *scan = out;
    const struct haft_storage_record *record = scan ? scan->records.p : NULL;
    uint64_t seq;

    if (status != HAFT_OK || !scan) {
        opening_give_up(o, "reading the last events", status, fault);
        return;
    }
    if (scan->records.count && record) {
        seq = find_last_seq(record->value.p, record->value.n);
        o->next_seq = seq >= o->next_seq ? seq + 1 : o->next_seq;
    }
    str_reset(&o->after);
    opening_go_on(o, ask_live);
}

static void ask_events(struct journal_opening *o)
{
    str_reset(&o->after);
    opening_scan(o, "e/", HAFT_STORAGE_REVERSE, on_events);
}

static void read_restoring(struct journal_opening *o, struct haft_slice value)
{
    struct flat_member m;
    struct flat f;

    if (value.n < 2) {
        return;
    }
    flat_start(&f, (const char *)value.p + 1, value.n - 1);
    while (flat_next(&f, &m)) {
        bool is_good = true;

        if (flat_is(&m, "tries")) {
            is_good = flat_number(&m, &o->deaths);
        } else if (flat_is(&m, "run")) {
            is_good = flat_text(&m, o->died_on, sizeof(o->died_on));
        } else if (flat_is(&m, "run_tries")) {
            is_good = flat_number(&m, &o->died_on_count);
        }
        if (!is_good) {
            log_warn("journal", "h/restoring is malformed");
        }
    }
}

static void on_restoring(void *ctx, haft_status status, const void *out,
                         const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_get_out *get = out;

    if (status != HAFT_OK) {
        opening_give_up(o, "reading h/restoring", status, fault);
        return;
    }
    o->deaths = 0;
    o->died_on_count = 0;
    o->died_on[0] = '\0';
    if (get->is_found) {
        read_restoring(o, get->value);
    }
    opening_go_on(o, ask_events);
}

static void ask_restoring(struct journal_opening *o)
{
    opening_get(o, "h/restoring", on_restoring);
}

static bool read_owner(struct journal_opening *o, struct haft_slice value)
{
    struct flat_member m;
    struct flat f;
    uint64_t epoch = 0;

    if (value.n < 2 || *(const char *)value.p != RECORD_VERSION) {
        return false;
    }
    flat_start(&f, (const char *)value.p + 1, value.n - 1);
    while (flat_next(&f, &m)) {
        if ((flat_is(&m, "epoch") && !flat_number(&m, &epoch)) ||
            (flat_is(&m, "seq") && !flat_number(&m, &o->next_seq))) {
            return false;
        }
    }
    o->epoch = (uint32_t)epoch;
    return !f.is_broken && epoch > 0 && epoch < UINT32_MAX;
}

static bool is_newer(struct haft_slice value)
{
    return value.n > 0 && *(const unsigned char *)value.p > RECORD_VERSION;
}

static void on_owner(void *ctx, haft_status status, const void *out,
                     const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;
    const struct haft_storage_get_out *get = out;

    if (status != HAFT_OK) {
        opening_give_up(o, "reading who owns the store", status, fault);
        return;
    }
    o->epoch = 0;
    o->next_seq = 1;
    o->runs_count = 0;
    o->owner_version = get->is_found ? get->version : 0;
    if (get->is_found && is_newer(get->value)) {
        opening_give_up(o, "the store was written by a newer haft",
                        -HAFT_INVALID, NULL);
        return;
    }
    if (get->is_found && !read_owner(o, get->value)) {
        opening_give_up(o, "h/owner is not what this haft writes",
                        -HAFT_CORRUPT, NULL);
        return;
    }
    opening_go_on(o, ask_restoring);
}

static void ask_owner(struct journal_opening *o)
{
    opening_get(o, "h/owner", on_owner);
}

static void on_last(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    struct journal_opening *o = ctx;

    if (status != HAFT_OK) {
        opening_give_up(o, "opening the store", status, fault);
        return;
    }
    o->journal->last = ((const struct haft_storage_last_out *)out)->batch;
    opening_go_on(o, ask_owner);
}

static void ask_last(struct journal_opening *o)
{
    const struct haft_storage_last_in in = {.size = sizeof(in)};

    o->journal->store.ask(o->journal->store.ctx, HAFT_STORAGE_LAST, &in,
                          on_last, o);
}

void journal_open(struct journal *j, const char *owner,
                  struct core *(*make)(void *ctx, uint32_t epoch))
{
    struct journal_opening *o = mem_new(1, sizeof(*o));

    assert(j->phase == JOURNAL_NEW && !j->opening && owner[0] == '{');
    o->journal = j;
    o->owner = mem_text(owner, strlen(owner));
    o->make = make;
    o->batch = batch_create();
    str_init(&o->after, HAFT_STORAGE_KEY_LIMIT);
    str_init(&o->why, STR_WHY_LIMIT);
    j->phase = JOURNAL_OPENING;
    j->opening = o;
    opening_go_on(o, ask_last);
}
