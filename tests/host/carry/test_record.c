#include <stdio.h>
#include <string.h>

#include "host/carry/record.h"
#include "host/plain/json.h"
#include "tests/check_main.h"

static const char document[] =
    "\x01{\"version\":1,\"name\":\"w\",\"tasks\":{\"a\":{\"run\":\"true\"},"
    "\"b\":{\"run\":\"true\",\"each\":{\"x\":[1,2]}}}}";
static const char hash[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static uint32_t find_executor(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "local") == 0 ? 0 : CORE_NONE;
}

static struct core *new_core(void)
{
    const struct core_options options = {.epoch = 3000000, .seed = 1};
    struct core *core = core_create(&options);

    core_add_executor(core, "local", 2, true);
    return core;
}

static bool restore_run(struct core *core, const char *value, uint32_t *run,
                        struct str *why)
{
    const struct record_target target = {core, find_executor, NULL};
    const struct record_run record = {.value = value,
                                      .size = strlen(value),
                                      .document = document,
                                      .document_size = sizeof(document) - 1};

    return record_restore_run(&target, &record, run, why);
}

static uint32_t good_run(struct core *core)
{
    struct str value;
    struct str why;
    uint32_t run = CORE_NONE;

    str_init(&why, STR_WHY_LIMIT);
    str_init(&value, 4096);
    str_addf(&value,
             "\x01{\"state\":\"running\",\"id\":\"r1\",\"workflow\":\"w\","
             "\"hash\":\"%s\",\"directory\":\"/some/\\u00e9\","
             "\"principal\":\"uid:0\",\"key\":\"k\",\"space\":\"default\","
             "\"executor\":\"local\",\"stopped\":true,\"tasks\":2,"
             "\"created_ms\":1000000,\"params\":{\"p\":[1,null]},"
             "\"later\":{\"unknown\":1}}",
             hash);
    ck_assert_msg(restore_run(core, value.text, &run, &why), "%s", why.text);
    str_finish(&value);
    str_finish(&why);
    return run;
}

static bool restore_task(struct core *core, uint32_t run, const char *name,
                         const char *value)
{
    const struct record_target target = {core, find_executor, NULL};
    const struct haft_slice slice = {value, strlen(value)};
    struct str why;
    bool is_good;

    str_init(&why, STR_WHY_LIMIT);
    is_good = record_restore_task(&target, run, name, &slice, &why);
    ck_assert_int_eq(is_good, why.size == 0);
    str_finish(&why);
    return is_good;
}

START_TEST(a_run_is_written_as_it_was_read)
{
    struct core *core = new_core();
    uint32_t run = good_run(core);
    const struct run *r = core_run(core, run);
    struct str out;
    struct str why;
    cJSON *tree;

    str_init(&out, 4096);
    str_init(&why, STR_WHY_LIMIT);
    record_add_run(&out, core, run);

    ck_assert_int_eq(out.text[0], RECORD_VERSION);
    tree = json_read(out.text + 1, out.size - 1, &why);
    ck_assert_msg(tree != NULL, "%s: %s", why.text, out.text + 1);
    ck_assert_str_eq(json_get_text(tree, "state", ""), "running");
    ck_assert_str_eq(json_get_text(tree, "hash", ""), hash);
    ck_assert_str_eq(json_get_text(tree, "directory", ""), "/some/\xc3\xa9");
    ck_assert_str_eq(json_get_text(tree, "executor", ""), "local");
    ck_assert(json_get_bool(tree, "stopped", false));
    ck_assert_ptr_null(json_get(tree, "finishing"));
    ck_assert_int_eq(json_get_int(tree, "created_ms", 0), 1000000);
    ck_assert_int_eq(
        cJSON_GetArraySize(json_get(json_get(tree, "params"), "p")), 2);
    ck_assert_str_eq(r->workflow->directory, "/some/\xc3\xa9");
    cJSON_Delete(tree);
    str_finish(&why);
    str_finish(&out);
    core_destroy(core);
}
END_TEST

START_TEST(a_task_is_written_as_it_was_read)
{
    static const char value[] =
        "\x01{\"state\":\"deciding\",\"executor\":\"local\",\"tries\":2,"
        "\"losses\":1,\"attempt\":\"12884901888000007\",\"fence\":3,"
        "\"ready_ms\":1000001,\"handed_ms\":1000002,\"started_ms\":1000003,"
        "\"ended_ms\":1000004,\"seed\":\"18446744073709551615\","
        "\"fault\":{\"class\":\"USER_FAILURE\",\"effect\":\"done\","
        "\"origin\":\"user\",\"code\":\"local.exit\",\"message\":\"exited "
        "\\\"with\\\" 3\",\"exit_code\":3}}";
    struct core *core = new_core();
    uint32_t run = good_run(core);
    struct str out;

    ck_assert(restore_task(core, run, "a", value));
    str_init(&out, 4096);
    record_add_task(&out, core, run, core_find_task(core, run, "a"));

    ck_assert_str_eq(out.text, value);
    str_finish(&out);
    core_destroy(core);
}
END_TEST

