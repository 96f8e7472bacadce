/* What goes wrong around a PostgreSQL store: sessions that end, a server that
 * goes down, connections that are cut, other hosts. Always the same is asked:
 * what was acknowledged is there, nothing is there twice or by half, and `last`
 * says how far it got. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <haft/sdk.h>

#include "tests/check_main.h"
#include "tests/plugins/storage/database.h"
#include "tests/plugins/storage/model.h"
#include "tests/plugins/storage/proxy.h"

#define WAIT_S 30 /* for what takes milliseconds */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

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
    int64_t end = now_ms() + WAIT_S * 1000;
    haft_status status = model_commit_numbered(h, batch);
    int troubles = 0;

    while (status != HAFT_OK) {
        uint64_t last = batch - 1;

        ck_assert_int_lt(now_ms(), end);
        ck_assert_int_ne(status, -HAFT_CONFLICT);
        ck_assert_int_ne(status, -HAFT_INVALID);
        troubles++;
        if (fakehost_fault(h)->effect != HAFT_EFFECT_NOT_STARTED) {
            while (!ask_last(h, &last)) {
                ck_assert_int_lt(now_ms(), end);
                poll(NULL, 0, 2);
            }
            ck_assert(last == batch || last == batch - 1);
        }
        poll(NULL, 0, 2);
        status = last == batch ? HAFT_OK : model_commit_numbered(h, batch);
    }
    return troubles;
}

static void expect(struct fakehost *h, haft_status found, uint32_t fault_class,
                   const char *code)
{
    ck_assert_int_eq(found, -(haft_status)fault_class);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_msg(haft_slice_is(fakehost_fault(h)->code, code), "%.*s",
                  (int)fakehost_fault(h)->message.n,
                  (const char *)fakehost_fault(h)->message.p);
}

static void expect_maybe(struct fakehost *h, haft_status found)
{
    ck_assert_int_eq(found, -HAFT_UNKNOWN_OUTCOME);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_MAYBE);
}

/* What anybody reads there, without a lease. */
static void check_store(const char *schema, uint64_t batch)
{
    struct fakehost *h = database_open(schema, NULL);

    ck_assert_uint_eq(model_last(h), batch);
    model_check_numbered(h, batch);
    fakehost_destroy(h);
}

/* A statement about the table haft_state of a schema. */
static void do_state(const char *format, const char *schema)
{
    char sql[512];

    snprintf(sql, sizeof(sql), format, schema);
    database_do(sql);
}

static void end_lease(const char *schema)
{
    do_state("UPDATE %s.haft_state SET until = clock_timestamp()", schema);
}

/* The holder's session is gone; what held it does not know yet. */
static void end_session(const char *schema)
{
    PGconn *conn = database_connect();
    char sql[256];

    do_state("SELECT pg_terminate_backend(pid) FROM %s.haft_state", schema);
    snprintf(sql, sizeof(sql),
             "SELECT NOT EXISTS (SELECT FROM pg_stat_activity"
             " JOIN %s.haft_state USING (pid))",
             schema);
    database_wait(conn, sql);
    PQfinish(conn);
}

/* ---- sessions and servers ---- */

START_TEST(a_session_that_ended_while_idle_is_replaced_unnoticed)
{
    struct fakehost *h = database_open("idle", NULL);

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    end_session("idle");
    ck_assert_int_eq(model_commit_numbered(h, 2), HAFT_OK);
    end_session("idle");
    ck_assert_uint_eq(model_last(h), 2);
    end_session("idle");
    model_check_numbered(h, 2);
    fakehost_destroy(h);
}
END_TEST

/* Holds the row of a schema's lease until somebody waits for it, and then does
 * to the one who waits what `what` says. */
struct holdup {
    const char *schema;
    const char *what;
    PGconn *conn;
    pthread_t thread;
};

