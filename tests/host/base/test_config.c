#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/config.h"
#include "host/base/kind.h"
#include "host/plain/mem.h"
#include "tests/check_main.h"

static struct str why;
static char home[64]; /* a folder of its own, where the test then is */

static struct config *read_text(const char *text)
{
    str_init(&why, SIZE_MAX);
    return config_read(text, strlen(text), "f", true, &why);
}

static struct config *read_good(const char *text)
{
    struct config *config = read_text(text);

    ck_assert_msg(config != NULL, "%s", why.text);
    ck_assert_str_eq(why.text, "");
    str_finish(&why);
    return config;
}

static void check_refused(const char *text, const char *errors)
{
    ck_assert_ptr_null(read_text(text));
    ck_assert_str_eq(why.text, errors);
    str_finish(&why);
}

/* ---- what is in force ---- */

START_TEST(without_a_word_everything_has_its_default)
{
    struct config *c = read_good("");
    cpu_set_t set;

    ck_assert_str_eq(c->host.state, ".haft");
    ck_assert_str_eq(c->host.socket, ".haft/socket");
    ck_assert_uint_eq(c->host.modules_count, 0);
    ck_assert_int_eq(c->host.log_level, LOG_LEVEL_INFO);
    ck_assert_int_eq(c->host.log_format, LOG_FORMAT_TEXT);
    ck_assert_int_eq(c->host.drain_ms, 10000);
    ck_assert_ptr_null(c->host.isolation);
    ck_assert_str_eq(config_plugin(c->storage), "sqlite");
    ck_assert_str_eq(c->route.process, "local");
    ck_assert_str_eq(c->route.container, "dagger");
    ck_assert_str_eq(config_plugin(config_find(c, "executor", "local")),
                     "local");
    ck_assert_ptr_nonnull(config_find(c, "retry", "backoff"));
    ck_assert_ptr_nonnull(config_find(c, "auth", "peer"));
    ck_assert_uint_eq(c->pools_count, 2);
    ck_assert_str_eq(c->pools[0].name, "process");
    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    ck_assert_uint_eq(c->pools[0].slots, (uint32_t)CPU_COUNT(&set));
    ck_assert_str_eq(c->pools[1].name, "container");
    ck_assert_uint_eq(c->pools[1].slots, 8);
    config_destroy(c);
}
END_TEST

START_TEST(what_the_file_says_is_in_force)
{
    struct config *c = read_good("[host]\n"
                                 "state = /var/lib/x\n"
                                 "modules = /m, \"/n, o\"\n"
                                 "log_level = debug\n"
                                 "log_format = json\n"
                                 "drain = 1.5s\n"
                                 "[pool:process]\n"
                                 "slots = 3\n"
                                 "[pool:big]\n"
                                 "slots = 100\n"
                                 "[executor:noop]\n"
                                 "[route]\n"
                                 "process = noop\n");

    ck_assert_str_eq(c->host.state, "/var/lib/x");
    ck_assert_str_eq(c->host.socket, "/var/lib/x/socket");
    ck_assert_uint_eq(c->host.modules_count, 2);
    ck_assert_str_eq(c->host.modules[1], "/n, o");
    ck_assert_int_eq(c->host.log_level, LOG_LEVEL_DEBUG);
    ck_assert_int_eq(c->host.log_format, LOG_FORMAT_JSON);
    ck_assert_int_eq(c->host.drain_ms, 1500);
    ck_assert_str_eq(c->route.process, "noop");
    ck_assert_uint_eq(c->pools_count, 3);
    ck_assert_uint_eq(c->pools[0].slots, 3);
    ck_assert_uint_eq(c->pools[1].slots, 100);
    config_destroy(c);
}
END_TEST

