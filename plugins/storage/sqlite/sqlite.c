/* storage/sqlite: the state in one SQLite file.
 *
 * One connection, on the instance's own thread, is the only writer, and also
 * the one that checkpoints. A batch is one transaction (BEGIN IMMEDIATE ...
 * COMMIT) in WAL mode with synchronous = FULL: one sync a batch, and it is
 * safe against power loss when commit answers. The statements are prepared
 * once; an operation without a guard is one step of one statement.
 *
 * What an error means for the batch. Before COMMIT nothing of it can be
 * durable: it is rolled back, effect not_started. If COMMIT itself fails,
 * nobody knows: the connection is closed, effect maybe. The next call opens
 * the file again, and before it believes what it reads there, it copies the
 * whole WAL into the database with a checkpoint: pages whose sync has failed
 * may lie in the system's cache, looking written, and only writing them once
 * more, elsewhere, shows whether they can be. So `last` never promises what a
 * power loss would take away. */
#include <limits.h>

#include "plugins/storage/sqlite/store.h"

/* ---- commit ---- */

static int read_version(struct sqlite *s, struct haft_slice key, bool *is_found,
                        uint64_t *version)
{
    sqlite3_stmt *stmt;
    int code = sqlite_prepare(s, STMT_VERSION, &stmt);

    if (code == SQLITE_OK) {
        code = sqlite_bind_bytes(stmt, 1, key);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    code = sqlite3_step(stmt);
    *is_found = code == SQLITE_ROW;
    if (*is_found) {
        *version = (uint64_t)sqlite3_column_int64(stmt, 0);
    }
    sqlite3_reset(stmt);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

/* SQLITE_CONSTRAINT if the guard does not hold. */
static int check_guard(struct sqlite *s, const struct haft_storage_op *op)
{
    uint64_t version = 0;
    bool is_found = false;
    bool holds;
    int code;

    if (op->guard == HAFT_STORAGE_ALWAYS) {
        return SQLITE_OK;
    }
    code = read_version(s, op->key, &is_found, &version);
    if (code != SQLITE_OK) {
        return code;
    }
    holds = op->guard == HAFT_STORAGE_ABSENT
                ? !is_found
                : is_found && version == op->expected;
    return holds ? SQLITE_OK : SQLITE_CONSTRAINT;
}

static int change(struct sqlite *s, const struct haft_storage_op *op)
{
    sqlite3_stmt *stmt;
    bool is_put = op->op == HAFT_STORAGE_PUT;
    int code = sqlite_prepare(s, is_put ? STMT_PUT : STMT_DELETE, &stmt);

    if (code == SQLITE_OK) {
        code = sqlite_bind_bytes(stmt, 1, op->key);
    }
    if (code == SQLITE_OK && is_put) {
        code = sqlite3_bind_int64(stmt, 2, (sqlite3_int64)op->version);
    }
    if (code == SQLITE_OK && is_put) {
        code = sqlite_bind_bytes(stmt, 3, op->value);
    }
    return code == SQLITE_OK ? sqlite_finish(stmt) : code;
}

static int apply(struct sqlite *s, const struct haft_storage_op *op)
{
    int code = check_guard(s, op);

    if (code != SQLITE_OK || op->op == HAFT_STORAGE_CHECK) {
        return code;
    }
    return change(s, op);
}

/* The number moves on, from what it was when we read it: anything else means
 * that someone else has written. */
static int count_batch(struct sqlite *s, uint64_t batch)
{
    sqlite3_stmt *stmt;
    int code = sqlite_prepare(s, STMT_BATCH, &stmt);

    if (code == SQLITE_OK) {
        code = sqlite3_bind_int64(stmt, 1, (sqlite3_int64)batch);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_bind_int64(stmt, 2, (sqlite3_int64)s->last);
    }
    if (code == SQLITE_OK) {
        code = sqlite_finish(stmt);
    }
    if (code == SQLITE_OK && sqlite3_changes(s->db) != 1) {
        code = SQLITE_CONSTRAINT;
    }
    return code;
}

static int write_batch(struct sqlite *s,
                       const struct haft_storage_commit_in *in)
{
    int code = sqlite_run(s, STMT_BEGIN);

    for (uint32_t i = 0; i < in->ops.count && code == SQLITE_OK; i++) {
        code = apply(s, haft_item(in->ops, i));
    }
    return code == SQLITE_OK ? count_batch(s, in->batch) : code;
}

/* Nothing of the batch is durable, nor will be. */
static haft_status take_back(struct sqlite *s, const struct haft_call *call,
                             int code)
{
    bool is_odd = (code & 0xff) == SQLITE_IOERR ||
                  (code & 0xff) == SQLITE_CORRUPT || code == SQLITE_CONSTRAINT;
    haft_status status;

    if (code == SQLITE_CONSTRAINT) {
        status =
            sqlite_fail(s, call, HAFT_CONFLICT, "sqlite.guard",
                        "a guard failed: another version of a key, or another "
                        "writer, is there");
    } else {
        status = sqlite_fail_by(s, call, code, "cannot write the batch");
    }
    if (!sqlite3_get_autocommit(s->db) &&
        sqlite_run(s, STMT_ROLLBACK) != SQLITE_OK) {
        is_odd = true; /* closing rolls back as well */
    }
    if (is_odd) {
        sqlite_close(s); /* the next call looks at the file afresh */
    }
    return status;
}

static bool is_sound(const struct haft_storage_op *op)
{
    return op->op >= HAFT_STORAGE_PUT && op->op <= HAFT_STORAGE_CHECK &&
           op->guard <= HAFT_STORAGE_EQUAL && op->key.n > 0 &&
           op->key.n <= HAFT_STORAGE_KEY_LIMIT &&
           op->value.n <= HAFT_STORAGE_VALUE_LIMIT;
}

static haft_status check_batch(struct sqlite *s, const struct haft_call *call,
                               const struct haft_storage_commit_in *in)
{
    if (in->batch != s->last + 1) {
        return sqlite_fail(s, call, HAFT_INVALID, "sqlite.batch",
                           "the batch is not the one after the last");
    }
    for (uint32_t i = 0; i < in->ops.count; i++) {
        if (!is_sound(haft_item(in->ops, i))) {
            return sqlite_fail(s, call, HAFT_INVALID, "sqlite.operation",
                               "an operation of the batch is malformed");
        }
    }
    return HAFT_OK;
}

static haft_status commit(struct sqlite *s, const struct haft_call *call,
                          const struct haft_storage_commit_in *in,
                          struct haft_empty *out)
{
    haft_status status = sqlite_open(s, call);
    int code;

    (void)out;
    if (status != HAFT_OK || in->batch <= s->last) {
        return status;
    }
    status = check_batch(s, call, in);
    if (status != HAFT_OK) {
        return status;
    }
    code = write_batch(s, in);
    if (code != SQLITE_OK) {
        return take_back(s, call, code);
    }
    code = sqlite_run(s, STMT_COMMIT);
    if (code != SQLITE_OK) {
        return sqlite_give_up(s, call, code);
    }
    s->last = in->batch;
    return HAFT_OK;
}
HAFT_METHOD(commit, struct sqlite, struct haft_storage_commit_in,
            struct haft_empty);

/* ---- reading ---- */

static haft_status last(struct sqlite *s, const struct haft_call *call,
                        const struct haft_storage_last_in *in,
                        struct haft_storage_last_out *out)
{
    haft_status status = sqlite_open(s, call);

    (void)in;
    if (status == HAFT_OK) {
        out->batch = s->last;
        out->size_bytes = sqlite_file_size(s, "") + sqlite_file_size(s, "-wal");
    }
    return status;
}
HAFT_METHOD(last, struct sqlite, struct haft_storage_last_in,
            struct haft_storage_last_out);

/* Copies a column for the answer. False: no memory. */
static bool answer_bytes(struct sqlite *s, const struct haft_call *call,
                         sqlite3_stmt *stmt, int column, struct haft_slice *out)
{
    const void *bytes = sqlite3_column_blob(stmt, column);
    uint64_t size = (uint64_t)sqlite3_column_bytes(stmt, column);
    void *room;

    if (size == 0) {
        *out = haft_bytes("", 0);
        return true;
    }
    room = bytes ? s->host->alloc(s->host->self, call->id, size) : NULL;
    if (!room) {
        return false;
    }
    memcpy(room, bytes, size);
    *out = haft_bytes(room, size);
    return true;
}

static haft_status fail_read(struct sqlite *s, const struct haft_call *call,
                             int code)
{
    haft_status status = sqlite_fail_by(s, call, code, "cannot read the store");

    if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CORRUPT) {
        sqlite_close(s);
    }
    return status;
}

static haft_status get(struct sqlite *s, const struct haft_call *call,
                       const struct haft_storage_get_in *in,
                       struct haft_storage_get_out *out)
{
    haft_status status = sqlite_open(s, call);
    sqlite3_stmt *stmt;
    int code;

    if (status != HAFT_OK) {
        return status;
    }
    code = sqlite_prepare(s, STMT_GET, &stmt);
    if (code == SQLITE_OK) {
        code = sqlite_bind_bytes(stmt, 1, in->key);
    }
    if (code != SQLITE_OK) {
        return fail_read(s, call, code);
    }
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        out->is_found = 1;
        out->version = (uint64_t)sqlite3_column_int64(stmt, 0);
        code = answer_bytes(s, call, stmt, 1, &out->value) ? SQLITE_DONE
                                                           : SQLITE_NOMEM;
    }
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? HAFT_OK : fail_read(s, call, code);
}
HAFT_METHOD(get, struct sqlite, struct haft_storage_get_in,
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

static int compare(const struct bound *bound, struct haft_slice key)
{
    size_t common = bound->size < key.n ? bound->size : (size_t)key.n;
    int order = common > 0 ? memcmp(bound->bytes, key.p, common) : 0;

    return order != 0 ? order : (bound->size > key.n) - (bound->size < key.n);
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
        if (compare(high, in->after) > 0) {
            set_bound(high, in->after);
        }
    } else if (compare(low, in->after) <= 0) {
        set_bound(low, in->after);
        if (low->size < BOUND_ROOM) {
            low->bytes[low->size++] = 0;
        }
    }
}