START_TEST(handed_over_is_stored_as_what_it_is)
{
    struct core *core = new_core();
    uint32_t run = good_run(core);
    uint32_t task;
    struct str out;

    ck_assert(restore_task(core, run, "a",
                           "\x01{\"state\":\"handed\",\"executor\":\"local\","
                           "\"attempt\":7,\"fence\":1}"));
    task = core_find_task(core, run, "a");
    str_init(&out, 4096);
    record_add_task(&out, core, run, task);
    ck_assert_ptr_nonnull(strstr(out.text, "\"state\":\"handed\""));
    str_finish(&out);
    core_destroy(core);
}
END_TEST

START_TEST(items_come_back_behind_their_owner)
{
    struct core *core = new_core();
    uint32_t run = good_run(core);
    struct task room;
    uint32_t item;

    ck_assert(restore_task(core, run, "b",
                           "\x01{\"state\":\"running\",\"items\":2}"));
    ck_assert(restore_task(core, run, "b[1]",
                           "\x01{\"state\":\"succeeded\",\"executor\":"
                           "\"local\",\"attempt\":7,\"fence\":1,\"item\":1,"
                           "\"outputs\":{\"k\":\"v\"}}"));
    item = core_find_task(core, run, "b[1]");

    ck_assert_uint_ne(item, CORE_NONE);
    ck_assert_int_eq(core_task(core, run, item, &room)->state, TASK_SUCCEEDED);
    ck_assert_str_eq(json_get_text(room.outputs, "k", ""), "v");
    core_destroy(core);
}
END_TEST

START_TEST(what_cannot_be_read_is_refused_with_a_reason)
{
    static const char *const bad[] = {
        "",
        "\x02{\"state\":\"ready\"}",
        "\x01",
        "\x01[]",
        "\x01{\"state\":\"ready\"",
        "\x01{\"state\":\"ready\"}x",
        "\x01{\"state\":\"dancing\"}",
        "\x01{\"state\":\"waiting\"}",
        "\x01{\"tries\":1}",
        "\x01{\"state\":\"ready\",\"tries\":-1}",
        "\x01{\"state\":\"ready\",\"tries\":4294967296}",
        "\x01{\"state\":\"ready\",\"attempt\":\"18446744073709551616\"}",
        "\x01{\"state\":\"ready\",\"outputs\":[]}",
        "\x01{\"state\":\"ready\",\"fault\":{\"class\":\"NONSENSE\"}}",
        "\x01{\"state\":\"ready\",\"cancelling\":1}",
    };
    struct core *core = new_core();
    uint32_t run = good_run(core);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!restore_task(core, run, "a", bad[i]), "%s", bad[i]);
    }
    ck_assert(!restore_task(core, run, "nobody", "\x01{\"state\":\"ready\"}"));
    core_destroy(core);
}
END_TEST

START_TEST(a_run_that_is_not_whole_is_refused)
{
    struct core *core = new_core();
    uint32_t run = CORE_NONE;
    struct str value;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    str_init(&value, 4096);
    ck_assert(!restore_run(core, "\x01{\"state\":\"running\"}", &run, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "names no run"));
    str_reset(&why);
    str_addf(&value, "\x01{\"state\":\"failed\",\"id\":\"r1\",\"hash\":\"%s\"}",
             hash);
    ck_assert(!restore_run(core, value.text, &run, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "has ended"));
    ck_assert_uint_eq(run, CORE_NONE);
    str_finish(&value);
    str_finish(&why);
    core_destroy(core);
}
END_TEST

START_TEST(the_path_of_a_key_keeps_principal_and_key_apart)
{
    struct str out;

    str_init(&out, 512);
    record_add_key_path(&out, "a/b%", "c/d");
    ck_assert_str_eq(out.text, "k/a%2Fb%25/c/d");
    str_finish(&out);
}
END_TEST

TEST_MAIN("record", a_run_is_written_as_it_was_read,
          a_task_is_written_as_it_was_read, handed_over_is_stored_as_what_it_is,
          items_come_back_behind_their_owner,
          what_cannot_be_read_is_refused_with_a_reason,
          a_run_that_is_not_whole_is_refused,
          the_path_of_a_key_keeps_principal_and_key_apart)
