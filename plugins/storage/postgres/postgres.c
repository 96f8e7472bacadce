/* storage/postgres: the state in a schema of a PostgreSQL database.
 *
 * A batch is one transaction, sent in one go (pipeline mode): the row of the
 * lease first, then the guards, the puts and the deletes, each all at once as
 * arrays, then COMMIT. What does not hold makes the server refuse the rest.
 *
 * Ownership. The lease names a holder, an id that each instance draws for
 * itself, and has an epoch that grows with each connection of a holder. Every
 * batch checks both in its own transaction and makes the lease longer, by the
 * database's clock. Somebody else may take the store when the lease is over and
 * the holder's session is gone: so an owner without work stays the owner, and
 * one that reconnects in time goes on. Whoever has lost it is fenced: all its
 * batches are -HAFT_CONFLICT. To read takes no lease.
 *
 * Numbers. The holder knows that all batches since it took the lease are its
 * own. One that is older was somebody else's; if it is the last of those, its
 * hash tells whether what is sent now is the same. That is how a plugin that
 * was started anew in the middle of a commit (another holder for the same
 * host) answers OK to the batch that is sent again, and -HAFT_CONFLICT to
 * another one. While the lease of the dead one lasts, a batch is refused with
 * -HAFT_TRANSIENT, unless its guards fail: then another host is at work.
 *
 * What an error means for the batch. As long as COMMIT is not sent, or the
 * server has answered that it refuses something, nothing of it is there: effect
 * not_started. If the answer to COMMIT does not come, nobody knows: effect
 * maybe, and the connection is closed. The next call makes a new one and
 * renews the lease: that waits for a batch which is still at work over there
 * and fences one that is yet to arrive, so the number it reads is final. */
#include <sys/random.h>
#include <unistd.h>

#include <sha256.h>

#include "plugins/storage/postgres/schema.h"
#include "plugins/storage/postgres/store.h"

/* Bytes of an array after which a further statement takes the rest. */
#define ARRAY_ROOM ((size_t)16 << 20)

/* ---- a batch, looked through before it is sent ---- */

struct place {
    const struct haft_storage_op *op;
    uint32_t at;
};

/* One batch on its way. Its operations are brought into the order of their
 * keys: what the batch sees of itself is decided here, and each key is left
 * with at most one change. */
struct plan {
    const struct haft_storage_commit_in *in;
    struct place *places; /* in the end: the changes alone */
    uint32_t count;
    struct array absent;         /* keys */
    struct array equal;          /* keys */
    struct array equal_versions; /* of those */
    struct array keys;           /* of a statement that changes something */
    struct array versions;
    struct array values;
    uint8_t hash[HASH_SIZE];
};

static void plan_finish(struct plan *plan)
{
    free(plan->places);
    free(plan->absent.bytes);
    free(plan->equal.bytes);
    free(plan->equal_versions.bytes);
    free(plan->keys.bytes);
    free(plan->versions.bytes);
    free(plan->values.bytes);
}

static bool is_broken(const struct plan *plan)
{
    return plan->absent.is_broken || plan->equal.is_broken ||
           plan->equal_versions.is_broken || plan->keys.is_broken ||
           plan->versions.is_broken || plan->values.is_broken;
}

static int compare_keys(struct haft_slice a, struct haft_slice b)
{
    size_t common = (size_t)(a.n < b.n ? a.n : b.n);
    int order = common > 0 ? memcmp(a.p, b.p, common) : 0;

    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_places(const void *a, const void *b)
{
    const struct place *first = a;
    const struct place *second = b;
    int order = compare_keys(first->op->key, second->op->key);

    return order != 0 ? order
                      : (first->at > second->at) - (first->at < second->at);
}

/* What is sent twice must be the same in all of this. */
static void hash_batch(struct plan *plan)
{
    SHA256_CTX hash;

    SHA256Init(&hash);
    for (uint32_t i = 0; i < plan->in->ops.count; i++) {
        const struct haft_storage_op *op = haft_item(plan->in->ops, i);
        const uint64_t numbers[] = {op->op,       op->guard, op->version,
                                    op->expected, op->key.n, op->value.n};

        for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
            uint8_t bytes[8];

            for (int b = 0; b < 8; b++) {
                bytes[b] = (uint8_t)(numbers[n] >> (56 - 8 * b));
            }
            SHA256Update(&hash, bytes, sizeof(bytes));
        }
        SHA256Update(&hash, op->key.p, (size_t)op->key.n);
        SHA256Update(&hash, op->value.p, (size_t)op->value.n);
    }
    SHA256Final(plan->hash, &hash);
}

