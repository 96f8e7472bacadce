/* Commands of the command line: one file each, one constant that says its
 * name, its arguments and what runs it. */
#ifndef HOST_CLI_COMMAND_H
#define HOST_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "host/base/config.h"
#include "host/cli/client.h"

/* Of sysexits(3): the command line itself is wrong, or the config is. */
#define EXIT_USAGE 64
#define EXIT_CONFIG 78

struct option_row {
    const char *name;  /* "param": --param */
    char letter;       /* 'p': -p, or 0 */
    const char *value; /* "K=V": takes a value; NULL: a switch */
    const char *help;
};

/* What was given: the options of a command by the index of their row. */
struct given {
    const char *const *words; /* what is no option */
    size_t words_count;
    const struct option_row *rows;
    const char *const *values; /* pairs: row's name, value ("" of a switch) */
    size_t values_count;
};

struct cli {
    const char *config_path; /* --config, or NULL */
    struct config *config;   /* read when first wanted: cli_config */
    bool is_daemon;          /* its log is what an operator reads */
};

struct command {
    const char *name;                 /* "run", "plugin list" */
    const char *words;                /* "FILE": for help */
    size_t least, most;               /* how many words */
    const char *op;                   /* the operation it asks, or NULL */
    const char *summary;              /* where no operation gives one */
    const struct option_row *options; /* ends with a NULL name */
    int (*run)(struct cli *cli, const struct given *given);
};

extern const struct command command_run, command_serve, command_submit,
    command_attach, command_runs, command_show, command_logs, command_cancel,
    command_resolve, command_events, command_check, command_schema,
    command_plugin_list, command_plugin_describe, command_plugin_why,
    command_plugin_pardon, command_plugin_reload, command_plugin_new,
    command_plugin_check, command_config_check, command_config_show,
    command_trust, command_status, command_version, command_bench_abi,
    command_worker, command_help;

extern const struct command *const commands[]; /* ends with NULL */

/* Values of an option, by number; NULL behind the last. */
const char *given_value(const struct given *given, const char *name,
                        size_t index);
bool given_has(const struct given *given, const char *name);

/* The config; NULL after having said why on standard error. */
const struct config *cli_config(struct cli *cli);

/* A client, or NULL after having said why; then cli_unopened is the exit
 * code. */
struct client *cli_open(struct cli *cli, enum client_mode mode);
int cli_unopened(const struct cli *cli);

/* Says a fault on standard error; returns the exit code of its class. */
int cli_fail(const struct fault *fault);
int cli_fail_text(uint32_t fault_class, const char *text);

/* Asks once and prints: the raw JSON with --json, else by `print`. */
int cli_ask(struct cli *cli, const struct given *given, const char *op,
            cJSON *params, void (*print)(const cJSON *result));

/* Reads a workflow file into the parameters of run.submit or workflow.check
 * ("-": standard input); NULL after having said why. */
cJSON *cli_document(const char *path);

/* Prints help for one command, or all of them. */
void command_print_help(const struct command *command, FILE *out);
void command_print_all(FILE *out);

/* Finds the command that argv begins with, reads its options, runs it. */
int command_main(int argc, char **argv);

#endif
