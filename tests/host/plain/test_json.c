#include <math.h>
#include <stdint.h>
#include <string.h>

#include "host/plain/json.h"
#include "tests/check_main.h"

static void check_refused(const char *text, const char *reason)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_ptr_null(json_read(text, strlen(text), &why));
    ck_assert_msg(strstr(why.text, reason), "%s: \"%s\" lacks \"%s\"", text,
                  why.text, reason);
    str_finish(&why);
}

static cJSON *read_good(const char *text)
{
    struct str why;
    cJSON *tree;

    str_init(&why, STR_WHY_LIMIT);
    tree = json_read(text, strlen(text), &why);
    ck_assert_msg(tree != NULL, "%s: %s", text, why.text);
    str_finish(&why);
    return tree;
}

START_TEST(commas_come_where_they_belong)
{
    struct str out;

    str_init(&out, 1000);
    json_open(&out, '{');
    json_put_int(&out, "a", 1);
    json_key(&out, "b");
    json_open(&out, '[');
    json_bool(&out, true);
    json_null(&out);
    json_open(&out, '{');
    json_close(&out, '}');
    json_text(&out, "x", 1);
    json_close(&out, ']');
    json_put_bool(&out, "c", false);
    json_key(&out, "d");
    json_raw(&out, "[1]", 3);
    json_close(&out, '}');

    ck_assert_str_eq(out.text,
                     "{\"a\":1,\"b\":[true,null,{},\"x\"],\"c\":false,"
                     "\"d\":[1]}");
    str_finish(&out);
}
END_TEST

START_TEST(a_text_that_is_null_writes_no_member)
{
    struct str out;

    str_init(&out, 1000);
    json_open(&out, '{');
    json_put_text(&out, "gone", NULL);
    json_put_text(&out, "here", "x");
    json_close(&out, '}');

    ck_assert_str_eq(out.text, "{\"here\":\"x\"}");
    str_finish(&out);
}
END_TEST

START_TEST(control_bytes_and_quotes_are_escaped)
{
    struct str out;

    str_init(&out, 1000);
    json_text(&out, "\"\\\b\f\n\r\t\x01\x7f/", 10);

    ck_assert_str_eq(out.text, "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f/\"");
    str_finish(&out);
}
END_TEST

START_TEST(bytes_that_are_no_utf8_become_the_replacement_character)
{
    struct str out;

    str_init(&out, 1000);
    json_text(&out, "a\xff\xc3\xa4", 4);

    ck_assert_str_eq(out.text, "\"a\xef\xbf\xbd\xc3\xa4\"");
    str_finish(&out);
}
END_TEST

START_TEST(integers_are_whole_to_the_last_digit)
{
    struct str out;

    str_init(&out, 1000);
    json_open(&out, '[');
    json_int(&out, 0);
    json_int(&out, INT64_MAX);
    json_int(&out, INT64_MIN);
    json_close(&out, ']');

    ck_assert_str_eq(out.text, "[0,9223372036854775807,-9223372036854775808]");
    str_finish(&out);
}
END_TEST

START_TEST(numbers_read_back_as_the_same_double)
{
    static const double values[] = {0.1, 1e300, -2.5, 1.0 / 3, 5e-324};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct str out;
        cJSON *tree;

        str_init(&out, 100);
        json_number(&out, values[i]);
        tree = read_good(out.text);
        ck_assert(tree->valuedouble == values[i]);
        cJSON_Delete(tree);
        str_finish(&out);
    }
}
END_TEST

START_TEST(what_is_no_number_is_null)
{
    struct str out;

    str_init(&out, 100);
    json_open(&out, '[');
    json_number(&out, (double)NAN);
    json_number(&out, (double)INFINITY);
    json_close(&out, ']');

    ck_assert_str_eq(out.text, "[null,null]");
    str_finish(&out);
}
END_TEST

START_TEST(a_tree_is_written_as_it_was_read)
{
    static const char text[] =
        "{\"a\":[1,-2.5,true,false,null,\"\xc3\xa4\\n\"],\"b\":{},\"c\":[]}";
    cJSON *tree = read_good(text);
    struct str out;

    str_init(&out, 1000);
    json_value(&out, tree);

    ck_assert_str_eq(out.text, text);
    str_finish(&out);
    cJSON_Delete(tree);
}
END_TEST