/* A guard is the database's matter, unless an operation before it has decided
 * what the key is. */
static bool plan_guard(struct plan *plan, const struct haft_storage_op *op,
                       const struct haft_storage_op *before)
{
    bool is_put = before && before->op == HAFT_STORAGE_PUT;

    if (op->guard == HAFT_STORAGE_ALWAYS) {
        return true;
    }
    if (before && op->guard == HAFT_STORAGE_ABSENT) {
        return !is_put;
    }
    if (before) {
        return is_put && before->version == op->expected;
    }
    if (op->guard == HAFT_STORAGE_ABSENT) {
        array_add_bytes(&plan->absent, op->key);
    } else {
        array_add_bytes(&plan->equal, op->key);
        array_add_number(&plan->equal_versions, op->expected);
    }
    return true;
}

/* Collects the guards and keeps the last change of each key. False: a guard
 * can never hold. */
static bool plan_ops(struct plan *plan)
{
    const struct haft_storage_op *before = NULL;
    uint32_t kept = 0;

    array_start(&plan->absent, ARRAY_BYTEA);
    array_start(&plan->equal, ARRAY_BYTEA);
    array_start(&plan->equal_versions, ARRAY_INT8);
    for (uint32_t i = 0; i < plan->count; i++) {
        struct place place = plan->places[i];

        if (i > 0 &&
            !haft_slice_equal(plan->places[i - 1].op->key, place.op->key)) {
            before = NULL;
        }
        if (!plan_guard(plan, place.op, before)) {
            return false;
        }
        if (place.op->op != HAFT_STORAGE_CHECK) {
            kept -= before ? 1 : 0; /* that one is overwritten */
            plan->places[kept++] = place;
            before = place.op;
        }
    }
    plan->count = kept;
    return true;
}

static bool is_sound(const struct haft_storage_op *op)
{
    return op->op >= HAFT_STORAGE_PUT && op->op <= HAFT_STORAGE_CHECK &&
           op->guard <= HAFT_STORAGE_EQUAL && op->key.n > 0 &&
           op->key.n <= HAFT_STORAGE_KEY_LIMIT &&
           op->value.n <= HAFT_STORAGE_VALUE_LIMIT;
}

static haft_status fail_guard(struct postgres *p, const struct haft_call *call)
{
    return postgres_fail(p, call, HAFT_CONFLICT, "postgres.guard",
                         "a guard failed: another version of a key is there");
}

static haft_status fail_fenced(struct postgres *p, const struct haft_call *call)
{
    return postgres_fail(p, call, HAFT_CONFLICT, "postgres.fenced",
                         "another host has taken over the store");
}

static haft_status fail_memory(struct postgres *p, const struct haft_call *call)
{
    return postgres_fail(p, call, HAFT_RESOURCE, "postgres.memory",
                         "no memory for the batch");
}

static haft_status plan_batch(struct postgres *p, const struct haft_call *call,
                              struct plan *plan)
{
    const struct haft_storage_commit_in *in = plan->in;

    plan->places = calloc((size_t)in->ops.count + 1, sizeof(*plan->places));
    if (!plan->places) {
        return fail_memory(p, call);
    }
    for (uint32_t i = 0; i < in->ops.count; i++) {
        const struct haft_storage_op *op = haft_item(in->ops, i);

        if (!is_sound(op)) {
            return postgres_fail(p, call, HAFT_INVALID, "postgres.operation",
                                 "an operation of the batch is malformed");
        }
        plan->places[plan->count++] = (struct place){op, i};
    }
    qsort(plan->places, plan->count, sizeof(*plan->places), compare_places);
    if (!plan_ops(plan)) {
        return fail_guard(p, call);
    }
    return is_broken(plan) ? fail_memory(p, call) : HAFT_OK;
}

/* ---- sending it ---- */

static bool send_guards(struct postgres *p, struct plan *plan)
{
    struct params absent = {0};
    struct params equal = {0};

    params_add_array(&absent, &plan->absent);
    params_add_array(&equal, &plan->equal);
    params_add_array(&equal, &plan->equal_versions);
    return (plan->absent.count == 0 ||
            postgres_send(p, STMT_ABSENT, &absent)) &&
           (plan->equal.count == 0 || postgres_send(p, STMT_EQUAL, &equal));
}

