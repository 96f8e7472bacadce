/* The host is killed with SIGKILL at random moments of a mixed load, and
 * started again, over and over; then all that was acknowledged is counted.
 *
 * The load are runs of tasks that sleep for a while, write lines that follow
 * from their name alone, and exit with a code that does so too; some fail at
 * first and are tried again. Each attempt notes its id in a ledger, at its
 * beginning and at its end. What must hold afterwards: every acknowledged run
 * is there and has ended; every task has ended once, with its own exit code;
 * no attempt began twice; no byte of a log is missing; and nothing that was
 * started is left.
 *
 * HAFT_KILLS says how many kills (`make kill-series` asks for 200). The seed
 * is fixed; the moments are as random as the machine's own pace. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>
#include <sqlite3.h>

#include "host/plain/units.h"
#include "tests/check_main.h"

#define RUNS_LIMIT 2000
#define RUNS 5   /* submitted in each life of the host: 50 attempts in flight */
#define TASKS 10 /* of a run */
#define LINES 40 /* that a task writes, before and after its sleep */
#define SETTLE_S 120

extern char **environ;

struct series {
    char folder[64];
    char haft[512];
    char conf[128];
    char runs[RUNS_LIMIT][24]; /* acknowledged */
    int runs_count;
    int submits; /* all that were tried; the number is the key */
    pid_t host;
    unsigned int seed;
};

/* ---- programs ---- */

