#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "host/flow/document.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"
#include "tests/check_main.h"

/* The canonical JSON of a text, or "? " and its problems; owned. */
static char *read_text(const char *text, size_t size)
{
    struct problems problems = {0};
    struct document *d;
    struct str out;

    str_init(&out, (size_t)1 << 26);
    d = document_read(text, size, &problems);
    ck_assert(d != NULL || problems.count > 0);
    if (problems.count) {
        str_add_text(&out, "? ");
        problems_tell(&problems, "f", text, size, &out);
    } else {
        document_write(d, DOCUMENT_ROOT, &out);
    }
    document_destroy(d);
    problems_finish(&problems);
    return str_take(&out);
}

static void expect(const char *text, const char *wanted)
{
    char *found = read_text(text, strlen(text));

    ck_assert_msg(strcmp(found, wanted) == 0, "%s\nis %s\nnot %s", text, found,
                  wanted);
    mem_free(found);
}

/* The problems begin with the place and have those words in them. */
static void expect_problem(const char *text, const char *place,
                           const char *words)
{
    char *found = read_text(text, strlen(text));

    ck_assert_msg(strncmp(found, "? f:", 4) == 0, "%s\nis %s", text, found);
    ck_assert_msg(strncmp(found + 4, place, strlen(place)) == 0,
                  "%s\nis %s\nnot at %s", text, found, place);
    ck_assert_msg(strstr(found, words) != NULL, "%s\nis %s", text, found);
    mem_free(found);
}

START_TEST(only_the_words_of_the_core_schema_are_more_than_text)
{
    expect("[true, True, TRUE, false, False, FALSE]",
           "[true,true,true,false,false,false]");
    expect("[null, Null, NULL, ~]", "[null,null,null,null]");
    expect("[yes, no, on, off, y, n, Yes, NO, On, OFF]",
           "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"Yes\",\"NO\",\"On\","
           "\"OFF\"]");
    expect("[tRUE, nULL, truex]", "[\"tRUE\",\"nULL\",\"truex\"]");
    expect("a:\nb: ''\n", "{\"a\":null,\"b\":\"\"}");
    expect("['true', \"null\", '1']", "[\"true\",\"null\",\"1\"]");
    expect("- |\n  true\n- >\n  1\n", "[\"true\\n\",\"1\\n\"]");
}
END_TEST

START_TEST(numbers_are_those_of_yaml_1_2)
{
    expect("[0, 7, -7, +7, 012, 0o17, 0x1f, 0XFF]",
           "[0,7,-7,7,12,15,31,\"0XFF\"]");
    expect("[1.5, -1.5, .5, 1., 1e3, 1.5E-2, +1.5e+2]",
           "[1.5,-1.5,0.5,1,1000,0.015,150]");
    expect("[190:20:30, 12:30, 1_000, 0b1, 0o8, 0xg, 1e, ., -, +.]",
           "[\"190:20:30\",\"12:30\",\"1_000\",\"0b1\",\"0o8\",\"0xg\",\"1e\","
           "\".\",\"-\",\"+.\"]");
    expect("[2026-01-02, 1.2.3, 1e3x, 0o, 0x]",
           "[\"2026-01-02\",\"1.2.3\",\"1e3x\",\"0o\",\"0x\"]");
    expect("[9007199254740991, -0, -0.0]", "[9007199254740991,0,0]");
}
END_TEST

START_TEST(a_number_that_cannot_be_kept_is_a_problem)
{
    expect_problem("a: 9007199254740993", "1:4:", "put it in quotes");
    expect_problem("a: .inf", "1:4:", "put it in quotes");
    expect_problem("a: -.INF", "1:4:", "put it in quotes");
    expect_problem("a: .nan", "1:4:", "put it in quotes");
    expect_problem("a: 1e999", "1:4:", "put it in quotes");
    expect_problem("a: 0xffffffffffffffff", "1:4:", "put it in quotes");
    expect_problem("{\"a\": 1e999}", "1:7:", "put it in quotes");
}
END_TEST

START_TEST(maps_are_written_in_order_of_their_keys)
{
    expect("b: 1\na: {d: 2, c: 3}\nB: 4\n",
           "{\"B\":4,\"a\":{\"c\":3,\"d\":2},\"b\":1}");
    expect("{\"b\":[{\"z\":1,\"y\":2}],\"a\":{}}",
           "{\"a\":{},\"b\":[{\"y\":2,\"z\":1}]}");
}
END_TEST

