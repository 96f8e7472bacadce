#include <string.h>

#include "host/carry/outputs.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"
#include "tests/check_main.h"

static cJSON *read(const char *text)
{
    struct str why;
    cJSON *object;

    str_init(&why, STR_WHY_LIMIT);
    object = outputs_read(text, strlen(text), &why);
    ck_assert_msg(object != NULL, "%s", why.text);
    str_finish(&why);
    return object;
}

static void expect(const cJSON *object, const char *name, const char *value)
{
    ck_assert_str_eq(json_get_text(object, name, "(none)"), value);
}

static void refuse(const char *text, size_t size, const char *because)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_ptr_null(outputs_read(text, size, &why));
    ck_assert_msg(strstr(why.text, because), "%s", why.text);
    str_finish(&why);
}

START_TEST(a_line_is_a_name_and_a_value)
{
    cJSON *o = read("ref=abc\n\nempty=\nlast=a=b c ");

    expect(o, "ref", "abc");
    expect(o, "empty", "");
    expect(o, "last", "a=b c ");
    ck_assert_int_eq(cJSON_GetArraySize(o), 3);
    cJSON_Delete(o);
}
END_TEST

START_TEST(a_block_keeps_its_lines)
{
    cJSON *o = read("text<<END\none\n\ntwo=2\nEND\nnone<<X\nX\nnext=1\n");

    expect(o, "text", "one\n\ntwo=2");
    expect(o, "none", "");
    expect(o, "next", "1");
    cJSON_Delete(o);
}
END_TEST

START_TEST(a_name_that_comes_again_replaces)
{
    cJSON *o = read("a=1\nA=2\na=3\n");

    expect(o, "a", "3");
    expect(o, "A", "2");
    cJSON_Delete(o);
}
END_TEST

START_TEST(what_is_malformed_is_refused_with_its_line)
{
    refuse("a=1\nnonsense\n", 13, "line 2");
    refuse("9a=1\n", 5, "line 1");
    refuse("\0=1\n", 4, "line 1");
    refuse("a<b\n", 4, "name<<END");
    refuse("a=1\nb<<END\nrest\n", 16, "line 2 of $HAFT_OUTPUT: its block");
    refuse("a=\xff\n", 4, "UTF-8");
    refuse("a=x\0y\n", 6, "UTF-8");
}
END_TEST

START_TEST(sizes_have_limits)
{
    char *big = mem_new(OUTPUTS_LIMIT + 2, 1);

    memset(big, 'x', OUTPUTS_LIMIT + 1);
    refuse(big, OUTPUTS_LIMIT + 1, "1 MiB");
    big[1] = '=';
    refuse(big, OUTPUTS_VALUE_LIMIT + 3, "64 KiB");
    mem_free(big);
}
END_TEST

START_TEST(there_are_at_most_a_thousand_names)
{
    struct str text;

    str_init(&text, OUTPUTS_LIMIT);
    for (int i = 0; i <= OUTPUTS_COUNT_LIMIT; i++) {
        str_addf(&text, "n%d=\n", i);
    }
    refuse(text.text, text.size, "1000");
    str_finish(&text);
}
END_TEST

TEST_MAIN("outputs", a_line_is_a_name_and_a_value, a_block_keeps_its_lines,
          a_name_that_comes_again_replaces,
          what_is_malformed_is_refused_with_its_line, sizes_have_limits,
          there_are_at_most_a_thousand_names)
