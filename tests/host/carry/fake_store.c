#include "tests/host/carry/fake_store.h"

#include <assert.h>
#include <string.h>

#include "host/plain/mem.h"

struct fake_question {
    struct fake_question *next;
    uint32_t method;
    journal_answer answer;
    void *ctx;
    uint64_t batch;
    struct haft_storage_op *ops;
    uint32_t ops_count;
    struct haft_storage_scan_in scan;
    char *key; /* or the prefix */
    char *after;
};

static size_t place_of(const struct fake_store *s, const char *key)
{
    size_t i = 0;

    while (i < s->count && strcmp(s->records[i].key, key) < 0) {
        i++;
    }
    return i;
}

static struct fake_record *find(struct fake_store *s, const char *key)
{
    size_t i = place_of(s, key);

    return i < s->count && strcmp(s->records[i].key, key) == 0 ? &s->records[i]
                                                               : NULL;
}

static void put(struct fake_store *s, const char *key, struct haft_slice value,
                uint64_t version)
{
    struct fake_record *r = find(s, key);

    if (!r) {
        size_t i = place_of(s, key);

        assert(s->count < FAKE_RECORDS);
        memmove(&s->records[i + 1], &s->records[i],
                (s->count++ - i) * sizeof(*r));
        r = &s->records[i];
        *r = (struct fake_record){.key = mem_text(key, strlen(key))};
    }
    mem_free(r->value);
    r->value = mem_text(value.p, value.n);
    r->size = value.n;
    r->version = version;
}

static void drop(struct fake_store *s, const char *key)
{
    struct fake_record *r = find(s, key);

    if (r) {
        mem_free(r->key);
        mem_free(r->value);
        s->count--;
        memmove(r, r + 1, (size_t)(&s->records[s->count] - r) * sizeof(*r));
    }
}

static bool holds(struct fake_store *s, const struct haft_storage_op *op)
{
    const struct fake_record *r = find(s, op->key.p);

    switch (op->guard) {
    case HAFT_STORAGE_ABSENT:
        return !r;
    case HAFT_STORAGE_EQUAL:
        return r && r->version == op->expected;
    default:
        return true;
    }
}

static haft_status apply(struct fake_store *s, const struct fake_question *q)
{
    if (q->batch <= s->last) {
        return HAFT_OK;
    }
    if (q->batch != s->last + 1) {
        return -HAFT_INVALID;
    }
    for (uint32_t i = 0; i < q->ops_count; i++) {
        if (!holds(s, &q->ops[i])) {
            return -HAFT_CONFLICT;
        }
    }
    for (uint32_t i = 0; i < q->ops_count; i++) {
        if (q->ops[i].op == HAFT_STORAGE_PUT) {
            put(s, q->ops[i].key.p, q->ops[i].value, q->ops[i].version);
        } else if (q->ops[i].op == HAFT_STORAGE_DELETE) {
            drop(s, q->ops[i].key.p);
        }
    }
    s->last = q->batch;
    return HAFT_OK;
}

static void commit(struct fake_store *s, const struct fake_question *q)
{
    struct haft_fault fault = {.size = sizeof(fault),
                               .fault_class = s->fault_class,
                               .effect = s->effect,
                               .message = {"the disk is gone", 16}};
    haft_status status = HAFT_OK;

    if (!s->fault_class || s->is_applied) {
        status = apply(s, q);
        if (status != HAFT_OK) {
            fault.fault_class = (uint32_t)-status;
            fault.effect = HAFT_EFFECT_NOT_STARTED;
        }
    }
    if (s->fault_class) {
        status = -(haft_status)s->fault_class;
        s->fault_class = 0;
        s->is_applied = false;
    }
    q->answer(q->ctx, status, NULL, status ? &fault : NULL);
}

static void get(struct fake_store *s, const struct fake_question *q)
{
    const struct fake_record *r = find(s, q->key);
    struct haft_storage_get_out out = {.size = sizeof(out)};

    if (r) {
        out.is_found = 1;
        out.version = r->version;
        out.value = (struct haft_slice){r->value, r->size};
    }
    q->answer(q->ctx, HAFT_OK, &out, NULL);
}

