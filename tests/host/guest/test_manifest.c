#include <string.h>

#include <haft/plugin.h>

#include "host/guest/manifest.h"
#include "tests/check_main.h"

#define CLASS(more)                                                            \
    "{\"kind\": \"haft.retry/1\", \"name\": \"x\", \"thread\": \"pure\", "     \
    "\"summary\": \"s\"" more "}"
#define MODULE(classes)                                                        \
    "{\"id\": \"m\", \"version\": \"1\", \"license\": \"MIT\", \"summary\": "  \
    "\"s\", \"abi\": {\"built\": 3, \"least\": 2}, \"classes\": [" classes     \
    "]}"
#define OPTION(text)                                                           \
    MODULE(CLASS(", \"options\": [{" text ", \"help\": \"h\"}]"))

static struct manifest m;

static void reads(const char *json)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_msg(manifest_read(&m, json, strlen(json), &why), "%s", why.text);
    ck_assert_uint_eq(why.size, 0);
    str_finish(&why);
}

static void refuses(const char *json, const char *reason)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert(!manifest_read(&m, json, strlen(json), &why));
    ck_assert_msg(strstr(why.text, reason) != NULL, "%s", why.text);
    str_finish(&why);
}

START_TEST(a_manifest_says_what_a_module_is)
{
    reads(MODULE(CLASS(", \"needs\": [\"haft.loop/1\"]")));

    ck_assert_str_eq(m.id, "m");
    ck_assert_uint_eq(m.abi_built, 3);
    ck_assert_uint_eq(m.abi_least, 2);
    ck_assert_ptr_eq(manifest_find(&m, "retry", "x"), &m.classes[0]);
    ck_assert_ptr_null(manifest_find(&m, "retr", "x"));
    ck_assert_ptr_null(manifest_find(&m, "retry", "y"));
    ck_assert_int_eq(m.classes[0].thread, MANIFEST_PURE);
    ck_assert(manifest_has(m.classes[0].needs, "haft.loop/1"));
    ck_assert(!manifest_has(m.classes[0].sorts, "process"));
    manifest_finish(&m);
}
END_TEST

START_TEST(options_become_settings)
{
    reads(OPTION("\"key\": \"wait\", \"type\": \"duration\", \"default\": "
                 "\"5s\", \"min\": \"1s\", \"required\": true"));
    const struct manifest_option *o = &m.classes[0].options[0];

    ck_assert_uint_eq(o->type, HAFT_VALUE_DURATION);
    ck_assert_int_eq(o->row.type, SETTING_DURATION);
    ck_assert_int_eq(o->row.least, 1000);
    ck_assert_int_eq(o->row.most, INT64_MAX);
    ck_assert_str_eq(o->row.fallback, "5s");
    ck_assert(o->row.flags & SETTING_REQUIRED);
    manifest_finish(&m);
}
END_TEST

START_TEST(unknown_keys_are_refused_with_the_nearest)
{
    refuses("{\"idd\": \"m\"}", "unknown key \"idd\"; did you mean \"id\"?");
    refuses(MODULE(CLASS(", \"need\": []")), "did you mean \"needs\"?");
    refuses(OPTION("\"key\": \"a\", \"type\": \"int\", \"deflaut\": 3"),
            "did you mean \"default\"?");
}
END_TEST

START_TEST(what_is_missing_or_of_another_shape_is_named)
{
    refuses("[]", "manifest: wanted an object, found an array");
    refuses("{\"id\": 3}", "id: wanted a text, found a number");
    refuses("{\"id\": \"m\"}", "version: wanted a text, found nothing");
    refuses(MODULE(""), "classes: wanted 1 to 32, found 0");
    refuses(MODULE("{}"), "class: kind: wanted a text, found nothing");
    refuses("{", "manifest: ");
}
END_TEST

START_TEST(names_kinds_and_threads_are_checked)
{
    refuses("{\"id\": \"M\", \"version\": \"1\", \"license\": \"\", "
            "\"summary\": \"\", \"abi\": {\"built\": 1}, \"classes\": []}",
            "id: wanted [a-z][a-z0-9_]*, at most 48 letters, found \"M\"");
    refuses(MODULE("{\"kind\": \"retry\", \"name\": \"x\", \"thread\": "
                   "\"pure\", \"summary\": \"\"}"),
            "class x: kind: wanted one like haft.notify/1, found \"retry\"");
    refuses(MODULE("{\"kind\": \"haft.retry/1\", \"name\": \"x\", \"thread\": "
                   "\"own\", \"summary\": \"\"}"),
            "class x: thread: wanted loop, serial, concurrent or pure, found "
            "\"own\"");
    refuses(MODULE(CLASS("") ", " CLASS("")), "class x stands there twice");
}
END_TEST

START_TEST(options_that_could_never_be_set_are_refused)
{
    refuses(OPTION("\"key\": \"a\", \"type\": \"number\""),
            "type: wanted text, int, bool, duration, size or path");
    refuses(OPTION("\"key\": \"module\", \"type\": \"text\""),
            "option module: the key is the host's own");
    refuses(OPTION("\"key\": \"a\", \"type\": \"int\", \"list\": true"),
            "list: only of text or path");
    refuses(OPTION("\"key\": \"a\", \"type\": \"int\", \"min\": 5, \"max\": 2"),
            "min, max: wanted a range of the type int");
    refuses(OPTION("\"key\": \"a\", \"type\": \"int\", \"default\": \"x\""),
            "option a: default: expected a whole number");
    refuses(OPTION("\"key\": \"a\", \"type\": \"text\", \"choices\": [], "
                   "\"default\": \"x\""),
            "choices: wanted texts");
    refuses(OPTION("\"key\": \"a\", \"type\": \"text\", \"choices\": [\"b\"], "
                   "\"default\": \"c\""),
            "default: expected b, the only one");
    refuses(OPTION("\"key\": \"a\", \"type\": \"int\", \"help\": \"h\"}, "
                   "{\"key\": \"a\", \"type\": \"int\""),
            "option a stands there twice");
}
END_TEST

START_TEST(a_range_of_abis_must_be_one)
{
    refuses("{\"id\": \"m\", \"version\": \"1\", \"license\": \"\", "
            "\"summary\": \"\", \"abi\": {\"built\": 1, \"least\": 2}, "
            "\"classes\": [" CLASS("") "]}",
            "abi: wanted 1 <= least <= built, found least 2 and built 1");
}
END_TEST

TEST_MAIN("manifest", a_manifest_says_what_a_module_is, options_become_settings,
          unknown_keys_are_refused_with_the_nearest,
          what_is_missing_or_of_another_shape_is_named,
          names_kinds_and_threads_are_checked,
          options_that_could_never_be_set_are_refused,
          a_range_of_abis_must_be_one)
