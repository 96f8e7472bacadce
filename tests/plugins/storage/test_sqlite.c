/* Everything that does not go wrong, and what is refused. What goes wrong is
 * in test_sqlite_faults.c. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include <haft/sdk.h>

#include "tests/check_main.h"
#include "tests/plugins/storage/model.h"
#include "tests/plugins/storage/place.h"

#define TRY(name, function)                                                    \
    START_TEST(name)                                                           \
    {                                                                          \
        struct place place = place_make();                                     \
        struct fakehost *h = place_open(&place);                               \
                                                                               \
        function(h);                                                           \
        fakehost_destroy(h);                                                   \
        place_remove(&place);                                                  \
    }                                                                          \
    END_TEST

static void try_random(struct fakehost *h)
{
    model_try_random(h, 77, 120);
}

TRY(random_batches_leave_what_the_reference_has, try_random)
TRY(a_batch_is_applied_once_and_in_its_turn, model_try_numbers)
TRY(a_guard_that_fails_undoes_the_whole_batch, model_try_guards)
TRY(a_malformed_operation_is_refused_with_its_batch, model_try_malformed)
TRY(a_scan_keeps_to_its_range_and_limits, model_try_scans)
TRY(the_longest_key_and_a_large_value_come_back, model_try_sizes)

START_TEST(a_store_that_is_opened_again_has_everything)
{
    struct place place = place_make();
    struct fakehost *h = place_open(&place);

    for (uint64_t batch = 1; batch <= 20; batch++) {
        ck_assert_int_eq(model_commit_numbered(h, batch), HAFT_OK);
        if (batch % 6 == 0) {
            fakehost_destroy(h);
            h = place_open(&place);
            ck_assert_uint_eq(model_last(h), batch);
        }
    }

    model_check_numbered(h, 20);
    fakehost_destroy(h);
    place_remove(&place);
}
END_TEST

static off_t wal_size(const struct place *place)
{
    char name[sizeof(place->file) + 8];
    struct stat status;

    snprintf(name, sizeof(name), "%s-wal", place->file);
    ck_assert_int_eq(stat(name, &status), 0);
    return status.st_size;
}

START_TEST(a_short_wal_is_left_for_the_next_start_and_a_long_one_is_not)
{
    static char large[300000];
    struct place place = place_make();
    struct fakehost *h = place_open(&place);

    memset(large, 'x', sizeof(large) - 1);
    ck_assert_int_eq(model_put(h, 1, "k", "v"), HAFT_OK);
    fakehost_destroy(h);
    ck_assert_int_gt(wal_size(&place), 0);

    h = place_open(&place);
    ck_assert_uint_eq(model_last(h), 1);
    ck_assert_int_eq(model_put(h, 2, "l", large), HAFT_OK);
    fakehost_destroy(h);
    ck_assert_int_eq(wal_size(&place), 0);
    place_remove(&place);
}
END_TEST

START_TEST(the_file_is_nobody_elses_business)
{
    struct place place = place_make();
    struct fakehost *h = place_open(&place);
    struct stat status;

    ck_assert_int_eq(model_put(h, 1, "k", "v"), HAFT_OK);

    ck_assert_int_eq(stat(place.file, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    fakehost_destroy(h);
    place_remove(&place);
}
END_TEST

START_TEST(a_store_without_a_path_is_not_made)
{
    struct fakehost *h = fakehost_create(
        "storage-sqlite", "plugins/storage/sqlite/manifest.json");
    const char *const settings[] = {"path=", NULL};

    ck_assert_int_eq(fakehost_make(h, settings), -HAFT_INVALID);
    ck_assert(haft_slice_is(fakehost_fault(h)->code, "sqlite.path"));
    fakehost_destroy(h);
}
END_TEST

static void expect_refusal(const struct place *place, uint32_t fault_class,
                           const char *code)
{
    struct fakehost *h = place_open(place);
    struct haft_storage_last_in in = {.size = sizeof(in)};
    struct haft_storage_last_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_LAST, &in, &out),
        -(haft_status)fault_class);
    ck_assert(haft_slice_is(fakehost_fault(h)->code, code));
    ck_assert_int_eq(model_put(h, 1, "k", "v"), -(haft_status)fault_class);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    fakehost_destroy(h);
}

static void run_sql(const struct place *place, const char *sql)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(place->file, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(a_store_of_a_newer_haft_is_refused_and_left_alone)
{
    struct place place = place_make();
    struct fakehost *h = place_open(&place);

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    fakehost_destroy(h);
    run_sql(&place, "PRAGMA user_version = 2");

    expect_refusal(&place, HAFT_INVALID, "sqlite.newer");

    run_sql(&place, "PRAGMA user_version = 1");
    h = place_open(&place);
    ck_assert_uint_eq(model_last(h), 1);
    model_check_numbered(h, 1);
    fakehost_destroy(h);
    place_remove(&place);
}
END_TEST

START_TEST(a_database_of_another_program_is_refused)
{
    struct place place = place_make();

    run_sql(&place, "CREATE TABLE theirs (x)");

    expect_refusal(&place, HAFT_INVALID, "sqlite.foreign");
    place_remove(&place);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_corrupt)
{
    struct place place = place_make();
    FILE *file = fopen(place.file, "w");

    for (int i = 0; i < 1000; i++) {
        fputs("this is no database\n", file);
    }
    fclose(file);

    expect_refusal(&place, HAFT_CORRUPT, "sqlite.not_a_database");
    place_remove(&place);
}
END_TEST

START_TEST(an_empty_file_becomes_a_store)
{
    struct place place = place_make();
    struct fakehost *h;

    fclose(fopen(place.file, "w"));

    h = place_open(&place);
    ck_assert_int_eq(model_put(h, 1, "k", "v"), HAFT_OK);
    fakehost_destroy(h);
    place_remove(&place);
}
END_TEST

START_TEST(a_missing_folder_is_not_found)
{
    struct place place = place_make();

    /* The file's name as a folder. */
    snprintf(place.file, sizeof(place.file), "%s/haft.db/deeper/haft.db",
             place.folder);

    expect_refusal(&place, HAFT_NOT_FOUND, "sqlite.file");
    place_remove(&place);
}
END_TEST