static void *hold_up(void *arg)
{
    struct holdup *holdup = arg;
    PGconn *conn = database_connect();

    database_wait(conn, "SELECT count(*) = 1 FROM pg_stat_activity"
                        " WHERE wait_event_type = 'Lock'");
    database_ask(conn, holdup->what, NULL, 0);
    database_wait(conn, "SELECT count(*) = 0 FROM pg_stat_activity"
                        " WHERE wait_event_type = 'Lock'");
    PQfinish(conn);
    PQfinish(holdup->conn); /* lets go of the row */
    return NULL;
}

static void start_holdup(struct holdup *holdup)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "BEGIN; SELECT FROM %s.haft_state FOR UPDATE",
             holdup->schema);
    holdup->conn = database_connect();
    database_ask(holdup->conn, sql, NULL, 0);
    ck_assert_int_eq(pthread_create(&holdup->thread, NULL, hold_up, holdup), 0);
}

START_TEST(a_session_killed_in_the_middle_of_a_commit_leaves_nothing_unknown)
{
    struct fakehost *h = database_open("killed", NULL);
    struct holdup holdup = {
        .schema = "killed",
        .what = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock'"};

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    start_holdup(&holdup);

    expect_maybe(h, model_commit_numbered(h, 2));
    pthread_join(holdup.thread, NULL);
    ck_assert_uint_eq(model_last(h), 1);
    ck_assert_int_eq(model_commit_numbered(h, 2), HAFT_OK);
    model_check_numbered(h, 2);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_statement_that_is_cancelled_is_transient_and_leaves_nothing)
{
    struct fakehost *h = database_open("cancelled", NULL);
    struct holdup holdup = {
        .schema = "cancelled",
        .what = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock'"};

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    start_holdup(&holdup);

    expect(h, model_commit_numbered(h, 2), HAFT_TRANSIENT, "postgres.timeout");
    pthread_join(holdup.thread, NULL);
    ck_assert_uint_eq(model_last(h), 1);
    ck_assert_int_eq(model_commit_numbered(h, 2), HAFT_OK);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_row_that_stays_locked_is_given_up_in_time)
{
    struct fakehost *h = database_open("locked", "timeout=500ms", NULL);
    PGconn *conn = database_connect();
    int64_t begin;

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    database_ask(conn, "BEGIN; SELECT FROM locked.haft_state FOR UPDATE", NULL,
                 0);
    begin = now_ms();

    expect(h, model_commit_numbered(h, 2), HAFT_TRANSIENT, "postgres.timeout");

    ck_assert_int_lt(now_ms() - begin, 5000);
    PQfinish(conn);
    ck_assert_int_eq(commit_surely(h, 2), 0);
    fakehost_destroy(h);
}
END_TEST

static pid_t session_of(PGconn *conn, const char *schema)
{
    char sql[128];
    char text[32];

    snprintf(sql, sizeof(sql), "SELECT pid FROM %s.haft_state", schema);
    database_ask(conn, sql, text, sizeof(text));
    return (pid_t)strtoll(text, NULL, 10);
}

START_TEST(a_server_that_falls_silent_is_given_up_in_time)
{
    struct fakehost *h = database_open("silent", "timeout=400ms", NULL);
    PGconn *conn = database_connect();
    int64_t begin;
    pid_t pid;

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    pid = session_of(conn, "silent");
    PQfinish(conn);
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    begin = now_ms();

    expect_maybe(h, model_commit_numbered(h, 2));

    ck_assert_int_lt(now_ms() - begin, 5000);
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
    commit_surely(h, 2);
    model_check_numbered(h, 2);
    fakehost_destroy(h);
}
END_TEST

START_TEST(an_instance_ends_in_time_though_the_server_is_silent)
{
    struct fakehost *h = database_open("frozen", NULL);
    PGconn *conn = database_connect();
    int64_t begin;
    pid_t pid;

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    pid = session_of(conn, "frozen");
    PQfinish(conn);
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    begin = now_ms();

    fakehost_destroy(h);

    ck_assert_int_lt(now_ms() - begin, 2000);
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
}
END_TEST

struct waiting {
    struct fakehost *h;
    uint64_t call;
};

static void *cancel_waiting(void *arg)
{
    const struct waiting *waiting = arg;
    PGconn *conn = database_connect();

    database_wait(conn, "SELECT count(*) = 1 FROM pg_stat_activity"
                        " WHERE wait_event_type = 'Lock'");
    fakehost_cancel(waiting->h, waiting->call);
    PQfinish(conn);
    return NULL;
}

START_TEST(a_call_that_nobody_wants_any_more_ends)
{
    struct fakehost *h = database_open("unwanted", "timeout=1h", NULL);
    struct haft_storage_last_in in = {.size = sizeof(in)};
    struct waiting waiting = {.h = h};
    PGconn *conn = database_connect();
    pthread_t thread;

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    waiting.call = fakehost_begin(h, &haft_storage_v1, HAFT_STORAGE_LAST, &in);
    ck_assert_int_eq(fakehost_end(h, waiting.call++, NULL), HAFT_OK);
    database_ask(conn, "BEGIN; SELECT FROM unwanted.haft_state FOR UPDATE",
                 NULL, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_waiting, &waiting),
                     0);

    expect_maybe(h, model_commit_numbered(h, 2));

    pthread_join(thread, NULL);
    PQfinish(conn);
    commit_surely(h, 2);
    model_check_numbered(h, 2);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_server_that_is_down_is_down_and_nothing_was_started)
{
    struct fakehost *h = database_open("down", NULL);
    uint64_t last;

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    database_stop();

    expect(h, model_commit_numbered(h, 2), HAFT_BACKEND_DOWN,
           "postgres.unreachable");
    ck_assert(!ask_last(h, &last));
    expect(h, model_commit_numbered(h, 2), HAFT_BACKEND_DOWN,
           "postgres.unreachable");

    database_start();
    ck_assert_int_eq(model_commit_numbered(h, 2), HAFT_OK);
    model_check_numbered(h, 2);
    fakehost_destroy(h);
}
END_TEST

static void *restart_often(void *arg)
{
    atomic_int *restarts = arg;

    for (int i = 0; i < 4; i++) {
        database_restart();
        atomic_fetch_add(restarts, 1);
    }
    return NULL;
}

START_TEST(a_server_restarted_under_load_loses_nothing_and_has_nothing_twice)
{
    struct fakehost *h = database_open("load", NULL);
    atomic_int restarts = 0;
    pthread_t thread;
    uint64_t batch = 0;
    int troubles = 0;

    ck_assert_int_eq(model_commit_numbered(h, ++batch), HAFT_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, restart_often, &restarts),
                     0);
    while (atomic_load(&restarts) < 4 || batch < 200) {
        troubles += commit_surely(h, ++batch);
    }
    pthread_join(thread, NULL);

    ck_assert_int_gt(troubles, 0);
    ck_assert_uint_eq(model_last(h), batch);
    model_check_numbered(h, batch);
    fakehost_destroy(h);
    check_store("load", batch);
}
END_TEST

