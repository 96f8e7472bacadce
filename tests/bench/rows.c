/* A bare SQLite program that writes the rows that haft writes for no-op tasks:
 *
 *   rows FILE TASKS IN-FLIGHT TASK-BYTES EVENT-BYTES
 *
 * For every group of IN-FLIGHT tasks there are as many commits as haft needs
 * at the least: one in which the ends of the last group and the starts of the
 * next are recorded, with the events of both in one row, the number of the
 * batch, and the check that the store is still its owner's. TASK-BYTES are of
 * an end; a start lacks three of its nine members. Prepared statements, WAL,
 * synchronous FULL; nothing else is done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "tests/bench/number.h"

static sqlite3 *db;
static sqlite3_stmt *begin, *guard, *put, *number, *commit;
static long long version;

static void check(int code, int wanted)
{
    if (code != wanted) {
        fprintf(stderr, "rows: %s\n", sqlite3_errmsg(db));
        exit(2);
    }
}

static void run(sqlite3_stmt *statement)
{
    check(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_reset(statement);
}

static void put_row(const char *key, const char *value, int size)
{
    sqlite3_bind_blob(put, 1, key, (int)strlen(key), SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, ++version);
    sqlite3_bind_blob(put, 3, value, size, SQLITE_STATIC);
    run(put);
}

static void put_tasks(long first, long end, const char *value, int size)
{
    for (long i = first; i < end; i++) {
        char key[40];

        snprintf(key, sizeof(key), "t/d22mqmdwaz2z/t%ld", i);
        put_row(key, value, size);
    }
}

/* One owner, and batches by number. */
static void claim(void)
{
    sqlite3_bind_blob(guard, 1, "h/owner", 7, SQLITE_STATIC);
    check(sqlite3_step(guard), SQLITE_ROW);
    sqlite3_reset(guard);
    run(number);
}

static void prepare(const char *sql, sqlite3_stmt **statement)
{
    check(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement,
                             NULL),
          SQLITE_OK);
}

int main(int argc, char **argv)
{
    long tasks = argc == 6 ? number_read(argv[2]) : 0;
    long flight = argc == 6 ? number_read(argv[3]) : 0;
    int task_size = argc == 6 ? number_read(argv[4]) : 0;
    int event_size = argc == 6 ? number_read(argv[5]) : 0;
    char *value;

    if (tasks < 1 || flight < 1 || task_size < 1 || event_size < 1) {
        fprintf(stderr,
                "usage: rows FILE TASKS IN-FLIGHT TASK-BYTES EVENT-BYTES\n");
        return 2;
    }
    value = calloc((size_t)event_size * (size_t)flight + (size_t)task_size, 1);
    check(sqlite3_open(argv[1], &db), SQLITE_OK);
    check(sqlite3_exec(db,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                       "CREATE TABLE kv (key BLOB PRIMARY KEY, version INTEGER,"
                       " value BLOB) WITHOUT ROWID;"
                       "INSERT INTO kv VALUES (CAST('h/owner' AS BLOB), 1, '');"
                       "CREATE TABLE batch (last INTEGER);"
                       "INSERT INTO batch VALUES (0);",
                       NULL, NULL, NULL),
          SQLITE_OK);
    prepare("BEGIN IMMEDIATE", &begin);
    prepare("INSERT INTO kv VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE "
            "SET version = ?2, value = ?3",
            &put);
    prepare("SELECT version FROM kv WHERE key = ?1", &guard);
    prepare("UPDATE batch SET last = last + 1", &number);
    prepare("COMMIT", &commit);
    for (long first = 0; first <= tasks; first += flight) {
        long next = first + flight < tasks ? first + flight : tasks;
        char key[40];

        run(begin);
        claim();
        put_tasks(first - flight < 0 ? 0 : first - flight, first, value,
                  task_size);
        put_tasks(first, next, value, task_size * 2 / 3);
        snprintf(key, sizeof(key), "e/%016ld", first);
        put_row(key, value, event_size * (int)flight);
        run(commit);
    }
    sqlite3_finalize(begin);
    sqlite3_finalize(guard);
    sqlite3_finalize(number);
    sqlite3_finalize(put);
    sqlite3_finalize(commit);
    free(value);
    return sqlite3_close(db) == SQLITE_OK ? 0 : 2;
}
