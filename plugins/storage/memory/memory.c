/* storage/memory: the state in memory, for tests and throw-away runs.
 *
 * A skip list, since it is ordered, its insert and its undo are both a few
 * pointers, and nothing ever has to be rebalanced. A batch is applied while it
 * is checked; every step notes how it is undone, and a guard or an allocation
 * that fails takes back, last first, what had been done. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <haft/sdk.h>
#include <haft/storage.h>

/* One in four nodes reaches the next level: 12 levels keep 16 million keys
 * within a few steps of the ideal. */
#define LEVELS 12

struct node {
    uint64_t version;
    void *value; /* owned; NULL if empty */
    uint64_t value_size;
    struct node *back; /* on the lowest level; the head for the first */
    uint32_t key_size;
    uint32_t levels;
    struct node *next[]; /* then the bytes of the key */
};

/* How one operation is taken back. */
struct undo {
    struct node *node; /* that was added, changed or taken out */
    void *value;       /* of a change: what the node had */
    uint64_t value_size;
    uint64_t version;
    uint32_t what; /* UNDO_* */
};

enum {
    UNDO_NOTHING,
    UNDO_ADD,
    UNDO_CHANGE,
    UNDO_REMOVE
};

struct memory {
    struct haft_instance instance;
    const struct haft_host *host;
    struct haft_object storage;
    const struct haft_object *objects[2];
    struct node *head; /* with all levels; never a record */
    uint64_t last;     /* batch */
    uint64_t size;     /* bytes of all records */
    uint64_t limit;
    uint64_t dice; /* state of the level generator */
};

/* ---- the list ---- */

static const uint8_t *node_key(const struct node *node)
{
    return (const uint8_t *)(node->next + node->levels);
}

static int compare(const struct node *node, const void *key, uint64_t size)
{
    uint64_t common = node->key_size < size ? node->key_size : size;
    int order = common > 0 ? memcmp(node_key(node), key, common) : 0;

    if (order != 0) {
        return order;
    }
    return (node->key_size > size) - (node->key_size < size);
}

/* The last node below a key on every level; returns the one on the lowest. */
static struct node *seek(struct memory *m, struct haft_slice key,
                         struct node **before)
{
    struct node *at = m->head;

    for (uint32_t level = LEVELS; level-- > 0;) {
        while (at->next[level] && compare(at->next[level], key.p, key.n) < 0) {
            at = at->next[level];
        }
        if (before) {
            before[level] = at;
        }
    }
    return at;
}

static struct node *find(struct memory *m, struct haft_slice key,
                         struct node **before)
{
    struct node *node = seek(m, key, before)->next[0];

    return node && compare(node, key.p, key.n) == 0 ? node : NULL;
}

static void link_node(struct memory *m, struct node *node)
{
    struct node *before[LEVELS];

    seek(m, (struct haft_slice){node_key(node), node->key_size}, before);
    for (uint32_t level = 0; level < node->levels; level++) {
        node->next[level] = before[level]->next[level];
        before[level]->next[level] = node;
    }
    node->back = before[0];
    if (node->next[0]) {
        node->next[0]->back = node;
    }
}

static void unlink_node(struct memory *m, struct node *node)
{
    struct node *before[LEVELS];

    seek(m, (struct haft_slice){node_key(node), node->key_size}, before);
    for (uint32_t level = 0; level < node->levels; level++) {
        before[level]->next[level] = node->next[level];
    }
    if (node->next[0]) {
        node->next[0]->back = node->back;
    }
}

static uint32_t draw_levels(struct memory *m)
{
    uint32_t levels = 1;
    uint64_t dice;

    m->dice = m->dice * 6364136223846793005u + 1442695040888963407u;
    dice = m->dice >> 33;
    while (levels < LEVELS && (dice & 3) == 0) {
        levels++;
        dice >>= 2;
    }
    return levels;
}

static struct node *node_create(uint32_t levels, struct haft_slice key)
{
    struct node *node =
        calloc(1, sizeof(*node) + levels * sizeof(node->next[0]) + key.n);

    if (node) {
        node->levels = levels;
        node->key_size = (uint32_t)key.n;
        if (key.n > 0) {
            memcpy(node->next + levels, key.p, key.n);
        }
    }
    return node;
}

static void node_destroy(struct node *node)
{
    free(node->value);
    free(node);
}