START_TEST(a_lock_that_stays_is_transient_and_leaves_nothing)
{
    struct place place = place_make();
    struct fakehost *h = place_open(&place);
    sqlite3 *db;

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    ck_assert_int_eq(sqlite3_open(place.file, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);

    ck_assert_int_eq(model_commit_numbered(h, 2), -HAFT_TRANSIENT);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_int_eq(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(model_commit_numbered(h, 2), HAFT_OK);
    model_check_numbered(h, 2);
    sqlite3_close(db);
    fakehost_destroy(h);
    place_remove(&place);
}
END_TEST

START_TEST(another_writer_is_noticed)
{
    struct place place = place_make();
    struct fakehost *first = place_open(&place);
    struct fakehost *second = place_open(&place);

    ck_assert_int_eq(model_commit_numbered(first, 1), HAFT_OK);
    ck_assert_int_eq(model_commit_numbered(second, 1), HAFT_OK);
    ck_assert_int_eq(model_commit_numbered(second, 2), HAFT_OK);

    ck_assert_int_eq(model_put(first, 2, "other", "content"), -HAFT_CONFLICT);
    ck_assert_uint_eq(model_last(first), 2);
    model_check_numbered(first, 2);
    fakehost_destroy(first);
    fakehost_destroy(second);
    place_remove(&place);
}
END_TEST

/* ---- what people read ---- */

static sqlite3 *open_outside(const struct place *place)
{
    sqlite3 *db;

    ck_assert_int_eq(
        sqlite3_open_v2(place->file, &db, SQLITE_OPEN_READONLY, NULL),
        SQLITE_OK);
    return db;
}

/* All rows of a query, columns joined by | and rows by newlines. */
static void query(sqlite3 *db, const char *sql, char *text, size_t size)
{
    sqlite3_stmt *stmt;
    size_t used = 0;

    text[0] = '\0';
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK,
                  "%s", sqlite3_errmsg(db));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const unsigned char *column = sqlite3_column_text(stmt, i);

            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     i > 0 ? "|" : "",
                                     column ? (const char *)column : "NULL");
        }
        used += (size_t)snprintf(text + used, size - used, "\n");
    }
    ck_assert_msg(sqlite3_finalize(stmt) == SQLITE_OK, "%s",
                  sqlite3_errmsg(db));
}