static void start_changes(struct plan *plan)
{
    array_start(&plan->keys, ARRAY_BYTEA);
    array_start(&plan->versions, ARRAY_INT8);
    array_start(&plan->values, ARRAY_BYTEA);
}

static bool send_changes(struct postgres *p, struct plan *plan, bool is_put)
{
    struct params params = {0};

    if (is_broken(plan)) {
        snprintf(p->trouble, sizeof(p->trouble), "no memory for the batch");
        return false;
    }
    if (plan->keys.count == 0) {
        return true;
    }
    params_add_array(&params, &plan->keys);
    if (is_put) {
        params_add_array(&params, &plan->versions);
        params_add_array(&params, &plan->values);
    }
    return postgres_send(p, is_put ? STMT_PUT : STMT_DELETE, &params);
}

static bool send_puts(struct postgres *p, struct plan *plan)
{
    start_changes(plan);
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct haft_storage_op *op = plan->places[i].op;

        if (op->op != HAFT_STORAGE_PUT) {
            continue;
        }
        if (plan->values.size + op->value.n > ARRAY_ROOM) {
            if (!send_changes(p, plan, true)) {
                return false;
            }
            start_changes(plan);
        }
        array_add_bytes(&plan->keys, op->key);
        array_add_number(&plan->versions, op->version);
        array_add_bytes(&plan->values, op->value);
    }
    return send_changes(p, plan, true);
}

static bool send_deletes(struct postgres *p, struct plan *plan)
{
    start_changes(plan);
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->places[i].op->op == HAFT_STORAGE_DELETE) {
            array_add_bytes(&plan->keys, plan->places[i].op->key);
        }
    }
    return send_changes(p, plan, false);
}

/* All but COMMIT. */
static bool send_batch(struct postgres *p, struct plan *plan)
{
    struct params own = {0};

    params_add_number(&own, plan->in->batch);
    params_add(&own, haft_bytes(plan->hash, HASH_SIZE));
    params_add_number(&own, (uint64_t)p->lease_ms);
    params_add(&own, haft_text(p->holder));
    params_add_number(&own, p->epoch);
    return postgres_send(p, STMT_BEGIN, NULL) &&
           postgres_send(p, STMT_BATCH, &own) && send_guards(p, plan) &&
           send_puts(p, plan) && send_deletes(p, plan);
}

/* The server has refused something of it: nothing of the batch is there. */
static haft_status take_back(struct postgres *p, const struct haft_call *call)
{
    haft_status status;

    if (strcmp(p->sqlstate, SCHEMA_MOVED) == 0) {
        p->is_fenced = true;
        status = fail_fenced(p, call);
    } else if (strcmp(p->sqlstate, SCHEMA_GUARD) == 0) {
        status = fail_guard(p, call);
    } else {
        status = postgres_fail_by(p, call, "cannot write the batch");
    }
    if (p->conn &&
        postgres_ask(p, STMT_ROLLBACK, NULL, NULL) != EXCHANGE_DONE) {
        postgres_close(p); /* rolls back as well */
    }
    return status;
}

static haft_status write_batch(struct postgres *p, const struct haft_call *call,
                               struct plan *plan)
{
    haft_status status;

    p->sqlstate[0] = '\0';
    if (!send_batch(p, plan)) {
        status = is_broken(plan)
                     ? fail_memory(p, call)
                     : postgres_fail_by(p, call, "cannot send the batch");
        postgres_close(p); /* COMMIT was not sent, and will not be */
        return status;
    }
    if (!postgres_send(p, STMT_COMMIT, NULL)) {
        return postgres_give_up(p, call);
    }
    switch (postgres_finish(p, NULL)) {
    case EXCHANGE_DONE:
        p->last = plan->in->batch;
        return HAFT_OK;
    case EXCHANGE_REFUSED:
        return take_back(p, call);
    default:
        return postgres_give_up(p, call);
    }
}

/* ---- whose store it is, and whose batch ---- */

static haft_status fail_number(struct postgres *p, const struct haft_call *call)
{
    return postgres_fail(p, call, HAFT_INVALID, "postgres.batch",
                         "the batch is not the one after the last");
}

static haft_status fail_state(struct postgres *p, const struct haft_call *call)
{
    return postgres_fail(p, call, HAFT_CORRUPT, "postgres.state",
                         "the table haft_state has lost its row");
}

static haft_status fail_foreign(struct postgres *p,
                                const struct haft_call *call)
{
    return postgres_fail(p, call, HAFT_CONFLICT, "postgres.number",
                         "another host has written a batch of that number");
}