static uint64_t node_size(const struct node *node)
{
    return sizeof(*node) + node->levels * sizeof(node->next[0]) +
           node->key_size + node->value_size;
}

/* ---- batches ---- */

static haft_status fail(struct memory *m, const struct haft_call *call,
                        uint32_t fault_class, const char *code,
                        const char *message)
{
    struct haft_fault fault = haft_fault_of(fault_class, code, message);

    fault.effect = HAFT_EFFECT_NOT_STARTED;
    return haft_fail_with(m->host, call, &fault);
}

static bool guard_holds(const struct node *node,
                        const struct haft_storage_op *op)
{
    if (op->guard == HAFT_STORAGE_ABSENT) {
        return !node;
    }
    if (op->guard == HAFT_STORAGE_EQUAL) {
        return node && node->version == op->expected;
    }
    return true;
}

static haft_status put(struct memory *m, const struct haft_storage_op *op,
                       struct node *node, struct undo *undo)
{
    void *value = NULL;

    if (op->value.n > 0) {
        value = malloc(op->value.n);
        if (!value) {
            return -HAFT_RESOURCE;
        }
        memcpy(value, op->value.p, op->value.n);
    }
    if (node) {
        *undo = (struct undo){node, node->value, node->value_size,
                              node->version, UNDO_CHANGE};
        m->size -= node_size(node);
    } else {
        node = node_create(draw_levels(m), op->key);
        if (!node) {
            free(value);
            return -HAFT_RESOURCE;
        }
        link_node(m, node);
        *undo = (struct undo){.node = node, .what = UNDO_ADD};
    }
    node->value = value;
    node->value_size = op->value.n;
    node->version = op->version;
    m->size += node_size(node);
    return m->size <= m->limit ? HAFT_OK : -HAFT_RESOURCE;
}

static haft_status apply(struct memory *m, const struct haft_storage_op *op,
                         struct undo *undo)
{
    struct node *node;

    if (op->key.n == 0 || op->key.n > HAFT_STORAGE_KEY_LIMIT ||
        op->value.n > HAFT_STORAGE_VALUE_LIMIT ||
        op->guard > HAFT_STORAGE_EQUAL) {
        return -HAFT_INVALID;
    }
    node = find(m, op->key, NULL);
    if (!guard_holds(node, op)) {
        return -HAFT_CONFLICT;
    }
    switch (op->op) {
    case HAFT_STORAGE_PUT:
        return put(m, op, node, undo);
    case HAFT_STORAGE_DELETE:
        if (node) {
            unlink_node(m, node);
            m->size -= node_size(node);
            *undo = (struct undo){.node = node, .what = UNDO_REMOVE};
        }
        return HAFT_OK;
    case HAFT_STORAGE_CHECK:
        return HAFT_OK;
    default:
        return -HAFT_INVALID;
    }
}

static void take_back(struct memory *m, const struct undo *undo)
{
    struct node *node = undo->node;

    switch (undo->what) {
    case UNDO_ADD:
        unlink_node(m, node);
        m->size -= node_size(node);
        node_destroy(node);
        break;
    case UNDO_CHANGE:
        m->size -= node_size(node);
        free(node->value);
        node->value = undo->value;
        node->value_size = undo->value_size;
        node->version = undo->version;
        m->size += node_size(node);
        break;
    case UNDO_REMOVE:
        link_node(m, node);
        m->size += node_size(node);
        break;
    default:
        break;
    }
}

/* The batch is whole: what it replaced is no longer needed. */
static void let_go(const struct undo *undo)
{
    if (undo->what == UNDO_REMOVE) {
        node_destroy(undo->node);
    } else if (undo->what == UNDO_CHANGE) {
        free(undo->value);
    }
}

static haft_status apply_all(struct memory *m, const struct haft_array *ops,
                             struct undo *undos)
{
    haft_status status = HAFT_OK;
    uint32_t done = 0;

    while (done < ops->count && status == HAFT_OK) {
        status = apply(m, haft_item(*ops, done), &undos[done]);
        done++;
    }
    if (status != HAFT_OK) {
        while (done-- > 0) {
            take_back(m, &undos[done]);
        }
        return status;
    }
    for (uint32_t i = 0; i < ops->count; i++) {
        let_go(&undos[i]);
    }
    return HAFT_OK;
}