START_TEST(keys_are_texts_whatever_they_look_like)
{
    expect("1: a\ntrue: b\n~: c\non: d\n",
           "{\"1\":\"a\",\"on\":\"d\",\"true\":\"b\",\"~\":\"c\"}");
    expect_problem("? [a]\n: b\n", "1:3:", "a key is a text");
    expect_problem("{ {a: b}: c }", "1:3:", "a key is a text");
}
END_TEST

START_TEST(a_repeated_key_is_found_and_reading_goes_on)
{
    expect_problem("a: 1\nb: {c: 1, c: 2}\na: 3\n",
                   "2:11:", "f:3:1: a: this key stands here twice");
    expect_problem("a: 1\nb: {c: 1, c: 2}\na: 3\n",
                   "2:11:", "b.c: this key stands here twice");
    expect_problem("{\"a\":1,\n \"\\u0061\":2}", "2:2:", "twice");
}
END_TEST

START_TEST(a_repeated_key_among_many_is_found)
{
    struct str text;

    str_init(&text, 65536);
    for (int i = 0; i < 100; i++) {
        str_addf(&text, "k%d: 1\n", i);
    }
    str_add_text(&text, "k5: 2\n");
    expect_problem(text.text, "101:1:", "k5: this key stands here twice");
    str_finish(&text);
}
END_TEST

START_TEST(aliases_are_copies)
{
    expect("a: &x {k: [1, {l: 2}]}\nb: *x\nc: [*x]\n",
           "{\"a\":{\"k\":[1,{\"l\":2}]},\"b\":{\"k\":[1,{\"l\":2}]},"
           "\"c\":[{\"k\":[1,{\"l\":2}]}]}");
    expect("a: &x one\nb: *x\nc: &x two\nd: *x\n",
           "{\"a\":\"one\",\"b\":\"one\",\"c\":\"two\",\"d\":\"two\"}");
    expect("[&e {}, *e, &l [], *l]", "[{},{},[],[]]");
}
END_TEST

