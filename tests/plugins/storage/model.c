#include "tests/plugins/storage/model.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <haft/sdk.h>

#define OPS_LIMIT 12
#define RECORDS_LIMIT 1024
#define VALUE_ROOM 64

/* ---- the reference: a sorted array, looked through from the front ---- */

struct record {
    uint8_t key[16];
    size_t key_size;
    uint64_t version;
    uint8_t value[VALUE_ROOM];
    size_t value_size;
};

struct map {
    struct record records[RECORDS_LIMIT];
    size_t count;
};

static int compare(const void *a, size_t a_size, const void *b, size_t b_size)
{
    size_t common = a_size < b_size ? a_size : b_size;
    int order = common > 0 ? memcmp(a, b, common) : 0;

    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

/* Where the key is, or would be. */
static size_t place_of(const struct map *map, struct haft_slice key,
                       bool *is_there)
{
    size_t at = 0;

    while (at < map->count &&
           compare(map->records[at].key, map->records[at].key_size, key.p,
                   key.n) < 0) {
        at++;
    }
    *is_there = at < map->count &&
                compare(map->records[at].key, map->records[at].key_size, key.p,
                        key.n) == 0;
    return at;
}

static bool map_apply(struct map *map, const struct haft_storage_op *op)
{
    bool is_there;
    size_t at = place_of(map, op->key, &is_there);
    struct record *record = &map->records[at];
    size_t behind = map->count - at;

    if ((op->guard == HAFT_STORAGE_ABSENT && is_there) ||
        (op->guard == HAFT_STORAGE_EQUAL &&
         (!is_there || record->version != op->expected))) {
        return false;
    }
    if (op->op == HAFT_STORAGE_DELETE && is_there) {
        memmove(record, record + 1, (behind - 1) * sizeof(*record));
        map->count--;
    }
    if (op->op != HAFT_STORAGE_PUT) {
        return true;
    }
    if (!is_there) {
        ck_assert_uint_lt(map->count, RECORDS_LIMIT);
        memmove(record + 1, record, behind * sizeof(*record));
        map->count++;
    }
    memcpy(record->key, op->key.p, op->key.n);
    record->key_size = op->key.n;
    record->version = op->version;
    if (op->value.n > 0) {
        memcpy(record->value, op->value.p, op->value.n);
    }
    record->value_size = op->value.n;
    return true;
}

/* ---- asking the plugin ---- */

uint64_t model_last(struct fakehost *h)
{
    struct haft_storage_last_in in = {.size = sizeof(in)};
    struct haft_storage_last_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_LAST, &in, &out),
        HAFT_OK);
    return out.batch;
}

static haft_status commit(struct fakehost *h, uint64_t batch,
                          const struct haft_storage_op *ops, uint32_t count)
{
    struct haft_storage_commit_in in = {
        .size = sizeof(in),
        .batch = batch,
        .ops = {ops, count, sizeof(*ops)},
    };

    return fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_COMMIT, &in, NULL);
}

static struct haft_storage_get_out get(struct fakehost *h,
                                       struct haft_slice key)
{
    struct haft_storage_get_in in = {.size = sizeof(in), .key = key};
    struct haft_storage_get_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_GET, &in, &out),
        HAFT_OK);
    return out;
}

static struct haft_storage_scan_out scan(struct fakehost *h,
                                         const struct haft_storage_scan_in *in)
{
    struct haft_storage_scan_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_SCAN, in, &out),
        HAFT_OK);
    return out;
}

static struct haft_storage_op put(const char *key, const char *value,
                                  uint64_t version)
{
    return (struct haft_storage_op){.op = HAFT_STORAGE_PUT,
                                    .version = version,
                                    .key = haft_text(key),
                                    .value = haft_text(value)};
}

haft_status model_put(struct fakehost *h, uint64_t batch, const char *key,
                      const char *value)
{
    struct haft_storage_op op = put(key, value, batch);

    return commit(h, batch, &op, 1);
}

/* ---- random batches ---- */

