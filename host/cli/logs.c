/* logs, events. */
#include <stdlib.h>
#include <string.h>

#include "host/cli/command.h"
#include "host/plain/json.h"

/* ---- logs ---- */

static void print_piece(void *ctx, const char *json, size_t size)
{
    FILE *out = ctx;
    struct str why;
    cJSON *piece;

    str_init(&why, STR_WHY_LIMIT);
    piece = json_read(json, size, &why);
    fputs(json_get_text(piece, "text", ""), out);
    fflush(out);
    cJSON_Delete(piece);
    str_finish(&why);
}

static int print_log(struct client *client, const struct given *given,
                     const char *run, const char *task, int stream)
{
    const char *try = given_value(given, "try", 0);
    const struct client_listener listener = {print_piece,
                                             stream == 2 ? stderr : stdout};
    cJSON *params = cJSON_CreateObject();
    struct fault fault;
    cJSON *result;

    cJSON_AddStringToObject(params, "run", run);
    cJSON_AddStringToObject(params, "task", task);
    cJSON_AddNumberToObject(params, "stream", stream);
    if (try) {
        cJSON_AddNumberToObject(params, "try", strtod(try, NULL));
    }
    if (given_has(given, "follow")) {
        cJSON_AddTrueToObject(params, "follow");
    }
    result = client_call(client, "task.log", params, &listener, &fault);
    if (!result) {
        return cli_fail(&fault);
    }
    cJSON_Delete(result);
    return 0;
}

/* Both streams of every task that has begun, under a line with its name. */
static int print_all(struct client *client, const struct given *given,
                     const char *run)
{
    cJSON *params = cJSON_CreateObject();
    struct fault fault;
    const cJSON *task;
    cJSON *result;

    cJSON_AddStringToObject(params, "run", run);
    result = client_call(client, "run.get", params, NULL, &fault);
    if (!result) {
        return cli_fail(&fault);
    }
    cJSON_ArrayForEach(task, json_get(result, "tasks_list"))
    {
        const char *name = json_get_text(task, "name", "");

        if (json_get_int(task, "started_ms", 0) &&
            !json_get_int(task, "items", 0)) {
            printf("== %s\n", name);
            fflush(stdout);
            print_log(client, given, run, name, 1);
            print_log(client, given, run, name, 2);
        }
    }
    cJSON_Delete(result);
    return 0;
}

static int run_logs(struct cli *cli, const struct given *given)
{
    const char *run = given->words_count ? given->words[0] : "last";
    struct client *client = cli_open(cli, CLIENT_READ);
    int status;

    if (!client) {
        return cli_unopened(cli);
    }
    if (given->words_count < 2) {
        status = print_all(client, given, run);
    } else {
        status = print_log(client, given, run, given->words[1],
                           given_has(given, "stderr") ? 2 : 1);
    }
    client_close(client);
    return status;
}

static const struct option_row logs_options[] = {
    {"follow", 'f', NULL, "go on until the task has ended"},
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
