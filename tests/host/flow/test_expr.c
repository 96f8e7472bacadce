#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "host/flow/expr.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"
#include "tests/check_main.h"

/* What the paths of these tests reach. */
static const char world_text[] =
    "{\"params\":{\"ref\":\"main\",\"n\":3,\"zero\":0,\"flag\":true,"
    "\"list\":[\"a\",\"b\",7,null],\"object\":{\"k\":{\"deep\":[1,2]}},"
    "\"empty\":\"\",\"none\":[]},"
    "\"tasks\":{\"sign-off\":{\"status\":\"succeeded\",\"outputs\":"
    "{\"count\":\"12\",\"changed\":\"false\",\"json\":\"[1,2,3]\"}}},"
    "\"each\":{\"x\":\"item\"},\"env\":{\"HOME_DIR\":\"/h\"}}";

struct world {
    cJSON *root;
    bool answers[4];
};

static cJSON *look(void *ctx, const char *const *path, size_t count)
{
    const struct world *world = ctx;
    const cJSON *found = expr_descend(world->root, path, count);

    return found ? cJSON_Duplicate(found, 1) : NULL;
}

static bool ask(void *ctx, enum expr_question question)
{
    const struct world *world = ctx;

    return world->answers[question];
}

/* The value as JSON, or "? " and the reason; owned. */
static char *eval_text(const char *text)
{
    struct world world = {
        .answers = {[EXPR_SUCCESS] = true, [EXPR_ALWAYS] = true}};
    struct expr_scope scope = {.look = look, .ask = ask, .ctx = &world};
    struct str why;
    struct str out;
    struct expr *e;
    cJSON *value;
    size_t at;

    str_init(&why, STR_WHY_LIMIT);
    str_init(&out, EXPR_VALUE_LIMIT * 2);
    world.root = json_read(world_text, strlen(world_text), &why);
    ck_assert_ptr_nonnull(world.root);
    e = expr_parse(text, strlen(text), &why, &at);
    ck_assert_msg(e != NULL, "%s: %s", text, why.text);
    value = expr_eval(e, &scope, &why);
    if (value) {
        json_value(&out, value);
        ck_assert_uint_eq(why.size, 0);
    } else {
        ck_assert_uint_gt(why.size, 0);
        str_addf(&out, "? %s", why.text);
    }
    cJSON_Delete(value);
    cJSON_Delete(world.root);
    expr_destroy(e);
    str_finish(&why);
    return str_take(&out);
}

static void expect(const char *text, const char *wanted)
{
    char *found = eval_text(text);

    ck_assert_msg(strcmp(found, wanted) == 0, "%s is %s, not %s", text, found,
                  wanted);
    mem_free(found);
}

/* Refused by the parser, at that byte, with those words in the reason. */
static void expect_refusal(const char *text, size_t at, const char *words)
{
    size_t found = 0;
    struct str why;
    struct expr *e;

    str_init(&why, STR_WHY_LIMIT);
    e = expr_parse(text, strlen(text), &why, &found);
    ck_assert_msg(e == NULL, "%s was taken", text);
    ck_assert_msg(strstr(why.text, words) != NULL, "%s: %s", text, why.text);
    ck_assert_msg(found == at, "%s: at %zu, not %zu: %s", text, found, at,
                  why.text);
    str_finish(&why);
}

START_TEST(literals_are_what_they_look_like)
{
    expect("null", "null");
    expect("true", "true");
    expect("false", "false");
    expect("0", "0");
    expect("-12.5e2", "-1250");
    expect("1E+2", "100");
    expect("'it''s'", "\"it's\"");
    expect("''", "\"\"");
    expect("''''", "\"'\"");
    expect("\"a\\n\\\"\\u00e9\\ud83d\\ude00\\/\"",
           "\"a\\n\\\"\xc3\xa9\xf0\x9f\x98\x80/\"");
    expect("'\xc3\xa9'", "\"\xc3\xa9\"");
    expect("  \t\n 1 \r\n", "1");
}
END_TEST

START_TEST(every_status_is_a_text)
{
    static const char *const statuses[] = {"waiting", "ready",     "deciding",
                                           "running", "held",      "succeeded",
                                           "failed",  "cancelled", "skipped"};

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        char wanted[32];

        snprintf(wanted, sizeof(wanted), "\"%s\"", statuses[i]);
        expect(statuses[i], wanted);
    }
    expect("tasks.sign-off.status == succeeded", "true");
}
END_TEST