START_TEST(what_is_no_json_is_refused_with_a_reason)
{
    check_refused("", "not JSON");
    check_refused("{", "not JSON");
    check_refused("[1,]", "not JSON");
    check_refused("nul", "not JSON");
    check_refused("\xef\xbb\xbf{}", "not JSON");
    check_refused("\"\xff\"", "not UTF-8");
}
END_TEST

START_TEST(bytes_after_the_value_are_refused)
{
    check_refused("{} {}", "not JSON at byte 2");
    check_refused("{\n\"a\": 1\n\"b\": 2}", "not JSON at byte 9 (line 3)");
    cJSON_Delete(read_good("{} \n\t\r "));
}
END_TEST

START_TEST(a_nul_inside_is_refused)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_ptr_null(json_read("{}\0{}", 5, &why));
    ck_assert_str_eq(why.text, "not UTF-8 text");
    str_finish(&why);
}
END_TEST

START_TEST(a_key_that_stands_twice_is_refused_at_any_depth)
{
    check_refused("{\"a\":1,\"a\":2}", "the key \"a\" stands there twice");
    check_refused("[{\"x\":{\"k\":1,\"l\":2,\"k\":3}}]", "\"k\"");
    cJSON_Delete(read_good("{\"a\":{\"a\":1},\"A\":2}"));
}
END_TEST

START_TEST(nesting_has_a_limit)
{
    char text[2 * (JSON_DEPTH_LIMIT + 1) + 1];

    memset(text, '[', JSON_DEPTH_LIMIT + 1);
    memset(text + JSON_DEPTH_LIMIT + 1, ']', JSON_DEPTH_LIMIT + 1);
    text[sizeof(text) - 1] = '\0';
    check_refused(text, "deeper than 64");

    text[sizeof(text) - 2] = '\0';
    cJSON_Delete(read_good(text + 1));
}
END_TEST

START_TEST(brackets_inside_a_text_do_not_count_as_depth)
{
    char text[200];

    memset(text, '[', sizeof(text));
    text[0] = '"';
    memcpy(text + 1, "\\\"", 2);
    memcpy(text + sizeof(text) - 2, "\"", 2);
    cJSON_Delete(read_good(text));
}
END_TEST

START_TEST(members_are_got_by_exact_name_and_type)
{
    cJSON *tree = read_good("{\"t\":\"x\",\"n\":7,\"b\":true,\"big\":1e300}");

    ck_assert_str_eq(json_get_text(tree, "t", "d"), "x");
    ck_assert_str_eq(json_get_text(tree, "T", "d"), "d");
    ck_assert_str_eq(json_get_text(tree, "n", "d"), "d");
    ck_assert_int_eq(json_get_int(tree, "n", -1), 7);
    ck_assert_int_eq(json_get_int(tree, "t", -1), -1);
    ck_assert_int_eq(json_get_int(tree, "big", -1), -1);
    ck_assert(json_get_bool(tree, "b", false));
    ck_assert(!json_get_bool(tree, "n", false));
    ck_assert_ptr_null(json_get(tree, "B"));
    cJSON_Delete(tree);
}
END_TEST

TEST_MAIN("json", commas_come_where_they_belong,
          a_text_that_is_null_writes_no_member,
          control_bytes_and_quotes_are_escaped,
          bytes_that_are_no_utf8_become_the_replacement_character,
          integers_are_whole_to_the_last_digit,
          numbers_read_back_as_the_same_double, what_is_no_number_is_null,
          a_tree_is_written_as_it_was_read,
          what_is_no_json_is_refused_with_a_reason,
          bytes_after_the_value_are_refused, a_nul_inside_is_refused,
          a_key_that_stands_twice_is_refused_at_any_depth, nesting_has_a_limit,
          brackets_inside_a_text_do_not_count_as_depth,
          members_are_got_by_exact_name_and_type)