START_TEST(a_server_that_may_only_be_read_is_down_until_it_may_be_written_to)
{
    struct fakehost *h = database_open("reading", NULL);
    PGconn *conn = database_connect();
    int64_t end = now_ms() + WAIT_S * 1000;
    haft_status status = HAFT_OK;
    uint64_t batch = 0;

    ck_assert_int_eq(model_commit_numbered(h, ++batch), HAFT_OK);
    database_ask(conn, "SET default_transaction_read_only = off", NULL, 0);
    database_ask(conn, "ALTER SYSTEM SET default_transaction_read_only = on",
                 NULL, 0);
    database_ask(conn, "SELECT pg_reload_conf()", NULL, 0);
    while (status == HAFT_OK) { /* until its session has heard of it */
        ck_assert_int_lt(now_ms(), end);
        status = model_commit_numbered(h, batch + 1);
        batch += status == HAFT_OK;
    }
    expect(h, status, HAFT_BACKEND_DOWN, "postgres.readonly");

    /* A new connection finds nobody who may write. */
    expect(h, model_commit_numbered(h, batch + 1), HAFT_BACKEND_DOWN,
           "postgres.unreachable");

    database_ask(conn, "ALTER SYSTEM RESET default_transaction_read_only", NULL,
                 0);
    database_ask(conn, "SELECT pg_reload_conf()", NULL, 0);
    commit_surely(h, ++batch);
    ck_assert_uint_eq(model_last(h), batch);
    model_check_numbered(h, batch);
    PQfinish(conn);
    fakehost_destroy(h);
}
END_TEST

