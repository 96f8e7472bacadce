#include <string.h>

#include <check.h>

#include "host/flow/workflow.h"
#include "host/plain/json.h"
#include "tests/check_main.h"

static const char file[] = "version: 1\n"
                           "params:\n"
                           "  text: { default: main }\n"
                           "  must: { required: true, enum: [x, y] }\n"
                           "  whole: { type: integer }\n"
                           "  real: { type: number, default: 1.5 }\n"
                           "  truth: { type: boolean }\n"
                           "  list: { type: array, default: [a, { b: 1 }] }\n"
                           "  object: { type: object }\n"
                           "  pick: { type: integer, enum: [1, 2] }\n"
                           "tasks: { t: { run: x } }\n";

static struct workflow *workflow;

static void set_up(void)
{
    struct workflow_source source = {.name = "w"};
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    workflow = workflow_read(file, strlen(file), &source, &why);
    ck_assert_msg(workflow != NULL, "%s", why.text);
    str_finish(&why);
}

static void tear_down(void)
{
    workflow_destroy(workflow);
}

/* What `given` (JSON, or NULL) is bound to, or "? " and what is said. */
static void expect(const char *given, const char *wanted)
{
    cJSON *object = given ? cJSON_Parse(given) : NULL;
    struct str found;
    struct str why;
    cJSON *bound;

    set_up();
    str_init(&found, 65536);
    str_init(&why, 65536);
    bound = workflow_bind(workflow, object, &why);
    if (bound) {
        json_value(&found, bound);
        ck_assert_uint_eq(why.size, 0);
    } else {
        str_addf(&found, "? %s", why.text);
    }
    ck_assert_str_eq(found.text, wanted);
    cJSON_Delete(bound);
    cJSON_Delete(object);
    str_finish(&found);
    str_finish(&why);
    tear_down();
}

START_TEST(declarations_lie_in_order_of_their_names)
{
    static const char *const names[] = {"list", "must", "object", "pick",
                                        "real", "text", "truth",  "whole"};

    set_up();
    ck_assert_uint_eq(workflow->params_count, 8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_str_eq(workflow->params[i].name, names[i]);
    }
    ck_assert_str_eq(workflow->params[1].type, "string");
    ck_assert(workflow->params[1].is_required);
    ck_assert_int_eq(cJSON_GetArraySize(workflow->params[1].choices), 2);
    ck_assert_ptr_null(workflow->params[1].fallback);
    ck_assert_str_eq(workflow->params[0].description, "");
    tear_down();
}
END_TEST

START_TEST(defaults_fill_in_and_what_is_left_is_absent)
{
    expect("{\"must\":\"x\"}",
           "{\"list\":[\"a\",{\"b\":1}],\"must\":\"x\",\"real\":1.5,"
           "\"text\":\"main\"}");
    expect("{\"must\":\"x\",\"text\":null}",
           "{\"list\":[\"a\",{\"b\":1}],\"must\":\"x\",\"real\":1.5,"
           "\"text\":\"main\"}");
}
END_TEST

START_TEST(given_values_win_over_defaults)
{
    expect("{\"must\":\"y\",\"text\":\"\",\"list\":[],\"real\":2,"
           "\"whole\":-7,\"truth\":false,\"object\":{\"k\":[]},\"pick\":2}",
           "{\"list\":[],\"must\":\"y\",\"object\":{\"k\":[]},\"pick\":2,"
           "\"real\":2,\"text\":\"\",\"truth\":false,\"whole\":-7}");
}
END_TEST

START_TEST(texts_are_read_as_the_type_that_is_wanted)
{
    expect("{\"must\":\"x\",\"whole\":\"3\",\"real\":\"-1e2\","
           "\"truth\":\"true\",\"list\":\"[1]\",\"object\":\"{\\\"a\\\":1}\","
           "\"text\":\"3\",\"pick\":\"1\"}",
           "{\"list\":[1],\"must\":\"x\",\"object\":{\"a\":1},\"pick\":1,"
           "\"real\":-100,\"text\":\"3\",\"truth\":true,\"whole\":3}");
}
END_TEST

START_TEST(every_wrong_value_is_told)
{
    expect("{\"must\":\"z\",\"whole\":1.5,\"real\":\"x\",\"truth\":\"yes\","
           "\"list\":{},\"object\":[],\"text\":3,\"pick\":3,\"txet\":1}",
           "? parameter \"txet\": the workflow w has none of this name; did "
           "you mean \"text\"?\n"
           "parameter \"list\": a list is wanted, not {}\n"
           "parameter \"must\": one of [\"x\",\"y\"] is wanted, not \"z\"\n"
           "parameter \"object\": an object is wanted, not []\n"
           "parameter \"pick\": one of [1,2] is wanted, not 3\n"
           "parameter \"real\": a number is wanted, not \"x\"\n"
           "parameter \"text\": a text is wanted, not 3\n"
           "parameter \"truth\": true or false is wanted, not \"yes\"\n"
           "parameter \"whole\": a whole number is wanted, not 1.5");
}
END_TEST

START_TEST(what_is_required_is_asked_for)
{
    expect(NULL, "? parameter \"must\": a value is required");
    expect("{\"must\":null}", "? parameter \"must\": a value is required");
    expect("[]", "? the parameters are an object of names and values");
}
END_TEST

START_TEST(numbers_beyond_what_is_exact_are_no_whole_numbers)
{
    expect("{\"must\":\"x\",\"whole\":9007199254740993}",
           "? parameter \"whole\": a whole number is wanted, not "
           "9007199254740992");
    expect("{\"must\":\"x\",\"whole\":\"1e400\"}",
           "? parameter \"whole\": a whole number is wanted, not null");
}
END_TEST

TEST_MAIN("param", declarations_lie_in_order_of_their_names,
          defaults_fill_in_and_what_is_left_is_absent,
          given_values_win_over_defaults,
          texts_are_read_as_the_type_that_is_wanted, every_wrong_value_is_told,
          what_is_required_is_asked_for,
          numbers_beyond_what_is_exact_are_no_whole_numbers)
