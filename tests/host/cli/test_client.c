#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cli/client.h"
#include "tests/check_main.h"
#include "tests/host/door/desk.h"

/* A config and a folder for its state. */
struct place {
    char folder[64];
    struct config *config;
    struct str why;
};

static void open_place(struct place *p)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    char text[1024];
    int size;

    *p = (struct place){.folder = "/tmp/haft-client-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(p->folder));
    str_init(&p->why, STR_WHY_LIMIT);
    size = snprintf(text, sizeof(text),
                    "[host]\nstate = %s/state\nmodules = %s\n"
                    "isolation = none\n"
                    "log_level = error\n[storage]\nplugin = memory\n"
                    "[auth:peer]\n"
                    "[route]\nprocess = noop\n[executor:noop]\n",
                    p->folder, modules ? modules : ".libs");
    p->config = config_read(text, (size_t)size, "/x/haft.conf", true, &p->why);
    ck_assert_msg(p->config != NULL, "%s", p->why.text);
    log_set_level(LOG_LEVEL_ERROR);
}

static void close_place(struct place *p)
{
    config_destroy(p->config);
    str_finish(&p->why);
    desk_remove(p->folder);
}

static struct client *enter(struct place *p, enum client_mode mode)
{
    struct client *c = client_open(p->config, mode, &p->why);

    ck_assert_msg(c != NULL, "%s", p->why.text);
    return c;
}

static cJSON *ask(struct client *c, const char *op, const char *params,
                  const struct client_listener *listener)
{
    struct fault fault = {0};
    cJSON *result = client_call(c, op, params ? cJSON_Parse(params) : NULL,
                                listener, &fault);

    ck_assert_msg(result != NULL, "%s", fault.message);
    return result;
}

static void count(void *ctx, const char *json, size_t size)
{
    int *events = ctx;

    ck_assert_uint_eq(strlen(json), size);
    ++*events;
}

#define HELLO                                                                  \
    "{\"document\":\"version: 1\\ntasks: {a: {run: x}}\",\"name\":\"hello\"}"

/* Submits a run, waits for its end and hears its story. */
static void run_hello(struct client *c)
{
    int events = 0;
    const struct client_listener listener = {count, &events};
    cJSON *result = ask(c, "run.submit", HELLO, NULL);
    int64_t left_ms = DESK_WAIT_MS;
    bool has_ended = false;

    cJSON_Delete(result);
    while (!has_ended) {
        result = ask(c, "run.get", "{\"run\":\"last\"}", NULL);
        has_ended = json_get_int(result, "ended_ms", 0) != 0;
        cJSON_Delete(result);
        ck_assert_int_gt(left_ms, 0);
        left_ms -= 2;
        poll(NULL, 0, 2);
        client_settle(c);
    }
    cJSON_Delete(ask(c, "run.events", "{\"run\":\"last\"}", &listener));
    ck_assert_int_gt(events, 2);
}

START_TEST(who_wants_an_owner_is_told_that_there_is_none)
{
    struct place p;

    open_place(&p);

    ck_assert_ptr_null(client_open(p.config, CLIENT_OWNER, &p.why));

    ck_assert_msg(strstr(p.why.text, "no host is running on ") != NULL, "%s",
                  p.why.text);
    close_place(&p);
}
END_TEST

START_TEST(who_reads_where_nobody_was_makes_nothing)
{
    struct place p;
    struct client *c;
    cJSON *result;

    open_place(&p);
    c = enter(&p, CLIENT_READ);

    result = ask(c, "run.list", NULL, NULL);

    ck_assert_int_eq(cJSON_GetArraySize(json_get(result, "runs")), 0);
    ck_assert_int_ne(access(p.config->host.state, F_OK), 0);
    cJSON_Delete(result);
    client_close(c);
    close_place(&p);
}
END_TEST

START_TEST(who_runs_where_nobody_is_becomes_the_owner)
{
    struct place p;
    struct client *c;
    cJSON *result;

    open_place(&p);
    c = enter(&p, CLIENT_RUN);

    run_hello(c);

    result = ask(c, "host.status", NULL, NULL);
    ck_assert_int_eq(json_get_int(result, "pid", 0), getpid());
    cJSON_Delete(result);
    client_close(c);
    close_place(&p);
}
END_TEST

START_TEST(a_fault_is_kept_whole)
{
    struct fault fault = {0};
    struct place p;
    struct client *c;

    open_place(&p);
    c = enter(&p, CLIENT_RUN);

    ck_assert_ptr_null(client_call(
        c, "run.get", cJSON_Parse("{\"run\":\"abc\"}"), NULL, &fault));

    ck_assert_uint_eq(fault.fault_class, HAFT_NOT_FOUND);
    ck_assert_str_eq(fault.code, "host.run_unknown");
    ck_assert_ptr_nonnull(strstr(fault.message, "abc"));
    client_close(c);
    close_place(&p);
}
END_TEST

static void stop(void *ctx, int signal)
{
    bool *is_over = ctx;

    (void)signal;
    *is_over = true;
}

/* A host in a process of its own, which ends at SIGTERM. */
static pid_t serve(struct place *p)
{
    pid_t pid = fork();
    struct host *host = NULL;
    bool is_over = false;

    if (pid) {
        return pid;
    }
    if (host_open(p->config, HOST_OWNER, &host, &p->why) != HOST_OPENED) {
        exit(EXIT_FAILURE);
    }
    loop_signal_add(host_loop(host), SIGTERM, stop, &is_over);
    while (!is_over && host_turn(host)) {
        continue;
    }
    host_close(host);
    exit(EXIT_SUCCESS);
}

START_TEST(where_there_is_an_owner_it_is_asked)
{
    struct fault fault = {0};
    struct place p;
    struct client *c = NULL;
    int64_t left_ms = DESK_WAIT_MS;
    cJSON *result;
    pid_t pid;

    open_place(&p);
    pid = serve(&p);
    while (!c) {
        c = client_open(p.config, CLIENT_OWNER, &p.why);
        ck_assert_msg(left_ms > 0, "%s", p.why.text);
        left_ms -= 5;
        poll(NULL, 0, 5);
    }

    run_hello(c);
    result = ask(c, "host.status", NULL, NULL);
    ck_assert_int_eq(json_get_int(result, "pid", 0), pid);
    cJSON_Delete(result);
    kill(pid, SIGTERM);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_ptr_null(client_call(c, "host.status", NULL, NULL, &fault));
    ck_assert_uint_eq(fault.fault_class, HAFT_BACKEND_DOWN);
    ck_assert_str_eq(fault.code, "host.gone");
    ck_assert_str_eq(client_why(c), "the host has closed the connection");
    client_close(c);
    close_place(&p);
}
END_TEST

TEST_MAIN("client", who_wants_an_owner_is_told_that_there_is_none,
          who_reads_where_nobody_was_makes_nothing,
          who_runs_where_nobody_is_becomes_the_owner, a_fault_is_kept_whole,
          where_there_is_an_owner_it_is_asked)