/* A number that is applied already. */
static haft_status answer_applied(struct postgres *p,
                                  const struct haft_call *call,
                                  struct plan *plan)
{
    uint64_t batch = plan->in->batch;

    if (batch == 0 || batch > p->base ||
        (batch == p->base && p->has_hash &&
         memcmp(plan->hash, p->hash, HASH_SIZE) == 0)) {
        return HAFT_OK;
    }
    return fail_foreign(p, call);
}

static haft_status fail_owned(struct postgres *p, const struct haft_call *call,
                              const PGresult *rows)
{
    struct haft_slice who = postgres_bytes(rows, 0, 2);
    uint64_t left_ms = postgres_number(rows, 0, 3);
    char message[HAFT_MESSAGE_LIMIT];
    struct haft_fault fault;

    snprintf(message, sizeof(message),
             "the store in schema %s is owned by haft on %.*s, %s", p->schema,
             (int)who.n, (const char *)who.p,
             left_ms > 0 ? "whose lease is not over" : "which is connected");
    haft_clean(message);
    fault = haft_fault_of(HAFT_TRANSIENT, "postgres.owned", message);
    fault.effect = HAFT_EFFECT_NOT_STARTED;
    fault.origin = HAFT_ORIGIN_REMOTE;
    fault.retry_after_ms = (int64_t)left_ms;
    return haft_fail_with(p->host, call, &fault);
}

/* Somebody else has the lease. A batch of ours that is there already is there
 * all the same, and one whose guards fail will never be. */
static haft_status answer_unowned(struct postgres *p,
                                  const struct haft_call *call,
                                  struct plan *plan, const PGresult *rows)
{
    struct haft_slice hash = postgres_bytes(rows, 0, 1);
    uint64_t last = postgres_number(rows, 0, 0);
    enum exchange done = EXCHANGE_LOST;

    if (plan->in->batch > last + 1) {
        return fail_number(p, call);
    }
    if (plan->in->batch <= last) {
        bool is_ours =
            plan->in->batch == 0 ||
            (plan->in->batch == last &&
             haft_slice_equal(hash, haft_bytes(plan->hash, HASH_SIZE)));

        return is_ours ? HAFT_OK : fail_foreign(p, call);
    }
    if (send_guards(p, plan)) {
        done = postgres_finish(p, NULL);
    }
    if (done == EXCHANGE_DONE) {
        return fail_owned(p, call, rows);
    }
    if (done == EXCHANGE_REFUSED && strcmp(p->sqlstate, SCHEMA_GUARD) == 0) {
        return fail_guard(p, call);
    }
    return postgres_fail_by(p, call, "cannot read the store");
}

static haft_status find_owner(struct postgres *p, const struct haft_call *call,
                              struct plan *plan)
{
    PGresult *rows = NULL;
    haft_status status;

    if (postgres_ask(p, STMT_STATE, NULL, &rows) != EXCHANGE_DONE) {
        return postgres_fail_by(p, call, "cannot read who owns the store");
    }
    if (PQntuples(rows) != 1) {
        status = fail_state(p, call);
    } else {
        status = answer_unowned(p, call, plan, rows);
    }
    PQclear(rows);
    return status;
}

static haft_status commit_planned(struct postgres *p,
                                  const struct haft_call *call,
                                  struct plan *plan)
{
    haft_status status;

    if (p->is_fenced) {
        return fail_fenced(p, call);
    }
    hash_batch(plan);
    if (p->epoch > 0 && plan->in->batch <= p->last) {
        return answer_applied(p, call, plan);
    }
    status = plan_batch(p, call, plan);
    if (status != HAFT_OK) {
        return status;
    }
    if (p->epoch == 0 && postgres_claim(p, true) != EXCHANGE_DONE) {
        return postgres_fail_by(p, call, "cannot take the lease");
    }
    if (p->epoch == 0) {
        return find_owner(p, call, plan);
    }
    if (plan->in->batch <= p->last) {
        return answer_applied(p, call, plan);
    }
    return plan->in->batch == p->last + 1 ? write_batch(p, call, plan)
                                          : fail_number(p, call);
}

static haft_status commit(struct postgres *p, const struct haft_call *call,
                          const struct haft_storage_commit_in *in,
                          struct haft_empty *out)
{
    struct plan plan = {.in = in};
    haft_status status = postgres_open(p, call);

