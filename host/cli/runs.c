/* runs, show, cancel, resolve. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/cli/command.h"
#include "host/cli/table.h"
#include "host/plain/json.h"

static cJSON *with_run(const struct given *given, size_t word)
{
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(
        params, "run", given->words_count > word ? given->words[word] : "last");
    return params;
}

static const struct option_row json_options[] = {
    {"json", 0, NULL, "print JSON"},
    {0},
};

/* ---- runs ---- */

static void print_runs(const cJSON *result)
{
    struct table table;
    const cJSON *run;

    table_init(&table, (const char *const[]){"RUN", "WORKFLOW", "STATE",
                                             "TASKS", "STARTED", "TOOK", NULL});
    cJSON_ArrayForEach(run, json_get(result, "runs"))
    {
        table_add_text(&table, json_get_text(run, "id", ""));
        table_add_text(&table, json_get_text(run, "workflow", ""));
        table_add_text(&table, json_get_text(run, "state", ""));
        table_add_int(&table, json_get_int(run, "tasks", 0));
        table_add_time(&table, json_get_int(run, "created_ms", 0));
        table_add_span(&table, json_get_int(run, "created_ms", 0),
                       json_get_int(run, "ended_ms", 0));
    }
    if (table_is_empty(&table)) {
        printf("nothing has run here yet\n");
    } else {
        table_print(&table, stdout);
    }
    table_finish(&table);
}

static int run_runs(struct cli *cli, const struct given *given)
{
    static const char *const names[] = {"state", "workflow", "before"};
    const char *limit = given_value(given, "limit", 0);
    cJSON *params = cJSON_CreateObject();

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = given_value(given, names[i], 0);

        if (value) {
            cJSON_AddStringToObject(params, names[i], value);
        }
    }
    if (limit) {
        cJSON_AddNumberToObject(params, "limit", strtod(limit, NULL));
    }
    return cli_ask(cli, given, "run.list", params, print_runs);
}

static const struct option_row runs_options[] = {
    {"limit", 'n', "N", "how many, 1 to 1000; default 20"},
    {"state", 0, "STATE", "only those in this state"},
    {"workflow", 0, "NAME", "only those of this workflow"},
    {"before", 0, "RUN", "only those older than this one"},
    {"json", 0, NULL, "print JSON"},
    {0},
};

const struct command command_runs = {
    .name = "runs",
    .words = "",
    .op = "run.list",
    .options = runs_options,
    .run = run_runs,
};

/* ---- show ---- */

static void print_run(const cJSON *run)
{
    struct table table;
    const cJSON *task;

    printf("run       %s\nworkflow  %s\nstate     %s\nby        %s\n\n",
           json_get_text(run, "id", ""), json_get_text(run, "workflow", ""),
           json_get_text(run, "state", ""),
           json_get_text(run, "principal", ""));
    table_init(&table, (const char *const[]){"TASK", "STATE", "TRIES", "TOOK",
                                             "WHY", NULL});
    cJSON_ArrayForEach(task, json_get(run, "tasks_list"))
    {
        const cJSON *fault = json_get(task, "fault");
        const char *why = json_get_text(fault, "message", "");

        table_add_text(&table, json_get_text(task, "name", ""));
        table_add_text(&table, json_get_text(task, "state", ""));
        table_add_int(&table, json_get_int(task, "tries", 0));
        table_add_span(&table, json_get_int(task, "started_ms", 0),
                       json_get_int(task, "ended_ms", 0));
        table_add_text(&table,
                       why[0] ? why : json_get_text(task, "reason", ""));
    }
    table_print(&table, stdout);
    table_finish(&table);
}

static int run_show(struct cli *cli, const struct given *given)
{
    return cli_ask(cli, given, "run.get", with_run(given, 0), print_run);
}

const struct command command_show = {
    .name = "show",
    .words = "[RUN]",
    .most = 1,
    .op = "run.get",
    .options = json_options,
    .run = run_show,
};

/* ---- cancel ---- */

static void print_asked(const cJSON *result)
{
    (void)result;
    printf("asked\n");
}

static int run_cancel(struct cli *cli, const struct given *given)
{
    cJSON *params = with_run(given, 0);

    if (given_has(given, "force")) {
        cJSON_AddTrueToObject(params, "force");
    }
    return cli_ask(cli, given, "run.cancel", params, print_asked);
}

static const struct option_row cancel_options[] = {
    {"force", 'f', NULL, "kill at once, the finally tasks too"},
    {"json", 0, NULL, "print JSON"},
    {0},
};

const struct command command_cancel = {
    .name = "cancel",
    .words = "RUN",
    .least = 1,
    .most = 1,
    .op = "run.cancel",
    .options = cancel_options,
    .run = run_cancel,
};

/* ---- resolve ---- */

static int run_resolve(struct cli *cli, const struct given *given)
{
    cJSON *params = with_run(given, 0);

    cJSON_AddStringToObject(params, "task", given->words[1]);
    cJSON_AddStringToObject(params, "as", given->words[2]);
    return cli_ask(cli, given, "task.resolve", params, print_asked);
}

const struct command command_resolve = {
    .name = "resolve",
    .words = "RUN TASK success|failed|skip",
    .least = 3,
    .most = 3,
    .op = "task.resolve",
    .options = json_options,
    .run = run_resolve,
};