START_TEST(a_hyphen_belongs_to_a_name)
{
    expect("tasks.sign-off.outputs.count", "\"12\"");
    expect("tasks.sign-off.outputs.no-such", "null");
}
END_TEST

START_TEST(paths_reach_into_lists_and_objects)
{
    expect("params.ref", "\"main\"");
    expect("params.list.0", "\"a\"");
    expect("params.list.3", "null");
    expect("params.list.4", "null");
    expect("params.list.00", "null");
    expect("params.list.x", "null");
    expect("params.list.99999999999999999999", "null");
    expect("params.object.k.deep.1", "2");
    expect("params.ref.more", "null");
    expect("params.missing.a.b", "null");
    expect("each.x", "\"item\"");
    expect("env.HOME_DIR", "\"/h\"");
}
END_TEST

START_TEST(equality_follows_the_kinds)
{
    expect("1 == 1.0", "true");
    expect("'a' == 'a'", "true");
    expect("'a' == 'A'", "false");
    expect("'a' != 'b'", "true");
    expect("null == null", "true");
    expect("null == false", "false");
    expect("null == ''", "false");
    expect("true == true", "true");
    expect("true != false", "true");
    expect("true == 1", "false");
    expect("params.list == null", "false");
    expect("params.missing == null", "true");
    expect("'1' == '1.0'", "false");
}
END_TEST

START_TEST(a_text_beside_a_number_or_truth_reads_as_one)
{
    expect("tasks.sign-off.outputs.count == 12", "true");
    expect("12.0 == tasks.sign-off.outputs.count", "true");
    expect("'12x' == 12", "false");
    expect("'' == 0", "false");
    expect("tasks.sign-off.outputs.count > 9", "true");
    expect("tasks.sign-off.outputs.changed == false", "true");
    expect("tasks.sign-off.outputs.changed == true", "false");
    expect("true == 'true'", "true");
    expect("true == 'yes'", "false");
}
END_TEST

START_TEST(lists_and_objects_are_not_compared)
{
    expect("params.list == params.list",
           "? a list and a list cannot be compared; compare a part or len()");
    expect("params.object != 'x'", "? an object and a text cannot be "
                                   "compared; compare a part or len()");
}
END_TEST

START_TEST(order_is_of_numbers_or_of_texts)
{
    expect("1 < 2", "true");
    expect("2 < 2", "false");
    expect("2 <= 2", "true");
    expect("3 > 2", "true");
    expect("2 >= 3", "false");
    expect("'a' < 'b'", "true");
    expect("'10' < '9'", "true");
    expect("-1 < 0", "true");
    expect("null < 1", "? null and a number have no order; two numbers or "
                       "two texts have");
    expect("true < 'b'",
           "? true and a text have no order; two numbers or two texts have");
    expect("'x' >= 1",
           "? a text and a number have no order; two numbers or two texts "
           "have");
}
END_TEST

START_TEST(and_or_not_bind_in_that_order)
{
    expect("true || false && false", "true");
    expect("(true || false) && false", "false");
    expect("!true || true", "true");
    expect("!(true || true)", "false");
    expect("!!'x'", "true");
    expect("!params.missing", "true");
    expect("!1 == 0", "false");
    expect("false || false || true", "true");
    expect("true && true && false", "false");
}
END_TEST

START_TEST(and_and_or_give_the_operand_that_decides)
{
    expect("params.ref && params.n", "3");
    expect("params.missing || 'none'", "\"none\"");
    expect("params.zero && params.ref", "0");
    expect("'' || 0", "0");
}
END_TEST

START_TEST(and_and_or_stop_at_the_first_that_decides)
{
    expect("false && (null < 1)", "false");
    expect("true || (null < 1)", "true");
    expect("default(1, null < 1)", "1");
    expect("true && (null < 1)", "? null and a number have no order; two "
                                 "numbers or two texts have");
}
END_TEST

START_TEST(four_values_are_false)
{
    expect("!null && !false && !0 && !'' && !params.empty", "true");
    expect("!'false' || !'0' || !params.none || !params.object", "false");
    expect("!!params.none", "true");
}
END_TEST

START_TEST(join_makes_a_text_of_a_list)
{
    expect("join(params.list)", "\"a,b,7,\"");
    expect("join(params.list, ' - ')", "\"a - b - 7 - \"");
    expect("join(params.none, 'x')", "\"\"");
    expect("join(json('[[1],{\"a\":2},true]'), ' ')",
           "\"[1] {\\\"a\\\":2} true\"");
    expect("join('x')", "? join wants a list, not a text");
    expect("join(params.list, 1)",
           "? join wants a text between the items, not a number");
}
END_TEST