/* `errors` -1: nobody wants to read them. */
static pid_t start(const char *const *argv, int output, int errors)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (errors >= 0) {
        posix_spawn_file_actions_adddup2(&actions, errors, 2);
    } else {
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    }
    error = posix_spawn(&pid, argv[0], &actions, NULL,
                        (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    ck_assert_msg(error == 0, "%s: %s", argv[0], strerror(error));
    return pid;
}

/* Runs a program to its end; what it writes is cut at `size`. Returns the exit
 * code, or -1. */
static int run(const char *const *argv, char *text, size_t size)
{
    size_t used = 0;
    ssize_t n = 1;
    int ends[2];
    int status;
    pid_t pid;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid = start(argv, ends[1], -1);
    close(ends[1]);
    while (n > 0 && used + 1 < size) {
        n = read(ends[0], text + used, size - used - 1);
        used += n > 0 ? (size_t)n : 0;
    }
    text[used] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(unsigned int ms)
{
    struct timespec wait = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&wait, NULL);
}

/* ---- the place ---- */

static void write_file(const struct series *s, const char *name,
                       const char *text)
{
    char path[192];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", s->folder, name);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* The exit code of task n: every third fails. */
static int exit_of(int n)
{
    return n % 3 == 2 ? n + 1 : 0;
}

/* Lines of 1 + n % 3 tens of milliseconds apart; number 4 fails at its first
 * try. The ledger's lines are short: an append of one write is whole. */
static void write_workflow(const struct series *s)
{
    char text[8192];
    size_t used = 0;

    used += (size_t)snprintf(text, sizeof(text),
                             "version: 1\nname: load\n"
                             "env: { LEDGER: %s/ledger }\ntasks:\n",
                             s->folder);
    for (int n = 0; n < TASKS; n++) {
        used += (size_t)snprintf(
            text + used, sizeof(text) - used,
            "  t%d:\n    on_fail: continue\n%s    run: |\n"
            "      echo \"begin $HAFT_ATTEMPT\" >> \"$LEDGER\"\n"
            "      i=0\n"
            "      while [ $i -lt %d ]; do echo \"t%d before $i\"; "
            "i=$((i+1)); done\n"
            "      sleep 0.%d\n"
            "      i=0\n"
            "      while [ $i -lt %d ]; do echo \"t%d after $i\"; "
            "i=$((i+1)); done\n"
            "      echo \"end $HAFT_ATTEMPT\" >> \"$LEDGER\"\n"
            "      %s\n",
            n, n == 4 ? "    retry: 2\n" : "", LINES, n, 1 + n % 8, LINES, n,
            n == 4 ? "[ \"$HAFT_TRIES\" -gt 1 ]" : "true");
        if (exit_of(n) != 0) {
            used += (size_t)snprintf(text + used, sizeof(text) - used,
                                     "      exit %d\n", exit_of(n));
        }
        ck_assert_uint_lt(used, sizeof(text));
    }
    write_file(s, "load.yaml", text);
}

static void write_conf(const struct series *s)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    char text[1024];

    snprintf(text, sizeof(text),
             "[host]\nstate = %s/state\nmodules = %s\n"
             "isolation = none\n"
             "[pool:process]\nslots = 50\n"
             "[retry:backoff]\nbase = 50ms\n",
             s->folder, modules ? modules : ".libs");
    write_file(s, "haft.conf", text);
}

static struct series *begin_series(void)
{
    const char *build = getenv("HAFT_BUILDDIR");
    struct series *s = calloc(1, sizeof(*s));

    ck_assert_ptr_nonnull(s);
    s->seed = 20261126;
    snprintf(s->folder, sizeof(s->folder), "/tmp/haft-kill-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(s->folder));
    snprintf(s->haft, sizeof(s->haft), "%s/haft", build ? build : ".");
    snprintf(s->conf, sizeof(s->conf), "%s/haft.conf", s->folder);
    write_workflow(s);
    write_conf(s);
    return s;
}

static void end_series(struct series *s)
{
    const char *const argv[] = {"/bin/rm", "-rf", s->folder, NULL};
    char text[64];

    run(argv, text, sizeof(text));
    free(s);
}

/* ---- the load ---- */

static void start_host(struct series *s)
{
    const char *const argv[] = {s->haft, "serve", "--config", s->conf, NULL};
    char path[128];
    int log;

    snprintf(path, sizeof(path), "%s/serve.log", s->folder);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(log, 0);
    s->host = start(argv, log, log);
    close(log);
}

/* Submits one run; its id counts from the moment that it is printed. What is
 * not acknowledged may still be there: it is submitted again under its key. */
static bool submit(struct series *s, int number)
{
    char key[32];
    char file[128];
    char text[256];
    const char *const argv[] = {s->haft, "submit",   file,    "--key",
                                key,     "--config", s->conf, NULL};
    int code;

    snprintf(key, sizeof(key), "k%d", number);
    snprintf(file, sizeof(file), "%s/load.yaml", s->folder);
    code = run(argv, text, sizeof(text));
    if (code != 0) {
        return false;
    }
    text[strcspn(text, "\n")] = '\0';
    ck_assert_msg(strlen(text) > 0 && strlen(text) < 24, "submit said \"%s\"",
                  text);
    ck_assert_int_lt(s->runs_count, RUNS_LIMIT);
    memcpy(s->runs[s->runs_count++], text, strlen(text) + 1);
    return true;
}

/* Until the host is there: with none, `status` answers too, as a reader. */
static void wait_until_ready(struct series *s)
{
    const char *const argv[] = {s->haft, "status", "--config", s->conf, NULL};
    int64_t limit_ms = now_ms() + 30000;
    char text[4096];

    while (run(argv, text, sizeof(text)) != 0 ||
           !strstr(text, "is_owner        yes")) {
        ck_assert_msg(now_ms() < limit_ms, "the host does not come up");
        ck_assert_msg(waitpid(s->host, NULL, WNOHANG) == 0,
                      "the host has ended by itself");
        pause_ms(20);
    }
}

/* One life of the host: some runs, and the end at some moment. */
static void live_and_die(struct series *s)
{
    int status;

    start_host(s);
    if (rand_r(&s->seed) % 4 != 0) { /* else it dies as it starts */
        wait_until_ready(s);
        for (int i = 0; i < RUNS; i++) {
            if (submit(s, s->submits)) {
                s->submits++;
            }
        }
    }
    pause_ms(rand_r(&s->seed) % 300);
    kill(s->host, SIGKILL);
    ck_assert_int_eq(waitpid(s->host, &status, 0), s->host);
    ck_assert_msg(WIFSIGNALED(status), "the host had ended by itself: %d",
                  status);
}

/* ---- what is left ---- */

static sqlite3 *open_store(const struct series *s)
{
    char path[128];
    sqlite3 *db;

    snprintf(path, sizeof(path), "%s/state/haft.db", s->folder);
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

/* The first column of the first row as a number; -1 if there is no row. */
static int64_t ask_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    int64_t number = -1;

    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK,
                  "%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(stmt) == SQLITE_ROW &&
        sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
        number = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return number;
}

static void wait_until_settled(struct series *s)
{
    int64_t limit_ms = now_ms() + SETTLE_S * 1000;
    sqlite3 *db = open_store(s);

    while (ask_number(db, "SELECT count(*) FROM haft_runs WHERE state NOT IN "
                          "('succeeded', 'failed', 'cancelled')") > 0) {
        ck_assert_msg(now_ms() < limit_ms, "runs do not end");
        ck_assert_msg(waitpid(s->host, NULL, WNOHANG) == 0,
                      "the host has ended by itself");
        pause_ms(100);
    }
    sqlite3_close(db);
}

static void check_runs(const struct series *s, sqlite3 *db)
{
    char sql[256];

    ck_assert_int_eq(ask_number(db, "SELECT count(*) FROM haft_runs"),
                     s->runs_count);
    for (int i = 0; i < s->runs_count; i++) {
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) FROM haft_runs WHERE run = '%s'"
                 " AND state = 'failed'",
                 s->runs[i]);
        ck_assert_msg(ask_number(db, sql) == 1, "run %s is lost or not failed",
                      s->runs[i]);
    }
}