static haft_status explain(struct memory *m, const struct haft_call *call,
                           haft_status status)
{
    switch (-status) {
    case HAFT_CONFLICT:
        return fail(m, call, HAFT_CONFLICT, "memory.guard",
                    "a guard failed: the key has another version");
    case HAFT_RESOURCE:
        return fail(m, call, HAFT_RESOURCE, "memory.full",
                    "the store may not grow any further (option limit)");
    case HAFT_INVALID:
        return fail(m, call, HAFT_INVALID, "memory.operation",
                    "an operation of the batch is malformed");
    default:
        return status;
    }
}

static haft_status commit(struct memory *m, const struct haft_call *call,
                          const struct haft_storage_commit_in *in,
                          struct haft_empty *out)
{
    struct undo *undos;
    haft_status status;

    (void)out;
    if (in->batch <= m->last) {
        return HAFT_OK;
    }
    if (in->batch != m->last + 1) {
        return fail(m, call, HAFT_INVALID, "memory.batch",
                    "the batch is not the one after the last");
    }
    undos = calloc(in->ops.count > 0 ? in->ops.count : 1, sizeof(*undos));
    if (!undos) {
        return explain(m, call, -HAFT_RESOURCE);
    }
    status = apply_all(m, &in->ops, undos);
    free(undos);
    if (status == HAFT_OK) {
        m->last = in->batch;
    }
    return explain(m, call, status);
}
HAFT_METHOD(commit, struct memory, struct haft_storage_commit_in,
            struct haft_empty);

static haft_status last(struct memory *m, const struct haft_call *call,
                        const struct haft_storage_last_in *in,
                        struct haft_storage_last_out *out)
{
    (void)call;
    (void)in;
    out->batch = m->last;
    out->size_bytes = m->size;
    return HAFT_OK;
}
HAFT_METHOD(last, struct memory, struct haft_storage_last_in,
            struct haft_storage_last_out);

/* ---- reading ---- */

/* Copies bytes for the answer, since the record may change before it is read.
 * False: no memory. */
static bool answer_bytes(struct memory *m, const struct haft_call *call,
                         const void *bytes, uint64_t size,
                         struct haft_slice *out)
{
    void *room;

    if (size == 0) {
        *out = (struct haft_slice){"", 0};
        return true;
    }
    room = m->host->alloc(m->host->self, call->id, size);
    if (!room) {
        return false;
    }
    memcpy(room, bytes, size);
    *out = (struct haft_slice){room, size};
    return true;
}

static haft_status get(struct memory *m, const struct haft_call *call,
                       const struct haft_storage_get_in *in,
                       struct haft_storage_get_out *out)
{
    const struct node *node = find(m, in->key, NULL);

    if (!node) {
        return HAFT_OK;
    }
    if (!answer_bytes(m, call, node->value, node->value_size, &out->value)) {
        return fail(m, call, HAFT_RESOURCE, "memory.answer",
                    "no memory for the answer");
    }
    out->is_found = 1;
    out->version = node->version;
    return HAFT_OK;
}
HAFT_METHOD(get, struct memory, struct haft_storage_get_in,
            struct haft_storage_get_out);

static bool has_prefix(const struct node *node, struct haft_slice prefix)
{
    return node->key_size >= prefix.n &&
           (prefix.n == 0 || memcmp(node_key(node), prefix.p, prefix.n) == 0);
}

/* The last record that begins with `prefix`, or the head of the list or some
 * record before the range: the one below the first key after the range. */
static struct node *last_of(struct memory *m, struct haft_slice prefix)
{
    struct node *at = m->head;

    for (uint32_t level = LEVELS; level-- > 0;) {
        struct node *next = at->next[level];

        while (next && (compare(next, prefix.p, prefix.n) < 0 ||
                        has_prefix(next, prefix))) {
            at = next;
            next = at->next[level];
        }
    }
    return at;
}

/* Where a scan begins, NULL if nothing is in its range. */
static struct node *first_of(struct memory *m,
                             const struct haft_storage_scan_in *in)
{
    struct node *node;

    if (in->flags & HAFT_STORAGE_REVERSE) {
        node = last_of(m, in->prefix);
        if (in->after.n > 0 && node != m->head &&
            compare(node, in->after.p, in->after.n) >= 0) {
            node = seek(m, in->after, NULL);
        }
        return node == m->head || !has_prefix(node, in->prefix) ? NULL : node;
    }
    node = seek(m, in->prefix, NULL)->next[0];
    if (in->after.n > 0 && node &&
        compare(node, in->after.p, in->after.n) <= 0) {
        node = seek(m, in->after, NULL)->next[0];
        if (node && compare(node, in->after.p, in->after.n) == 0) {
            node = node->next[0];
        }
    }
    return node && has_prefix(node, in->prefix) ? node : NULL;
}