/* Records collected for an answer, in room that doubles. */
struct list {
    struct haft_storage_record *items;
    uint32_t count;
    uint32_t room;
};

static struct haft_storage_record *
add_record(struct sqlite *s, const struct haft_call *call, struct list *list)
{
    uint32_t room = list->room > 0 ? list->room * 2 : 64;
    struct haft_storage_record *items;

    if (list->count == list->room) {
        items = s->host->alloc(s->host->self, call->id, room * sizeof(*items));
        if (!items) {
            return NULL;
        }
        if (list->count > 0) {
            memcpy(items, list->items, list->count * sizeof(*items));
        }
        list->items = items;
        list->room = room;
    }
    return &list->items[list->count++];
}

static int collect(struct sqlite *s, const struct haft_call *call,
                   const struct haft_storage_scan_in *in, sqlite3_stmt *stmt,
                   struct haft_storage_scan_out *out)
{
    uint32_t limit = in->limit > 0 ? in->limit : 1000;
    uint64_t limit_bytes = in->limit_bytes > 0 ? in->limit_bytes : 4u << 20;
    struct list list = {NULL, 0, 0};
    uint64_t bytes = 0;
    int code = sqlite3_step(stmt);

    while (code == SQLITE_ROW && list.count < limit && bytes < limit_bytes) {
        struct haft_storage_record *record = add_record(s, call, &list);

        if (!record || !answer_bytes(s, call, stmt, 0, &record->key)) {
            return SQLITE_NOMEM;
        }
        record->version = (uint64_t)sqlite3_column_int64(stmt, 1);
        if (!(in->flags & HAFT_STORAGE_KEYS_ONLY) &&
            !answer_bytes(s, call, stmt, 2, &record->value)) {
            return SQLITE_NOMEM;
        }
        bytes += record->key.n + record->value.n;
        code = sqlite3_step(stmt);
    }
    out->has_more = code == SQLITE_ROW;
    out->records =
        haft_items(list.items, list.count, (uint32_t)sizeof(*list.items));
    return code == SQLITE_ROW ? SQLITE_DONE : code;
}

