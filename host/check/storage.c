/* Stores: numbered batches, guards, and keys in order, against what a map must
 * do. A store that something is in already is taken as it is: keys of the cases
 * begin with what no host writes. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <haft/storage.h>

#include "host/check/kinds.h"
#include "host/check/subject.h"

#define PUT_VERSION 7
#define TEXT(t) ((struct haft_slice){t, sizeof(t) - 1})

/* ---- the questions of every store ---- */

static size_t questions(struct kit_question *q, const char *folder)
{
    static const struct haft_storage_op put = {.op = HAFT_STORAGE_PUT,
                                               .version = PUT_VERSION,
                                               .key = {"~check/a", 8},
                                               .value = {"one", 3}};
    static const struct haft_storage_commit_in commit = {
        .size = sizeof(commit), .batch = 1, .ops = {&put, 1, sizeof(put)}};
    static const struct haft_storage_last_in last = {.size = sizeof(last)};
    static const struct haft_storage_get_in get = {.size = sizeof(get),
                                                   .key = {"~check/a", 8}};
    static const struct haft_storage_scan_in scan = {.size = sizeof(scan),
                                                     .prefix = {"~check/", 7}};

    (void)folder;
    q[0] = (struct kit_question){HAFT_STORAGE_COMMIT, &commit};
    q[1] = (struct kit_question){HAFT_STORAGE_GET, &get};
    q[2] = (struct kit_question){HAFT_STORAGE_SCAN, &scan};
    q[3] = (struct kit_question){HAFT_STORAGE_LAST, &last};
    return 4;
}

const struct kit_kind kind_storage = {
    .name = "storage", .interface = &haft_storage_v1, .questions = questions};

/* ---- small questions ---- */

struct store {
    struct subject subject;
    struct kit *kit;
    uint64_t last; /* batch */
};

static uint64_t ask_last(struct store *s)
{
    const struct haft_storage_last_in in = {.size = sizeof(in)};
    struct reply r;
    uint64_t batch = 0;

    if (subject_ask(&s->subject, HAFT_STORAGE_LAST, &in, &r) == HAFT_OK) {
        batch = ((const struct haft_storage_last_out *)r.out)->batch;
    } else if (!subject_is_out_of_reach(s->kit, &r)) {
        kit_fail(s->kit, "last: wanted a number, found %s: %s", r.code,
                 r.message);
    }
    reply_finish(&r);
    return batch;
}

static bool begin(struct store *s, struct kit *kit)
{
    s->kit = kit;
    if (!subject_open(&s->subject, kit)) {
        return false;
    }
    s->last = ask_last(s);
    if (kit_is_well(kit)) {
        return true;
    }
    subject_close(&s->subject);
    return false;
}

static void end(struct store *s)
{
    subject_close(&s->subject);
}

static haft_status commit(struct store *s, uint64_t batch,
                          const struct haft_storage_op *ops, uint32_t count)
{
    const struct haft_storage_commit_in in = {
        .size = sizeof(in), .batch = batch, .ops = {ops, count, sizeof(*ops)}};

    return subject_tell(&s->subject, HAFT_STORAGE_COMMIT, &in);
}

/* The next batch, of one operation or more, which must go well. */
static void apply(struct store *s, const struct haft_storage_op *ops,
                  uint32_t count)
{
    haft_status status = commit(s, s->last + 1, ops, count);

    if (status != HAFT_OK) {
        kit_fail(s->kit, "batch %llu: wanted it stored, found status %d",
                 (unsigned long long)s->last + 1, status);
    }
    s->last++;
}

static struct haft_storage_op put(struct haft_slice key,
                                  struct haft_slice value)
{
    return (struct haft_storage_op){.op = HAFT_STORAGE_PUT,
                                    .version = PUT_VERSION,
                                    .key = key,
                                    .value = value};
}

static void expect_last(struct store *s, const char *when)
{
    uint64_t found = ask_last(s);

    if (found != s->last) {
        kit_fail(s->kit, "%s: wanted batch %llu to be the last, found %llu",
                 when, (unsigned long long)s->last, (unsigned long long)found);
    }
}

/* `value` NULL: the key must not be there. */
static void expect(struct store *s, const char *when, struct haft_slice key,
                   const struct haft_slice *value)
{
    const struct haft_storage_get_in in = {.size = sizeof(in), .key = key};
    struct reply r;
    haft_status status = subject_ask(&s->subject, HAFT_STORAGE_GET, &in, &r);
    const struct haft_storage_get_out *out = r.out;

    if (status != HAFT_OK) {
        kit_fail(s->kit, "%s: get: wanted an answer, found %s: %s", when,
                 r.code, r.message);
    } else if (!value && out->is_found) {
        kit_fail(s->kit, "%s: wanted no such key, found one", when);
    } else if (value && (!out->is_found || out->value.n != value->n ||
                         (value->n > 0 &&
                          memcmp(out->value.p, value->p, value->n) != 0))) {
        kit_fail(s->kit, "%s: wanted the value that was put, found %s", when,
                 out->is_found ? "another" : "none");
    } else if (value && out->version != PUT_VERSION) {
        kit_fail(s->kit, "%s: wanted version %d, found %llu", when, PUT_VERSION,
                 (unsigned long long)out->version);
    }
    reply_finish(&r);
}

