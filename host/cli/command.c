#include "host/cli/command.h"

#include <errno.h>
#include <string.h>

#include "host/plain/json.h"
#include "host/plain/mem.h"
#include "host/plain/nearest.h"

/* The order of help. */
const struct command *const commands[] = {
    &command_run,           &command_serve,
    &command_submit,        &command_attach,
    &command_runs,          &command_show,
    &command_logs,          &command_cancel,
    &command_resolve,       &command_events,
    &command_check,         &command_schema,
    &command_plugin_list,   &command_plugin_describe,
    &command_plugin_why,    &command_plugin_pardon,
    &command_plugin_reload, &command_plugin_new,
    &command_plugin_check,  &command_config_check,
    &command_config_show,   &command_trust,
    &command_status,        &command_version,
    &command_bench_abi,     &command_worker,
    &command_help,          NULL,
};

static const struct option_row common_options[] = {
    {"config", 0, "FILE", "the haft.conf to use"},
    {"help", 'h', NULL, "say what this command does"},
    {0},
};

/* ---- what was given ---- */

const char *given_value(const struct given *given, const char *name,
                        size_t index)
{
    for (size_t i = 0; i < given->values_count; i++) {
        if (strcmp(given->values[2 * i], name) == 0 && index-- == 0) {
            return given->values[2 * i + 1];
        }
    }
    return NULL;
}

bool given_has(const struct given *given, const char *name)
{
    return given_value(given, name, 0) != NULL;
}

static const struct option_row *find_in(const struct option_row *rows,
                                        const char *name, size_t size)
{
    for (const struct option_row *r = rows; r && r->name; r++) {
        bool is_letter = size == 1 && r->letter == name[0];

        if (is_letter ||
            (strlen(r->name) == size && memcmp(r->name, name, size) == 0)) {
            return r;
        }
    }
    return NULL;
}

static const struct option_row *find_option(const struct command *c,
                                            const char *name, size_t size)
{
    const struct option_row *row = find_in(c->options, name, size);

    return row ? row : find_in(common_options, name, size);
}

struct reading {
    const struct command *command;
    int argc;
    char **argv;
    int at;
    const char **words;
    size_t words_count;
    const char **values;
    size_t values_count;
};

static bool say_usage(const struct command *c, const char *what,
                      const char *word)
{
    fprintf(stderr, "haft %s: %s %s\n", c->name, what, word);
    fprintf(stderr, "try: haft %s --help\n", c->name);
    return false;
}

/* One option at argv[at], with its value if it takes one. */
static bool read_option(struct reading *r)
{
    const char *word = r->argv[r->at];
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    const char *equals = is_long ? strchr(name, '=') : NULL;
    size_t size = equals ? (size_t)(equals - name) : strlen(name);
    const struct option_row *row = find_option(r->command, name, size);
    const char *value = "";

    if (!row || (!is_long && size != 1)) {
        return say_usage(r->command, "no such option:", word);
    }
    if (row->value && equals) {
        value = equals + 1;
    } else if (row->value && r->at + 1 < r->argc) {
        value = r->argv[++r->at];
    } else if (row->value || equals) {
        return say_usage(r->command,
                         row->value ? "a value is missing behind"
                                    : "no value is taken by",
                         word);
    }
    r->values[2 * r->values_count] = row->name;
    r->values[2 * r->values_count + 1] = value;
    r->values_count++;
    return true;
}

static bool read_arguments(struct reading *r)
{
    bool is_rest = false;

    for (; r->at < r->argc; r->at++) {
        const char *word = r->argv[r->at];

        if (!is_rest && strcmp(word, "--") == 0) {
            is_rest = true;
        } else if (!is_rest && word[0] == '-' && word[1]) {
            if (!read_option(r)) {
                return false;
            }
        } else {
            r->words[r->words_count++] = word;
        }
    }
    return true;
}

/* ---- help ---- */

static const char *summary_of(const struct command *c)
{
    const struct op *op = c->op ? ops_find(c->op) : NULL;

    return c->summary || !op ? c->summary : op->summary;
}

static void print_options(const struct option_row *rows, FILE *out)
{
    for (const struct option_row *r = rows; r && r->name; r++) {
        char left[40];

        snprintf(left, sizeof(left), "--%s%s%s", r->name, r->value ? " " : "",
                 r->value ? r->value : "");
        if (r->letter) {
            fprintf(out, "  -%c, %-20s %s\n", r->letter, left, r->help);
        } else {
            fprintf(out, "      %-20s %s\n", left, r->help);
        }
    }
}

void command_print_help(const struct command *c, FILE *out)
{
    const struct op *op = c->op ? ops_find(c->op) : NULL;

    fprintf(out, "haft %s%s%s\n\n  %s\n", c->name, c->words[0] ? " " : "",
            c->words, summary_of(c));
    if (op && op->params[0].name) {
        fprintf(out, "\nasks %s:\n", op->name);
        for (const struct op_param *p = op->params; p->name; p++) {
            fprintf(out, "  %-12s %-8s %s\n", p->name, p->type, p->help);
        }
    }
    fprintf(out, "\noptions:\n");
    print_options(c->options, out);
    print_options(common_options, out);
}

void command_print_all(FILE *out)
{
    fprintf(out, "haft: runs workflows and never loses a task\n\n");
    for (size_t i = 0; commands[i]; i++) {
        char left[64];

        snprintf(left, sizeof(left), "%s %s", commands[i]->name,
                 commands[i]->words);
        fprintf(out, "  haft %-26s %s\n", left, summary_of(commands[i]));
    }
    fprintf(out, "\n`haft COMMAND --help` says more. A first workflow:\n\n"
                 "  version: 1\n"
                 "  tasks: { hello: { run: echo hello } }\n");
}

