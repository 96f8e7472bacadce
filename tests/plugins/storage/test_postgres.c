/* Everything that does not go wrong, and what is refused. What goes wrong is
 * in test_postgres_faults.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <haft/sdk.h>

#include "tests/check_main.h"
#include "tests/plugins/storage/database.h"
#include "tests/plugins/storage/model.h"

#define TRY(name, function)                                                    \
    START_TEST(name)                                                           \
    {                                                                          \
        struct fakehost *h = database_open(#function, NULL);                   \
                                                                               \
        function(h);                                                           \
        fakehost_destroy(h);                                                   \
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
    struct fakehost *h = database_open("again", NULL);

    for (uint64_t batch = 1; batch <= 20; batch++) {
        ck_assert_int_eq(model_commit_numbered(h, batch), HAFT_OK);
        if (batch % 6 == 0) {
            fakehost_destroy(h);
            h = database_open("again", NULL);
            ck_assert_uint_eq(model_last(h), batch);
        }
    }

    model_check_numbered(h, 20);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_schema_may_have_any_name_and_be_there_already)
{
    static const char *const names[] = {"Odd \"name\"; --", "there"};

    database_do("CREATE SCHEMA there");
    for (int i = 0; i < 2; i++) {
        struct fakehost *h = database_open(names[i], NULL);

        ck_assert_uint_eq(model_last(h), 0);
        ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
        fakehost_destroy(h);
    }
}
END_TEST

START_TEST(two_schemas_are_two_stores)
{
    struct fakehost *first = database_open("left", NULL);
    struct fakehost *second = database_open("right", NULL);

    ck_assert_int_eq(model_commit_numbered(first, 1), HAFT_OK);
    ck_assert_int_eq(model_commit_numbered(first, 2), HAFT_OK);

    ck_assert_uint_eq(model_last(second), 0);
    ck_assert_int_eq(model_commit_numbered(second, 1), HAFT_OK);
    ck_assert_uint_eq(model_last(first), 2);
    fakehost_destroy(first);
    fakehost_destroy(second);
}
END_TEST

START_TEST(of_several_hosts_the_one_that_answers_is_used)
{
    char dsn[192];
    struct fakehost *h;

    snprintf(dsn, sizeof(dsn), "dsn=postgresql://haft@/postgres?host=%s,%s",
             "/nowhere", database_folder());
    h = database_open("several", dsn, NULL);

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_batch_of_many_operations_is_one_transaction)
{
    enum {
        COUNT = 20000
    };
    struct fakehost *h = database_open("many", NULL);
    struct haft_storage_op *ops = calloc(COUNT, sizeof(*ops));
    struct haft_storage_commit_in in = {
        .size = sizeof(in), .batch = 1, .ops = {ops, COUNT, sizeof(*ops)}};
    struct haft_storage_scan_in all = {.size = sizeof(all), .limit = COUNT + 1};
    struct haft_storage_scan_out found;
    uint32_t(*keys)[1] = calloc(COUNT, sizeof(*keys));

    ck_assert(ops && keys);
    for (uint32_t i = 0; i < COUNT; i++) {
        keys[i][0] = i * 2654435761u;
        ops[i] = (struct haft_storage_op){.op = HAFT_STORAGE_PUT,
                                          .guard = HAFT_STORAGE_ABSENT,
                                          .version = i,
                                          .key = haft_bytes(keys[i], 4),
                                          .value = haft_bytes(keys[i], 4)};
    }

    ck_assert_int_eq(
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_COMMIT, &in, NULL),
        HAFT_OK);
    ck_assert_int_eq(
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_SCAN, &all, &found),
        HAFT_OK);
    ck_assert_uint_eq(found.records.count, COUNT);
    fakehost_destroy(h);
    free(ops);
    free(keys);
}
END_TEST

START_TEST(values_beyond_what_one_statement_takes_are_one_batch_still)
{
    enum {
        COUNT = 5,
        SIZE = 7 << 20
    };
    struct fakehost *h = database_open("large", NULL);
    struct haft_storage_op ops[COUNT];
    struct haft_storage_commit_in in = {
        .size = sizeof(in), .batch = 1, .ops = {ops, COUNT, sizeof(*ops)}};
    struct haft_storage_scan_in all = {.size = sizeof(all),
                                       .limit_bytes = 3 * SIZE};
    struct haft_storage_scan_out found;
    char *value = calloc(1, SIZE);

    ck_assert_ptr_nonnull(value);
    for (int i = 0; i < COUNT; i++) {
        static const char *const keys[] = {"a", "b", "c", "d", "e"};

        ops[i] = (struct haft_storage_op){.op = HAFT_STORAGE_PUT,
                                          .key = haft_text(keys[i]),
                                          .value = haft_bytes(value, SIZE)};
    }

    ck_assert_int_eq(
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_COMMIT, &in, NULL),
        HAFT_OK);
    ck_assert_int_eq(
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_SCAN, &all, &found),
        HAFT_OK);
    ck_assert_uint_eq(found.records.count, 3);
    ck_assert_uint_eq(found.has_more, 1);
    fakehost_destroy(h);
    free(value);
}
END_TEST

/* ---- what is refused ---- */

