#include "tests/plugins/storage/database.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#define SKIPPED 77
#define OPTIONS_LIMIT 8
#define WAIT_S 30 /* for what takes milliseconds */

static struct {
    char folder[64];
    char data[80];
    char bin[PATH_MAX];
    int alive; /* open as long as the program, or a test of it, is there */
    pid_t guardian;
} server = {.alive = -1};

const char *database_folder(void)
{
    return server.folder;
}

/* ---- programs ---- */

/* A server does not run as root. */
static void become_somebody(void)
{
    const struct passwd *user = getpwnam("postgres");

    if (geteuid() != 0) {
        return;
    }
    user = user ? user : getpwnam("nobody");
    if (!user || setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0) {
        _exit(126);
    }
}

static pid_t start(const char *const *argv, int output)
{
    pid_t pid = fork();

    if (pid == 0) {
        become_somebody();
        if (chdir("/") != 0 || dup2(open("/dev/null", O_RDONLY), 0) < 0 ||
            dup2(output, 1) < 0 || dup2(output, 2) < 0) {
            _exit(126);
        }
        setenv("LC_ALL", "C", 1);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

/* The exit status; what it writes is added to the file log in the folder. */
static int run(const char *const *argv)
{
    char log[sizeof(server.folder) + 8];
    int output;
    int status = -1;
    pid_t pid;

    snprintf(log, sizeof(log), "%s/log", server.folder);
    output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    pid = start(argv, output);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Where the server's programs are: not in PATH. */
static bool find_bin(void)
{
    const char *const argv[] = {"pg_config", "--bindir", NULL};
    char initdb[PATH_MAX + 8];
    int ends[2];
    ssize_t size;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    pid = start(argv, ends[1]);
    close(ends[1]);
    size = read(ends[0], server.bin, sizeof(server.bin) - 1);
    close(ends[0]);
    waitpid(pid, NULL, 0);
    server.bin[size > 0 ? size : 0] = '\0';
    server.bin[strcspn(server.bin, "\n")] = '\0';
    snprintf(initdb, sizeof(initdb), "%s/initdb", server.bin);
    return server.bin[0] == '/' && access(initdb, X_OK) == 0;
}

static int control(const char *verb, const char *mode)
{
    char program[PATH_MAX + 8];
    char log[sizeof(server.data) + 16];
    char options[512];
    const char *const argv[] = {
        program, "-D", server.data, "-w", "-t",    "60", "-m",
        mode,    "-l", log,         "-o", options, verb, NULL,
    };

    snprintf(program, sizeof(program), "%s/pg_ctl", server.bin);
    snprintf(log, sizeof(log), "%s/../server", server.data);
    snprintf(options, sizeof(options),
             "-c listen_addresses='' -c unix_socket_directories=%s"
             " -c shared_buffers=16MB -c fsync=off -c log_statement=none"
             " -c max_connections=20 -c autovacuum=off",
             server.folder);
    return run(argv);
}

void database_stop(void)
{
    ck_assert_int_eq(control("stop", "immediate"), 0);
}

void database_start(void)
{
    ck_assert_int_eq(control("start", "fast"), 0);
}

void database_restart(void)
{
    ck_assert_int_eq(control("restart", "immediate"), 0);
}

/* ---- the whole of it ---- */

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry = folder ? readdir(folder) : NULL;

    while (entry) {
        char name[PATH_MAX];

        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR) {
            if (strcmp(entry->d_name, ".") != 0 &&
                strcmp(entry->d_name, "..") != 0) {
                remove_folder(name);
            }
        } else {
            unlink(name);
        }
        entry = readdir(folder);
    }
    if (folder) {
        closedir(folder);
    }
    rmdir(path);
}

/* In a session of its own, which no signal to the tests' group reaches. */
static void guard(int end)
{
    char byte;

    setsid();
    while (read(end, &byte, 1) != 0 && errno == EINTR) {
    }
    control("stop", "immediate");
    remove_folder(server.folder);
    _exit(0);
}

static bool set_up(void)
{
    char initdb[PATH_MAX + 8];
    const char *const argv[] = {initdb,      "-D",         server.data,
                                "-U",        "haft",       "-A",
                                "trust",     "-E",         "UTF8",
                                "--no-sync", "--locale=C", "--no-instructions",
                                NULL};

    snprintf(initdb, sizeof(initdb), "%s/initdb", server.bin);
    return run(argv) == 0 && control("start", "fast") == 0;
}

static bool make_folder(void)
{
    snprintf(server.folder, sizeof(server.folder), "/tmp/haft-pg-XXXXXX");
    if (!mkdtemp(server.folder)) {
        return false;
    }
    snprintf(server.data, sizeof(server.data), "%s/data", server.folder);
    return chmod(server.folder, 0777) == 0;
}

static void show_log(void)
{
    char name[sizeof(server.folder) + 8];
    char line[512];
    FILE *log;

    snprintf(name, sizeof(name), "%s/log", server.folder);
    log = fopen(name, "r");
    while (log && fgets(line, sizeof(line), log)) {
        fputs(line, stderr);
    }
    if (log) {
        fclose(log);
    }
}

int database_run(int (*tests)(void))
{
    int ends[2];
    int status = EXIT_FAILURE;

    if (!find_bin()) {
        puts("skipped: there is no PostgreSQL server (pg_config, initdb)");
        return SKIPPED;
    }
    if (!make_folder() || pipe2(ends, O_CLOEXEC) != 0) {
        perror("a folder for the server");
        return EXIT_FAILURE;
    }
    server.guardian = fork();
    if (server.guardian == 0) {
        close(ends[1]);
        guard(ends[0]);
    }
    close(ends[0]);
    server.alive = ends[1];
    if (set_up()) {
        status = tests();
    } else {
        show_log();
    }
    close(server.alive);
    waitpid(server.guardian, NULL, 0);
    return status;
}

/* ---- beside the plugin ---- */

PGconn *database_connect(void)
{
    const char *const keywords[] = {"host", "dbname", "user",
                                    "application_name", NULL};
    const char *const values[] = {server.folder, "postgres", "haft", "test",
                                  NULL};
    PGconn *conn = PQconnectdbParams(keywords, values, 0);

    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    return conn;
}

void database_ask(PGconn *conn, const char *sql, char *room, size_t size)
{
    PGresult *rows = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(rows);

    ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK,
                  "%s: %s", sql, PQerrorMessage(conn));
    if (room) {
        snprintf(room, size, "%s",
                 PQntuples(rows) > 0 ? PQgetvalue(rows, 0, 0) : "");
    }
    PQclear(rows);
}