START_TEST(len_counts_letters_items_and_members)
{
    expect("len('h\xc3\xa9!')", "3");
    expect("len(params.list)", "4");
    expect("len(params.object)", "1");
    expect("len(params.missing)", "0");
    expect("len('')", "0");
    expect("len(3)", "? len wants a text, a list or an object, not a number");
}
END_TEST

START_TEST(default_gives_the_first_that_is_there)
{
    expect("default(params.missing, 'x')", "\"x\"");
    expect("default(params.empty, params.missing, 3)", "3");
    expect("default(params.zero, 3)", "0");
    expect("default(false, 3)", "false");
    expect("default(params.empty, null)", "null");
}
END_TEST

START_TEST(json_parses_texts_and_keeps_the_rest)
{
    expect("json(tasks.sign-off.outputs.json)", "[1,2,3]");
    expect("json('{\"a\":[true,null]}')", "{\"a\":[true,null]}");
    expect("json(params.list)", "[\"a\",\"b\",7,null]");
    expect("json(params.missing)", "null");
    expect("json('nope')", "? json cannot read \"nope\": not JSON at byte 0");
}
END_TEST

START_TEST(contains_looks_in_texts_lists_and_objects)
{
    expect("contains('haystack', 'sta')", "true");
    expect("contains('haystack', '')", "true");
    expect("contains('haystack', 'x')", "false");
    expect("contains(params.list, 'b')", "true");
    expect("contains(params.list, 7)", "true");
    expect("contains(params.list, 8)", "false");
    expect("contains(params.list, null)", "true");
    expect("contains(json('[[1]]'), json('[1]'))", "false");
    expect("contains(params.object, 'k')", "true");
    expect("contains(params.object, 'j')", "false");
    expect("contains(params.missing, 'j')", "false");
    expect("contains('12', 1)", "? contains wants a text to look for, not a "
                                "number");
    expect("contains(1, '1')",
           "? contains wants a text, a list or an object, not a number");
}
END_TEST

START_TEST(edges_are_of_texts)
{
    expect("startsWith(params.ref, 'ma')", "true");
    expect("startsWith(params.ref, 'mainly')", "false");
    expect("startsWith(params.ref, '')", "true");
    expect("startsWith(params.missing, 'a')", "false");
    expect("endsWith(params.ref, 'in')", "true");
    expect("endsWith(params.ref, 'im')", "false");
    expect("startsWith(1, '1')", "? startsWith wants two texts, not a number");
    expect("endsWith('1', 1)", "? endsWith wants two texts, not a number");
}
END_TEST

START_TEST(format_fills_its_holes)
{
    expect("format('{0}-{1}-{0}', 'a', 2)", "\"a-2-a\"");
    expect("format('{{{0}}}', 'a')", "\"{a}\"");
    expect("format('plain')", "\"plain\"");
    expect("format('{0}|{1}|{2}', null, true, params.none)", "\"|true|[]\"");
    expect("format('{1}', 'a')",
           "? format: a brace is the number of one of the values that follow, "
           "as in {0}, or doubled");
    expect("format('{x}', 'a')",
           "? format: a brace is the number of one of the values that follow, "
           "as in {0}, or doubled");
    expect("format('}')",
           "? format: a brace is the number of one of the values that follow, "
           "as in {0}, or doubled");
    expect("format(3)", "? format wants a text with {0} in it, not a number");
}
END_TEST

START_TEST(questions_are_put_to_the_scope)
{
    expect("success()", "true");
    expect("failure()", "false");
    expect("always( )", "true");
    expect("cancelled() || !failure()", "true");
}
END_TEST

START_TEST(questions_are_found)
{
    struct str why;
    size_t at;
    struct expr *with;
    struct expr *without;

    str_init(&why, STR_WHY_LIMIT);
    with = expr_parse("params.a && !failure()", 22, &why, &at);
    without = expr_parse("params.a == failed", 18, &why, &at);

    ck_assert(expr_has_question(with));
    ck_assert(!expr_has_question(without));
    expr_destroy(with);
    expr_destroy(without);
    str_finish(&why);
}
END_TEST

static void note(void *ctx, const char *const *path, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        str_addf(ctx, "%s%s", i ? "." : " ", path[i]);
    }
}