static void expect_status(struct store *s, const char *when, haft_status wanted,
                          haft_status found)
{
    if (wanted != found) {
        kit_fail(s->kit, "%s: wanted status %d, found %d", when, wanted, found);
    }
}

/* ---- the cases ---- */

void storage_numbers(struct kit *kit)
{
    struct store s;
    struct haft_slice key = TEXT("~check/numbers");
    struct haft_slice one = TEXT("one");
    struct haft_storage_op first = put(key, one);
    struct haft_storage_op other = put(key, TEXT("other"));

    if (!begin(&s, kit)) {
        return;
    }
    apply(&s, &first, 1);
    expect_last(&s, "after a batch");
    expect_status(&s, "the same batch again", HAFT_OK,
                  commit(&s, s.last, &first, 1));
    expect_status(&s, "a batch of an applied number", HAFT_OK,
                  commit(&s, s.last, &other, 1));
    expect(&s, "after a batch of an applied number", key, &one);
    expect_status(&s, "a batch beyond the next", -HAFT_INVALID,
                  commit(&s, s.last + 2, &other, 1));
    expect(&s, "after a batch beyond the next", key, &one);
    expect_last(&s, "after a batch beyond the next");
    end(&s);
}

void storage_guards(struct kit *kit)
{
    struct store s;
    struct haft_slice a = TEXT("~check/guards/a");
    struct haft_slice b = TEXT("~check/guards/b");
    struct haft_slice one = TEXT("one");
    struct haft_storage_op ops[2] = {put(a, one), put(b, one)};

    if (!begin(&s, kit)) {
        return;
    }
    ops[1] = (struct haft_storage_op){.op = HAFT_STORAGE_DELETE, .key = b};
    apply(&s, ops, 2);
    ops[0] = put(b, one);
    ops[1] = put(a, TEXT("two"));
    ops[1].guard = HAFT_STORAGE_ABSENT;
    expect_status(&s, "a key that must be absent, and is there", -HAFT_CONFLICT,
                  commit(&s, s.last + 1, ops, 2));
    expect(&s, "after a guard that failed", b, NULL);
    expect(&s, "after a guard that failed", a, &one);
    expect_last(&s, "after a guard that failed");
    ops[1].guard = HAFT_STORAGE_EQUAL;
    ops[1].expected = PUT_VERSION + 1;
    expect_status(&s, "a version that is not the key's", -HAFT_CONFLICT,
                  commit(&s, s.last + 1, ops, 2));
    expect(&s, "after a version that is not the key's", b, NULL);
    ops[1] = (struct haft_storage_op){.op = HAFT_STORAGE_CHECK,
                                      .guard = HAFT_STORAGE_EQUAL,
                                      .expected = PUT_VERSION,
                                      .key = b};
    apply(&s, ops, 2); /* the guard sees what the batch has put */
    expect(&s, "after guards that held", b, &one);
    end(&s);
}

void storage_bytes(struct kit *kit)
{
    struct store s;
    struct haft_slice key = TEXT("~check/bytes/\0\xff\x01");
    struct haft_slice beside = TEXT("~check/bytes/");
    struct haft_slice value = TEXT("\0\xff\0 and more");
    struct haft_slice empty = {NULL, 0};
    struct haft_storage_op op = put(key, value);

    if (!begin(&s, kit)) {
        return;
    }
    apply(&s, &op, 1);
    expect(&s, "a key with zero bytes", key, &value);
    expect(&s, "that key cut at its zero byte", beside, NULL);
    op = put(key, empty);
    apply(&s, &op, 1);
    expect(&s, "an empty value", key, &empty);
    op = (struct haft_storage_op){.op = HAFT_STORAGE_DELETE, .key = key};
    apply(&s, &op, 1);
    expect(&s, "a key that was deleted", key, NULL);
    end(&s);
}

/* What was stored is all there after a restart; or nothing is, of a store that
 * lives in memory alone, and then its numbers begin anew. */