    (void)out;
    if (status == HAFT_OK) {
        status = commit_planned(p, call, &plan);
    }
    plan_finish(&plan);
    return status;
}
HAFT_METHOD(commit, struct postgres, struct haft_storage_commit_in,
            struct haft_empty);

/* ---- reading ---- */

static haft_status last(struct postgres *p, const struct haft_call *call,
                        const struct haft_storage_last_in *in,
                        struct haft_storage_last_out *out)
{
    haft_status status = postgres_open(p, call);
    PGresult *rows = NULL;

    (void)in;
    if (status != HAFT_OK) {
        return status;
    }
    if (postgres_ask(p, STMT_LAST, NULL, &rows) != EXCHANGE_DONE) {
        return postgres_fail_by(p, call, "cannot read the store");
    }
    if (PQntuples(rows) == 1) {
        out->batch = postgres_number(rows, 0, 0);
        out->size_bytes = postgres_number(rows, 0, 1);
    } else {
        status = fail_state(p, call);
    }
    PQclear(rows);
    return status;
}
HAFT_METHOD(last, struct postgres, struct haft_storage_last_in,
            struct haft_storage_last_out);

/* Copies a value for the answer. False: no memory. */
static bool answer_bytes(struct postgres *p, const struct haft_call *call,
                         struct haft_slice bytes, struct haft_slice *out)
{
    void *room;

    if (bytes.n == 0) {
        *out = haft_bytes("", 0);
        return true;
    }
    room = p->host->alloc(p->host->self, call->id, bytes.n);
    if (!room) {
        return false;
    }
    memcpy(room, bytes.p, (size_t)bytes.n);
    *out = haft_bytes(room, bytes.n);
    return true;
}

static haft_status get(struct postgres *p, const struct haft_call *call,
                       const struct haft_storage_get_in *in,
                       struct haft_storage_get_out *out)
{
    haft_status status = postgres_open(p, call);
    struct params params = {0};
    PGresult *rows = NULL;

    if (status != HAFT_OK) {
        return status;
    }
    params_add(&params, in->key);
    if (postgres_ask(p, STMT_GET, &params, &rows) != EXCHANGE_DONE) {
        return postgres_fail_by(p, call, "cannot read the store");
    }
    if (PQntuples(rows) == 1) {
        out->is_found = 1;
        out->version = postgres_number(rows, 0, 0);
        if (!answer_bytes(p, call, postgres_bytes(rows, 0, 1), &out->value)) {
            status = fail_memory(p, call);
        }
    }
    PQclear(rows);
    return status;
}
HAFT_METHOD(get, struct postgres, struct haft_storage_get_in,
            struct haft_storage_get_out);

/* A key, or what lies just behind one: `size` bytes of room are enough. */
#define BOUND_ROOM (HAFT_STORAGE_KEY_LIMIT + 1)
struct bound {
    uint8_t bytes[BOUND_ROOM];
    size_t size;
};

static void set_bound(struct bound *bound, struct haft_slice key)
{
    bound->size = key.n < BOUND_ROOM ? (size_t)key.n : BOUND_ROOM;
    if (bound->size > 0) {
        memcpy(bound->bytes, key.p, bound->size);
    }
}

/* The first key behind all that begin with `prefix`. */
static void set_behind(struct bound *bound, struct haft_slice prefix)
{
    set_bound(bound, prefix);
    while (bound->size > 0 && bound->bytes[bound->size - 1] == 0xff) {
        bound->size--;
    }
    if (bound->size > 0) {
        bound->bytes[bound->size - 1]++;
        return;
    }
    memset(bound->bytes, 0xff, BOUND_ROOM); /* longer than any key */
    bound->size = BOUND_ROOM;
}

static struct haft_slice slice_of(const struct bound *bound)
{
    return haft_bytes(bound->bytes, bound->size);
}

/* The range of a scan: from `low` on, below `high`. */
static void set_range(const struct haft_storage_scan_in *in, struct bound *low,
                      struct bound *high)
{
    set_bound(low, in->prefix);
    set_behind(high, in->prefix);
    if (in->after.n == 0) {
        return;
    }
    if (in->flags & HAFT_STORAGE_REVERSE) {
        if (compare_keys(slice_of(high), in->after) > 0) {
            set_bound(high, in->after);
        }
    } else if (compare_keys(slice_of(low), in->after) <= 0) {
        set_bound(low, in->after);
        if (low->size < BOUND_ROOM) {
            low->bytes[low->size++] = 0;
        }
    }
}