/* ---- connections that are cut ---- */

START_TEST(a_commit_whose_reply_was_lost_is_there_once)
{
    struct proxy *proxy = proxy_start(database_folder());
    struct fakehost *h = database_open_at(proxy_folder(proxy), "reply");

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    for (uint64_t batch = 2; batch < 12; batch++) {
        proxy_cut(proxy, PROXY_TO_CLIENT, 0);

        expect_maybe(h, model_commit_numbered(h, batch));

        commit_surely(h, batch);
        ck_assert_int_eq(model_commit_numbered(h, batch), HAFT_OK);
        ck_assert_uint_eq(model_last(h), batch);
    }
    model_check_numbered(h, 11);
    fakehost_destroy(h);
    proxy_stop(proxy);
    check_store("reply", 11);
}
END_TEST

START_TEST(a_commit_that_was_cut_on_its_way_is_not_there_and_is_sent_again)
{
    struct proxy *proxy = proxy_start(database_folder());
    struct fakehost *h = database_open_at(proxy_folder(proxy), "request");

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    for (uint64_t batch = 2; batch < 12; batch++) {
        proxy_cut(proxy, PROXY_TO_SERVER, 40 * (long)batch);

        expect_maybe(h, model_commit_numbered(h, batch));

        ck_assert_uint_eq(model_last(h), batch - 1);
        ck_assert_int_eq(model_commit_numbered(h, batch), HAFT_OK);
    }
    model_check_numbered(h, 11);
    fakehost_destroy(h);
    proxy_stop(proxy);
    check_store("request", 11);
}
END_TEST

