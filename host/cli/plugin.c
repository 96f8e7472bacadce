/* plugin list, describe, why, pardon, reload. */
#include <string.h>
#include <time.h>

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

/* ---- why ---- */

static void print_death(const cJSON *death)
{
    time_t at = (time_t)(json_get_int(death, "at", 0) / 1000);
    char when[32] = "";
    struct tm parts;

    if (localtime_r(&at, &parts)) {
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &parts);
    }
    printf("  %s  %s %s: %s\n", when, json_get_text(death, "kind", "?"),
           json_get_text(death, "name", "?"), json_get_text(death, "why", "?"));
}

static void print_instance(const cJSON *instance)
{
    const char *reason = json_get_text(instance, "reason", "");
    int64_t pid = json_get_int(instance, "pid", 0);

    printf("%s %s: ", json_get_text(instance, "kind", "?"),
           json_get_text(instance, "name", "?"));
    if (reason[0]) {
        printf("%s\n", reason);
    } else if (!json_get_bool(instance, "in_use", false)) {
        printf("not in use\n");
    } else if (pid > 0) {
        printf("in process %lld, %lld deaths in a row\n", (long long)pid,
               (long long)json_get_int(instance, "deaths", 0));
    } else if (json_get_bool(instance, "given_up", false)) {
        printf("given up after %lld deaths in a row\n",
               (long long)json_get_int(instance, "deaths", 0));
    } else {
        printf("%s\n", strcmp(json_get_text(instance, "cage", ""), "process")
                           ? "in the host"
                           : "its process is about to be started again");
    }
}

static void print_why(const cJSON *result)
{
    const char *id = json_get_text(result, "id", "?");
    const char *reason = json_get_text(result, "reason", "");
    const cJSON *deaths = json_get(result, "deaths");
    const cJSON *item;

    printf("%s %s, %s\n", id, json_get_text(result, "version", ""),
           json_get_text(result, "file", ""));
    if (reason[0]) {
        printf("refused: %s\n", reason);
    }
    cJSON_ArrayForEach(item, json_get(result, "instances"))
    {
        print_instance(item);
    }
    printf("%s\n", cJSON_GetArraySize(deaths) > 0
                       ? "deaths of its processes, the newest last:"
                       : "no process of it has died");
    cJSON_ArrayForEach(item, deaths)
    {
        print_death(item);
    }
    if (json_get_bool(result, "quarantined", false)) {
        printf("quarantined: it kept dying, and is not started any more. "
               "Replace the\nfile, or run it again: haft plugin pardon %s\n",
               id);
    }
}

static int run_why(struct cli *cli, const struct given *given)
{
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "name", given->words[0]);
    return cli_ask(cli, given, "plugin.describe", params, print_why);
}

const struct command command_plugin_why = {
    .name = "plugin why",
    .words = "PLUGIN",
    .least = 1,
    .most = 1,
    .summary = "tell what became of a plugin's processes",
    .options = json_options,
    .run = run_why,
};

static int run_pardon(struct cli *cli, const struct given *given)
{
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "name", given->words[0]);
    return cli_ask(cli, given, "plugin.pardon", params, NULL);
}

const struct command command_plugin_pardon = {
    .name = "plugin pardon",
    .words = "PLUGIN",
    .least = 1,
    .most = 1,
    .op = "plugin.pardon",
    .options = json_options,
    .run = run_pardon,
};

/* ---- reload ---- */

static void print_reloaded(const cJSON *result)
{
    const cJSON *instances = json_get(result, "instances");
    const cJSON *item;
    struct table table;

    if (cJSON_GetArraySize(instances) == 0) {
        printf("no instance in use has changed\n");
        return;
    }
    table_init(&table, (const char *const[]){"KIND", "NAME", "VERSION", "CAGE",
                                             "PAUSE", NULL});
    cJSON_ArrayForEach(item, instances)
    {
        char pause[32];

        snprintf(pause, sizeof(pause), "%lld ms",
                 (long long)json_get_int(item, "pause_ms", 0));
        table_add_text(&table, json_get_text(item, "kind", "?"));
        table_add_text(&table, json_get_text(item, "name", "?"));
        table_add_text(&table, json_get_text(item, "version", "?"));
        table_add_text(&table, json_get_text(item, "cage", "?"));
        table_add_text(&table, pause);
    }
    table_print(&table, stdout);
    table_finish(&table);
}

static int run_reload(struct cli *cli, const struct given *given)
{
    cJSON *params = cJSON_CreateObject();

    if (given->words_count > 0) {
        cJSON_AddStringToObject(params, "name", given->words[0]);
    }
    return cli_ask(cli, given, "plugin.reload", params, print_reloaded);
}

const struct command command_plugin_reload = {
    .name = "plugin reload",
    .words = "[PLUGIN | KIND:NAME]",
    .most = 1,
    .op = "plugin.reload",
    .options = json_options,
    .run = run_reload,
};
