#include <string.h>

#include <check.h>

#include "host/flow/template.h"
#include "host/plain/json.h"
#include "tests/check_main.h"

static cJSON *look(void *ctx, const char *const *path, size_t count)
{
    (void)ctx;
    if (count == 2 && strcmp(path[1], "list") == 0) {
        return cJSON_Parse("[1,\"b\"]");
    }
    return strcmp(path[count - 1], "missing") == 0
               ? NULL
               : cJSON_CreateString(path[count - 1]);
}

static bool ask(void *ctx, enum expr_question question)
{
    (void)ctx;
    return question == EXPR_SUCCESS;
}

static const struct expr_scope scope = {.look = look, .ask = ask};

static void expect(const char *text, const char *wanted)
{
    struct str out;
    struct str why;

    str_init(&out, 4096);
    str_init(&why, STR_WHY_LIMIT);
    ck_assert_msg(template_render(text, &scope, &out, &why), "%s: %s", text,
                  why.text);
    ck_assert_str_eq(out.text, wanted);
    ck_assert_uint_eq(why.size, 0);
    str_finish(&out);
    str_finish(&why);
}

static void expect_value(const char *text, const char *wanted)
{
    struct str out;
    struct str why;
    cJSON *value;

    str_init(&out, 4096);
    str_init(&why, STR_WHY_LIMIT);
    value = template_value(text, &scope, &why);
    ck_assert_msg(value != NULL, "%s: %s", text, why.text);
    json_value(&out, value);
    ck_assert_str_eq(out.text, wanted);
    cJSON_Delete(value);
    str_finish(&out);
    str_finish(&why);
}

static void expect_refusal(const char *text, size_t at, const char *words)
{
    size_t found = 0;
    struct str out;
    struct str why;

    str_init(&out, 4096);
    str_init(&why, STR_WHY_LIMIT);
    ck_assert(!template_check(text, &why, &found, NULL, NULL));
    ck_assert_msg(strstr(why.text, words) != NULL, "%s: %s", text, why.text);
    ck_assert_uint_eq(found, at);
    str_reset(&why);
    ck_assert(!template_render(text, &scope, &out, &why));
    ck_assert_uint_gt(why.size, 0);
    str_finish(&out);
    str_finish(&why);
}

START_TEST(a_text_without_expressions_stays_as_it_is)
{
    expect("", "");
    expect("plain $HOME ${HOME} }} {{ $$", "plain $HOME ${HOME} }} {{ $$");
    ck_assert(template_is_plain("${ {"));
    ck_assert(!template_is_plain("a ${{ b }}"));
}
END_TEST

START_TEST(expressions_are_replaced_where_they_stand)
{
    expect("${{ params.a }}", "a");
    expect("x${{params.a}}y${{ run.id }}z", "xayidz");
    expect("[${{ params.missing }}]", "[]");
    expect("v=${{ params.list }}", "v=[1,\"b\"]");
    expect("${{ success() }} ${{ 1.50 }}", "true 1.5");
}
END_TEST

START_TEST(quotes_may_hold_the_closing_braces)
{
    expect("${{ '}}' }}", "}}");
    expect("${{ \"\\\"}}\" }}!", "\"}}!");
    expect("${{ 'it''s }}' }}", "it's }}");
}
END_TEST

START_TEST(a_doubled_dollar_is_a_literal_one)
{
    expect("$${{ params.a }}", "${{ params.a }}");
    expect("a$${{b${{ params.a }}", "a${{ba");
    expect("$$${{ x }}", "$${{ x }}");
}
END_TEST

START_TEST(a_lone_expression_keeps_its_type)
{
    expect_value("${{ params.list }}", "[1,\"b\"]");
    expect_value(" ${{ 3 }}\n", "3");
    expect_value("${{ params.missing }}", "null");
    expect_value("${{ 3 }}${{ 4 }}", "\"34\"");
    expect_value("3", "\"3\"");
    expect_value("$${{ 3 }}", "\"${{ 3 }}\"");
}
END_TEST

START_TEST(a_bad_expression_is_found_with_its_byte)
{
    expect_refusal("ab ${{ 1 + 2 }}", 9, "no arithmetic");
    expect_refusal("ab ${{ 1", 3, "no closing }}");
    expect_refusal("ab ${{ '1 }}", 3, "no closing }}");
    expect_refusal("${{}}", 3, "missing");
}
END_TEST

START_TEST(a_value_that_cannot_be_is_an_error)
{
    struct str out;
    struct str why;

    str_init(&out, 4096);
    str_init(&why, STR_WHY_LIMIT);

    ck_assert(!template_render("${{ len(3) }}", &scope, &out, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "len wants"));
    ck_assert_ptr_null(template_value("x${{ len(3) }}", &scope, &why));
    str_finish(&out);
    str_finish(&why);
}
END_TEST

START_TEST(a_text_longer_than_its_limit_is_an_error)
{
    struct str out;
    struct str why;

    str_init(&out, 8);
    str_init(&why, STR_WHY_LIMIT);

    ck_assert(!template_render("123456789", &scope, &out, &why));
    ck_assert_str_eq(why.text, "the text grows longer than 8 bytes");
    str_finish(&out);
    str_finish(&why);
}
END_TEST

static void count(void *ctx, const char *const *path, size_t parts)
{
    (void)path;
    *(size_t *)ctx += parts;
}

START_TEST(every_path_of_a_text_is_visited)
{
    size_t parts = 0;
    struct str why;
    size_t at;

    str_init(&why, STR_WHY_LIMIT);

    ck_assert(template_check("${{ params.a }} $${{ params.b }} ${{ run.id }}",
                             &why, &at, count, &parts));
    ck_assert_uint_eq(parts, 4);
    str_finish(&why);
}
END_TEST

TEST_MAIN("template", a_text_without_expressions_stays_as_it_is,
          expressions_are_replaced_where_they_stand,
          quotes_may_hold_the_closing_braces, a_doubled_dollar_is_a_literal_one,
          a_lone_expression_keeps_its_type,
          a_bad_expression_is_found_with_its_byte,
          a_value_that_cannot_be_is_an_error,
          a_text_longer_than_its_limit_is_an_error,
          every_path_of_a_text_is_visited)