START_TEST(built_in_sections_give_way_to_written_ones)
{
    struct config *c = read_good("[storage:mem]\n"
                                 "plugin = memory\n"
                                 "[auth:token]\n"
                                 "[executor:local]\n"
                                 "plugin = noop\n"
                                 "[retry:other]\n");

    ck_assert_str_eq(c->storage->name, "mem");
    ck_assert_str_eq(config_plugin(c->storage), "memory");
    ck_assert_ptr_null(config_find(c, "storage", "storage"));
    ck_assert_ptr_null(config_find(c, "auth", "peer"));
    ck_assert_str_eq(config_plugin(config_find(c, "executor", "local")),
                     "noop");
    ck_assert_ptr_nonnull(config_find(c, "retry", "backoff"));
    config_destroy(c);
}
END_TEST

START_TEST(sections_of_a_kind_come_in_the_order_of_the_file)
{
    struct config *c = read_good("[auth:b]\n[notify:x]\n[auth:a]\n");
    const struct config_section *first = config_next(c, "auth", NULL);
    const struct config_section *second = config_next(c, "auth", first);

    ck_assert_str_eq(first->name, "b");
    ck_assert_str_eq(second->name, "a");
    ck_assert_ptr_null(config_next(c, "auth", second));
    config_destroy(c);
}
END_TEST

START_TEST(the_general_keys_of_a_plugin_are_the_hosts)
{
    struct config *c = read_good(
        "[notify:ops]\n"
        "plugin = command\n"
        "module = /opt/n.so\n"
        "sha256 = "
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeFF\n"
        "isolation = process\n"
        "own = 1\n"
        "[host]\n"
        "isolation = none\n");
    const struct config_section *s = config_find(c, "notify", "ops");

    ck_assert_str_eq(config_plugin(s), "command");
    ck_assert_str_eq(config_module(s), "/opt/n.so");
    ck_assert_uint_eq(strlen(config_sha256(s)), 64);
    ck_assert_str_eq(config_isolation(c, s), "process");
    ck_assert_str_eq(config_isolation(c, c->storage), "none");
    ck_assert_ptr_null(config_module(c->storage));
    config_destroy(c);
}
END_TEST

START_TEST(one_of_several_storages_is_chosen)
{
    struct config *c = read_good("[host]\nstorage = b\n"
                                 "[storage:a]\n[storage:b]\n");

    ck_assert_str_eq(c->storage->name, "b");
    config_destroy(c);
    check_refused("[storage:a]\n[storage:b]\n",
                  "f:1: several [storage:NAME]; say which one is in use: "
                  "[host] storage = NAME");
    check_refused("[host]\nstorage = c\n[storage:a]\n",
                  "f:2: [host] storage: there is no section [storage:c]");
}
END_TEST

/* ---- refusals ---- */

START_TEST(unknown_keys_and_sections_are_refused_with_the_nearest)
{
    check_refused("[host]\nlog_lvel = info\n[hots]\n[zzz]\n[exectuor:a]\n",
                  "f:2: [host] log_lvel: unknown key; did you mean "
                  "\"log_level\"?\n"
                  "f:3: [hots]: unknown section; did you mean \"host\"?\n"
                  "f:4: [zzz]: unknown section\n"
                  "f:5: [exectuor:a]: unknown section; did you mean "
                  "\"executor\"?");
}
END_TEST

START_TEST(wrong_values_are_refused_with_section_and_key)
{
    check_refused("[host]\ndrain = 10\nlog_level = loud\n[pool:a]\nslots = 0\n",
                  "f:2: [host] drain: expected a duration such as 500ms, "
                  "1.5s, 10m or 7d, 0ms to 1d, found \"10\"\n"
                  "f:3: [host] log_level: expected one of error, warn, info, "
                  "debug, found \"loud\"\n"
                  "f:5: [pool:a] slots: expected a whole number, 1 to "
                  "1000000, found \"0\"");
}
END_TEST