static void scan(struct fake_store *s, const struct fake_question *q)
{
    struct haft_storage_record found[FAKE_RECORDS];
    struct haft_storage_scan_out out = {.size = sizeof(out)};
    bool is_back = q->scan.flags & HAFT_STORAGE_REVERSE;
    uint32_t limit = q->scan.limit ? q->scan.limit : 3;

    for (size_t i = 0; i < s->count; i++) {
        const struct fake_record *r =
            &s->records[is_back ? s->count - 1 - i : i];
        int order = q->after[0] ? strcmp(r->key, q->after) : 0;

        if (strncmp(r->key, q->key, strlen(q->key)) != 0 ||
            (q->after[0] && (is_back ? order >= 0 : order <= 0))) {
            continue;
        }
        if (out.records.count == limit) {
            out.has_more = 1;
            break;
        }
        found[out.records.count++] = (struct haft_storage_record){
            .version = r->version,
            .key = {r->key, strlen(r->key)},
            .value = {r->value, r->size},
        };
    }
    out.records.p = found;
    out.records.stride = sizeof(found[0]);
    q->answer(q->ctx, HAFT_OK, &out, NULL);
}

static void last(struct fake_store *s, const struct fake_question *q)
{
    const struct haft_storage_last_out out = {.size = sizeof(out),
                                              .batch = s->last};

    q->answer(q->ctx, HAFT_OK, &out, NULL);
}

static void free_question(struct fake_question *q)
{
    for (uint32_t i = 0; i < q->ops_count; i++) {
        mem_free((void *)q->ops[i].key.p);
        mem_free((void *)q->ops[i].value.p);
    }
    mem_free(q->ops);
    mem_free(q->key);
    mem_free(q->after);
    mem_free(q);
}

static struct fake_question *take(struct fake_store *s)
{
    struct fake_question *q = s->first;

    if (q) {
        s->first = q->next;
        s->final = s->first ? s->final : NULL;
    }
    return q;
}

bool fake_store_answer(struct fake_store *s)
{
    static void (*const methods[])(struct fake_store *,
                                   const struct fake_question *) = {
        [HAFT_STORAGE_COMMIT] = commit,
        [HAFT_STORAGE_LAST] = last,
        [HAFT_STORAGE_GET] = get,
        [HAFT_STORAGE_SCAN] = scan,
    };
    struct fake_question *q = take(s);

    if (!q) {
        return false;
    }
    methods[q->method](s, q);
    free_question(q);
    return true;
}

void fake_store_run(struct fake_store *s)
{
    bool is_moving = true;

    while (is_moving) {
        is_moving = fake_store_answer(s);
    }
}

static void copy_ops(struct fake_question *q,
                     const struct haft_storage_commit_in *in)
{
    const struct haft_storage_op *ops = in->ops.p;

    q->batch = in->batch;
    q->ops_count = in->ops.count;
    q->ops = mem_new(in->ops.count, sizeof(*q->ops));
    for (uint32_t i = 0; i < in->ops.count; i++) {
        q->ops[i] = ops[i];
        q->ops[i].key.p = mem_text(ops[i].key.p, ops[i].key.n);
        q->ops[i].value.p = mem_text(ops[i].value.p, ops[i].value.n);
    }
}

static void ask(void *ctx, uint32_t method, const void *in,
                journal_answer answer, void *answer_ctx)
{
    struct fake_store *s = ctx;
    struct fake_question *q = mem_new(1, sizeof(*q));

    q->method = method;
    q->answer = answer;
    q->ctx = answer_ctx;
    if (method == HAFT_STORAGE_COMMIT) {
        s->commits++;
        copy_ops(q, in);
    } else if (method == HAFT_STORAGE_GET) {
        const struct haft_storage_get_in *get_in = in;

        q->key = mem_text(get_in->key.p, get_in->key.n);
    } else if (method == HAFT_STORAGE_SCAN) {
        q->scan = *(const struct haft_storage_scan_in *)in;
        q->key = mem_text(q->scan.prefix.p, q->scan.prefix.n);
        q->after = mem_text(q->scan.after.p, q->scan.after.n);
    }
    if (s->final) {
        s->final->next = q;
    } else {
        s->first = q;
    }
    s->final = q;
}

struct journal_store fake_store_port(struct fake_store *s)
{
    return (struct journal_store){ask, s};
}

void fake_store_put(struct fake_store *s, const char *key, const char *value)
{
    put(s, key, (struct haft_slice){value, strlen(value)}, 1000);
}

const char *fake_store_get(const struct fake_store *s, const char *key)
{
    const struct fake_record *r = find((struct fake_store *)s, key);

    return r ? r->value : NULL;
}

void fake_store_finish(struct fake_store *s)
{
    struct fake_question *q;

    for (q = take(s); q; q = take(s)) {
        free_question(q);
    }
    while (s->count) {
        drop(s, s->records[0].key);
    }
}
