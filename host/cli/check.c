/* check, schema: they need no host, and ask none. */
#include <string.h>

#include "host/cli/command.h"
#include "host/door/intake.h"
#include "host/plain/json.h"

static int run_check(struct cli *cli, const struct given *given)
{
    int status = 0;

    (void)cli;
    for (size_t i = 0; i < given->words_count; i++) {
        cJSON *params = cli_document(given->words[i]);
        struct workflow *w = NULL;
        struct str why;

        str_init(&why, INTAKE_WHY_LIMIT);
        if (params) {
            w = intake_read(params, &why);
        }
        if (w) {
            printf("%s: ok, workflow %s, %u tasks\n", given->words[i], w->name,
                   w->tasks_count);
        } else {
            status = fault_row(HAFT_INVALID)->exit_code;
            fprintf(stderr, "%s%s", why.text, why.size ? "\n" : "");
        }
        workflow_destroy(w);
        cJSON_Delete(params);
        str_finish(&why);
    }
    return status;
}

const struct command command_check = {
    .name = "check",
    .words = "FILE...",
    .least = 1,
    .most = 10000,
    .op = "workflow.check",
    .run = run_check,
};

static int run_schema(struct cli *cli, const struct given *given)
{
    struct str out;

    (void)cli;
    (void)given;
    str_init(&out, 1 << 20);
    workflow_schema(&out);
    printf("%s\n", out.text);
    str_finish(&out);
    return 0;
}

const struct command command_schema = {
    .name = "schema",
    .words = "",
    .op = "workflow.schema",
    .run = run_schema,
};