START_TEST(errors_of_lines_and_of_keys_come_together)
{
    check_refused("[host]\n x = 1\ndrain = 1\n[host]\n",
                  "f:2: an indented line; keys and sections begin at the "
                  "left, and a value ends with its line\n"
                  "f:4: section [host] stands at f:1 already\n"
                  "f:3: [host] drain: expected a duration such as 500ms, "
                  "1.5s, 10m or 7d, 0ms to 1d, found \"1\"");
}
END_TEST

START_TEST(names_belong_to_the_sections_that_take_them)
{
    check_refused("[host:a]\n[pool]\n[executor:A]\n[executor:-a]\n"
                  "[executor:]\n[notify:a:b]\n",
                  "f:1: [host:a]: this section has no name behind a colon\n"
                  "f:2: [pool]: this section needs a name: [kind:name]\n"
                  "f:3: [executor:A]: a name is of small letters, digits, _ "
                  "and -, begins with a letter or digit, and has at most 32 "
                  "of them\n"
                  "f:4: [executor:-a]: a name is of small letters, digits, _ "
                  "and -, begins with a letter or digit, and has at most 32 "
                  "of them\n"
                  "f:5: [executor:]: a name is of small letters, digits, _ "
                  "and -, begins with a letter or digit, and has at most 32 "
                  "of them\n"
                  "f:6: [notify:a:b]: a name is of small letters, digits, _ "
                  "and -, begins with a letter or digit, and has at most 32 "
                  "of them");
}
END_TEST

START_TEST(what_a_later_version_does_is_refused_and_never_ignored)
{
    check_refused("[workflows]\n[retention]\n[role:a]\n[breaker:a]\n"
                  "[flag:a]\n[executor:local]\nfallback = x\n",
                  "f:1: [workflows]: not yet carried out by this version of "
                  "haft\n"
                  "f:2: [retention]: not yet carried out by this version of "
                  "haft\n"
                  "f:3: [role:a]: not yet carried out by this version of "
                  "haft\n"
                  "f:4: [breaker:a]: not yet carried out by this version of "
                  "haft\n"
                  "f:5: [flag:a]: not yet carried out by this version of "
                  "haft\n"
                  "f:7: [executor:local] fallback: not yet carried out by "
                  "this version of haft");
}
END_TEST

START_TEST(a_route_must_lead_to_an_executor)
{
    check_refused("[route]\nprocess = a\ncontainer = b\n",
                  "f:2: [route] process: there is no section [executor:a]\n"
                  "f:3: [route] container: there is no section [executor:b]");
}
END_TEST

START_TEST(modules_are_named_by_name_or_by_absolute_path)
{
    check_refused("[notify:a]\nmodule = ./x.so\nsha256 = 12\n"
                  "[notify:b]\nmodule =\n",
                  "f:2: [notify:a] module: expected an absolute path or a "
                  "bare name, found \"./x.so\"\n"
                  "f:3: [notify:a] sha256: expected 64 hexadecimal digits, "
                  "found \"12\"\n"
                  "f:5: [notify:b] module: expected an absolute path or a "
                  "bare name, found \"\"");
}
END_TEST

START_TEST(only_include_stands_before_the_first_section)
{
    check_refused("state = x\n[host]\n",
                  "f:1: state: before the first [section] stands nothing but "
                  "include, and that in the first file alone");
}
END_TEST

/* ---- a plugin's keys ---- */

static const struct setting plugin_rows_of_test[] = {
    {"path", SETTING_PATH, .fallback = "store.db", .help = ""},
    {"cache", SETTING_SIZE, .fallback = "1MiB", .help = ""},
    {"command", SETTING_LIST, SETTING_COMMAND, .help = ""},
};

START_TEST(keys_of_a_plugin_are_checked_against_its_rows)
{
    struct config *c = read_good("[storage]\ncache = 2MiB\nplugin = x\n");
    struct setting_value values[3];

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_int_eq(
        config_check_section(c->storage, plugin_rows_of_test, 3, values, &why),
        0);
    ck_assert_str_eq(values[0].text, "store.db");
    ck_assert_int_eq(values[1].number, 2 << 20);
    ck_assert_ptr_nonnull(values[1].entry);
    ck_assert_uint_eq(values[2].items_count, 0);
    for (int i = 0; i < 3; i++) {
        setting_value_finish(&values[i]);
    }
    str_finish(&why);
    config_destroy(c);
}
END_TEST