static uint64_t draw(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

START_TEST(connections_cut_at_any_byte_lose_nothing_and_leave_nothing_twice)
{
    enum {
        BATCHES = 150
    };
    struct proxy *proxy = proxy_start(database_folder());
    struct fakehost *h = database_open_at(proxy_folder(proxy), "cut");
    uint64_t seed = 4711;
    int troubles = 0;

    for (uint64_t batch = 1; batch <= BATCHES; batch++) {
        uint64_t way = draw(&seed) % 2;
        uint64_t bytes = draw(&seed) % (draw(&seed) % 4 == 0 ? 9000 : 700);

        proxy_cut(proxy, (enum proxy_way)way, (long)bytes);
        troubles += commit_surely(h, batch);
    }

    ck_assert_int_gt(proxy_cuts(proxy), BATCHES / 4);
    ck_assert_int_gt(troubles, BATCHES / 4);
    proxy_stop(proxy);
    fakehost_destroy(h);
    check_store("cut", BATCHES);
}
END_TEST

START_TEST(a_connection_that_never_comes_about_is_given_up_in_time)
{
    char dsn[192];
    struct proxy *proxy = proxy_start(database_folder());
    struct fakehost *h;
    int64_t begin = now_ms();

    snprintf(dsn, sizeof(dsn), "dsn=host=%s dbname=postgres user=haft",
             proxy_folder(proxy));
    h = database_open("never", dsn, "timeout=300ms", NULL);
    proxy_hold(proxy, PROXY_HOLD_ALL);

    expect(h, model_commit_numbered(h, 1), HAFT_BACKEND_DOWN,
           "postgres.unreachable");

    ck_assert_int_lt(now_ms() - begin, 5000);
    proxy_hold(proxy, PROXY_HOLD_NONE);
    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    fakehost_destroy(h);
    proxy_stop(proxy);
}
END_TEST

START_TEST(a_batch_that_arrives_after_its_connection_was_replaced_is_fenced)
{
    char dsn[192];
    struct proxy *proxy = proxy_start(database_folder());
    PGconn *conn = database_connect();
    struct fakehost *h;

    snprintf(dsn, sizeof(dsn), "dsn=host=%s dbname=postgres user=haft",
             proxy_folder(proxy));
    h = database_open("late", dsn, "timeout=400ms", NULL);
    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    proxy_hold(proxy, PROXY_HOLD_OLD);
    expect_maybe(h, model_commit_numbered(h, 2));
    ck_assert_uint_eq(model_last(h), 1);

    proxy_hold(proxy, PROXY_HOLD_NONE); /* now it comes, and its session ends */
    database_wait(conn, "SELECT count(*) = 1 FROM pg_stat_activity"
                        " WHERE application_name = 'haft'");

    ck_assert_uint_eq(model_last(h), 1);
    ck_assert_int_eq(model_put(h, 2, "c/0000000000000002", "v"), HAFT_OK);
    PQfinish(conn);
    fakehost_destroy(h);
    proxy_stop(proxy);
}
END_TEST

/* ---- other hosts ---- */

START_TEST(a_second_host_is_told_at_once_who_owns_the_store)
{
    struct fakehost *first = database_open("owned", "lease=1h", NULL);
    struct fakehost *second = database_open("owned", NULL);
    int64_t begin = now_ms();

    ck_assert_int_eq(model_commit_numbered(first, 1), HAFT_OK);

    expect(second, model_commit_numbered(second, 2), HAFT_TRANSIENT,
           "postgres.owned");
    ck_assert_int_gt(fakehost_fault(second)->retry_after_ms, 3000000);
    expect(second, model_put(second, 3, "k", "v"), HAFT_INVALID,
           "postgres.batch");
    ck_assert_int_lt(now_ms() - begin, 5000);
    ck_assert_uint_eq(model_last(second), 1);

    fakehost_destroy(first); /* gives it back */
    ck_assert_int_eq(model_commit_numbered(second, 2), HAFT_OK);
    model_check_numbered(second, 2);
    fakehost_destroy(second);
}
END_TEST

START_TEST(an_owner_without_work_stays_the_owner_while_it_is_connected)
{
    struct fakehost *first = database_open("resting", NULL);
    struct fakehost *second = database_open("resting", NULL);

    ck_assert_int_eq(model_commit_numbered(first, 1), HAFT_OK);
    end_lease("resting");

    expect(second, model_commit_numbered(second, 2), HAFT_TRANSIENT,
           "postgres.owned");

    ck_assert_int_eq(model_commit_numbered(first, 2), HAFT_OK);
    fakehost_destroy(first);
    fakehost_destroy(second);
}
END_TEST

START_TEST(an_owner_whose_connection_is_lost_has_the_time_of_its_lease)
{
    struct fakehost *first = database_open("back", NULL);
    struct fakehost *second = database_open("back", NULL);

    ck_assert_int_eq(model_commit_numbered(first, 1), HAFT_OK);
    end_session("back");

    expect(second, model_commit_numbered(second, 2), HAFT_TRANSIENT,
           "postgres.owned");
    ck_assert_int_eq(model_commit_numbered(first, 2), HAFT_OK);

    end_session("back"); /* and more, as long as nobody else comes */
    end_lease("back");
    ck_assert_int_eq(model_commit_numbered(first, 3), HAFT_OK);
    fakehost_destroy(first);
    fakehost_destroy(second);
}
END_TEST

START_TEST(a_host_that_has_lost_its_lease_is_fenced)
{
    struct fakehost *first = database_open("stale", NULL);
    struct fakehost *second = database_open("stale", NULL);

    ck_assert_int_eq(model_commit_numbered(first, 1), HAFT_OK);
    end_session("stale");
    end_lease("stale");
    ck_assert_int_eq(model_commit_numbered(second, 2), HAFT_OK);

    for (uint64_t batch = 2; batch < 4; batch++) {
        expect(first, model_commit_numbered(first, batch), HAFT_CONFLICT,
               "postgres.fenced");
    }
    ck_assert_uint_eq(model_last(first), 2);
    model_check_numbered(first, 2);

    fakehost_destroy(first); /* gives nothing back: it is not its own */
    ck_assert_int_eq(model_commit_numbered(second, 3), HAFT_OK);
    model_check_numbered(second, 3);
    fakehost_destroy(second);
}
END_TEST

START_TEST(a_host_that_is_fenced_while_connected_writes_nothing)
{
    struct fakehost *first = database_open("fenced", NULL);

    ck_assert_int_eq(model_commit_numbered(first, 1), HAFT_OK);
    do_state("UPDATE %s.haft_state SET holder = 'else', epoch = epoch + 1",
             "fenced");

    expect(first, model_commit_numbered(first, 2), HAFT_CONFLICT,
           "postgres.fenced");
    ck_assert_uint_eq(model_last(first), 1);
    model_check_numbered(first, 1);
    fakehost_destroy(first);
}
END_TEST

START_TEST(a_new_holder_answers_for_the_last_batch_by_its_content)
{
    struct fakehost *first = database_open("content", NULL);
    struct fakehost *second = database_open("content", NULL);
    struct fakehost *third = database_open("content", NULL);

    for (uint64_t batch = 1; batch <= 3; batch++) {
        ck_assert_int_eq(model_commit_numbered(first, batch), HAFT_OK);
    }

    /* While the dead one's lease is there, and when it is over. */
    end_session("content");
    ck_assert_int_eq(model_commit_numbered(second, 3), HAFT_OK);
    expect(second, model_put(second, 3, "other", "content"), HAFT_CONFLICT,
           "postgres.number");
    expect(second, model_commit_numbered(second, 2), HAFT_CONFLICT,
           "postgres.number");
    end_lease("content");
    ck_assert_int_eq(model_commit_numbered(second, 3), HAFT_OK);
    expect(second, model_put(second, 3, "other", "content"), HAFT_CONFLICT,
           "postgres.number");
    expect(second, model_commit_numbered(second, 2), HAFT_CONFLICT,
           "postgres.number");
    ck_assert_int_eq(model_commit_numbered(second, 4), HAFT_OK);
    ck_assert_int_eq(model_put(second, 4, "sent", "again"), HAFT_OK);
    ck_assert_int_eq(model_commit_numbered(second, 3), HAFT_OK);

    /* Of one that has not yet heard that it lost the store. */
    expect(first, model_commit_numbered(first, 4), HAFT_CONFLICT,
           "postgres.fenced");
    expect(third, model_put(third, 4, "other", "content"), HAFT_CONFLICT,
           "postgres.number");
    ck_assert_uint_eq(model_last(third), 4);
    model_check_numbered(third, 4);
    fakehost_destroy(first);
    fakehost_destroy(second);
    fakehost_destroy(third);
}
END_TEST

START_TEST(a_guard_that_fails_says_conflict_though_the_lease_is_anothers)
{
    struct fakehost *first = database_open("guards", NULL);
    struct fakehost *second = database_open("guards", NULL);
    struct haft_storage_op op = {.op = HAFT_STORAGE_CHECK,
                                 .guard = HAFT_STORAGE_EQUAL,
                                 .expected = 7,
                                 .key = haft_text("owner")};
    struct haft_storage_commit_in in = {
        .size = sizeof(in), .batch = 2, .ops = {&op, 1, sizeof(op)}};

    ck_assert_int_eq(model_put(first, 1, "owner", "v"), HAFT_OK);

    expect(
        second,
        fakehost_ask(second, &haft_storage_v1, HAFT_STORAGE_COMMIT, &in, NULL),
        HAFT_CONFLICT, "postgres.guard");
    op.expected = 1;
    expect(
        second,
        fakehost_ask(second, &haft_storage_v1, HAFT_STORAGE_COMMIT, &in, NULL),
        HAFT_TRANSIENT, "postgres.owned");
    fakehost_destroy(first);
    fakehost_destroy(second);
}
END_TEST

static void *open_and_commit(void *arg)
{
    struct fakehost *h = arg;

    return (void *)(intptr_t)model_put(h, 1, "k", "v");
}

START_TEST(of_two_hosts_that_make_the_store_at_once_one_owns_it)
{
    for (int i = 0; i < 5; i++) {
        struct fakehost *hosts[2];
        pthread_t threads[2];
        void *found[2];
        char schema[16];

        snprintf(schema, sizeof(schema), "race%d", i);
        for (int n = 0; n < 2; n++) {
            hosts[n] = database_open(schema, NULL);
            ck_assert_int_eq(
                pthread_create(&threads[n], NULL, open_and_commit, hosts[n]),
                0);
        }
        for (int n = 0; n < 2; n++) {
            ck_assert_int_eq(pthread_join(threads[n], &found[n]), 0);
        }

        /* The same content: the one that does not own it may see it there. */
        ck_assert(!found[0] || !found[1]);
        for (int n = 0; n < 2; n++) {
            ck_assert(!found[n] ||
                      found[n] == (void *)(intptr_t)-HAFT_TRANSIENT);
            ck_assert_uint_eq(model_last(hosts[n]), 1);
            fakehost_destroy(hosts[n]);
        }
    }
}
END_TEST

static int run_tests(void)
{
    const TTest *const tests[] = {
        a_session_that_ended_while_idle_is_replaced_unnoticed,
        a_session_killed_in_the_middle_of_a_commit_leaves_nothing_unknown,
        a_statement_that_is_cancelled_is_transient_and_leaves_nothing,
        a_row_that_stays_locked_is_given_up_in_time,
        a_server_that_falls_silent_is_given_up_in_time,
        an_instance_ends_in_time_though_the_server_is_silent,
        a_call_that_nobody_wants_any_more_ends,
        a_server_that_is_down_is_down_and_nothing_was_started,
        a_server_restarted_under_load_loses_nothing_and_has_nothing_twice,
        a_server_that_may_only_be_read_is_down_until_it_may_be_written_to,
        a_commit_whose_reply_was_lost_is_there_once,
        a_commit_that_was_cut_on_its_way_is_not_there_and_is_sent_again,
        connections_cut_at_any_byte_lose_nothing_and_leave_nothing_twice,
        a_connection_that_never_comes_about_is_given_up_in_time,
        a_batch_that_arrives_after_its_connection_was_replaced_is_fenced,
        a_second_host_is_told_at_once_who_owns_the_store,
        an_owner_without_work_stays_the_owner_while_it_is_connected,
        an_owner_whose_connection_is_lost_has_the_time_of_its_lease,
        a_host_that_has_lost_its_lease_is_fenced,
        a_host_that_is_fenced_while_connected_writes_nothing,
        a_new_holder_answers_for_the_last_batch_by_its_content,
        a_guard_that_fails_says_conflict_though_the_lease_is_anothers,
        of_two_hosts_that_make_the_store_at_once_one_owns_it,
    };

    return check_run("storage/postgres faults", tests,
                     sizeof(tests) / sizeof(tests[0]));
}

int main(void)
{
    return database_run(run_tests);
}
