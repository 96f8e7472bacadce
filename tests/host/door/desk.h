/* A host in this process, on the memory store and the executor that runs
 * nothing, and somebody who asks it.
 *
 * desk_ask turns the host until the last word has come; a deadline fails the
 * test. What came is in `result` or in `fault_class` and `message`; pieces of
 * a log are in `log`. */
#ifndef TESTS_HOST_DOOR_DESK_H
#define TESTS_HOST_DOOR_DESK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "host/base/config.h"
#include "host/host.h"
#include "host/plain/json.h"

#define DESK_WAIT_MS 30000

struct desk {
    char folder[64];
    struct config *config;
    struct host *host;
    struct loop_timer deadline;
    bool is_late;

    cJSON *result;
    int events;
    struct str log;
    uint32_t fault_class;
    char code[64];
    char message[4096];
    bool is_answered;
    const char *wanted; /* kind of an event */
    bool has_come;
};

static inline void desk_late(void *ctx)
{
    struct desk *desk = ctx;

    desk->is_late = true;
}

static inline void desk_turn(struct desk *desk)
{
    struct loop *loop = host_loop(desk->host);

    loop_timer_set(loop, &desk->deadline, loop_now_ms(loop) + DESK_WAIT_MS);
    ck_assert_msg(host_turn(desk->host), "%s", host_why(desk->host));
    loop_timer_clear(loop, &desk->deadline);
    ck_assert_msg(!desk->is_late, "waited in vain");
}

/* With more sections in the config. */
static inline void desk_open_with(struct desk *desk, enum host_part part,
                                  const char *sections)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    char text[2048];
    struct str why;
    int size;

    *desk = (struct desk){.folder = "/tmp/haft-desk-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(desk->folder));
    size = snprintf(text, sizeof(text),
                    "[host]\nstate = %s/state\nmodules = %s\n"
                    "isolation = none\n"
                    "log_level = error\n"
                    "[storage]\nplugin = memory\n"
                    "[route]\nprocess = noop\n[executor:noop]\n%s",
                    desk->folder, modules ? modules : ".libs", sections);
    ck_assert_int_lt(size, (int)sizeof(text));
    str_init(&why, 1 << 16);
    desk->config =
        config_read(text, (size_t)size, "/desk/haft.conf", true, &why);
    ck_assert_msg(desk->config != NULL, "%s", why.text);
    log_set_level(LOG_LEVEL_ERROR);
    ck_assert_msg(host_open(desk->config, part, &desk->host, &why) ==
                      HOST_OPENED,
                  "%s", why.text);
    str_finish(&why);
    str_init(&desk->log, 1 << 20);
    loop_timer_init(&desk->deadline, desk_late, desk);
    while (!host_is_ready(desk->host)) {
        desk_turn(desk);
    }
}

static inline void desk_open(struct desk *desk, enum host_part part)
{
    desk_open_with(desk, part, "");
}

static inline void desk_forget(struct desk *desk)
{
    cJSON_Delete(desk->result);
    desk->result = NULL;
    desk->events = 0;
    str_reset(&desk->log);
    desk->fault_class = 0;
    desk->code[0] = '\0';
    desk->message[0] = '\0';
    desk->is_answered = false;
}

static inline void desk_remove(const char *folder)
{
    pid_t pid = fork();

    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static inline void desk_close(struct desk *desk)
{
    desk_forget(desk);
    while (!host_is_settled(desk->host)) {
        desk_turn(desk);
    }
    host_close(desk->host);
    config_destroy(desk->config);
    str_finish(&desk->log);
    desk_remove(desk->folder);
}

static inline void desk_event(void *ctx, const char *json, size_t size)
{
    struct desk *desk = ctx;
    cJSON *event = cJSON_ParseWithLength(json, size);

    ck_assert_ptr_nonnull(event);
    str_add_text(&desk->log, json_get_text(event, "text", ""));
    cJSON_Delete(event);
    desk->events++;
}

static inline void desk_result(void *ctx, const char *json, size_t size)
{
    struct desk *desk = ctx;
    struct str why;

    ck_assert(!desk->is_answered);
    str_init(&why, STR_WHY_LIMIT);
    desk->result = json_read(json, size, &why);
    ck_assert_msg(desk->result != NULL, "%s", why.text);
    str_finish(&why);
    desk->is_answered = true;
}

static inline void desk_error(void *ctx, const struct fault *fault)
{
    struct desk *desk = ctx;

    ck_assert(!desk->is_answered);
    desk->fault_class = fault->fault_class;
    snprintf(desk->code, sizeof(desk->code), "%s", fault->code);
    snprintf(desk->message, sizeof(desk->message), "%s", fault->message);
    desk->is_answered = true;
}

/* `params` is JSON, or NULL. */
static inline void desk_ask(struct desk *desk, const char *op,
                            const char *params)
{
    const struct op_answer answer = {desk_event, desk_result, desk_error, desk};
    cJSON *tree = params ? cJSON_Parse(params) : NULL;

    ck_assert(!params || tree);
    desk_forget(desk);
    ops_call(host_ops(desk->host), op, "user:tester", tree, &answer);
    while (!desk->is_answered) {
        desk_turn(desk);
    }
}

/* The answer is a result. */
static inline void desk_get(struct desk *desk, const char *op,
                            const char *params)
{
    desk_ask(desk, op, params);
    ck_assert_msg(desk->result != NULL, "%s", desk->message);
}

static inline void desk_look(void *ctx, const char *json, size_t size)
{
    struct desk *desk = ctx;
    cJSON *event = cJSON_ParseWithLength(json, size);

    if (strcmp(json_get_text(event, "kind", ""), desk->wanted) == 0) {
        desk->has_come = true;
    }
    cJSON_Delete(event);
}

/* Turns until an event of that kind has been told of the last run. */
static inline void desk_wait(struct desk *desk, const char *kind)
{
    const struct op_answer answer = {desk_look, desk_result, desk_error, desk};
    uint64_t id;

    desk_forget(desk);
    desk->wanted = kind;
    desk->has_come = false;
    id = ops_call(host_ops(desk->host), "run.events", "user:tester",
                  cJSON_Parse("{\"run\":\"last\",\"follow\":true}"), &answer);
    while (!desk->has_come) {
        ck_assert_msg(!desk->is_answered, "%s", desk->message);
        desk_turn(desk);
    }
    ops_drop(host_ops(desk->host), id);
}

static inline void desk_submit(struct desk *desk, const char *document)
{
    cJSON *params = cJSON_CreateObject();
    char *json;

    cJSON_AddStringToObject(params, "document", document);
    cJSON_AddStringToObject(params, "name", "desk");
    json = cJSON_PrintUnformatted(params);
    desk_get(desk, "run.submit", json);
    cJSON_Delete(params);
    cJSON_free(json);
}

/* Until the run has ended, and all that is on disk. */
static inline void desk_run(struct desk *desk, const char *document)
{
    desk_submit(desk, document);
    desk_wait(desk, "run.ended");
}

/* The answer is a fault of that class whose message holds `part`. */
static inline void desk_fail(struct desk *desk, const char *op,
                             const char *params, uint32_t fault_class,
                             const char *part)
{
    desk_ask(desk, op, params);
    ck_assert_ptr_null(desk->result);
    ck_assert_msg(desk->fault_class == fault_class, "%s: %s", op,
                  desk->message);
    ck_assert_msg(strstr(desk->message, part) != NULL, "%s", desk->message);
}

#endif