START_TEST(aliases_are_bounded)
{
    struct str text;

    str_init(&text, 65536);
    str_add_text(&text, "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
    for (int i = 1; i < 7; i++) {
        str_addf(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i,
                 i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    }
    expect_problem(text.text, "", "the aliases stand for more than 100000");
    str_reset(&text);
    str_add_text(&text, "- &a 1\n");
    for (int i = 0; i <= DOCUMENT_ALIASES_LIMIT; i++) {
        str_add_text(&text, "- *a\n");
    }
    expect_problem(text.text, "66:3:", "more than 64 aliases");
    str_reset(&text);
    for (int i = 0; i <= DOCUMENT_ANCHORS_LIMIT; i++) {
        str_addf(&text, "- &a%d x\n", i);
    }
    expect_problem(text.text, "257:3:", "more than 256 anchors");
    str_finish(&text);
}
END_TEST

START_TEST(an_alias_knows_what_stands_before_it)
{
    expect_problem("a: *x\n", "1:4:", "no anchor &x");
    expect_problem("a: &x [*x]\n", "1:8:", "would contain itself");
    expect_problem("&x a: 1\n", "1:1:", "a key takes no anchor");
    expect_problem("a: &x k\n*x : 1\n", "2:1:", "not an alias");
}
END_TEST

START_TEST(an_alias_counts_as_deep_as_what_it_copies)
{
    struct str text;

    str_init(&text, 65536);
    str_add_text(&text, "- &a ");
    for (int i = 0; i < 40; i++) {
        str_add_char(&text, '[');
    }
    for (int i = 0; i < 40; i++) {
        str_add_char(&text, ']');
    }
    str_add_text(&text, "\n- ");
    for (int i = 0; i < 40; i++) {
        str_add_char(&text, '[');
    }
    str_add_text(&text, "*a");
    for (int i = 0; i < 40; i++) {
        str_add_char(&text, ']');
    }
    expect_problem(text.text, "", "nested deeper than 64");
    str_finish(&text);
}
END_TEST

START_TEST(what_yaml_has_and_we_leave_out_is_refused)
{
    expect_problem("a: !!str 1\n", "1:4:", "tags such as");
    expect_problem("a: !x {b: c}\n", "1:4:", "tags such as !x");
    expect_problem("a: &b {c: d}\ne: {<<: *b}\n", "2:5:", "merge keys");
    expect_problem("a: 1\n---\nb: 2\n", "2:1:", "a second document");
    expect_problem("%YAML 1.1\n---\na: 1\n", "1:1:", "read as YAML 1.2");
    expect("%YAML 1.2\n---\na: 1\n...\n", "{\"a\":1}");
    expect("'<<': 1", "{\"<<\":1}");
}
END_TEST

START_TEST(an_empty_file_is_told_how_to_begin)
{
    expect_problem("", "1:1:", "the smallest workflow is");
    expect_problem("# nothing\n", "1:1:", "the smallest workflow is");
}
END_TEST

START_TEST(broken_yaml_has_a_place)
{
    expect_problem("a: [1, 2\nb: 3\n", "2:2:", "not YAML");
    expect_problem("a: 'open\n", "2:1:", "not YAML");
    expect_problem("a:\n\t- 1\n", "2:1:", "not YAML");
    expect_problem("a: b: c\n", "1:5:", "not YAML");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    char *found = read_text("a: \xff", 4);

    ck_assert_str_eq(found, "? f:1:1: the file is not UTF-8 text");
    mem_free(found);
    found = read_text("a: b\0c", 6);
    ck_assert_str_eq(found, "? f:1:1: the file is not UTF-8 text");
    mem_free(found);
    expect_problem("a: \"x\\0y\"", "1:4:", "a text cannot hold a NUL");
    expect_problem("\"x\\0y\": a", "1:1:", "a key cannot hold a NUL");
    expect_problem("{\"a\": \"\\u0000\"}", "1:14:", "cannot be kept");
}
END_TEST

START_TEST(places_count_characters_not_bytes)
{
    expect_problem("\"\xc3\xa9\xf0\x9f\x98\x80\": !x 1", "1:7:", "tags");
    expect_problem("{\"\xc3\xa9\": x}", "1:7:", "not JSON");
    expect_problem("a: \xc3\xa9\r\nb: !x 1\r\n", "2:4:", "tags");
}
END_TEST

START_TEST(json_escapes_are_read)
{
    expect("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\\uFFFF\"}",
           "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\xc3\xa9\xf0\x9f\x98\x80"
           "\xef\xbf\xbf\"}");
    expect("{\"a\": [ 1 , -2.5e+3, true,false , null, {} , [ ] ]}",
           "{\"a\":[1,-2500,true,false,null,{},[]]}");
    expect(" \n{ }\n ", "{}");
}
END_TEST

START_TEST(broken_json_is_told_as_json)
{
    expect_problem("{\"a\": \"\\x\"}", "1:9:", "not JSON: this escape");
    expect_problem("{\"a\": \"\\ud83d\"}", "1:14:", "half of a pair");
    expect_problem("{\"a\": \"\\ud83dxxxxxx\"}", "1:14:", "half of a pair");
    expect_problem("{\"a\": \"\\ud83d\\u0041\"}", "1:20:", "half of a pair");
    expect_problem("{\"a\": \"\\ude00\"}", "1:14:", "half of a pair");
    expect_problem("{\"a\": \"\\u12g4\"}", "1:12:", "four hex digits");
    expect_problem("{\"a\": \"open", "1:12:", "no closing quote");
    expect_problem("{\"a\" 1}", "1:6:", "a colon");
    expect_problem("{\"a\": 1", "1:8:", "a comma or }");
    expect_problem("{\"a\": [1 2]}", "1:10:", "a comma or ]");
    expect_problem("{\"a\": 1} x", "1:10:", "more follows");
    expect_problem("{\"a\": 01}}", "1:7:", "a value is expected");
    expect_problem("{\"a\": }]", "1:7:", "a value is expected");
}
END_TEST

START_TEST(braces_may_begin_yaml_as_well)
{
    expect("{a: 1, b: [x, 'y']}", "{\"a\":1,\"b\":[\"x\",\"y\"]}");
    expect("{a: 1, \"b\": 'z',}", "{\"a\":1,\"b\":\"z\"}");
    expect_problem("{a: [1}", "1:7:", "not YAML");
}
END_TEST

static char *nest(char opening, char closing, size_t depth)
{
    struct str text;

    str_init(&text, 1 << 20);
    str_add_text(&text, "{\"a\":");
    for (size_t i = 0; i < depth; i++) {
        str_add_char(&text, opening);
    }
    for (size_t i = 0; i < depth; i++) {
        str_add_char(&text, closing);
    }
    str_add_char(&text, '}');
    return str_take(&text);
}

START_TEST(what_is_too_deep_is_refused)
{
    char *deep = nest('[', ']', DOCUMENT_DEPTH_LIMIT - 1);
    char *found = read_text(deep, strlen(deep));

    ck_assert_int_eq(found[0], '{');
    mem_free(found);
    mem_free(deep);
    deep = nest('[', ']', DOCUMENT_DEPTH_LIMIT);
    expect_problem(deep, "", "nested deeper than 64");
    mem_free(deep);
    deep = nest('[', ']', 100000);
    expect_problem(deep, "", "nested deeper than 64");
    mem_free(deep);
}
END_TEST

START_TEST(what_is_too_large_is_refused)
{
    size_t size = (size_t)DOCUMENT_SIZE_LIMIT + 1;
    char *text = mem_new(size, 1);
    char *found;

    memset(text, ' ', size);
    found = read_text(text, size);

    ck_assert_str_eq(found, "? f:1:1: the file is larger than 67108864 bytes");
    mem_free(found);
    mem_free(text);
}
END_TEST

START_TEST(a_canonical_text_reads_back_as_itself)
{
    static const char text[] =
        "b: [1, 2.5, \"\\u00e9\\n\\x01\", ~, {z: yes, a: 0x10}]\n"
        "a: |\n  run\n    this\n"
        "c: &x {k: v}\nd: *x\n";
    char *once = read_text(text, strlen(text));
    char *twice = read_text(once, strlen(once));

    ck_assert_int_eq(once[0], '{');
    ck_assert_str_eq(once, twice);
    mem_free(once);
    mem_free(twice);
}
END_TEST

START_TEST(values_become_trees)
{
    static const char text[] = "{a: [1, x, true, ~, {b: 0x10}]}";
    struct problems problems = {0};
    struct document *d = document_read(text, strlen(text), &problems);
    cJSON *value = document_value(d, DOCUMENT_ROOT);
    struct str out;

    str_init(&out, 1024);
    json_value(&out, value);
    ck_assert_str_eq(out.text, "{\"a\":[1,\"x\",true,null,{\"b\":16}]}");
    str_finish(&out);
    cJSON_Delete(value);
    document_destroy(d);
}
END_TEST

START_TEST(more_problems_than_are_kept_are_counted)
{
    struct str text;

    str_init(&text, 1 << 20);
    for (int i = 0; i < PROBLEMS_LIMIT + 5; i++) {
        str_addf(&text, "- {a: 1, a: 2}\n");
    }
    expect_problem(text.text, "1:10:", "f: and 5 more");
    str_finish(&text);
}
END_TEST

TEST_MAIN("document", only_the_words_of_the_core_schema_are_more_than_text,
          numbers_are_those_of_yaml_1_2,
          a_number_that_cannot_be_kept_is_a_problem,
          maps_are_written_in_order_of_their_keys,
          keys_are_texts_whatever_they_look_like,
          a_repeated_key_is_found_and_reading_goes_on,
          a_repeated_key_among_many_is_found, aliases_are_copies,
          aliases_are_bounded, an_alias_knows_what_stands_before_it,
          an_alias_counts_as_deep_as_what_it_copies,
          what_yaml_has_and_we_leave_out_is_refused,
          an_empty_file_is_told_how_to_begin, broken_yaml_has_a_place,
          bytes_that_are_no_text_are_refused, places_count_characters_not_bytes,
          json_escapes_are_read, broken_json_is_told_as_json,
          braces_may_begin_yaml_as_well, what_is_too_deep_is_refused,
          what_is_too_large_is_refused, a_canonical_text_reads_back_as_itself,
          values_become_trees, more_problems_than_are_kept_are_counted)
