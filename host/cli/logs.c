/* logs, events. */
#include <stdlib.h>
#include <string.h>

#include "host/cli/command.h"
#include "host/plain/json.h"

/* ---- logs ---- */

/* A log that is being printed, and how far. */
struct reader {
    struct cli *cli;
    struct client *client;
    const struct given *given;
    const char *run;
    const char *task;
    int stream;
    int64_t try; /* 0: nothing yet */
    int64_t offset;
};

static void print_piece(void *ctx, const char *json, size_t size)
{
    struct reader *r = ctx;
    FILE *out = r->stream == 2 ? stderr : stdout;
    struct str why;
    int64_t try;
    cJSON *piece;

    str_init(&why, STR_WHY_LIMIT);
    piece = json_read(json, size, &why);
    try = json_get_int(piece, "try", 0);
    if (r->try && try != r->try) {
        fprintf(stderr, "== try %lld\n", (long long)try);
    }
    r->try = try;
    r->offset =
        json_get_int(piece, "offset", 0) + json_get_int(piece, "size", 0);
    fputs(json_get_text(piece, "text", ""), out);
    fflush(out);
    cJSON_Delete(piece);
    str_finish(&why);
}

/* From the offset on; `try` 0: of the last, and followed to the next. */
static bool read_log(struct reader *r, int64_t try, struct fault *fault)
{
    const struct client_listener listener = {print_piece, r};
    cJSON *params = cJSON_CreateObject();
    cJSON *result;

    cJSON_AddStringToObject(params, "run", r->run);
    cJSON_AddStringToObject(params, "task", r->task);
    cJSON_AddNumberToObject(params, "stream", r->stream);
    cJSON_AddNumberToObject(params, "offset", (double)r->offset);
    if (try) {
        cJSON_AddNumberToObject(params, "try", (double)try);
    }
    if (given_has(r->given, "follow")) {
        cJSON_AddTrueToObject(params, "follow");
    }
    result = client_call(r->client, "task.log", params, &listener, fault);
    cJSON_Delete(result);
    return result != NULL;
}

/* The host that was asked has left, and took the end of the log with it: the
 * next one, or the store, has the rest. */
static bool read_rest(struct reader *r, int64_t try, struct fault *fault)
{
    int64_t at = try;
    bool is_read;

    if (!at) {
        at = r->try;
    }
    client_close(r->client);
    r->client = cli_open(r->cli, CLIENT_READ);
    if (!r->client) {
        return false;
    }
    is_read = read_log(r, at, fault);
    while (is_read && !try && at > 0) {
        r->offset = 0;
        at++;
        if (!read_log(r, at, fault)) {
            return fault->fault_class == HAFT_NOT_FOUND; /* no such try */
        }
    }
    return is_read;
}

static int print_log(struct reader *r)
{
    const char *given = given_value(r->given, "try", 0);
    int64_t try = given ? strtoll(given, NULL, 10) : 0;
    struct fault fault;
    bool is_read;

    r->try = 0;
    r->offset = 0;
    is_read = read_log(r, try, &fault);
    if (!is_read && given_has(r->given, "follow") &&
        strcmp(fault.code, "host.gone") == 0) {
        is_read = read_rest(r, try, &fault);
    }
    if (!r->client) {
        return cli_unopened(r->cli);
    }
    return is_read ? 0 : cli_fail(&fault);
}

/* Both streams of every task that has begun, under a line with its name. */
static int print_all(struct reader *r)
{
    cJSON *params = cJSON_CreateObject();
    struct fault fault;
    const cJSON *task;
    cJSON *result;

    cJSON_AddStringToObject(params, "run", r->run);
    result = client_call(r->client, "run.get", params, NULL, &fault);
    if (!result) {
        return cli_fail(&fault);
    }
    cJSON_ArrayForEach(task, json_get(result, "tasks_list"))
    {
        r->task = json_get_text(task, "name", "");
        if (json_get_int(task, "started_ms", 0) &&
            !json_get_int(task, "items", 0)) {
            printf("== %s\n", r->task);
            fflush(stdout);
            for (r->stream = 1; r->stream <= 2 && r->client; r->stream++) {
                print_log(r);
            }
        }
    }
    cJSON_Delete(result);
    return 0;
}

static int run_logs(struct cli *cli, const struct given *given)
{
    struct reader r = {
        .cli = cli,
        .client = cli_open(cli, CLIENT_READ),
        .given = given,
        .run = given->words_count ? given->words[0] : "last",
        .task = given->words_count > 1 ? given->words[1] : NULL,
        .stream = given_has(given, "stderr") ? 2 : 1,
    };
    int status;

    if (!r.client) {
        return cli_unopened(cli);
    }
    status = r.task ? print_log(&r) : print_all(&r);
    client_close(r.client);
    return status;
}

static const struct option_row logs_options[] = {
    {"follow", 'f', NULL, "go on until the task has ended, from try to try"},
    {"stderr", 'e', NULL, "standard error instead of standard output"},
    {"try", 't', "N", "which attempt, from 1; default: the last"},
    {0},
};

const struct command command_logs = {
    .name = "logs",
    .words = "[RUN [TASK]]",
    .most = 2,
    .op = "task.log",
    .options = logs_options,
    .run = run_logs,
};

/* ---- events ---- */

static void print_event(void *ctx, const char *json, size_t size)
{
    (void)ctx;
    printf("%.*s\n", (int)size, json);
    fflush(stdout);
}

static int run_events(struct cli *cli, const struct given *given)
{
    static const struct client_listener listener = {print_event, NULL};
    bool is_followed = given_has(given, "follow");
    const char *after = given_value(given, "after", 0);
    struct client *client =
        cli_open(cli, is_followed ? CLIENT_OWNER : CLIENT_READ);
    cJSON *params = cJSON_CreateObject();
    struct fault fault;
    cJSON *result;
    int status = 0;

    if (!client) {
        cJSON_Delete(params);
        return cli_unopened(cli);
    }
    if (given->words_count) {
        cJSON_AddStringToObject(params, "run", given->words[0]);
    }
    if (after) {
        cJSON_AddNumberToObject(params, "after", strtod(after, NULL));
    }
    if (is_followed) {
        cJSON_AddTrueToObject(params, "follow");
    }
    result = client_call(client, "run.events", params, &listener, &fault);
    if (!result) {
        status = cli_fail(&fault);
    }
    cJSON_Delete(result);
    client_close(client);
    return status;
}

static const struct option_row events_options[] = {
    {"follow", 'f', NULL, "go on for ever"},
    {"after", 0, "SEQ", "only those with a greater seq"},
    {0},
};

const struct command command_events = {
    .name = "events",
    .words = "[RUN]",
    .most = 1,
    .op = "run.events",
    .options = events_options,
    .run = run_events,
};