static void check_tasks(const struct series *s, sqlite3 *db)
{
    char sql[512];

    ck_assert_int_eq(ask_number(db, "SELECT count(*) FROM haft_tasks"),
                     (int64_t)s->runs_count * TASKS);
    for (int n = 0; n < TASKS; n++) {
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) FROM haft_tasks WHERE task = 't%d'"
                 " AND state = '%s' AND tries = %d AND losses IS NULL"
                 " AND ifnull(exit_code, 0) = %d",
                 n, exit_of(n) ? "failed" : "succeeded", n == 4 ? 2 : 1,
                 n == 4 ? 1 : exit_of(n));
        ck_assert_msg(ask_number(db, sql) == s->runs_count,
                      "task t%d: not all ended as they should", n);
    }
    ck_assert_int_eq(
        ask_number(db, "SELECT count(*) FROM (SELECT 1 FROM haft_events WHERE "
                       "kind = 'task.done' GROUP BY run, task"
                       " HAVING count(*) <> 1)"),
        0);
    ck_assert_int_eq(
        ask_number(db, "SELECT count(*) FROM (SELECT 1 FROM haft_events WHERE "
                       "kind = 'task.ended' GROUP BY attempt"
                       " HAVING count(*) <> 1)"),
        0);
    ck_assert_int_eq(ask_number(db, "SELECT count(*) - count(DISTINCT seq)"
                                    " FROM haft_events"),
                     0);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each attempt has one begin and one end, and there are as many as tries. */
static void check_ledger(const struct series *s)
{
    char **lines = calloc((size_t)RUNS_LIMIT * TASKS * 3, sizeof(*lines));
    char path[128];
    char line[128];
    size_t count = 0;
    FILE *file;

    ck_assert_ptr_nonnull(lines);
    snprintf(path, sizeof(path), "%s/ledger", s->folder);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file)) {
        lines[count++] = strdup(line);
    }
    fclose(file);
    qsort(lines, count, sizeof(*lines), compare_lines);
    for (size_t i = 1; i < count; i++) {
        ck_assert_msg(strcmp(lines[i - 1], lines[i]) != 0, "twice: %s",
                      lines[i]);
    }
    ck_assert_uint_eq(count, (size_t)s->runs_count * (TASKS + 1) * 2);
    for (size_t i = 0; i < count; i++) {
        free(lines[i]);
    }
    free(lines);
}

static void expected_log(int n, char *text, size_t size)
{
    size_t used = 0;

    for (int half = 0; half < 2; half++) {
        for (int i = 0; i < LINES; i++) {
            used += (size_t)snprintf(text + used, size - used, "t%d %s %d\n", n,
                                     half ? "after" : "before", i);
        }
    }
}

static void check_logs(const struct series *s)
{
    static char expected[8192];
    static char found[16384];

    for (int i = 0; i < s->runs_count; i += 1 + s->runs_count / 20) {
        for (int n = 0; n < TASKS; n++) {
            char task[16];
            const char *const argv[] = {s->haft,    "logs",  s->runs[i], task,
                                        "--config", s->conf, NULL};

            snprintf(task, sizeof(task), "t%d", n);
            expected_log(n, expected, sizeof(expected));
            ck_assert_int_eq(run(argv, found, sizeof(found)), 0);
            ck_assert_msg(strcmp(found, expected) == 0, "log of %s %s: %s",
                          s->runs[i], task, found);
        }
    }
}

/* Processes with this series' ledger in their environment: what the host has
 * started, whoever its parent is by now. */
static int count_children(const struct series *s)
{
    static char environment[65536];
    char mark[128];
    struct dirent *entry;
    DIR *folder = opendir("/proc");
    int count = 0;

    ck_assert_ptr_nonnull(folder);
    snprintf(mark, sizeof(mark), "LEDGER=%s", s->folder);
    for (entry = readdir(folder); entry; entry = readdir(folder)) {
        char path[300];
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "/proc/%s/environ", entry->d_name);
        fd = isdigit((unsigned char)entry->d_name[0])
                 ? open(path, O_RDONLY | O_CLOEXEC)
                 : -1;
        if (fd < 0) {
            continue;
        }
        n = read(fd, environment, sizeof(environment));
        count += n > 0 && memmem(environment, (size_t)n, mark, strlen(mark));
        close(fd);
    }
    closedir(folder);
    return count;
}

static int kills_wanted(void)
{
    const char *text = getenv("HAFT_KILLS");
    int64_t count;

    return text && units_int(text, &count) && count > 0 && count <= 10000
               ? (int)count
               : 8;
}

START_TEST(a_host_that_is_killed_at_any_moment_loses_nothing)
{
    struct series *s = begin_series();
    int kills = kills_wanted();
    sqlite3 *db;

    for (int i = 0; i < kills; i++) {
        live_and_die(s);
    }
    start_host(s);
    wait_until_ready(s);
    while (!submit(s, s->submits)) {
        pause_ms(50);
    }
    wait_until_settled(s);

    ck_assert_int_ge(s->runs_count, kills / 2);
    db = open_store(s);
    check_runs(s, db);
    check_tasks(s, db);
    sqlite3_close(db);
    check_ledger(s);
    check_logs(s);
    ck_assert_int_eq(count_children(s), 0);
    kill(s->host, SIGTERM);
    ck_assert_int_eq(waitpid(s->host, NULL, 0), s->host);
    end_series(s);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_host_that_is_killed_at_any_moment_loses_nothing};
    Suite *suite = suite_create("faults/host_kill");
    TCase *tcase = tcase_create("kills");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60 + SETTLE_S + 4 * kills_wanted());
    tcase_add_test(tcase, tests[0]);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
