#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/cli/command.h"
#include "tests/check_main.h"

#define WORDS_LIMIT 16

/* What a command line wrote, to both streams. */
struct said {
    int status;
    char text[65536];
};

/* Both streams go to a file while command_main runs. */
static struct said *say(const char *const *words)
{
    struct said *said = calloc(1, sizeof(*said));
    char *argv[WORDS_LIMIT + 1] = {NULL};
    char *copies[WORDS_LIMIT + 1] = {
        NULL}; /* argv is the command's to change */
    FILE *f = tmpfile();
    int outputs[2] = {dup(1), dup(2)};
    int argc = 0;

    ck_assert(said && f);
    for (; words[argc]; argc++) {
        ck_assert_int_lt(argc, WORDS_LIMIT);
        copies[argc] = strdup(words[argc]);
        argv[argc] = copies[argc];
    }
    fflush(stdout);
    dup2(fileno(f), 1);
    dup2(fileno(f), 2);
    said->status = command_main(argc, argv);
    fflush(stdout);
    for (int i = 0; i < 2; i++) {
        dup2(outputs[i], i + 1);
        close(outputs[i]);
    }
    rewind(f);
    said->text[fread(said->text, 1, sizeof(said->text) - 1, f)] = '\0';
    fclose(f);
    for (int i = 0; i < argc; i++) {
        free(copies[i]);
    }
    return said;
}

static void check(int status, const char *part, const char *const *words)
{
    struct said *said = say(words);

    ck_assert_msg(said->status == status, "%d: %s", said->status, said->text);
    ck_assert_msg(strstr(said->text, part) != NULL, "%s", said->text);
    free(said);
}

#define LINE(...) ((const char *const[]){"haft", __VA_ARGS__, NULL})

START_TEST(every_command_is_whole)
{
    for (size_t i = 0; commands[i]; i++) {
        const struct command *c = commands[i];

        ck_assert(c->name && c->words && c->run);
        ck_assert_msg(c->summary || ops_find(c->op), "%s", c->name);
        ck_assert_msg(!c->op || ops_find(c->op), "%s", c->name);
        ck_assert_uint_le(c->least, c->most);
        for (const struct option_row *r = c->options; r && r->name; r++) {
            ck_assert_msg(strlen(r->name) > 1 && r->help, "%s", c->name);
        }
    }
}
END_TEST

START_TEST(help_is_asked_for_in_many_ways)
{
    check(0, "haft serve", LINE("help"));
    check(0, "haft serve", LINE("--help"));
    check(0, "haft serve", LINE("-h"));
    check(EXIT_USAGE, "haft serve", (const char *const[]){"haft", NULL});
    check(0, "haft run FILE", LINE("run", "--help"));
    check(0, "haft run FILE", LINE("run", "x", "-h"));
    check(0, "asks plugin.describe", LINE("plugin", "describe", "--help"));
}
END_TEST

START_TEST(a_command_that_is_none_is_told_the_nearest)
{
    check(EXIT_USAGE, "did you mean serve?", LINE("sevre"));
    check(EXIT_USAGE, "no command \"plugin\"", LINE("plugin"));
    check(EXIT_USAGE, "no command \"plugin\"", LINE("plugin", "lst"));
}
END_TEST

START_TEST(options_are_read_in_every_form)
{
    check(EXIT_USAGE, "no such option: --nosuch", LINE("runs", "--nosuch"));
    check(EXIT_USAGE, "no such option: -z", LINE("runs", "-z"));
    check(EXIT_USAGE, "no such option: -nx", LINE("runs", "-nx"));
    check(EXIT_USAGE, "a value is missing behind --limit",
          LINE("runs", "--limit"));
    check(EXIT_USAGE, "no value is taken by --json=1",
          LINE("runs", "--json=1"));
    check(EXIT_USAGE, "expects no words", LINE("runs", "--", "--limit"));
    check(EXIT_USAGE, "expects FILE", LINE("run"));
    check(EXIT_USAGE, "expects FILE", LINE("run", "a", "b"));
    check(78, "nosuch.conf", LINE("config", "check", "--config=nosuch.conf"));
    check(78, "nosuch.conf",
          LINE("config", "check", "--config", "nosuch.conf"));
}
END_TEST

START_TEST(the_version_is_told_twice)
{
    check(0, "plugin ABI 0.", LINE("version"));
    check(0, "plugin ABI 0.", LINE("--version"));
}
END_TEST

START_TEST(values_are_found_by_name_and_number)
{
    static const struct option_row rows[] = {{"param", 'p', "K", ""}, {0}};
    const char *const values[] = {"param", "a", "other", "b", "param", "c"};
    const struct given given = {NULL, 0, rows, values, 3};

    ck_assert_str_eq(given_value(&given, "param", 0), "a");
    ck_assert_str_eq(given_value(&given, "param", 1), "c");
    ck_assert_ptr_null(given_value(&given, "param", 2));
    ck_assert(given_has(&given, "other"));
    ck_assert(!given_has(&given, "nosuch"));
}
END_TEST

START_TEST(a_file_is_read_with_its_name_and_folder)
{
    char folder[] = "/tmp/haft-cli-XXXXXX";
    char path[64];
    cJSON *params;
    FILE *f;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/My Flow.v2.yaml", folder);
    f = fopen(path, "we");
    ck_assert_ptr_nonnull(f);
    fputs("version: 1\n", f);
    fclose(f);

    params = cli_document(path);

    ck_assert_ptr_nonnull(params);
    ck_assert_str_eq(cJSON_GetObjectItem(params, "name")->valuestring,
                     "my-flow");
    ck_assert_str_eq(cJSON_GetObjectItem(params, "directory")->valuestring,
                     folder);
    ck_assert_str_eq(cJSON_GetObjectItem(params, "document")->valuestring,
                     "version: 1\n");
    cJSON_Delete(params);
    ck_assert_ptr_null(cli_document("/nonexistent/file"));
    unlink(path);
    rmdir(folder);
}
END_TEST

TEST_MAIN("command", every_command_is_whole, help_is_asked_for_in_many_ways,
          a_command_that_is_none_is_told_the_nearest,
          options_are_read_in_every_form, the_version_is_told_twice,
          values_are_found_by_name_and_number,
          a_file_is_read_with_its_name_and_folder)
