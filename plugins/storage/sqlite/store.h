/* The connection of storage/sqlite: the file opened and checked, the prepared
 * statements, and what a result of SQLite means as a fault. Functions that
 * give an int answer with a result code of SQLite. */
#ifndef PLUGINS_STORAGE_SQLITE_STORE_H
#define PLUGINS_STORAGE_SQLITE_STORE_H

#include <stdbool.h>

#include <sqlite3.h>

#include <haft/sdk.h>
#include <haft/storage.h>

enum {
    STMT_BEGIN,
    STMT_COMMIT,
    STMT_ROLLBACK,
    STMT_BATCH,
    STMT_PUT,
    STMT_DELETE,
    STMT_VERSION,
    STMT_GET,
    STMT_LAST,
    STMT_UP,
    STMT_DOWN,
    STMT_KEYS_UP,
    STMT_KEYS_DOWN,
    STMTS
};

struct sqlite {
    struct haft_instance instance;
    const struct haft_host *host;
    struct haft_object storage;
    const struct haft_object *objects[2];
    char *path;
    int busy_ms;
    sqlite3 *db; /* NULL: not open */
    sqlite3_stmt *stmts[STMTS];
    uint64_t last;    /* batch; while open */
    bool is_doubtful; /* a COMMIT has failed: what is there must be proved */
};

/* Opens the file if it is not open, and makes it if it is not there. */
haft_status sqlite_open(struct sqlite *s, const struct haft_call *call);

/* Closes it; the next call opens it again. */
void sqlite_close(struct sqlite *s);

/* Of the file whose name has that ending ("": the database), 0 if there is
 * none. */
uint64_t sqlite_file_size(const struct sqlite *s, const char *ending);

/* A fault with effect not_started. */
haft_status sqlite_fail(struct sqlite *s, const struct haft_call *call,
                        uint32_t fault_class, const char *code,
                        const char *message);

/* The same from a result code, about what was being done. */
haft_status sqlite_fail_by(struct sqlite *s, const struct haft_call *call,
                           int code, const char *doing);

/* COMMIT has failed: nobody knows what is in the file until it is proved.
 * Closes it; effect maybe. */
haft_status sqlite_give_up(struct sqlite *s, const struct haft_call *call,
                           int code);

/* The statement `which`, borrowed, prepared at its first use. */
int sqlite_prepare(struct sqlite *s, int which, sqlite3_stmt **stmt);
int sqlite_bind_bytes(sqlite3_stmt *stmt, int index, struct haft_slice bytes);
int sqlite_finish(sqlite3_stmt *stmt);       /* runs one that is bound */
int sqlite_run(struct sqlite *s, int which); /* runs one without parameters */

#endif