void storage_reopen(struct kit *kit)
{
    struct store s;
    struct haft_slice key = TEXT("~check/reopen");
    struct haft_slice value = TEXT("kept");
    struct haft_storage_op op = put(key, value);
    uint64_t found;

    if (!begin(&s, kit)) {
        return;
    }
    apply(&s, &op, 1);
    if (subject_restart(&s.subject)) {
        found = ask_last(&s);
        if (found == 0) {
            expect(&s, "after a restart that began anew", key, NULL);
        } else {
            expect(&s, "after a restart", key, &value);
            expect_last(&s, "after a restart");
        }
    }
    end(&s);
}

/* The processes of plugins are the children of this one. */
static void kill_workers(struct kit *kit)
{
    FILE *children = fopen("/proc/thread-self/children", "re");
    int pid;
    int count = 0;

    while (children && fscanf(children, "%d", &pid) == 1) {
        kill(pid, SIGKILL);
        count++;
    }
    if (children) {
        fclose(children);
    }
    if (count == 0) {
        kit_fail(kit, "wanted the process of the plugin, found none");
    }
}

/* What was answered is stored, whatever becomes of the process: then it is all
 * there, or the store lives in memory alone. */
void storage_killed(struct kit *kit)
{
    static const char *const keys[] = {"~check/kill/a", "~check/kill/b",
                                       "~check/kill/c"};
    struct haft_slice value = TEXT("kept");
    struct store s;
    uint64_t found = 0;

    if (!begin(&s, kit)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        struct haft_storage_op op =
            put((struct haft_slice){keys[i], strlen(keys[i])}, value);

        apply(&s, &op, 1);
    }
    kill_workers(kit);
    if (subject_restart(&s.subject)) {
        found = ask_last(&s);
    }
    if (found > 0) {
        expect_last(&s, "after the process was killed");
        for (size_t i = 0; i < 3; i++) {
            expect(&s, "after the process was killed",
                   (struct haft_slice){keys[i], strlen(keys[i])}, &value);
        }
    }
    end(&s);
}

/* Keys of one letter each, `letters` in the order in which they must come. */
static void expect_scan(struct store *s, const char *when,
                        struct haft_storage_scan_in in, const char *letters)
{
    struct reply r;
    haft_status status;
    struct str found;

    in.size = sizeof(in);
    in.prefix = TEXT("~check/scan/");
    status = subject_ask(&s->subject, HAFT_STORAGE_SCAN, &in, &r);
    str_init(&found, STR_WHY_LIMIT);
    if (status == HAFT_OK) {
        const struct haft_storage_scan_out *out = r.out;

        for (uint32_t i = 0; i < out->records.count; i++) {
            const struct haft_storage_record *record =
                (const void *)((const char *)out->records.p +
                               (size_t)i * out->records.stride);

            if (record->key.n > in.prefix.n) {
                str_add(&found, (const char *)record->key.p + in.prefix.n,
                        record->key.n - in.prefix.n);
            }
            if ((record->value.n == 0) !=
                ((in.flags & HAFT_STORAGE_KEYS_ONLY) != 0)) {
                str_add_text(&found, "(value)");
            }
        }
        str_add_text(&found, out->has_more ? "..." : "");
    }
    if (status != HAFT_OK || strcmp(found.text, letters) != 0) {
        kit_fail(s->kit, "scan %s: wanted keys %s, found %s (status %d)", when,
                 letters, found.text, status);
    }
    str_finish(&found);
    reply_finish(&r);
}

void storage_scan(struct kit *kit)
{
    static const char *const keys[] = {"~check/scan/c", "~check/scan/a",
                                       "~check/scan/d", "~check/scan/b"};
    struct haft_storage_op ops[4];
    struct store s;

    if (!begin(&s, kit)) {
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        ops[i] = put((struct haft_slice){keys[i], strlen(keys[i])}, TEXT("v"));
    }
    apply(&s, ops, 4);
    ops[0] = put(TEXT("~check/scao"), TEXT("v"));
    ops[1] = put(TEXT("~check/scan"), TEXT("v"));
    apply(&s, ops, 2); /* on both sides of the prefix */
    expect_scan(&s, "of a prefix", (struct haft_storage_scan_in){0}, "abcd");
    expect_scan(&s, "backwards",
                (struct haft_storage_scan_in){.flags = HAFT_STORAGE_REVERSE},
                "dcba");
    expect_scan(&s, "of two", (struct haft_storage_scan_in){.limit = 2},
                "ab...");
    expect_scan(&s, "beyond a key",
                (struct haft_storage_scan_in){.after = TEXT("~check/scan/b")},
                "cd");
    expect_scan(&s, "of keys alone",
                (struct haft_storage_scan_in){.flags = HAFT_STORAGE_KEYS_ONLY},
                "abcd");
    end(&s);
}

/* ---- against a model ---- */

#define MODEL_KEYS 12
#define MODEL_BATCHES 200
#define MODEL_OPS 4    /* most of one batch */
#define MODEL_LOOKS 20 /* batches from one comparison of all keys to the next */