static void fill_story(struct fakehost *h)
{
    static const char *const records[][2] = {
        {"h/owner", "\1{\"epoch\":1}"},
        {"l/r1", "\1{}"},
        {"r/r1",
         "\1{\"state\":\"running\",\"id\":\"r1\",\"workflow\":\"hello\","
         "\"principal\":\"user:anna\",\"created_ms\":1700000000000}"},
        {"t/r1/build",
         "\1{\"state\":\"failed\",\"tries\":2,\"attempt\":4294967297,"
         "\"fault\":{\"class\":\"USER_FAILURE\",\"exit_code\":3}}"},
        {"t/r1/test[1]", "\1{\"state\":\"ready\"}"},
        {"e/0000000000000001",
         "\1[{\"seq\":1,\"time_ms\":5,\"kind\":\"run.submitted\",\"run\":"
         "\"r1\"},{\"seq\":2,\"time_ms\":6,\"kind\":\"task.ended\",\"run\":"
         "\"r1\",\"task\":\"build\"}]"},
        {"o/r1/build.1.1", "plain bytes"},
    };

    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        ck_assert_int_eq(model_put(h, i + 1, records[i][0], records[i][1]),
                         HAFT_OK);
    }
}

START_TEST(the_views_tell_runs_tasks_and_events)
{
    struct place place = place_make();
    struct fakehost *h = place_open(&place);
    char text[2048];
    sqlite3 *db;

    fill_story(h);
    db = open_outside(&place);

    query(db,
          "SELECT run, workflow, state, principal, created_ms, ended_ms"
          " FROM haft_runs",
          text, sizeof(text));
    ck_assert_str_eq(text, "r1|hello|running|user:anna|1700000000000|NULL\n");
    query(db,
          "SELECT run, task, state, tries, attempt, fault_class, exit_code"
          " FROM haft_tasks ORDER BY task",
          text, sizeof(text));
    ck_assert_str_eq(text, "r1|build|failed|2|4294967297|USER_FAILURE|3\n"
                           "r1|test[1]|ready|NULL|NULL|NULL|NULL\n");
    query(db, "SELECT seq, kind, run, task FROM haft_events ORDER BY seq", text,
          sizeof(text));
    ck_assert_str_eq(text, "1|run.submitted|r1|NULL\n2|task.ended|r1|build\n");
    sqlite3_close(db);
    fakehost_destroy(h);
    place_remove(&place);
}
END_TEST

START_TEST(a_reader_outside_does_not_hold_up_the_host)
{
    struct place place = place_make();
    struct fakehost *h = place_open(&place);
    char text[2048];
    sqlite3 *db;

    fill_story(h);
    db = open_outside(&place);
    ck_assert_int_eq(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM haft_runs;",
                                  NULL, NULL, NULL),
                     SQLITE_OK);

    for (uint64_t batch = 8; batch < 40; batch++) {
        ck_assert_int_eq(model_put(h, batch, "l/r2", "\1{}"), HAFT_OK);
    }
    query(db, "SELECT last FROM haft_batch", text, sizeof(text));
    ck_assert_str_eq(text, "7\n"); /* what it was when the reader began */
    sqlite3_close(db);
    fakehost_destroy(h);
    place_remove(&place);
}
END_TEST

START_TEST(a_closed_store_can_be_read_by_who_may_not_write)
{
    struct place place = place_make();
    struct fakehost *h = place_open(&place);
    char text[2048];
    sqlite3 *db;

    fill_story(h);
    fakehost_destroy(h);

    db = open_outside(&place);
    query(db, "SELECT count(*) FROM haft_events", text, sizeof(text));
    ck_assert_str_eq(text, "2\n");
    query(db, "PRAGMA integrity_check", text, sizeof(text));
    ck_assert_str_eq(text, "ok\n");
    sqlite3_close(db);
    place_remove(&place);
}
END_TEST

TEST_MAIN("storage/sqlite", random_batches_leave_what_the_reference_has,
          a_batch_is_applied_once_and_in_its_turn,
          a_guard_that_fails_undoes_the_whole_batch,
          a_malformed_operation_is_refused_with_its_batch,
          a_scan_keeps_to_its_range_and_limits,
          the_longest_key_and_a_large_value_come_back,
          a_store_that_is_opened_again_has_everything,
          a_short_wal_is_left_for_the_next_start_and_a_long_one_is_not,
          the_file_is_nobody_elses_business, a_store_without_a_path_is_not_made,
          a_store_of_a_newer_haft_is_refused_and_left_alone,
          a_database_of_another_program_is_refused,
          a_file_that_is_no_database_is_corrupt, an_empty_file_becomes_a_store,
          a_missing_folder_is_not_found,
          a_lock_that_stays_is_transient_and_leaves_nothing,
          another_writer_is_noticed, the_views_tell_runs_tasks_and_events,
          a_reader_outside_does_not_hold_up_the_host,
          a_closed_store_can_be_read_by_who_may_not_write)
