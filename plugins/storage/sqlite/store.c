/* See store.h, and the top of sqlite.c for what an error means. */
#include "plugins/storage/sqlite/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugins/storage/sqlite/schema.h"

/* What the WAL is cut down to when it has grown beyond it. */
#define WAL_KEEP "67108864"

/* A WAL below this is left as it is when the store is closed: the next start
 * reads it in a fraction of the time of the two syncs that a checkpoint takes,
 * and goes on at its end without the two of a new one. One that holds what a
 * failed COMMIT left is not left. */
#define WAL_LEAVE (256 << 10)

static const char *const stmt_sql[STMTS] = {
    [STMT_BEGIN] = "BEGIN IMMEDIATE",
    [STMT_COMMIT] = "COMMIT",
    [STMT_ROLLBACK] = "ROLLBACK",
    [STMT_BATCH] = "UPDATE haft_batch SET last = ?1 WHERE last = ?2",
    [STMT_PUT] = "INSERT INTO haft_record (key, version, value)"
                 " VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE"
                 " SET version = ?2, value = ?3",
    [STMT_DELETE] = "DELETE FROM haft_record WHERE key = ?1",
    [STMT_VERSION] = "SELECT version FROM haft_record WHERE key = ?1",
    [STMT_GET] = "SELECT version, value FROM haft_record WHERE key = ?1",
    [STMT_LAST] = "SELECT last FROM haft_batch",
    [STMT_UP] = "SELECT key, version, value FROM haft_record"
                " WHERE key >= ?1 AND key < ?2 ORDER BY key",
    [STMT_DOWN] = "SELECT key, version, value FROM haft_record"
                  " WHERE key >= ?1 AND key < ?2 ORDER BY key DESC",
    [STMT_KEYS_UP] = "SELECT key, version FROM haft_record"
                     " WHERE key >= ?1 AND key < ?2 ORDER BY key",
    [STMT_KEYS_DOWN] = "SELECT key, version FROM haft_record"
                       " WHERE key >= ?1 AND key < ?2 ORDER BY key DESC",
};

/* ---- faults ---- */

struct meaning {
    int code; /* primary result code of SQLite */
    uint32_t fault_class;
    const char *name;
};

static const struct meaning meanings[] = {
    {SQLITE_BUSY, HAFT_TRANSIENT, "sqlite.busy"},
    {SQLITE_LOCKED, HAFT_TRANSIENT, "sqlite.locked"},
    {SQLITE_SCHEMA, HAFT_TRANSIENT, "sqlite.schema"},
    {SQLITE_PROTOCOL, HAFT_TRANSIENT, "sqlite.protocol"},
    {SQLITE_FULL, HAFT_RESOURCE, "sqlite.full"},
    {SQLITE_NOMEM, HAFT_RESOURCE, "sqlite.memory"},
    {SQLITE_IOERR, HAFT_BACKEND_DOWN, "sqlite.io"},
    {SQLITE_CANTOPEN, HAFT_BACKEND_DOWN, "sqlite.open"},
    {SQLITE_READONLY, HAFT_BACKEND_DOWN, "sqlite.readonly"},
    {SQLITE_CORRUPT, HAFT_CORRUPT, "sqlite.corrupt"},
    {SQLITE_NOTADB, HAFT_CORRUPT, "sqlite.not_a_database"},
    {SQLITE_CONSTRAINT, HAFT_CONFLICT, "sqlite.constraint"},
    {SQLITE_PERM, HAFT_DENIED, "sqlite.denied"},
    {SQLITE_AUTH, HAFT_DENIED, "sqlite.denied"},
    {SQLITE_TOOBIG, HAFT_INVALID, "sqlite.too_big"},
    {SQLITE_INTERRUPT, HAFT_CANCELLED, "sqlite.interrupt"},
};

static const struct meaning *meaning_of(int code)
{
    static const struct meaning other = {SQLITE_ERROR, HAFT_INTERNAL,
                                         "sqlite.error"};

    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].code == (code & 0xff)) {
            return &meanings[i];
        }
    }
    return &other;
}

haft_status sqlite_fail(struct sqlite *s, const struct haft_call *call,
                        uint32_t fault_class, const char *code,
                        const char *message)
{
    struct haft_fault fault = haft_fault_of(fault_class, code, message);

    fault.effect = HAFT_EFFECT_NOT_STARTED;
    return haft_fail_with(s->host, call, &fault);
}

/* A result of SQLite as a fault; nothing has happened. */
haft_status sqlite_fail_by(struct sqlite *s, const struct haft_call *call,
                           int code, const char *doing)
{
    const struct meaning *meaning = meaning_of(code);
    char message[HAFT_MESSAGE_LIMIT];

    snprintf(message, sizeof(message), "%s: %s: %s (SQLite result %d)", s->path,
             doing, s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code), code);
    return sqlite_fail(s, call, meaning->fault_class, meaning->name, message);
}