START_TEST(wrong_keys_of_a_plugin_are_refused_all_at_once)
{
    struct config *c =
        read_good("[storage]\ncahce = 1\ncache = x\nmodul = y\n");
    struct setting_value values[3] = {{.number = 5}};

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_int_eq(
        config_check_section(c->storage, plugin_rows_of_test, 3, values, &why),
        -EINVAL);
    ck_assert_str_eq(
        why.text,
        "f:2: [storage] cahce: unknown key; did you mean \"cache\"?\n"
        "f:3: [storage] cache: expected a size such as 4096, 64KiB or 1.5GiB, "
        "found \"x\"\n"
        "f:4: [storage] modul: unknown key; did you mean \"module\"?");
    ck_assert_int_eq(values[0].number, 5);
    str_finish(&why);
    config_destroy(c);
}
END_TEST

/* ---- files ---- */

static void begin(void)
{
    snprintf(home, sizeof(home), "/tmp/haft-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(chdir(home), 0);
    setenv("HOME", home, 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("HAFT_CONFIG");
    str_init(&why, SIZE_MAX);
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void end(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    str_finish(&why);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void check_level(const char *path, enum log_level level)
{
    struct config *c = config_load(path, &why);

    ck_assert_msg(c != NULL, "%s", why.text);
    ck_assert_int_eq(c->host.log_level, level);
    config_destroy(c);
}

START_TEST(the_file_is_searched_from_near_to_far)
{
    begin();
    mkdir(".config", 0700);
    mkdir(".config/haft", 0700);
    write_file(".config/haft/haft.conf", "[host]\nlog_level = warn\n");
    check_level(NULL, LOG_LEVEL_WARN);
    write_file("haft.conf", "[host]\nlog_level = debug\n");
    check_level(NULL, LOG_LEVEL_DEBUG);
    write_file("named.conf", "[host]\nlog_level = error\n");
    setenv("HAFT_CONFIG", "named.conf", 1);
    check_level(NULL, LOG_LEVEL_ERROR);
    check_level("haft.conf", LOG_LEVEL_DEBUG);
    end();
}
END_TEST

START_TEST(a_config_home_takes_the_place_of_the_usual_one)
{
    char path[128];

    begin();
    mkdir("c", 0700);
    mkdir("c/haft", 0700);
    write_file("c/haft/haft.conf", "[host]\nlog_level = warn\nstate = s\n");
    snprintf(path, sizeof(path), "%s/c", home);
    setenv("XDG_CONFIG_HOME", path, 1);
    check_level(NULL, LOG_LEVEL_WARN);
    unsetenv("XDG_CONFIG_HOME");
    end();
}
END_TEST

START_TEST(a_file_that_was_named_must_be_there)
{
    begin();
    ck_assert_ptr_null(config_load("nope.conf", &why));
    ck_assert_str_eq(why.text, "nope.conf: no such file (named by --config)");
    str_reset(&why);
    setenv("HAFT_CONFIG", "nope.conf", 1);
    ck_assert_ptr_null(config_load(NULL, &why));
    ck_assert_str_eq(why.text,
                     "nope.conf: no such file (named by $HAFT_CONFIG)");
    str_reset(&why);
    ck_assert_ptr_null(config_load(".", &why));
    ck_assert_str_eq(why.text, ".: Is a directory");
    end();
}
END_TEST

START_TEST(a_file_over_the_limit_is_refused)
{
    char *text = mem_new(CONFIG_FILE_LIMIT + 2, 1);

    begin();
    memset(text, '\n', CONFIG_FILE_LIMIT + 1);
    write_file("big.conf", text);
    ck_assert_ptr_null(config_load("big.conf", &why));
    ck_assert_str_eq(why.text, "big.conf: larger than 4 MiB");
    mem_free(text);
    end();
}
END_TEST

START_TEST(included_files_are_read_in_byte_order)
{
    struct config *c;

    begin();
    mkdir("d", 0700);
    write_file("d/b.conf", "[notify:b]\n");
    write_file("d/B.conf", "[notify:c]\n");
    write_file("d/a.conf", "[notify:a]\n");
    write_file("d/x.txt", "nonsense\n");
    write_file("main.conf", "include = d/*.conf, none/*.conf\n[notify:z]\n");
    c = config_load("main.conf", &why);
    ck_assert_msg(c != NULL, "%s", why.text);

    ck_assert_uint_eq(c->files_count, 4);
    ck_assert_str_eq(c->files[0], "main.conf");
    ck_assert_str_eq(c->files[1], "d/B.conf");
    ck_assert_str_eq(c->files[2], "d/a.conf");
    ck_assert_str_eq(c->files[3], "d/b.conf");
    ck_assert_str_eq(config_next(c, "notify", NULL)->name, "z");
    ck_assert_str_eq(config_find(c, "notify", "b")->file, "d/b.conf");
    config_destroy(c);
    end();
}
END_TEST

START_TEST(included_files_may_not_repeat_nor_include)
{
    begin();
    write_file("a.conf", "include = b.conf\n[host]\n[notify:a]\n");
    write_file("main.conf", "include = a.conf, c.conf\n[host]\n");
    ck_assert_ptr_null(config_load("main.conf", &why));
    ck_assert_str_eq(why.text,
                     "a.conf:2: section [host] stands at main.conf:2 already\n"
                     "main.conf:1: include: no such file: c.conf\n"
                     "a.conf:1: include: before the first [section] stands "
                     "nothing but include, and that in the first file alone");
    end();
}
END_TEST

START_TEST(relative_paths_lie_beside_the_file_that_says_them)
{
    struct config *c;

    begin();
    mkdir("d", 0700);
    write_file("d/main.conf", "include = sub.conf\n[notify:a]\n");
    write_file("d/sub.conf", "[host]\nstate = st\nsocket = /s\n");
    c = config_load("d/main.conf", &why);
    ck_assert_msg(c != NULL, "%s", why.text);
    ck_assert_str_eq(c->host.state, "d/st");
    ck_assert_str_eq(c->host.socket, "/s");
    config_destroy(c);
    end();
}
END_TEST

/* ---- trust ---- */

static const char naming[] = "[host]\nmodules = m\n[notify:a]\nmodule = x\n";

START_TEST(a_found_file_names_no_modules_until_it_is_trusted)
{
    struct config *c;

    begin();
    write_file("haft.conf", naming);
    ck_assert_ptr_null(config_load(NULL, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "haft.conf:2: [host] modules: a "
                                           "haft.conf that was merely found"));
    ck_assert_ptr_nonnull(
        strstr(why.text, "\nhaft.conf:4: [notify:a] module:"));
    ck_assert_ptr_nonnull(strstr(why.text, "haft trust"));
    str_reset(&why);

    ck_assert_int_eq(config_trust(&why), 0);
    c = config_load(NULL, &why);
    ck_assert_msg(c != NULL, "%s", why.text);
    ck_assert(c->is_trusted);
    config_destroy(c);

    write_file("haft.conf", "[host]\nmodules = n\n");
    ck_assert_ptr_null(config_load(NULL, &why));
    end();
}
END_TEST

START_TEST(a_file_that_was_named_is_trusted)
{
    begin();
    write_file("haft.conf", naming);
    config_destroy(config_load("./haft.conf", &why));
    ck_assert_str_eq(why.text, "");
    end();
}
END_TEST

START_TEST(a_found_file_that_names_none_is_read)
{
    struct config *c;

    begin();
    write_file("haft.conf", "[host]\nlog_level = debug\n");
    c = config_load(NULL, &why);
    ck_assert_msg(c != NULL, "%s", why.text);
    ck_assert(!c->is_trusted);
    config_destroy(c);
    end();
}
END_TEST

START_TEST(a_found_file_sets_no_command_of_a_plugin)
{
    struct setting_value values[3];
    struct config *c;

    begin();
    write_file("haft.conf", "[notify:a]\ncommand = /bin/x\n");
    c = config_load(NULL, &why);
    ck_assert_msg(c != NULL, "%s", why.text);
    ck_assert_int_eq(config_check_section(config_find(c, "notify", "a"),
                                          plugin_rows_of_test, 3, values, &why),
                     -EINVAL);
    ck_assert_ptr_nonnull(
        strstr(why.text, "haft.conf:2: [notify:a] command: a haft.conf that "
                         "was merely found"));
    config_destroy(c);
    end();
}
END_TEST

START_TEST(a_change_in_an_included_file_asks_again)
{
    begin();
    write_file("haft.conf", "include = more\n");
    write_file("more", naming);
    ck_assert_int_eq(config_trust(&why), 0);
    config_destroy(config_load(NULL, &why));
    ck_assert_str_eq(why.text, "");
    write_file("more", "[host]\nmodules = other\n");
    ck_assert_ptr_null(config_load(NULL, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "more:2: [host] modules: a haft"));
    end();
}
END_TEST

START_TEST(trust_needs_a_file_in_the_current_folder)
{
    begin();
    ck_assert_int_eq(config_trust(&why), -ENOENT);
    ck_assert_str_eq(why.text, "./haft.conf: No such file or directory");
    end();
}
END_TEST

/* ---- show and sample ---- */

START_TEST(show_says_where_each_value_comes_from)
{
    struct config *c;
    struct str out;

    setenv("HAFT_TEST_SECRET", "hunter2", 1);
    c = read_good("[host]\nstate = /s\n[notify:a]\n"
                  "token = ${HAFT_TEST_SECRET}\n");
    str_init(&out, SIZE_MAX);
    config_show(c, &out);

    ck_assert_int_eq(strncmp(out.text, "# f\n", 4), 0);
    ck_assert_ptr_nonnull(
        strstr(out.text, "\n[host]\n"
                         "state = /s                              # f:2\n"));
    ck_assert_ptr_nonnull(strstr(out.text,
                                 "\ndrain = 10s                             "
                                 "# default\n"));
    ck_assert_ptr_nonnull(strstr(out.text,
                                 "\n[pool:container]\n"
                                 "slots = 8                               "
                                 "# built in\n"));
    ck_assert_ptr_nonnull(strstr(out.text, "token = ${HAFT_TEST_SECRET}"));
    ck_assert_ptr_null(strstr(out.text, "hunter2"));
    ck_assert_ptr_null(strstr(out.text, "fallback"));
    str_finish(&out);
    config_destroy(c);
}
END_TEST

static char *read_sample_file(void)
{
    const char *folder = getenv("HAFT_SRCDIR");
    char path[4096];
    char *text;
    FILE *file;
    size_t size;

    snprintf(path, sizeof(path), "%s/etc/haft.conf", folder ? folder : ".");
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    text = mem_new(1 << 20, 1);
    size = fread(text, 1, (1 << 20) - 1, file);
    text[size] = '\0';
    fclose(file);
    return text;
}

START_TEST(the_sample_file_is_what_the_tables_print)
{
    struct str out;
    char *text = read_sample_file();

    str_init(&out, SIZE_MAX);
    config_sample(&out);
    ck_assert_str_eq(text, out.text);
    mem_free(text);
    str_finish(&out);
}
END_TEST

/* Removes the # of every line that is not a remark, and gives keys that have
 * no default to show a value that fits all of them. */
static void uncomment(const char *sample, struct str *out)
{
    while (*sample) {
        size_t size = strcspn(sample, "\n");
        bool is_kept = sample[0] == '#' && size > 1 && sample[1] != ' ';

        if (is_kept && sample[size - 1] != '=') {
            str_add(out, sample + 1, size - 1);
            str_add_char(out, '\n');
        }
        sample += size + (sample[size] == '\n');
    }
}

START_TEST(the_sample_without_its_marks_is_read_back)
{
    struct str sample;
    struct str text;
    const char *name;

    str_init(&sample, SIZE_MAX);
    str_init(&text, SIZE_MAX);
    config_sample(&sample);
    uncomment(sample.text, &text);
    for (name = strstr(text.text, "NAME"); name; name = strstr(name, "NAME")) {
        memcpy(text.text + (name - text.text), "name", 4);
    }
    name = strstr(text.text, "container = dagger\n");
    ck_assert_ptr_nonnull(name);
    memcpy(text.text + (name - text.text), "container = local \n", 19);
    begin();
    write_file("main.conf", text.text);
    config_destroy(config_load("main.conf", &why));
    ck_assert_str_eq(why.text, "");
    end();
    str_finish(&sample);
    str_finish(&text);
}
END_TEST

START_TEST(the_manual_page_describes_every_key_and_section)
{
    const char *folder = getenv("HAFT_SRCDIR");
    char path[4096];
    char *page = mem_new(1 << 20, 1);
    FILE *file;
    size_t size;

    snprintf(path, sizeof(path), "%s/docs/haft.conf.5", folder ? folder : ".");
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    size = fread(page, 1, (1 << 20) - 1, file);
    page[size] = '\0';
    fclose(file);
    for (size_t i = 0; i < kinds_count; i++) {
        char line[128];

        snprintf(line, sizeof(line), ".Ss Section %s\n", kinds[i].name);
        ck_assert_msg(kinds[i].is_later || strstr(page, line), "%s", line);
        for (size_t k = 0; k < kinds[i].rows_count; k++) {
            const struct setting *row = &kinds[i].rows[k];

            snprintf(line, sizeof(line), ".It Cm %s ", row->key);
            ck_assert_msg((row->flags & SETTING_LATER) || strstr(page, line),
                          "%s", line);
        }
    }
    mem_free(page);
}
END_TEST

TEST_MAIN("config", without_a_word_everything_has_its_default,
          what_the_file_says_is_in_force,
          built_in_sections_give_way_to_written_ones,
          sections_of_a_kind_come_in_the_order_of_the_file,
          the_general_keys_of_a_plugin_are_the_hosts,
          one_of_several_storages_is_chosen,
          unknown_keys_and_sections_are_refused_with_the_nearest,
          wrong_values_are_refused_with_section_and_key,
          errors_of_lines_and_of_keys_come_together,
          names_belong_to_the_sections_that_take_them,
          what_a_later_version_does_is_refused_and_never_ignored,
          a_route_must_lead_to_an_executor,
          modules_are_named_by_name_or_by_absolute_path,
          only_include_stands_before_the_first_section,
          keys_of_a_plugin_are_checked_against_its_rows,
          wrong_keys_of_a_plugin_are_refused_all_at_once,
          the_file_is_searched_from_near_to_far,
          a_config_home_takes_the_place_of_the_usual_one,
          a_file_that_was_named_must_be_there, a_file_over_the_limit_is_refused,
          included_files_are_read_in_byte_order,
          included_files_may_not_repeat_nor_include,
          relative_paths_lie_beside_the_file_that_says_them,
          a_found_file_names_no_modules_until_it_is_trusted,
          a_file_that_was_named_is_trusted,
          a_found_file_that_names_none_is_read,
          a_found_file_sets_no_command_of_a_plugin,
          a_change_in_an_included_file_asks_again,
          trust_needs_a_file_in_the_current_folder,
          show_says_where_each_value_comes_from,
          the_sample_file_is_what_the_tables_print,
          the_sample_without_its_marks_is_read_back,
          the_manual_page_describes_every_key_and_section)