static uint64_t draw(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Few letters, so that keys meet; the first and the last byte among them. */
static struct haft_slice draw_key(uint64_t *seed, uint8_t *room)
{
    static const uint8_t letters[] = {'a', 'b', '/', 0x00, 0xff};
    size_t size = 1 + draw(seed) % 5;

    for (size_t i = 0; i < size; i++) {
        room[i] = letters[draw(seed) % sizeof(letters)];
    }
    return haft_bytes(room, size);
}

struct batch {
    struct haft_storage_op ops[OPS_LIMIT];
    uint32_t count;
    uint8_t keys[OPS_LIMIT][8];
    uint8_t values[OPS_LIMIT][VALUE_ROOM];
};

static void draw_op(uint64_t *seed, const struct map *map, struct batch *batch,
                    uint64_t version)
{
    uint32_t i = batch->count++;
    struct haft_storage_op *op = &batch->ops[i];
    bool is_there;
    size_t at;

    memset(op, 0, sizeof(*op));
    op->op = draw(seed) % 4 == 0 ? HAFT_STORAGE_DELETE : HAFT_STORAGE_PUT;
    op->op = draw(seed) % 10 == 0 ? HAFT_STORAGE_CHECK : op->op;
    op->key = draw_key(seed, batch->keys[i]);
    op->version = version * 100 + i;
    at = place_of(map, op->key, &is_there);
    if (draw(seed) % 3 == 0) { /* a guard that mostly holds */
        op->guard = is_there ? HAFT_STORAGE_EQUAL : HAFT_STORAGE_ABSENT;
        op->expected = is_there ? map->records[at].version : 0;
        op->expected += draw(seed) % 12 == 0;
    }
    if (op->op == HAFT_STORAGE_PUT) {
        op->value = haft_bytes(batch->values[i], draw(seed) % VALUE_ROOM);
        for (uint64_t b = 0; b < op->value.n; b++) {
            batch->values[i][b] = (uint8_t)draw(seed);
        }
    }
}

static void check_record(const struct record *expected,
                         const struct haft_storage_record *found,
                         bool is_keys_only)
{
    ck_assert_uint_eq(found->version, expected->version);
    ck_assert_uint_eq(found->key.n, expected->key_size);
    ck_assert_mem_eq(found->key.p, expected->key, expected->key_size);
    if (is_keys_only) {
        ck_assert_uint_eq(found->value.n, 0);
        return;
    }
    ck_assert_uint_eq(found->value.n, expected->value_size);
    if (expected->value_size > 0) {
        ck_assert_mem_eq(found->value.p, expected->value, expected->value_size);
    }
}

static bool in_range(const struct record *record,
                     const struct haft_storage_scan_in *in)
{
    int order =
        compare(record->key, record->key_size, in->after.p, in->after.n);

    if (record->key_size < in->prefix.n ||
        (in->prefix.n > 0 &&
         memcmp(record->key, in->prefix.p, in->prefix.n) != 0)) {
        return false;
    }
    return in->after.n == 0 ||
           (in->flags & HAFT_STORAGE_REVERSE ? order < 0 : order > 0);
}

static void check_scan(struct fakehost *h, const struct map *map,
                       const struct haft_storage_scan_in *in)
{
    struct haft_storage_scan_out out = scan(h, in);
    bool is_down = in->flags & HAFT_STORAGE_REVERSE;
    uint32_t limit = in->limit > 0 ? in->limit : 1000;
    uint32_t seen = 0;

    for (size_t i = 0; i < map->count; i++) {
        const struct record *record =
            &map->records[is_down ? map->count - 1 - i : i];

        if (!in_range(record, in)) {
            continue;
        }
        if (seen < limit) {
            ck_assert_uint_lt(seen, out.records.count);
            check_record(record, haft_item(out.records, seen),
                         in->flags & HAFT_STORAGE_KEYS_ONLY);
        }
        seen++;
    }
    ck_assert_uint_eq(out.records.count, seen < limit ? seen : limit);
    ck_assert_uint_eq(out.has_more, seen > limit);
}

static void check_random(struct fakehost *h, const struct map *map,
                         uint64_t *seed)
{
    uint8_t rooms[3][8];
    struct haft_slice key = draw_key(seed, rooms[0]);
    struct haft_storage_scan_in in = {.size = sizeof(in)};
    struct haft_storage_get_out found = get(h, key);
    bool is_there;
    size_t at = place_of(map, key, &is_there);

    ck_assert_uint_eq(found.is_found, is_there);
    if (is_there) {
        ck_assert_uint_eq(found.version, map->records[at].version);
        ck_assert_uint_eq(found.value.n, map->records[at].value_size);
    }
    in.flags = (uint32_t)draw(seed) & 3;
    in.limit = (uint32_t)draw(seed) % 20;
    if (draw(seed) % 2 == 0) {
        in.prefix = draw_key(seed, rooms[1]);
        in.prefix.n = 1 + draw(seed) % in.prefix.n;
    }
    if (draw(seed) % 2 == 0) {
        in.after = draw_key(seed, rooms[2]);
    }
    check_scan(h, map, &in);
}

static void check_all(struct fakehost *h, const struct map *map)
{
    struct haft_storage_scan_in in = {.size = sizeof(in),
                                      .limit = RECORDS_LIMIT};

    check_scan(h, map, &in);
}

void model_try_random(struct fakehost *h, uint64_t seed, int batches)
{
    struct map *map = calloc(2, sizeof(*map));
    struct batch batch;
    uint64_t last = 0;
    int refused = 0;

    ck_assert_ptr_nonnull(map);
    for (int i = 0; i < batches; i++) {
        bool is_good = true;
        haft_status status;

        batch.count = 0;
        map[1] = map[0];
        for (uint64_t n = draw(&seed) % OPS_LIMIT; n > 0; n--) {
            draw_op(&seed, &map[1], &batch, last + 1);
            is_good &= map_apply(&map[1], &batch.ops[batch.count - 1]);
        }
        status = commit(h, last + 1, batch.ops, batch.count);
        ck_assert_int_eq(status, is_good ? HAFT_OK : -HAFT_CONFLICT);
        refused += !is_good;
        if (is_good) {
            map[0] = map[1];
            last++;
        }
        if (draw(&seed) % 8 == 0 && last > 0) {
            ck_assert_int_eq(commit(h, last, batch.ops, batch.count), HAFT_OK);
        }
        ck_assert_uint_eq(model_last(h), last);
        check_random(h, &map[0], &seed);
        if (draw(&seed) % 16 == 0) {
            check_all(h, &map[0]);
        }
    }
    check_all(h, &map[0]);
    ck_assert_int_gt(refused, 0); /* else nothing was ever undone */
    ck_assert_uint_gt(map[0].count, 10);
    free(map);
}

/* ---- single rules ---- */

void model_try_numbers(struct fakehost *h)
{
    ck_assert_uint_eq(model_last(h), 0);
    ck_assert_int_eq(model_put(h, 2, "k", "two"), -HAFT_INVALID);
    ck_assert_uint_eq(model_last(h), 0);

    ck_assert_int_eq(model_put(h, 1, "k", "one"), HAFT_OK);
    ck_assert_int_eq(model_put(h, 1, "k", "again"), HAFT_OK);
    ck_assert_int_eq(model_put(h, 0, "k", "none"), HAFT_OK);
    ck_assert_int_eq(model_put(h, 3, "k", "three"), -HAFT_INVALID);
    ck_assert(haft_slice_is(get(h, haft_text("k")).value, "one"));

    ck_assert_int_eq(commit(h, 2, NULL, 0), HAFT_OK);
    ck_assert_uint_eq(model_last(h), 2);
}

static struct haft_storage_op guarded(struct haft_storage_op op, uint32_t guard,
                                      uint64_t expected)
{
    op.guard = guard;
    op.expected = expected;
    return op;
}

void model_try_guards(struct fakehost *h)
{
    struct haft_storage_op ops[4];

    ops[0] = guarded(put("a", "1", 7), HAFT_STORAGE_ABSENT, 0);
    ops[1] = guarded(put("a", "2", 8), HAFT_STORAGE_EQUAL, 7);
    ops[2] = guarded(put("a", "", 8), HAFT_STORAGE_EQUAL, 8);
    ops[2].op = HAFT_STORAGE_CHECK;
    ck_assert_int_eq(commit(h, 1, ops, 3), HAFT_OK);
    ck_assert(haft_slice_is(get(h, haft_text("a")).value, "2"));
    ck_assert_uint_eq(get(h, haft_text("a")).version, 8);

    /* The last one fails: the put, the change and the delete before it never
     * happened. */
    ops[0] = put("b", "new", 9);
    ops[1] = put("a", "changed", 9);
    ops[2] = (struct haft_storage_op){.op = HAFT_STORAGE_DELETE,
                                      .key = haft_text("a")};
    ops[3] = guarded(put("a", "3", 9), HAFT_STORAGE_EQUAL, 8);
    ck_assert_int_eq(commit(h, 2, ops, 4), -HAFT_CONFLICT);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_uint_eq(model_last(h), 1);
    ck_assert_uint_eq(get(h, haft_text("b")).is_found, 0);
    ck_assert(haft_slice_is(get(h, haft_text("a")).value, "2"));
    ck_assert_uint_eq(get(h, haft_text("a")).version, 8);

    /* The same number may now carry something else. */
    ops[3] = guarded(put("a", "3", 9), HAFT_STORAGE_ABSENT, 0);
    ck_assert_int_eq(commit(h, 2, ops, 4), HAFT_OK);
    ck_assert(haft_slice_is(get(h, haft_text("a")).value, "3"));
}

void model_try_malformed(struct fakehost *h)
{
    char *long_key = calloc(1, HAFT_STORAGE_KEY_LIMIT + 2);
    struct haft_storage_op good = put("good", "1", 1);
    struct haft_storage_op bad[5] = {good, good, good, good, good};

    ck_assert_ptr_nonnull(long_key);
    memset(long_key, 'k', HAFT_STORAGE_KEY_LIMIT + 1);
    bad[0].op = 0;
    bad[1].op = HAFT_STORAGE_CHECK + 1;
    bad[2].guard = HAFT_STORAGE_EQUAL + 1;
    bad[3].key = haft_bytes(NULL, 0);
    bad[4].key = haft_text(long_key);
    for (int i = 0; i < 5; i++) {
        struct haft_storage_op ops[2] = {good, bad[i]};

        ck_assert_int_eq(commit(h, 1, ops, 2), -HAFT_INVALID);
        ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
        ck_assert_uint_eq(get(h, haft_text("good")).is_found, 0);
    }
    ck_assert_uint_eq(model_last(h), 0);
    free(long_key);
}

static uint32_t count_scan(struct fakehost *h, struct haft_storage_scan_in *in,
                           bool has_more)
{
    struct haft_storage_scan_out out;

    in->size = sizeof(*in);
    out = scan(h, in);
    ck_assert_uint_eq(out.has_more, has_more);
    return out.records.count;
}

void model_try_scans(struct fakehost *h)
{
    static const char *const keys[] = {"a",    "a/1",     "a/2",        "a/3",
                                       "a0",   "b/\xff",  "b/\xff\xff", "b0",
                                       "\xff", "\xff\xff"};
    struct haft_storage_op ops[10];
    struct haft_storage_scan_in in = {.prefix = haft_text("a/")};

    for (int i = 0; i < 10; i++) {
        ops[i] = put(keys[i], "0123456789", (uint64_t)i + 1);
    }
    ck_assert_int_eq(commit(h, 1, ops, 10), HAFT_OK);

    ck_assert_uint_eq(count_scan(h, &in, false), 3);
    in.limit = 2;
    ck_assert_uint_eq(count_scan(h, &in, true), 2);
    in.limit = 3;
    ck_assert_uint_eq(count_scan(h, &in, false), 3);
    in.limit = 0;
    in.limit_bytes = 1; /* one record comes always, else nobody gets on */
    ck_assert_uint_eq(count_scan(h, &in, true), 1);
    in.limit_bytes = 20;
    ck_assert_uint_eq(count_scan(h, &in, true), 2);
    in.limit_bytes = 0;
    in.after = haft_text("a"); /* before the range: all of it */
    ck_assert_uint_eq(count_scan(h, &in, false), 3);
    in.after = haft_text("b"); /* behind it: nothing */
    ck_assert_uint_eq(count_scan(h, &in, false), 0);
    in.flags = HAFT_STORAGE_REVERSE;
    ck_assert_uint_eq(count_scan(h, &in, false), 3);
    in.after = haft_text("a/2");
    ck_assert_uint_eq(count_scan(h, &in, false), 1);
    in.after = haft_text("a/1");
    ck_assert_uint_eq(count_scan(h, &in, false), 0);
    in.after = haft_bytes(NULL, 0);
    in.prefix = haft_text("b/\xff");
    ck_assert_uint_eq(count_scan(h, &in, false), 2);
    in.prefix = haft_text("\xff");
    ck_assert_uint_eq(count_scan(h, &in, false), 2);
    in.flags = 0;
    ck_assert_uint_eq(count_scan(h, &in, false), 2);
    in.prefix = haft_text("c");
    ck_assert_uint_eq(count_scan(h, &in, false), 0);
    in.prefix = haft_bytes(NULL, 0);
    ck_assert_uint_eq(count_scan(h, &in, false), 10);
}

void model_try_sizes(struct fakehost *h)
{
    static const size_t sizes[] = {0, 1, 999, 1000, 4096, 70000, 5000000};
    char *key = calloc(1, HAFT_STORAGE_KEY_LIMIT);
    char *value = malloc(5000000);
    struct haft_storage_op op = {.op = HAFT_STORAGE_PUT};

    ck_assert(key && value);
    memset(key, 0xff, HAFT_STORAGE_KEY_LIMIT);
    op.key = haft_bytes(key, HAFT_STORAGE_KEY_LIMIT);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct haft_storage_scan_in in = {.size = sizeof(in)};
        struct haft_storage_scan_out found;

        memset(value, 'a' + (int)i, sizes[i]);
        op.value = haft_bytes(value, sizes[i]);
        op.version = UINT64_MAX - i;
        ck_assert_int_eq(commit(h, i + 1, &op, 1), HAFT_OK);
        found = scan(h, &in);
        ck_assert_uint_eq(found.records.count, 1);
        ck_assert(haft_slice_equal(get(h, op.key).value, op.value));
        ck_assert_uint_eq(get(h, op.key).version, UINT64_MAX - i);
    }
    free(key);
    free(value);
}