static haft_status fail_errno(struct sqlite *s, const struct haft_call *call,
                              const char *doing)
{
    int error = errno;
    uint32_t fault_class = HAFT_BACKEND_DOWN;
    char message[HAFT_MESSAGE_LIMIT];

    if (error == ENOSPC || error == EDQUOT || error == EMFILE) {
        fault_class = HAFT_RESOURCE;
    } else if (error == EACCES || error == EPERM) {
        fault_class = HAFT_DENIED;
    } else if (error == ENOENT || error == ENOTDIR) {
        fault_class = HAFT_NOT_FOUND;
    }
    snprintf(message, sizeof(message), "%s: %s: %s", s->path, doing,
             strerror(error));
    return sqlite_fail(s, call, fault_class, "sqlite.file", message);
}

haft_status sqlite_give_up(struct sqlite *s, const struct haft_call *call,
                           int code)
{
    const struct meaning *meaning = meaning_of(code);
    char message[HAFT_MESSAGE_LIMIT];
    struct haft_fault fault;

    snprintf(message, sizeof(message),
             "%s: a commit failed half-way: %s (SQLite result %d)", s->path,
             sqlite3_errmsg(s->db), code);
    fault = haft_fault_of(meaning->fault_class == HAFT_BACKEND_DOWN
                              ? HAFT_UNKNOWN_OUTCOME
                              : meaning->fault_class,
                          meaning->name, message);
    fault.effect = HAFT_EFFECT_MAYBE;
    s->is_doubtful = true;
    sqlite_close(s);
    return haft_fail_with(s->host, call, &fault);
}

/* ---- statements ---- */

int sqlite_prepare(struct sqlite *s, int which, sqlite3_stmt **stmt)
{
    int code = SQLITE_OK;

    if (!s->stmts[which]) {
        code = sqlite3_prepare_v3(s->db, stmt_sql[which], -1,
                                  SQLITE_PREPARE_PERSISTENT, &s->stmts[which],
                                  NULL);
    }
    *stmt = s->stmts[which];
    return code;
}

int sqlite_bind_bytes(sqlite3_stmt *stmt, int index, struct haft_slice bytes)
{
    if (bytes.n == 0) {
        return sqlite3_bind_zeroblob(stmt, index, 0);
    }
    return sqlite3_bind_blob64(stmt, index, bytes.p, bytes.n, SQLITE_STATIC);
}

/* Runs a statement that is bound, to its end. */
int sqlite_finish(sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);

    sqlite3_reset(stmt);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

int sqlite_run(struct sqlite *s, int which)
{
    sqlite3_stmt *stmt;
    int code = sqlite_prepare(s, which, &stmt);

    return code == SQLITE_OK ? sqlite_finish(stmt) : code;
}

/* One statement given as text whose first row, if any, is one number. */
static int ask_number(struct sqlite *s, const char *sql, int64_t *number)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(stmt);
        if (code == SQLITE_ROW && number) {
            *number = sqlite3_column_int64(stmt, 0);
        }
        code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
    }
    sqlite3_finalize(stmt);
    return code;
}

/* ---- opening ---- */

uint64_t sqlite_file_size(const struct sqlite *s, const char *ending)
{
    char name[PATH_MAX];
    struct stat status;

    snprintf(name, sizeof(name), "%s%s", s->path, ending);
    return stat(name, &status) == 0 ? (uint64_t)status.st_size : 0;
}

void sqlite_close(struct sqlite *s)
{
    for (int i = 0; i < STMTS; i++) {
        sqlite3_finalize(s->stmts[i]);
        s->stmts[i] = NULL;
    }
    if (s->db && !s->is_doubtful && sqlite_file_size(s, "-wal") < WAL_LEAVE) {
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

/* The file's folder, so that a new name in it can be made durable. */
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int fd;
    int status;

    snprintf(folder, sizeof(folder), "%.*s",
             slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    status = fsync(fd);
    close(fd);
    return status;
}

/* Writes the empty store into the file `fresh`, which is there and empty. */
static int fill(const char *fresh)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(
        fresh, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_exec(db, schema_create, NULL, NULL, NULL);
    }
    sqlite3_close(db);
    return code;
}

/* Makes a new store under another name and moves it to its own: a crash in
 * between leaves no half of one, and two syncs are all it costs. */
static haft_status make_store(struct sqlite *s, const struct haft_call *call)
{
    char fresh[PATH_MAX];
    haft_status status = HAFT_OK;
    int code;
    int fd;

    snprintf(fresh, sizeof(fresh), "%s-new", s->path);
    unlink(fresh);
    fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail_errno(s, call, "cannot create the store");
    }
    code = fill(fresh);
    if (code != SQLITE_OK) {
        status = sqlite_fail_by(s, call, code, "cannot create the store");
    } else if (fsync(fd) != 0 || rename(fresh, s->path) != 0 ||
               sync_folder(s->path) != 0) {
        status = fail_errno(s, call, "cannot create the store");
    }
    close(fd);
    if (status != HAFT_OK) {
        unlink(fresh);
    }
    return status;
}