static void expect_unmade(const char *setting, const char *code)
{
    struct fakehost *h = fakehost_create(
        "storage-postgres", "plugins/storage/postgres/manifest.json");
    const char *const settings[] = {setting, NULL};

    ck_assert_int_eq(fakehost_make(h, settings), -HAFT_INVALID);
    ck_assert(haft_slice_is(fakehost_fault(h)->code, code));
    fakehost_destroy(h);
}

START_TEST(options_that_cannot_be_right_make_no_instance)
{
    char name[128] = "schema=";

    memset(name + 7, 'x', 64);
    expect_unmade("schema=", "postgres.schema");
    expect_unmade(name, "postgres.schema");
    expect_unmade("dsn=colour=blue", "postgres.dsn");
    expect_unmade("dsn=postgresql://[", "postgres.dsn");
}
END_TEST

static void expect_refusal(struct fakehost *h, uint32_t fault_class,
                           const char *code)
{
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

START_TEST(a_store_of_a_newer_haft_is_refused_and_left_alone)
{
    struct fakehost *h = database_open("newer", NULL);

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    fakehost_destroy(h);
    database_do("UPDATE newer.haft_state SET version = 2");

    expect_refusal(database_open("newer", NULL), HAFT_INVALID,
                   "postgres.newer");

    database_do("UPDATE newer.haft_state SET version = 1");
    h = database_open("newer", NULL);
    ck_assert_uint_eq(model_last(h), 1);
    model_check_numbered(h, 1);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_table_of_another_program_is_refused)
{
    database_do("CREATE SCHEMA theirs; CREATE TABLE theirs.haft_state (x int)");

    expect_refusal(database_open("theirs", NULL), HAFT_INVALID,
                   "postgres.schema");
}
END_TEST

START_TEST(who_may_not_make_a_schema_is_denied)
{
    char dsn[160];

    snprintf(dsn, sizeof(dsn), "dsn=host=%s user=guest dbname=postgres",
             database_folder());
    database_do("CREATE ROLE guest LOGIN");

    expect_refusal(database_open("forbidden", dsn, NULL), HAFT_DENIED,
                   "postgres.denied");
}
END_TEST

START_TEST(what_the_server_says_to_a_stranger_is_understood)
{
    char dsn[160];

    snprintf(dsn, sizeof(dsn), "dsn=host=%s user=stranger dbname=postgres",
             database_folder());
    expect_refusal(database_open("x", dsn, NULL), HAFT_DENIED,
                   "postgres.denied");
    snprintf(dsn, sizeof(dsn), "dsn=host=%s user=haft dbname=nowhere",
             database_folder());
    expect_refusal(database_open("x", dsn, NULL), HAFT_NOT_FOUND,
                   "postgres.database");
    expect_refusal(database_open("x", "dsn=host=/nowhere", NULL),
                   HAFT_BACKEND_DOWN, "postgres.unreachable");
}
END_TEST

/* ---- what people read ---- */

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
    struct fakehost *h = database_open("story", NULL);
    PGconn *conn = database_connect();
    char text[256];

    fill_story(h);

    database_ask(conn,
                 "SELECT concat_ws('|', run, workflow, state, principal,"
                 " created_ms, ended_ms) FROM story.haft_runs",
                 text, sizeof(text));
    ck_assert_str_eq(text, "r1|hello|running|user:anna|1700000000000");
    database_ask(conn,
                 "SELECT concat_ws('|', run, task, state, tries, attempt,"
                 " fault_class, exit_code) FROM story.haft_tasks",
                 text, sizeof(text));
    ck_assert_str_eq(text, "r1|build|failed|2|4294967297|USER_FAILURE|3");
    database_ask(conn,
                 "SELECT string_agg(concat_ws('|', seq, kind, task), ' '"
                 " ORDER BY seq) FROM story.haft_events",
                 text, sizeof(text));
    ck_assert_str_eq(text, "1|run.submitted 2|task.ended|build");
    PQfinish(conn);
    fakehost_destroy(h);
}
END_TEST

static int run_tests(void)
{
    const TTest *const tests[] = {
        random_batches_leave_what_the_reference_has,
        a_batch_is_applied_once_and_in_its_turn,
        a_guard_that_fails_undoes_the_whole_batch,
        a_malformed_operation_is_refused_with_its_batch,
        a_scan_keeps_to_its_range_and_limits,
        the_longest_key_and_a_large_value_come_back,
        a_store_that_is_opened_again_has_everything,
        a_schema_may_have_any_name_and_be_there_already,
        two_schemas_are_two_stores,
        of_several_hosts_the_one_that_answers_is_used,
        a_batch_of_many_operations_is_one_transaction,
        values_beyond_what_one_statement_takes_are_one_batch_still,
        options_that_cannot_be_right_make_no_instance,
        a_store_of_a_newer_haft_is_refused_and_left_alone,
        a_table_of_another_program_is_refused,
        who_may_not_make_a_schema_is_denied,
        what_the_server_says_to_a_stranger_is_understood,
        the_views_tell_runs_tasks_and_events,
    };

    return check_run("storage/postgres", tests,
                     sizeof(tests) / sizeof(tests[0]));
}

int main(void)
{
    return database_run(run_tests);
}
