/* plugin list, plugin describe. */
#include <string.h>

#include "host/cli/command.h"
#include "host/cli/table.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

static const struct option_row json_options[] = {
    {"json", 0, NULL, "print JSON"},
    {0},
};

/* "executor/local, notify/command" */
static char *classes_of(const cJSON *module)
{
    const cJSON *class;
    struct str out;

    str_init(&out, 4096);
    cJSON_ArrayForEach(class, json_get(module, "classes"))
    {
        str_addf(&out, "%s%s", out.size ? ", " : "",
                 cJSON_IsString(class) ? class->valuestring
                                       : json_get_text(class, "name", ""));
    }
    return str_take(&out);
}

static void print_list(const cJSON *result)
{
    struct table table;
    const cJSON *module;

    table_init(&table, (const char *const[]){"PLUGIN", "VERSION", "STATE",
                                             "CLASSES", "FILE, REASON", NULL});
    cJSON_ArrayForEach(module, json_get(result, "plugins"))
    {
        const char *reason = json_get_text(module, "reason", "");
        char *classes = classes_of(module);

        table_add_text(&table, json_get_text(module, "id", "?"));
        table_add_text(&table, json_get_text(module, "version", ""));
        table_add_text(&table, json_get_text(module, "state", ""));
        table_add_text(&table, classes);
        table_add_text(&table,
                       reason[0] ? reason : json_get_text(module, "file", ""));
        mem_free(classes);
    }
    table_print(&table, stdout);
    table_finish(&table);
}

static int run_list(struct cli *cli, const struct given *given)
{
    return cli_ask(cli, given, "plugin.list", NULL, print_list);
}

const struct command command_plugin_list = {
    .name = "plugin list",
    .words = "",
    .op = "plugin.list",
    .options = json_options,
    .run = run_list,
};

static void print_pretty(const cJSON *result)
{
    char *text = cJSON_Print(result);

    printf("%s\n", text ? text : "");
    cJSON_free(text);
}

static int run_describe(struct cli *cli, const struct given *given)
{
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "name", given->words[0]);
    return cli_ask(cli, given, "plugin.describe", params, print_pretty);
}

const struct command command_plugin_describe = {
    .name = "plugin describe",
    .words = "PLUGIN",
    .least = 1,
    .most = 1,
    .op = "plugin.describe",
    .options = json_options,
    .run = run_describe,
};