/* Refuses what is no store of ours, or one that we would not understand. */
static haft_status check_schema(struct sqlite *s, const struct haft_call *call)
{
    char message[HAFT_MESSAGE_LIMIT];
    int64_t application = 0;
    int64_t version = 0;
    int code = ask_number(s, "PRAGMA application_id", &application);

    if (code == SQLITE_OK) {
        code = ask_number(s, "PRAGMA user_version", &version);
    }
    if (code != SQLITE_OK) {
        return sqlite_fail_by(s, call, code, "cannot read the store");
    }
    if (application != SCHEMA_APPLICATION_ID || version < 1) {
        snprintf(message, sizeof(message),
                 "%s: a database of another program, not a store of haft",
                 s->path);
        return sqlite_fail(s, call, HAFT_INVALID, "sqlite.foreign", message);
    }
    if (version > SCHEMA_VERSION) {
        snprintf(message, sizeof(message),
                 "%s: written by a newer haft (schema %" PRId64
                 ", this one knows up to %d); nothing was changed",
                 s->path, version, SCHEMA_VERSION);
        return sqlite_fail(s, call, HAFT_INVALID, "sqlite.newer", message);
    }
    return HAFT_OK;
}

static int read_last(struct sqlite *s)
{
    sqlite3_stmt *stmt;
    int code = sqlite_prepare(s, STMT_LAST, &stmt);

    if (code != SQLITE_OK) {
        return code;
    }
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        s->last = (uint64_t)sqlite3_column_int64(stmt, 0);
        code = SQLITE_OK;
    } else if (code == SQLITE_DONE) {
        code = SQLITE_CORRUPT;
    }
    sqlite3_reset(stmt);
    return code;
}

/* Settings of the connection. The WAL file stays when the store is closed:
 * the next start need not make it, and a program that may only read can. */
static int configure(struct sqlite *s)
{
    int stays = 1;
    int code;

    sqlite3_busy_timeout(s->db, s->busy_ms);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_PERSIST_WAL, &stays);
    code = ask_number(s, "PRAGMA journal_mode = WAL", NULL);
    if (code == SQLITE_OK) {
        code = ask_number(s, "PRAGMA synchronous = FULL", NULL);
    }
    if (code == SQLITE_OK) {
        code = ask_number(s, "PRAGMA journal_size_limit = " WAL_KEEP, NULL);
    }
    return code;
}

/* See the top: what a failed COMMIT left must be written once more. */
static int prove(struct sqlite *s)
{
    int code;

    if (!s->is_doubtful) {
        return SQLITE_OK;
    }
    code = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE,
                                     NULL, NULL);
    s->is_doubtful = code != SQLITE_OK;
    return code;
}

static haft_status open_file(struct sqlite *s, const struct haft_call *call)
{
    haft_status status;
    int code =
        sqlite3_open_v2(s->path, &s->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                            SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                        NULL);

    if (code != SQLITE_OK) {
        return sqlite_fail_by(s, call, code, "cannot open the store");
    }
    status = check_schema(s, call);
    if (status != HAFT_OK) {
        return status;
    }
    code = configure(s);
    if (code == SQLITE_OK) {
        code = prove(s);
    }
    if (code == SQLITE_OK) {
        code = read_last(s);
    }
    return code == SQLITE_OK
               ? HAFT_OK
               : sqlite_fail_by(s, call, code, "cannot open the store");
}

haft_status sqlite_open(struct sqlite *s, const struct haft_call *call)
{
    struct stat status_of;
    haft_status status = HAFT_OK;

    if (s->db) {
        return HAFT_OK;
    }
    if (stat(s->path, &status_of) != 0) {
        if (errno != ENOENT) {
            return fail_errno(s, call, "cannot open the store");
        }
        status_of.st_size = 0;
    }
    if (status_of.st_size == 0) {
        status = make_store(s, call);
    }
    if (status == HAFT_OK) {
        status = open_file(s, call);
    }
    if (status != HAFT_OK) {
        sqlite_close(s);
    }
    return status;
}
