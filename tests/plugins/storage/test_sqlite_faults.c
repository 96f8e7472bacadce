/* What goes wrong under a SQLite store, step by step: each write, sync,
 * truncation and deletion in turn fails, or is the last thing that the process
 * does. Always the same is asked: what was acknowledged is there, nothing is
 * there by half, and `last` says how far it got. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/check_main.h"
#include "tests/plugins/storage/crashvfs.h"
#include "tests/plugins/storage/model.h"
#include "tests/plugins/storage/place.h"

#define BATCHES 11

/* Asks for the last batch; false and no more if the store cannot say. */
static bool ask_last(struct fakehost *h, uint64_t *batch)
{
    struct haft_storage_last_in in = {.size = sizeof(in)};
    struct haft_storage_last_out out;
    haft_status status =
        fakehost_ask(h, &haft_storage_v1, HAFT_STORAGE_LAST, &in, &out);

    *batch = status == HAFT_OK ? out.batch : 0;
    return status == HAFT_OK;
}

/* Commits a batch as the host does: what is known to have failed is sent
 * again, what is not known is asked for. Returns how often it went wrong. */
static int commit_surely(struct fakehost *h, uint64_t batch)
{
    int troubles = 0;
    bool is_done = model_commit_numbered(h, batch) == HAFT_OK;

    while (!is_done) {
        bool may_be_there =
            fakehost_fault(h)->effect != HAFT_EFFECT_NOT_STARTED;
        uint64_t last = 0;

        troubles++;
        ck_assert_int_lt(troubles, 50);
        if (may_be_there && !ask_last(h, &last)) {
            continue;
        }
        is_done = last == batch;
        if (!is_done) {
            is_done = model_commit_numbered(h, batch) == HAFT_OK;
        }
    }
    return troubles;
}

/* How many steps a workload takes when nothing goes wrong. */
static int count_steps(const struct place *place)
{
    struct fakehost *h;
    int steps;

    crashvfs_arm(CRASH_NOTHING, 0, 0);
    h = place_open(place);
    for (uint64_t batch = 1; batch <= BATCHES; batch++) {
        ck_assert_int_eq(model_commit_numbered(h, batch), HAFT_OK);
    }
    steps = crashvfs_steps();
    fakehost_destroy(h);
    place_empty(place);
    ck_assert_int_gt(steps, BATCHES * 3);
    return steps;
}

/* The n-th step fails, `times` in a row; the host goes on all the same. */
static int live_through(const struct place *place, enum crash_kind kind, int n,
                        int times)
{
    struct fakehost *h;
    int troubles = 0;

    crashvfs_arm(kind, n, times);
    h = place_open(place);
    for (uint64_t batch = 1; batch <= BATCHES; batch++) {
        uint64_t last;

        troubles += commit_surely(h, batch);
        if (ask_last(h, &last)) {
            ck_assert_uint_eq(last, batch);
        }
    }
    crashvfs_arm(CRASH_NOTHING, 0, 0);
    model_check_numbered(h, BATCHES);
    fakehost_destroy(h);
    h = place_open(place);
    ck_assert_uint_eq(model_last(h), BATCHES);
    model_check_numbered(h, BATCHES);
    fakehost_destroy(h);
    place_empty(place);
    return troubles;
}

static void try_every_step(enum crash_kind kind, int times)
{
    struct place place = place_make();
    int troubles = 0;
    int steps;

    crashvfs_install();
    steps = count_steps(&place);
    for (int n = 1; n <= steps; n++) {
        troubles += live_through(&place, kind, n, times);
    }
    ck_assert_int_gt(troubles, steps / 2); /* else nothing went wrong */
    place_remove(&place);
}

START_TEST(an_io_error_at_any_step_loses_nothing)
{
    try_every_step(CRASH_IOERR, 1);
}
END_TEST

START_TEST(an_io_error_of_what_was_done_loses_nothing)
{
    try_every_step(CRASH_LATE, 1);
}
END_TEST

/* The number in the file itself, whatever its WAL says. */
static uint64_t last_in_file(const struct place *place)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    char uri[192];
    uint64_t last;

    snprintf(uri, sizeof(uri), "file:%s?immutable=1", place->file);
    ck_assert_int_eq(
        sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL),
        SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_prepare_v2(db, "SELECT last FROM haft_batch", -1, &stmt, NULL),
        SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    last = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return last;
}

/* The n-th step fails; true if that left a commit in doubt. */
static bool ends_in_doubt(const struct place *place, int n)
{
    struct fakehost *h;
    bool is_doubtful = false;
    uint64_t in_file;

    crashvfs_arm(CRASH_LATE, n, 1);
    h = place_open(place);
    for (uint64_t batch = 1; batch <= BATCHES && !is_doubtful; batch++) {
        is_doubtful = model_commit_numbered(h, batch) != HAFT_OK &&
                      fakehost_fault(h)->effect == HAFT_EFFECT_MAYBE;
    }
    fakehost_destroy(h);
    crashvfs_arm(CRASH_NOTHING, 0, 0);
    if (is_doubtful) {
        in_file = last_in_file(place);
        h = place_open(place);
        ck_assert_uint_eq(in_file, model_last(h));
        fakehost_destroy(h);
    }
    place_empty(place);
    return is_doubtful;
}

START_TEST(a_commit_in_doubt_is_in_the_file_once_the_store_is_closed)
{
    struct place place = place_make();
    int doubts = 0;
    int steps;

    crashvfs_install();
    steps = count_steps(&place);
    for (int n = 1; n <= steps; n++) {
        doubts += ends_in_doubt(&place, n);
    }
    ck_assert_int_gt(doubts, 0);
    place_remove(&place);
}
END_TEST