static struct node *next_of(struct memory *m, struct node *node,
                            const struct haft_storage_scan_in *in)
{
    struct node *next =
        in->flags & HAFT_STORAGE_REVERSE ? node->back : node->next[0];

    if (!next || next == m->head || !has_prefix(next, in->prefix)) {
        return NULL;
    }
    return next;
}

static bool answer_record(struct memory *m, const struct haft_call *call,
                          const struct node *node, uint32_t flags,
                          struct haft_storage_record *out)
{
    uint64_t value_size = flags & HAFT_STORAGE_KEYS_ONLY ? 0 : node->value_size;

    out->version = node->version;
    return answer_bytes(m, call, node_key(node), node->key_size, &out->key) &&
           answer_bytes(m, call, node->value, value_size, &out->value);
}

static haft_status scan(struct memory *m, const struct haft_call *call,
                        const struct haft_storage_scan_in *in,
                        struct haft_storage_scan_out *out)
{
    uint32_t limit = in->limit > 0 ? in->limit : 1000;
    uint64_t limit_bytes = in->limit_bytes > 0 ? in->limit_bytes : 4u << 20;
    struct node *first = first_of(m, in);
    struct node *node = first;
    struct haft_storage_record *records = NULL;
    uint64_t bytes = 0;
    uint32_t count = 0;

    while (node && count < limit && bytes < limit_bytes) {
        bytes += node->key_size;
        bytes += in->flags & HAFT_STORAGE_KEYS_ONLY ? 0 : node->value_size;
        count++;
        node = next_of(m, node, in);
    }
    out->has_more = node != NULL;
    if (count > 0) {
        records =
            m->host->alloc(m->host->self, call->id, count * sizeof(*records));
        if (!records) {
            return fail(m, call, HAFT_RESOURCE, "memory.answer",
                        "no memory for the answer");
        }
    }
    node = first;
    for (uint32_t i = 0; i < count; i++) {
        if (!answer_record(m, call, node, in->flags, &records[i])) {
            return fail(m, call, HAFT_RESOURCE, "memory.answer",
                        "no memory for the answer");
        }
        node = next_of(m, node, in);
    }
    out->records = (struct haft_array){records, count, sizeof(*records)};
    return HAFT_OK;
}
HAFT_METHOD(scan, struct memory, struct haft_storage_scan_in,
            struct haft_storage_scan_out);

static const haft_method storage_methods[] = {
    [HAFT_STORAGE_COMMIT] = commit_method,
    [HAFT_STORAGE_LAST] = last_method,
    [HAFT_STORAGE_GET] = get_method,
    [HAFT_STORAGE_SCAN] = scan_method,
};

/* ---- the instance ---- */

static void destroy(struct haft_instance *instance)
{
    struct memory *m = (struct memory *)(void *)instance;
    struct node *node = m->head;

    while (node) {
        struct node *next = node->next[0];

        node_destroy(node);
        node = next;
    }
    free(m);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct memory *m = calloc(1, sizeof(*m));

    if (!m) {
        return -HAFT_RESOURCE;
    }
    m->head = node_create(LEVELS, (struct haft_slice){NULL, 0});
    if (!m->head) {
        free(m);
        return -HAFT_RESOURCE;
    }
    m->host = host;
    m->limit = (uint64_t)haft_option_number(with, "limit");
    m->storage = (struct haft_object){
        sizeof(m->storage), sizeof(storage_methods) / sizeof(haft_method),
        &haft_storage_v1, storage_methods, m};
    m->objects[0] = &m->storage;
    m->instance =
        (struct haft_instance){sizeof(m->instance), 0, m->objects, destroy};
    *out = &m->instance;
    return HAFT_OK;
}

static const struct haft_class memory_class = {
    sizeof(struct haft_class), 0, "haft.storage/1", "memory", create};
static const struct haft_class *const classes[] = {&memory_class, NULL};

HAFT_MODULE(storage_memory, "0.1.0", classes,
            "plugins/storage/memory/manifest.json");