static int run_help(struct cli *cli, const struct given *given)
{
    (void)cli;
    (void)given;
    command_print_all(stdout);
    return 0;
}

const struct command command_help = {
    .name = "help",
    .words = "",
    .summary = "list the commands",
    .run = run_help,
};

/* ---- what commands share ---- */

/* History is for the daemon's log; in front of a person it is noise. */
static enum log_level level_for(const struct cli *cli)
{
    enum log_level level = cli->config->host.log_level;

    return level == LOG_LEVEL_INFO && !cli->is_daemon ? LOG_LEVEL_WARN : level;
}

const struct config *cli_config(struct cli *cli)
{
    if (!cli->config) {
        struct str why;

        str_init(&why, 1 << 20);
        cli->config = config_load(cli->config_path, &why);
        if (!cli->config) {
            fprintf(stderr, "%s\n", why.text);
        } else {
            log_set_level(level_for(cli));
            log_set_format(cli->config->host.log_format);
        }
        str_finish(&why);
    }
    return cli->config;
}

struct client *cli_open(struct cli *cli, enum client_mode mode)
{
    const struct config *config = cli_config(cli);
    struct client *client = NULL;
    struct str why;

    str_init(&why, 1 << 20);
    if (config) {
        client = client_open(config, mode, &why);
        if (!client) {
            fprintf(stderr, "haft: %s\n", why.text);
        }
    }
    str_finish(&why);
    return client;
}

int cli_unopened(const struct cli *cli)
{
    return cli->config ? fault_row(HAFT_BACKEND_DOWN)->exit_code : EXIT_CONFIG;
}

int cli_fail(const struct fault *fault)
{
    const struct fault_row *row = fault_row(fault->fault_class);

    fprintf(stderr, "%s%s(%s, %s)\n", fault->message,
            strchr(fault->message, '\n') ? "\n" : " ", row->name, fault->code);
    return row->exit_code;
}

int cli_fail_text(uint32_t fault_class, const char *text)
{
    fprintf(stderr, "haft: %s\n", text);
    return fault_row(fault_class)->exit_code;
}

static void print_raw(const cJSON *result)
{
    struct str out;

    str_init(&out, SIZE_MAX / 2);
    json_value(&out, result);
    printf("%s\n", out.text);
    str_finish(&out);
}

int cli_ask(struct cli *cli, const struct given *given, const char *op,
            cJSON *params, void (*print)(const cJSON *result))
{
    struct client *client = cli_open(cli, CLIENT_READ);
    struct fault fault;
    cJSON *result;
    int status = 0;

    if (!client) {
        cJSON_Delete(params);
        return cli_unopened(cli);
    }
    result = client_call(client, op, params, NULL, &fault);
    if (!result) {
        status = cli_fail(&fault);
    } else if (given_has(given, "json")) {
        print_raw(result);
    } else if (print) {
        print(result);
    }
    cJSON_Delete(result);
    client_close(client);
    return status;
}

/* ---- from argv to a command ---- */

/* The command whose name, of one or two words, argv begins with. */
static const struct command *find_command(int argc, char **argv, int *used)
{
    for (size_t i = 0; commands[i]; i++) {
        const char *name = commands[i]->name;
        const char *space = strchr(name, ' ');
        size_t first = space ? (size_t)(space - name) : strlen(name);
        bool fits = argc > 1 && strlen(argv[1]) == first &&
                    memcmp(argv[1], name, first) == 0;

        if (fits && !space) {
            *used = 2;
            return commands[i];
        }
        if (fits && argc > 2 && strcmp(argv[2], space + 1) == 0) {
            *used = 3;
            return commands[i];
        }
    }
    return NULL;
}

static int refuse_command(const char *word)
{
    const char *names[64];
    size_t count = 0;
    const char *near;

    while (commands[count]) {
        names[count] = commands[count]->name;
        count++;
    }
    near = nearest_word(word, names, count);
    fprintf(stderr, "haft: there is no command \"%s\"", word);
    fprintf(stderr, near ? "; did you mean %s?\n" : "%s\n", near ? near : "");
    fprintf(stderr, "`haft help` lists them\n");
    return EXIT_USAGE;
}

static int run_command(struct cli *cli, const struct command *c,
                       struct reading *r)
{
    struct given given;

    if (!read_arguments(r)) {
        return EXIT_USAGE;
    }
    given = (struct given){r->words, r->words_count, c->options, r->values,
                           r->values_count};
    cli->config_path = given_value(&given, "config", 0);
    if (given_has(&given, "help")) {
        command_print_help(c, stdout);
        return 0;
    }
    if (given.words_count < c->least || given.words_count > c->most) {
        say_usage(c, "expects", c->words[0] ? c->words : "no words");
        return EXIT_USAGE;
    }
    return c->run(cli, &given);
}

int command_main(int argc, char **argv)
{
    struct cli cli = {0};
    static char version[] = "version";
    struct reading r = {.argc = argc, .argv = argv};
    int status = 0;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
        strcmp(argv[1], "-h") == 0) {
        command_print_all(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        argv[1] = version;
    }
    r.command = find_command(argc, argv, &r.at);
    if (!r.command) {
        return refuse_command(argv[1]);
    }
    r.words = mem_new((size_t)argc, sizeof(*r.words));
    r.values = mem_new(2 * (size_t)argc, sizeof(*r.values));
    status = run_command(&cli, r.command, &r);
    mem_free(r.words);
    mem_free(r.values);
    config_destroy(cli.config);
    if (fflush(stdout) != 0 && status == 0) {
        fprintf(stderr, "haft: cannot write: %s\n", strerror(errno));
        status = 1;
    }
    return status;
}