START_TEST(a_full_disk_at_any_step_loses_nothing)
{
    try_every_step(CRASH_FULL, 1);
}
END_TEST

START_TEST(errors_that_go_on_for_a_while_lose_nothing)
{
    try_every_step(CRASH_IOERR, 5);
}
END_TEST

/* ---- the end of the process ---- */

/* The writer is this program once more, told by its environment: one that is
 * killed must not share Check's messages with the test that kills it. */
#define WRITER "HAFT_TEST_WRITER" /* folder, kind, step, descriptor */

/* Commits, and tells each acknowledged number, until it dies. */
START_TEST(the_writer)
{
    struct place place;
    struct fakehost *h;
    uint64_t batch;
    int kind;
    int n;
    int acks;

    ck_assert_int_eq(
        sscanf(getenv(WRITER), "%63s %d %d %d", place.folder, &kind, &n, &acks),
        4);
    snprintf(place.file, sizeof(place.file), "%s/haft.db", place.folder);
    crashvfs_install();
    h = place_open(&place);
    crashvfs_arm((enum crash_kind)kind, n, 1);
    batch = model_last(h);
    while (n == 0 || batch < BATCHES) {
        batch++;
        ck_assert_int_eq(model_commit_numbered(h, batch), HAFT_OK);
        ck_assert_int_eq(write(acks, &batch, sizeof(batch)), sizeof(batch));
    }
    crashvfs_arm(CRASH_NOTHING, 0, 0);
    fakehost_destroy(h);
}
END_TEST

/* Starts one; the numbers that it acknowledges are read from `*acks`. */
static pid_t start_writer(const struct place *place, enum crash_kind kind,
                          int *acks, int n)
{
    char told[128];
    int ends[2];
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    snprintf(told, sizeof(told), "%s %d %d %d", place->folder, (int)kind, n,
             ends[1]);
    setenv(WRITER, told, 1);
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        execl("/proc/self/exe", "writer", (char *)NULL);
        _exit(3);
    }
    unsetenv(WRITER);
    ck_assert_int_gt(pid, 0);
    close(ends[1]);
    *acks = ends[0];
    return pid;
}

static uint64_t last_ack(int acks)
{
    uint64_t batch = 0;
    uint64_t next;

    while (read(acks, &next, sizeof(next)) == sizeof(next)) {
        batch = next;
    }
    close(acks);
    return batch;
}

/* What a dead writer left is whole, and has all that it acknowledged. */
static uint64_t check_what_is_left(const struct place *place, uint64_t acked)
{
    struct fakehost *h = place_open(place);
    uint64_t last = model_last(h);

    ck_assert_uint_ge(last, acked);
    ck_assert_uint_le(last, acked + 1);
    model_check_numbered(h, last);
    ck_assert_int_eq(model_commit_numbered(h, last + 1), HAFT_OK);
    model_check_numbered(h, last + 1);
    fakehost_destroy(h);
    return last + 1;
}

/* The n-th step is the last, for every n. */
static void end_at_every_step(enum crash_kind kind)
{
    struct place place = place_make();
    int ends = 0;
    int status = SIGKILL;

    crashvfs_install();
    for (int n = 1; WIFSIGNALED(status); n++) {
        int acks;
        pid_t pid = start_writer(&place, kind, &acks, n);
        uint64_t acked = last_ack(acks);

        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ends += WIFSIGNALED(status);
        ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        check_what_is_left(&place, acked);
        place_empty(&place);
    }
    ck_assert_int_gt(ends, BATCHES * 3);
    place_remove(&place);
}

START_TEST(a_kill_at_any_step_loses_nothing_acknowledged)
{
    end_at_every_step(CRASH_KILL);
}
END_TEST

START_TEST(a_power_loss_at_any_step_loses_nothing_acknowledged)
{
    end_at_every_step(CRASH_POWER);
}
END_TEST

START_TEST(a_kill_at_any_moment_loses_nothing_acknowledged)
{
    struct place place = place_make();
    unsigned int seed = 11;
    uint64_t before = 0;

    for (int i = 0; i < 25; i++) {
        int acks;
        int status;
        pid_t pid = start_writer(&place, CRASH_NOTHING, &acks, 0);
        struct timespec wait = {0, (long)(rand_r(&seed) % 40) * 1000000};
        uint64_t first;
        uint64_t acked;

        ck_assert_int_eq(read(acks, &first, sizeof(first)), sizeof(first));
        nanosleep(&wait, NULL); /* the moment, not a wait for something */
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        acked = last_ack(acks);
        acked = acked > first ? acked : first;
        before = check_what_is_left(&place, acked > before ? acked : before);
    }
    ck_assert_uint_gt(before, 25);
    place_remove(&place);
}
END_TEST

static int be_writer(void)
{
    Suite *suite = suite_create("writer");
    TCase *tcase = tcase_create("writer");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, the_writer);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
    const TTest *const tests[] = {
        an_io_error_at_any_step_loses_nothing,
        an_io_error_of_what_was_done_loses_nothing,
        a_commit_in_doubt_is_in_the_file_once_the_store_is_closed,
        a_full_disk_at_any_step_loses_nothing,
        errors_that_go_on_for_a_while_lose_nothing,
        a_kill_at_any_step_loses_nothing_acknowledged,
        a_power_loss_at_any_step_loses_nothing_acknowledged,
        a_kill_at_any_moment_loses_nothing_acknowledged};

    if (getenv(WRITER)) {
        return be_writer();
    }
    return check_run("storage/sqlite faults", tests,
                     sizeof(tests) / sizeof(tests[0]));
}