static haft_status answer_scan(struct postgres *p, const struct haft_call *call,
                               const PGresult *rows,
                               struct haft_storage_scan_out *out)
{
    int count = PQntuples(rows);
    struct haft_storage_record *items;

    if (count == 0) {
        return HAFT_OK;
    }
    items = p->host->alloc(p->host->self, call->id,
                           (uint64_t)count * sizeof(*items));
    for (int i = 0; i < count; i++) {
        if (!items ||
            !answer_bytes(p, call, postgres_bytes(rows, i, 0), &items[i].key) ||
            !answer_bytes(p, call, postgres_bytes(rows, i, 2),
                          &items[i].value)) {
            return fail_memory(p, call);
        }
        items[i].version = postgres_number(rows, i, 1);
    }
    out->has_more = (uint32_t)postgres_number(rows, count - 1, 3);
    out->records = haft_items(items, (uint32_t)count, (uint32_t)sizeof(*items));
    return HAFT_OK;
}

static haft_status scan(struct postgres *p, const struct haft_call *call,
                        const struct haft_storage_scan_in *in,
                        struct haft_storage_scan_out *out)
{
    bool is_down = in->flags & HAFT_STORAGE_REVERSE;
    bool is_keys = in->flags & HAFT_STORAGE_KEYS_ONLY;
    haft_status status = postgres_open(p, call);
    struct params params = {0};
    PGresult *rows = NULL;
    struct bound low;
    struct bound high;

    if (status != HAFT_OK) {
        return status;
    }
    set_range(in, &low, &high);
    params_add(&params, slice_of(&low));
    params_add(&params, slice_of(&high));
    params_add_number(&params, in->limit > 0 ? in->limit : 1000);
    params_add_number(&params,
                      in->limit_bytes > 0 ? in->limit_bytes : 4u << 20);
    if (postgres_ask(p, (is_keys ? STMT_KEYS_UP : STMT_UP) + is_down, &params,
                     &rows) != EXCHANGE_DONE) {
        return postgres_fail_by(p, call, "cannot read the store");
    }
    status = answer_scan(p, call, rows, out);
    PQclear(rows);
    return status;
}
HAFT_METHOD(scan, struct postgres, struct haft_storage_scan_in,
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
    struct postgres *p = (struct postgres *)(void *)instance;

    postgres_release(p);
    postgres_close(p);
    free(p->dsn);
    free(p->schema);
    free(p);
}

static haft_status draw_holder(struct postgres *p)
{
    uint8_t bytes[16];
    char name[64] = "?";

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return -HAFT_RESOURCE;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(p->holder + 2 * i, 3, "%02x", bytes[i]);
    }
    gethostname(name, sizeof(name) - 1);
    snprintf(p->who, sizeof(p->who), "%s, process %ld", name, (long)getpid());
    haft_clean(p->who);
    return HAFT_OK;
}

static haft_status fill(struct postgres *p, const struct haft_create *with)
{
    p->dsn = haft_copy_text(haft_option_text(with, "dsn"));
    p->schema = haft_copy_text(haft_option_text(with, "schema"));
    if (!p->dsn || !p->schema) {
        return -HAFT_RESOURCE;
    }
    p->lease_ms = haft_option_number(with, "lease");
    p->timeout_ms = haft_option_number(with, "timeout");
    if (p->schema[0] == '\0' || strlen(p->schema) > 63) {
        return haft_fail(p->host, NULL, HAFT_INVALID, "postgres.schema",
                         "option schema: a name of 1 to 63 bytes");
    }
    if (!postgres_may_connect(p->dsn)) {
        return haft_fail(p->host, NULL, HAFT_INVALID, "postgres.dsn",
                         "option dsn: no connection string that libpq reads");
    }
    return draw_holder(p);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct postgres *p = calloc(1, sizeof(*p));
    haft_status status;

    if (!p) {
        return -HAFT_RESOURCE;
    }
    p->host = host;
    p->storage = (struct haft_object){
        sizeof(p->storage), sizeof(storage_methods) / sizeof(haft_method),
        &haft_storage_v1, storage_methods, p};
    p->objects[0] = &p->storage;
    p->instance =
        (struct haft_instance){sizeof(p->instance), 0, p->objects, destroy};
    status = fill(p, with);
    if (status != HAFT_OK) {
        destroy(&p->instance);
        return status;
    }
    *out = &p->instance;
    return HAFT_OK;
}

HAFT_MODULE_OF_ONE(storage_postgres, "0.1.0", "haft.storage/1", "postgres",
                   create, "plugins/storage/postgres/manifest.json");
