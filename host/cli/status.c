/* status, version, config check, config show, trust. */
#include <inttypes.h>
#include <string.h>

#include <haft/types.h>

#include "host/cli/command.h"
#include "host/guest/guest.h"
#include "host/plain/json.h"

static const struct option_row json_options[] = {
    {"json", 0, NULL, "print JSON"},
    {0},
};

/* ---- status ---- */

static void print_status(const cJSON *result)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, result)
    {
        if (cJSON_IsString(item)) {
            printf("%-15s %s\n", item->string, item->valuestring);
        } else if (cJSON_IsBool(item)) {
            printf("%-15s %s\n", item->string,
                   cJSON_IsTrue(item) ? "yes" : "no");
        } else if (cJSON_IsNumber(item)) {
            printf("%-15s %.0f\n", item->string, item->valuedouble);
        }
    }
}

static int run_status(struct cli *cli, const struct given *given)
{
    return cli_ask(cli, given, "host.status", NULL, print_status);
}

const struct command command_status = {
    .name = "status",
    .words = "",
    .op = "host.status",
    .options = json_options,
    .run = run_status,
};

/* ---- version ---- */

static int run_version(struct cli *cli, const struct given *given)
{
    (void)cli;
    (void)given;
    printf("haft %s, plugin ABI 0.%d (accepts from 0.%d)\n", PACKAGE_VERSION,
           HAFT_ABI, HAFT_ABI_LEAST);
    return 0;
}

const struct command command_version = {
    .name = "version",
    .words = "",
    .summary = "print the version and that of the plugin ABI",
    .run = run_version,
};

/* ---- config ---- */

static int run_config_check(struct cli *cli, const struct given *given)
{
    const struct config *config = cli_config(cli);
    int status = EXIT_CONFIG;
    struct guests *guests;
    struct loop *loop;
    struct str why;

    (void)given;
    if (!config) {
        return status;
    }
    str_init(&why, 1 << 20);
    loop = loop_create();
    guests = guests_create(loop, config);
    if (guests_check(guests, &why)) {
        printf("%s: ok\n", config->file ? config->file : "built-in defaults");
        status = 0;
    } else {
        fprintf(stderr, "%s\n", why.text);
    }
    guests_stop(guests);
    guests_destroy(guests);
    loop_destroy(loop);
    str_finish(&why);
    return status;
}

const struct command command_config_check = {
    .name = "config check",
    .words = "",
    .summary = "check haft.conf against what the modules declare",
    .run = run_config_check,
};

static int run_config_show(struct cli *cli, const struct given *given)
{
    const struct config *config = cli_config(cli);
    struct str out;

    (void)given;
    if (!config) {
        return EXIT_CONFIG;
    }
    str_init(&out, 16 << 20);
    config_show(config, &out);
    printf("%s", out.text);
    str_finish(&out);
    return 0;
}

const struct command command_config_show = {
    .name = "config show",
    .words = "",
    .summary = "show what is in force, and where it comes from",
    .run = run_config_show,
};

static int run_trust(struct cli *cli, const struct given *given)
{
    struct str why;
    int status;

    (void)cli;
    (void)given;
    str_init(&why, STR_WHY_LIMIT);
    status = config_trust(&why);
    if (status < 0) {
        status = cli_fail_text(HAFT_INVALID, why.text);
    } else {
        printf("./haft.conf is trusted as it is now\n");
    }
    str_finish(&why);
    return status;
}

const struct command command_trust = {
    .name = "trust",
    .words = "",
    .summary = "let ./haft.conf name modules and commands",
    .run = run_trust,
};