static haft_status scan(struct sqlite *s, const struct haft_call *call,
                        const struct haft_storage_scan_in *in,
                        struct haft_storage_scan_out *out)
{
    bool is_down = in->flags & HAFT_STORAGE_REVERSE;
    bool is_keys = in->flags & HAFT_STORAGE_KEYS_ONLY;
    haft_status status = sqlite_open(s, call);
    struct bound low;
    struct bound high;
    sqlite3_stmt *stmt;
    int code;

    if (status != HAFT_OK) {
        return status;
    }
    set_range(in, &low, &high);
    code =
        sqlite_prepare(s, (is_keys ? STMT_KEYS_UP : STMT_UP) + is_down, &stmt);
    if (code == SQLITE_OK) {
        code = sqlite_bind_bytes(stmt, 1, haft_bytes(low.bytes, low.size));
    }
    if (code == SQLITE_OK) {
        code = sqlite_bind_bytes(stmt, 2, haft_bytes(high.bytes, high.size));
    }
    if (code == SQLITE_OK) {
        code = collect(s, call, in, stmt, out);
        sqlite3_reset(stmt);
    }
    return code == SQLITE_DONE ? HAFT_OK : fail_read(s, call, code);
}
HAFT_METHOD(scan, struct sqlite, struct haft_storage_scan_in,
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
    struct sqlite *s = (struct sqlite *)(void *)instance;

    sqlite_close(s);
    free(s->path);
    free(s);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct haft_slice path = haft_option_text(with, "path");
    struct sqlite *s;

    if (path.n == 0) {
        return haft_fail(host, NULL, HAFT_INVALID, "sqlite.path",
                         "option path: the database file is not named");
    }
    if (path.n + sizeof("-journal") > PATH_MAX) {
        return haft_fail(host, NULL, HAFT_INVALID, "sqlite.path",
                         "option path: longer than a path may be");
    }
    s = calloc(1, sizeof(*s));
    if (!s) {
        return -HAFT_RESOURCE;
    }
    s->host = host;
    s->busy_ms = (int)haft_option_number(with, "busy_timeout");
    s->path = haft_copy_text(path);
    if (!s->path) {
        free(s);
        return -HAFT_RESOURCE;
    }
    s->storage = (struct haft_object){
        sizeof(s->storage), sizeof(storage_methods) / sizeof(haft_method),
        &haft_storage_v1, storage_methods, s};
    s->objects[0] = &s->storage;
    s->instance =
        (struct haft_instance){sizeof(s->instance), 0, s->objects, destroy};
    *out = &s->instance;
    return HAFT_OK;
}

static const struct haft_class sqlite_class = {
    sizeof(struct haft_class), 0, "haft.storage/1", "sqlite", create};
static const struct haft_class *const classes[] = {&sqlite_class, NULL};

HAFT_MODULE(storage_sqlite, "0.1.0", classes,
            "plugins/storage/sqlite/manifest.json");