/* What a store must have; version 0: the key is not there. */
struct model {
    uint64_t versions[MODEL_KEYS];
    char names[MODEL_KEYS][32];
    uint64_t random;
    uint64_t next_version;
};

/* The same numbers in every run. */
static uint64_t draw(struct model *m, uint64_t below)
{
    m->random =
        m->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (m->random >> 33) % below;
}

static struct haft_slice name_of(const struct model *m, uint64_t key)
{
    return (struct haft_slice){m->names[key], strlen(m->names[key])};
}

/* An operation by chance; its value is its version. Half of the guards hold. */
static struct haft_storage_op draw_op(struct model *m, uint64_t *key)
{
    struct haft_storage_op op = {.guard = (uint32_t)draw(m, 3)};

    *key = draw(m, MODEL_KEYS);
    op.op = (uint32_t)draw(m, 3) + HAFT_STORAGE_PUT;
    op.key = name_of(m, *key);
    if (op.guard == HAFT_STORAGE_EQUAL) {
        op.expected = draw(m, 4) ? m->versions[*key] : 1;
    }
    return op;
}

/* Whether the guard holds; then the operation is done. */
static bool model_do(uint64_t *versions, uint64_t key,
                     const struct haft_storage_op *op)
{
    if ((op->guard == HAFT_STORAGE_ABSENT && versions[key]) ||
        (op->guard == HAFT_STORAGE_EQUAL &&
         (!versions[key] || versions[key] != op->expected))) {
        return false;
    }
    if (op->op == HAFT_STORAGE_PUT) {
        versions[key] = op->version;
    } else if (op->op == HAFT_STORAGE_DELETE) {
        versions[key] = 0;
    }
    return true;
}

static void model_batch(struct store *s, struct model *m)
{
    uint64_t versions[MODEL_KEYS];
    uint64_t numbers[MODEL_OPS];
    struct haft_storage_op ops[MODEL_OPS];
    uint32_t count = (uint32_t)draw(m, MODEL_OPS) + 1;
    bool is_good = true;

    memcpy(versions, m->versions, sizeof(versions));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key;

        ops[i] = draw_op(m, &key);
        if (ops[i].op == HAFT_STORAGE_PUT) {
            ops[i].version = numbers[i] = ++m->next_version;
            ops[i].value = (struct haft_slice){&numbers[i], sizeof(*numbers)};
        }
        is_good = is_good && model_do(versions, key, &ops[i]);
    }
    expect_status(s, "a batch by chance", is_good ? HAFT_OK : -HAFT_CONFLICT,
                  commit(s, s->last + 1, ops, count));
    if (is_good) {
        memcpy(m->versions, versions, sizeof(versions));
        s->last++;
    }
}

/* Every key that is there is scanned, with its version as its value. */
static void model_compare(struct store *s, const struct model *m)
{
    const struct haft_storage_scan_in in = {.size = sizeof(in),
                                            .prefix = TEXT("~check/model/")};
    struct reply r;
    const struct haft_storage_scan_out *out;
    uint32_t at = 0;
    bool is_same =
        subject_ask(&s->subject, HAFT_STORAGE_SCAN, &in, &r) == HAFT_OK;

    out = r.out;
    for (uint64_t key = 0; key < MODEL_KEYS && is_same; key++) {
        const struct haft_storage_record *record =
            (const void *)((const char *)out->records.p +
                           (size_t)at * out->records.stride);

        if (m->versions[key] == 0) {
            continue;
        }
        is_same =
            at < out->records.count && record->key.n == strlen(m->names[key]) &&
            memcmp(record->key.p, m->names[key], record->key.n) == 0 &&
            record->version == m->versions[key] &&
            record->value.n == sizeof(uint64_t) &&
            memcmp(record->value.p, &m->versions[key], sizeof(uint64_t)) == 0;
        at++;
    }
    if (!is_same || out->records.count != at) {
        kit_fail(s->kit,
                 "after batch %llu of a series by chance: wanted the keys of "
                 "the model, found others (status %d, record %u)",
                 (unsigned long long)s->last, r.status, at);
    }
    reply_finish(&r);
}

void storage_model(struct kit *kit)
{
    struct model m = {.random = 1, .next_version = 1};
    struct store s;

    if (!begin(&s, kit)) {
        return;
    }
    for (int i = 0; i < MODEL_KEYS; i++) {
        snprintf(m.names[i], sizeof(m.names[i]), "~check/model/%02d", i);
    }
    for (int i = 1; i <= MODEL_BATCHES && kit_is_well(kit); i++) {
        model_batch(&s, &m);
        if (i % MODEL_LOOKS == 0) {
            model_compare(&s, &m);
        }
    }
    end(&s);
}