START_TEST(paths_are_visited_in_order_of_the_text)
{
    const char *text = "join(tasks.a-b.outputs.x,each.y)==params.z||run.id";
    struct str seen;
    struct str why;
    struct expr *e;
    size_t at;

    str_init(&seen, 1024);
    str_init(&why, STR_WHY_LIMIT);
    e = expr_parse(text, strlen(text), &why, &at);
    ck_assert_ptr_nonnull(e);
    expr_visit(e, note, &seen);

    ck_assert_str_eq(seen.text, " tasks.a-b.outputs.x each.y params.z run.id");
    expr_destroy(e);
    str_finish(&seen);
    str_finish(&why);
}
END_TEST

START_TEST(a_refusal_names_the_byte_and_the_remedy)
{
    expect_refusal("", 0, "a value is missing at the end");
    expect_refusal("  ", 2, "a value is missing at the end");
    expect_refusal("1 +", 2, "no arithmetic");
    expect_refusal("params.a / 2", 9, "no arithmetic");
    expect_refusal("params.list[0]", 11, "list.0");
    expect_refusal("tasks.*.status", 6, "one value");
    expect_refusal("params.a = 1", 9, "write `==`");
    expect_refusal("params.a & 1", 9, "write `&&`");
    expect_refusal("${{ params.a }}", 0, "no ${{ inside");
    expect_refusal("(params.a", 9, "`)` is missing");
    expect_refusal("params.a)", 8, "an operator or the end");
    expect_refusal("params.", 7, "after the dot");
    expect_refusal("params.-a", 7, "after the dot");
    expect_refusal("params..a", 7, "after the dot");
    expect_refusal("1 == 1 == 1", 7, "do not chain");
    expect_refusal("'open", 0, "closing '");
    expect_refusal("\"open", 0, "closing \"");
    expect_refusal("\"open\\\"", 0, "closing \"");
    expect_refusal("\"\\x\"", 0, "escapes of JSON");
    expect_refusal("\"a\\u0000\"", 2, "cannot hold");
    expect_refusal("'a' 'b'", 4, "an operator or the end");
    expect_refusal("?", 0, "`?` where a value was expected");
}
END_TEST

START_TEST(a_bad_number_is_refused)
{
    expect_refusal("01", 0, "not a number");
    expect_refusal("1.", 0, "not a number");
    expect_refusal("1e", 0, "not a number");
    expect_refusal("1e+", 0, "not a number");
    expect_refusal("3d", 0, "not a number");
    expect_refusal("1.2.3", 0, "not a number");
    expect_refusal("1e999", 0, "too large");
    expect_refusal("0x10", 0, "not a number");
    expect_refusal("11111111111111111111111111111111111111111111", 0,
                   "not a number");
}
END_TEST

START_TEST(an_unknown_name_gets_a_suggestion)
{
    expect_refusal("parms.a", 0, "did you mean \"params\"?");
    expect_refusal("main", 0, "a text stands in quotes: 'main'");
    expect_refusal("params.a == suceeded", 12, "did you mean \"succeeded\"?");
    expect_refusal("needs.a.status", 0, "GitHub calls this needs.NAME");
    expect_refusal("inputs.a", 0, "params.NAME");
    expect_refusal("params.a and params.b", 9, "no operator; write &&");
    expect_refusal("not params.a", 0, "write !");
    expect_refusal("joined(1)", 0, "is not known");
    expect_refusal("startswith('a', 'b')", 0, "did you mean \"startsWith\"?");
    expect_refusal("fromJSON('1')", 0, "json(text)");
    expect_refusal("sucess()", 0, "did you mean \"success\"?");
    expect_refusal("failed.x", 0, "is not known");
    expect_refusal("params('x')", 0, "the function \"params\"");
}
END_TEST

START_TEST(calls_want_the_right_number_of_arguments)
{
    expect_refusal("len()", 0, "len takes 1 argument, not 0");
    expect_refusal("len(1, 2)", 0, "len takes 1 argument, not 2");
    expect_refusal("default(1)", 0, "default takes 2 or more arguments, not 1");
    expect_refusal("success(1)", 0, "takes no arguments");
    expect_refusal("len(1", 5, "`,` or `)` is missing at the end");
    expect_refusal("len(1 2)", 6, "`,` or `)`");
    expect_refusal("len(,)", 4, "a value was expected");
    expect_refusal("format(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17)", 7,
                   "more than 16 arguments");
}
END_TEST

/* `count` times `piece`, then `rest`; owned. */
static char *repeat(const char *piece, size_t count, const char *rest)
{
    struct str text;

    str_init(&text, 1024 * 1024);
    for (size_t i = 0; i < count; i++) {
        str_add_text(&text, piece);
    }
    str_add_text(&text, rest);
    return str_take(&text);
}