void database_do(const char *sql)
{
    PGconn *conn = database_connect();

    database_ask(conn, sql, NULL, 0);
    PQfinish(conn);
}

void database_wait(PGconn *conn, const char *sql)
{
    time_t end = time(NULL) + WAIT_S;
    char answer[8] = "";

    while (strcmp(answer, "t") != 0) {
        ck_assert_msg(time(NULL) <= end, "waited in vain: %s", sql);
        database_ask(conn, sql, answer, sizeof(answer));
        poll(NULL, 0, 2);
    }
}

static struct fakehost *make(const char *const *settings)
{
    struct fakehost *h = fakehost_create(
        "storage-postgres", "plugins/storage/postgres/manifest.json");

    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}

struct fakehost *database_open(const char *schema, ...)
{
    const char *settings[OPTIONS_LIMIT + 3] = {NULL};
    char dsn[160];
    char name[96];
    size_t count = 0;
    va_list args;

    snprintf(dsn, sizeof(dsn), "dsn=host=%s dbname=postgres user=haft",
             server.folder);
    snprintf(name, sizeof(name), "schema=%s", schema);
    va_start(args, schema);
    while (count < OPTIONS_LIMIT) {
        settings[count] = va_arg(args, const char *);
        if (!settings[count]) {
            break;
        }
        count++;
    }
    va_end(args);
    settings[count] = dsn; /* if it is not there: the first one counts */
    settings[count + 1] = name;
    return make(settings);
}

struct fakehost *database_open_at(const char *folder, const char *schema)
{
    char dsn[160];
    char name[96];
    const char *const settings[] = {dsn, name, NULL};

    snprintf(dsn, sizeof(dsn), "dsn=host=%s dbname=postgres user=haft", folder);
    snprintf(name, sizeof(name), "schema=%s", schema);
    return make(settings);
}