/* ---- numbered batches ---- */

#define CYCLE 7    /* keys that are written over and over */
#define STANDING 9 /* keys that are put, and deleted so many batches later */

static void name_key(char room[24], char kind, uint64_t number)
{
    snprintf(room, 24, "%c/%016llx", kind, (unsigned long long)number);
}

haft_status model_commit_numbered(struct fakehost *h, uint64_t batch)
{
    struct haft_storage_op ops[3];
    char keys[3][24];
    char value[32];
    uint32_t count = 2;

    snprintf(value, sizeof(value), "written by %llu",
             (unsigned long long)batch);
    name_key(keys[0], 'c', batch % CYCLE);
    name_key(keys[1], 'e', batch);
    ops[0] = put(keys[0], value, batch);
    ops[1] = put(keys[1], value, batch);
    ops[1].guard = HAFT_STORAGE_ABSENT;
    if (batch > STANDING) {
        name_key(keys[2], 'e', batch - STANDING);
        ops[2] = (struct haft_storage_op){.op = HAFT_STORAGE_DELETE,
                                          .guard = HAFT_STORAGE_EQUAL,
                                          .expected = batch - STANDING,
                                          .key = haft_text(keys[2])};
        count++;
    }
    return commit(h, batch, ops, count);
}

static void check_numbered(const struct haft_storage_record *record, char kind,
                           uint64_t id, uint64_t batch)
{
    char key[24];
    char value[32];

    name_key(key, kind, id);
    snprintf(value, sizeof(value), "written by %llu",
             (unsigned long long)batch);
    ck_assert(haft_slice_is(record->key, key));
    ck_assert(haft_slice_is(record->value, value));
    ck_assert_uint_eq(record->version, batch);
}

void model_check_numbered(struct fakehost *h, uint64_t batch)
{
    struct haft_storage_scan_in in = {.size = sizeof(in),
                                      .prefix = haft_text("e/")};
    struct haft_storage_scan_out out = scan(h, &in);
    uint64_t standing = batch < STANDING ? batch : STANDING;
    uint64_t cycling = batch < CYCLE ? batch : CYCLE;

    ck_assert_uint_eq(out.records.count, standing);
    for (uint32_t i = 0; i < out.records.count; i++) {
        uint64_t by = batch - standing + 1 + i;

        check_numbered(haft_item(out.records, i), 'e', by, by);
    }
    in.prefix = haft_text("c/");
    out = scan(h, &in);
    ck_assert_uint_eq(out.records.count, cycling);
    for (uint64_t by = batch - cycling + 1; by <= batch; by++) {
        uint32_t at = (uint32_t)(by % CYCLE);

        if (batch < CYCLE) { /* key 0 comes with the seventh */
            at--;
        }
        check_numbered(haft_item(out.records, at), 'c', by % CYCLE, by);
    }
}