static void refuse_repeated(const char *piece, size_t count, const char *rest,
                            const char *words)
{
    char *text = repeat(piece, count, rest);
    size_t at = 0;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_ptr_null(expr_parse(text, strlen(text), &why, &at));
    ck_assert_msg(strstr(why.text, words) != NULL, "%s", why.text);
    ck_assert_uint_le(at, strlen(text));
    str_finish(&why);
    mem_free(text);
}

START_TEST(what_is_too_deep_long_or_wide_is_refused)
{
    char *deep = repeat("!", EXPR_DEPTH_LIMIT - 1, "true");

    refuse_repeated("(", 2000, "1", "nested deeper than 64");
    refuse_repeated("!", 2000, "1", "nested deeper than 64");
    refuse_repeated("len(", 900, "1", "nested deeper than 64");
    refuse_repeated("1||", 600, "1", "more than 512 parts");
    refuse_repeated("params", 1000, "", "longer than 4096 bytes");
    refuse_repeated("params.", 40, "a", "more than 32 parts");
    expect(deep, "false");
    mem_free(deep);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    struct str why;
    size_t at = 9;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_ptr_null(expr_parse("'\xff'", 3, &why, &at));
    ck_assert_uint_eq(at, 0);
    ck_assert_ptr_null(expr_parse("'a\0b'", 5, &why, &at));
    ck_assert_ptr_nonnull(strstr(why.text, "not UTF-8"));
    str_finish(&why);
}
END_TEST

START_TEST(a_text_that_grows_too_long_is_refused)
{
    /* Sixteen times sixteen times ... of one kilobyte. */
    char *kilobyte = repeat("x", 1000, "");
    struct str text;
    char *found;

    str_init(&text, EXPR_SIZE_LIMIT);
    str_addf(&text, "'%s'", kilobyte);
    for (int i = 0; i < 5; i++) {
        char *inner = str_take(&text);

        str_init(&text, EXPR_SIZE_LIMIT);
        str_addf(&text, "format('{0}{0}{0}{0}{0}{0}{0}{0}', %s)", inner);
        mem_free(inner);
    }
    found = eval_text(text.text);
    ck_assert_str_eq(found, "? the text grows longer than 1048576 bytes");
    mem_free(found);
    mem_free(kilobyte);
    str_finish(&text);
}
END_TEST

START_TEST(any_cut_of_an_expression_is_taken_or_refused_with_a_reason)
{
    static const char text[] =
        "default(tasks.sign-off.outputs.json, 'it''s', \"\\u00e9\") != null && "
        "!(params.n >= -1.5e1 || contains(params.list, 'a')) && success()";

    for (size_t size = 0; size < sizeof(text); size++) {
        /* A copy of its own, so that a sanitizer sees each byte too many. */
        char *cut = malloc(size ? size : 1);
        struct str why;
        struct expr *e;
        size_t at = 0;

        memcpy(cut, text, size);
        str_init(&why, STR_WHY_LIMIT);
        e = expr_parse(cut, size, &why, &at);
        ck_assert((e != NULL) == (why.size == 0));
        ck_assert_uint_le(at, size);
        expr_destroy(e);
        str_finish(&why);
        free(cut);
    }
}
END_TEST

TEST_MAIN(
    "expr", literals_are_what_they_look_like, every_status_is_a_text,
    a_hyphen_belongs_to_a_name, paths_reach_into_lists_and_objects,
    equality_follows_the_kinds, a_text_beside_a_number_or_truth_reads_as_one,
    lists_and_objects_are_not_compared, order_is_of_numbers_or_of_texts,
    and_or_not_bind_in_that_order, and_and_or_give_the_operand_that_decides,
    and_and_or_stop_at_the_first_that_decides, four_values_are_false,
    join_makes_a_text_of_a_list, len_counts_letters_items_and_members,
    default_gives_the_first_that_is_there, json_parses_texts_and_keeps_the_rest,
    contains_looks_in_texts_lists_and_objects, edges_are_of_texts,
    format_fills_its_holes, questions_are_put_to_the_scope, questions_are_found,
    paths_are_visited_in_order_of_the_text,
    a_refusal_names_the_byte_and_the_remedy, a_bad_number_is_refused,
    an_unknown_name_gets_a_suggestion, calls_want_the_right_number_of_arguments,
    what_is_too_deep_long_or_wide_is_refused,
    bytes_that_are_no_text_are_refused, a_text_that_grows_too_long_is_refused,
    any_cut_of_an_expression_is_taken_or_refused_with_a_reason)
