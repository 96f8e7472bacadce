/* The store: one ordered map in memory, behind a connection that is slow,
 * fails, loses answers, and dies with its host in the middle of a commit. */
#include <string.h>

#include "host/carry/flat.h"
#include "host/plain/mem.h"
#include "tests/sim/sim.h"

/* A question on its way: a copy of the message, and who waits. */
struct asked {
    uint32_t method;
    journal_answer answer;
    void *ctx;
    uint64_t batch;
    uint32_t ops_count;
    struct haft_storage_scan_in scan;
    size_t key; /* of a get: its bytes are in `bytes` */
    size_t key_size;
    size_t after_size;
    _Alignas(8) char bytes[]; /* ops, then texts */
};

static int compare(const struct sim_record *r, const void *key, size_t size)
{
    size_t least = r->key_size < size ? r->key_size : size;
    int order = memcmp(r->key, key, least);

    return order ? order : (r->key_size > size) - (r->key_size < size);
}

/* The first record that is not before the key. */
static size_t place_of(const struct sim_store *store, const void *key,
                       size_t size)
{
    size_t low = 0;
    size_t high = store->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (compare(&store->records[middle], key, size) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct sim_record *find(struct sim_store *store, const void *key,
                               size_t size)
{
    size_t i = place_of(store, key, size);

    return i < store->count && compare(&store->records[i], key, size) == 0
               ? &store->records[i]
               : NULL;
}

const struct sim_record *sim_store_find(const struct sim *s, const char *key)
{
    size_t i = place_of(&s->store, key, strlen(key));

    return i < s->store.count &&
                   compare(&s->store.records[i], key, strlen(key)) == 0
               ? &s->store.records[i]
               : NULL;
}

void sim_store_get(const struct sim *s, const char *key, const char *member,
                   char room[64])
{
    const struct sim_record *r = sim_store_find(s, key);
    struct flat_member m;
    struct flat f;

    room[0] = '\0';
    if (!r || r->size < 2) {
        return;
    }
    flat_start(&f, r->value + 1, r->size - 1);
    while (flat_next(&f, &m)) {
        if (flat_is(&m, member) && m.size < 64) {
            bool is_text = *m.value == '"';

            memcpy(room, m.value + is_text, m.size - 2 * is_text);
            room[m.size - 2 * is_text] = '\0';
        }
    }
}

static void put(struct sim_store *store, const struct haft_storage_op *op)
{
    struct sim_record *r = find(store, op->key.p, op->key.n);

    if (!r) {
        size_t i = place_of(store, op->key.p, op->key.n);

        store->records = mem_grow(store->records, &store->room,
                                  store->count + 1, sizeof(*store->records));
        memmove(&store->records[i + 1], &store->records[i],
                (store->count - i) * sizeof(*store->records));
        store->count++;
        r = &store->records[i];
        *r = (struct sim_record){.key = mem_text(op->key.p, op->key.n),
                                 .key_size = op->key.n};
    }
    mem_free(r->value);
    r->value = mem_text(op->value.p, op->value.n);
    r->size = op->value.n;
    r->version = op->version;
}

static void drop(struct sim_store *store, const struct haft_storage_op *op)
{
    struct sim_record *r = find(store, op->key.p, op->key.n);

    if (r) {
        mem_free(r->key);
        mem_free(r->value);
        store->count--;
        memmove(r, r + 1,
                (size_t)(&store->records[store->count] - r) * sizeof(*r));
    }
}

static bool holds(const struct sim *s, const struct haft_storage_op *op)
{
    const struct sim_record *r =
        find((struct sim_store *)&s->store, op->key.p, op->key.n);

    switch (op->guard) {
    case HAFT_STORAGE_ABSENT:
        return !r;
    case HAFT_STORAGE_EQUAL:
        return r && r->version == op->expected;
    default:
        return true;
    }
}

/* All of it or nothing. */
static bool apply(struct sim *s, struct asked *a)
{
    struct haft_storage_op *ops = (struct haft_storage_op *)a->bytes;

    for (uint32_t i = 0; i < a->ops_count; i++) {
        if (!holds(s, &ops[i]) && s->plant != PLANT_NO_GUARD) {
            return false;
        }
    }
    if (a->batch <= s->store.last && s->plant != PLANT_NO_GUARD) {
        sim_fail(s, "batch %llu was applied twice",
                 (unsigned long long)a->batch);
    }
    for (uint32_t i = 0; i < a->ops_count; i++) {
        if (ops[i].op == HAFT_STORAGE_PUT) {
            sim_check_put(s, &ops[i],
                          find(&s->store, ops[i].key.p, ops[i].key.n));
            put(&s->store, &ops[i]);
        } else if (ops[i].op == HAFT_STORAGE_DELETE) {
            drop(&s->store, &ops[i]);
        }
    }
    s->store.last = a->batch;
    return true;
}

static void answer(const struct asked *a, uint32_t fault_class, uint32_t effect)
{
    const struct haft_fault fault = {
        .size = sizeof(fault), .fault_class = fault_class, .effect = effect};

    a->answer(a->ctx, -(haft_status)fault_class, NULL,
              fault_class ? &fault : NULL);
}

/* The connection knows the number of its own last batch, as a process that
 * holds the store does; another writer shows when the number is moved on. */
static void commit(struct sim *s, struct sim_host *h, struct asked *a)
{
    uint32_t luck = s->is_calm ? 99 : sim_below(s, 100);

    if (a->batch <= h->store_last && s->plant != PLANT_APPLIED_TWICE) {
        answer(a, 0, 0);
    } else if (luck < 4) {
        answer(a, HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED);
    } else if (luck < 7) {
        s->store.is_lying = false;
        answer(a, HAFT_PLUGIN_CRASH, HAFT_EFFECT_MAYBE);
    } else if (s->plant == PLANT_COMMIT_LOST && luck < 12) {
        h->store_last = a->batch;
        answer(a, 0, 0);
    } else if (h->store_last != s->store.last && s->plant != PLANT_NO_GUARD &&
               s->plant != PLANT_APPLIED_TWICE &&
               s->plant != PLANT_COMMIT_LOST) {
        answer(a, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED);
    } else if (!apply(s, a)) {
        answer(a, HAFT_CONFLICT, HAFT_EFFECT_NOT_STARTED);
    } else {
        h->store_last = a->batch;
        s->is_dying = s->is_dying || sim_misfortune(s, 150);
        if (luck < 10) {
            s->store.is_lying = s->plant == PLANT_APPLIED_TWICE;
            answer(a, HAFT_TRANSIENT, HAFT_EFFECT_MAYBE);
        } else {
            answer(a, 0, 0);
        }
    }
}

static void last(struct sim *s, struct sim_host *h, const struct asked *a)
{
    struct haft_storage_last_out out = {.size = sizeof(out),
                                        .batch = s->store.last};

    if (s->store.is_lying) {
        out.batch--;
        s->store.is_lying = false;
    }
    h->store_last = out.batch;
    a->answer(a->ctx, HAFT_OK, &out, NULL);
}

/* A plant may change what a new owner reads. */
static void tamper(const struct sim *s, struct sim_host *h, char *value,
                   size_t size)
{
    static const struct {
        enum sim_plant plant;
        const char *from;
        const char *to;
    } changes[] = {
        {PLANT_END_TWICE, "\"state\":\"succeeded\",\"executor",
         "\"state\":\"running\",  \"executor"},
        {PLANT_CANCEL_LOST, "\"state\":\"cancelling\"",
         "\"state\":\"running\"   "},
        {PLANT_JITTER_REDRAWN, "\"due_ms\":10", "\"due_ms\":19"},
    };
    char *at;

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (s->plant == changes[i].plant && !h->is_open) {
            at = memmem(value, size, changes[i].from, strlen(changes[i].from));
            if (at) {
                memcpy(at, changes[i].to, strlen(changes[i].to));
            }
        }
    }
}

static void get(struct sim *s, struct sim_host *h, const struct asked *a)
{
    const struct sim_record *r =
        find(&s->store, a->bytes + a->key, a->key_size);
    struct haft_storage_get_out out = {.size = sizeof(out)};
    char *copy = NULL;

    if (r) {
        copy = mem_text(r->value, r->size);
        tamper(s, h, copy, r->size);
        out.is_found = 1;
        out.version = r->version;
        out.value = (struct haft_slice){copy, r->size};
    }
    a->answer(a->ctx, HAFT_OK, &out, NULL);
    mem_free(copy);
}

static void scan(struct sim *s, struct sim_host *h, const struct asked *a)
{
    struct haft_storage_scan_out out = {.size = sizeof(out)};
    struct haft_storage_record *found =
        mem_new(s->store.count + 1, sizeof(*found));
    bool is_back = a->scan.flags & HAFT_STORAGE_REVERSE;
    uint32_t limit = a->scan.limit ? a->scan.limit : 5; /* pages are met */

    for (size_t i = 0; i < s->store.count && !out.has_more; i++) {
        const struct sim_record *r =
            &s->store.records[is_back ? s->store.count - 1 - i : i];
        int order = a->after_size
                        ? compare(r, a->bytes + a->key_size, a->after_size)
                        : 0;

        if (r->key_size < a->key_size ||
            memcmp(r->key, a->bytes, a->key_size) != 0 ||
            (a->after_size && (is_back ? order >= 0 : order <= 0))) {
            continue;
        }
        if (out.records.count == limit) {
            out.has_more = 1;
            continue;
        }
        found[out.records.count].version = r->version;
        found[out.records.count].key = (struct haft_slice){r->key, r->key_size};
        if (!(a->scan.flags & HAFT_STORAGE_KEYS_ONLY)) {
            char *copy = mem_text(r->value, r->size);

            tamper(s, h, copy, r->size);
            found[out.records.count].value = (struct haft_slice){copy, r->size};
        }
        out.records.count++;
    }
    out.records.p = found;
    out.records.stride = sizeof(*found);
    a->answer(a->ctx, HAFT_OK, &out, NULL);
    for (uint32_t i = 0; i < out.records.count; i++) {
        mem_free((void *)found[i].value.p);
    }
    mem_free(found);
}

static void serve(struct sim *s, struct sim_event *e)
{
    struct sim_host *h = sim_host_of(s, e->life);
    struct asked *a = e->data;

    if (a->method == HAFT_STORAGE_COMMIT) {
        commit(s, h, a);
    } else if (sim_misfortune(s, h->is_open ? 20 : 200)) {
        answer(a, HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED);
    } else if (a->method == HAFT_STORAGE_LAST) {
        last(s, h, a);
    } else if (a->method == HAFT_STORAGE_GET) {
        get(s, h, a);
    } else {
        scan(s, h, a);
    }
}

/* ---- messages, copied ---- */

static struct asked *copy_commit(const struct haft_storage_commit_in *in)
{
    const struct haft_storage_op *ops = in->ops.p;
    size_t size = in->ops.count * sizeof(*ops);
    struct haft_storage_op *copy;
    struct asked *a;
    char *to;

    for (uint32_t i = 0; i < in->ops.count; i++) {
        size += ops[i].key.n + ops[i].value.n;
    }
    a = mem_new(1, sizeof(*a) + size);
    a->batch = in->batch;
    a->ops_count = in->ops.count;
    copy = (struct haft_storage_op *)a->bytes;
    to = a->bytes + in->ops.count * sizeof(*ops);
    for (uint32_t i = 0; i < in->ops.count; i++) {
        copy[i] = ops[i];
        copy[i].key.p = memcpy(to, ops[i].key.p, ops[i].key.n);
        to += ops[i].key.n;
        copy[i].value.p = to;
        if (ops[i].value.n) {
            memcpy(to, ops[i].value.p, ops[i].value.n);
        }
        to += ops[i].value.n;
    }
    return a;
}

static struct asked *copy_texts(struct haft_slice key, struct haft_slice after)
{
    struct asked *a = mem_new(1, sizeof(*a) + key.n + after.n);

    a->key_size = key.n;
    a->after_size = after.n;
    memcpy(a->bytes, key.p, key.n);
    if (after.n) {
        memcpy(a->bytes + key.n, after.p, after.n);
    }
    return a;
}

void sim_store_ask(void *host, uint32_t method, const void *in,
                   journal_answer answer_fn, void *answer_ctx)
{
    struct sim_host *h = host;
    struct sim *s = h->sim;
    struct asked *a;

    if (method == HAFT_STORAGE_COMMIT) {
        a = copy_commit(in);
    } else if (method == HAFT_STORAGE_GET) {
        a = copy_texts(((const struct haft_storage_get_in *)in)->key,
                       (struct haft_slice){NULL, 0});
    } else if (method == HAFT_STORAGE_SCAN) {
        const struct haft_storage_scan_in *scan_in = in;

        a = copy_texts(scan_in->prefix, scan_in->after);
        a->scan = *scan_in;
    } else {
        a = mem_new(1, sizeof(*a));
    }
    a->method = method;
    a->answer = answer_fn;
    a->ctx = answer_ctx;
    sim_at(s, sim_misfortune(s, 10) ? sim_below(s, 3000) : sim_below(s, 3),
           &(struct sim_event){.fn = serve, .life = h->life, .data = a});
}

void sim_store_finish(struct sim *s)
{
    for (size_t i = 0; i < s->store.count; i++) {
        mem_free(s->store.records[i].key);
        mem_free(s->store.records[i].value);
    }
    mem_free(s->store.records);
}
