#include <string.h>

#include "host/plain/mem.h"
#include "host/plain/str.h"
#include "tests/check_main.h"

START_TEST(an_empty_text_is_never_null)
{
    struct str s;

    str_init(&s, 10);

    ck_assert_str_eq(s.text, "");
    ck_assert_uint_eq(s.size, 0);
    str_reset(&s);
    ck_assert_str_eq(s.text, "");
    str_finish(&s);
}
END_TEST

START_TEST(pieces_add_up)
{
    struct str s;

    str_init(&s, 100);
    str_add_text(&s, "one");
    str_add_char(&s, ' ');
    str_add(&s, "twofold", 3);
    str_addf(&s, " %d%s", 3, "!");

    ck_assert_str_eq(s.text, "one two 3!");
    ck_assert_uint_eq(s.size, 10);
    ck_assert(!s.is_cut);
    str_finish(&s);
}
END_TEST

START_TEST(bytes_may_hold_nul)
{
    struct str s;

    str_init(&s, 100);
    str_add(&s, "a\0b", 3);

    ck_assert_uint_eq(s.size, 3);
    ck_assert_mem_eq(s.text, "a\0b", 4);
    str_finish(&s);
}
END_TEST

START_TEST(what_is_over_the_limit_is_cut_and_said)
{
    struct str s;

    str_init(&s, 5);
    str_add_text(&s, "abc");
    ck_assert(!s.is_cut);
    str_add_text(&s, "defgh");

    ck_assert_str_eq(s.text, "abcde");
    ck_assert(s.is_cut);
    str_add_text(&s, "i");
    ck_assert_uint_eq(s.size, 5);
    str_reset(&s);
    ck_assert(!s.is_cut);
    ck_assert_str_eq(s.text, "");
    str_finish(&s);
}
END_TEST

START_TEST(a_limit_reached_exactly_is_not_cut)
{
    struct str s;

    str_init(&s, 5);
    str_add_text(&s, "abcde");

    ck_assert(!s.is_cut);
    ck_assert_str_eq(s.text, "abcde");
    str_finish(&s);
}
END_TEST

START_TEST(a_long_format_is_whole)
{
    char long_text[1001];
    struct str s;

    memset(long_text, 'x', 1000);
    long_text[1000] = '\0';
    str_init(&s, 2000);
    str_addf(&s, "<%s>", long_text);

    ck_assert_uint_eq(s.size, 1002);
    ck_assert_int_eq(s.text[0], '<');
    ck_assert_int_eq(s.text[1001], '>');
    str_finish(&s);
}
END_TEST

START_TEST(a_shortened_text_can_grow_again)
{
    struct str s;

    str_init(&s, 100);
    str_add_text(&s, "abcdef");
    str_shorten(&s, 2);
    ck_assert_str_eq(s.text, "ab");
    str_add_text(&s, "yz");

    ck_assert_str_eq(s.text, "abyz");
    str_finish(&s);
}
END_TEST

START_TEST(a_taken_text_is_the_callers)
{
    struct str s;
    char *taken;
    char *nothing;

    str_init(&s, 100);
    str_add_text(&s, "mine");
    taken = str_take(&s);
    nothing = str_take(&s);

    ck_assert_str_eq(taken, "mine");
    ck_assert_str_eq(nothing, "");
    ck_assert_str_eq(s.text, "");
    ck_assert_uint_eq(s.limit, 100);
    mem_free(taken);
    mem_free(nothing);
    str_finish(&s);
}
END_TEST

START_TEST(quoted_text_is_safe_to_print)
{
    struct str s;

    str_init(&s, 1000);
    str_add_quoted(&s, "a\"b\\c\n\x1b[31m\xff\xc3\xa4", 14);

    ck_assert_str_eq(s.text, "\"a\\\"b\\\\c\\x0a\\x1b[31m\\xff\xc3\xa4\"");
    str_finish(&s);
}
END_TEST

START_TEST(quoted_text_is_cut_at_eighty_bytes)
{
    char long_text[200];
    struct str s;

    memset(long_text, 'x', sizeof(long_text));
    str_init(&s, 1000);
    str_add_quoted(&s, long_text, sizeof(long_text));

    ck_assert_uint_eq(s.size, 80 + 2 + 3);
    ck_assert_str_eq(s.text + 80, "x\"...");
    str_finish(&s);
}
END_TEST

START_TEST(what_was_used_goes_once_it_is_most_of_the_text)
{
    struct str s;
    size_t at = 0;

    str_init(&s, 100);
    str_shed(&s, &at);
    str_add_text(&s, "0123456789");
    at = 4;
    str_shed(&s, &at);
    ck_assert_uint_eq(at, 4);
    at = 5;
    str_shed(&s, &at);
    ck_assert_uint_eq(at, 0);
    ck_assert_str_eq(s.text, "56789");
    at = 5;
    str_shed(&s, &at);
    ck_assert_uint_eq(at, 0);
    ck_assert_uint_eq(s.size, 0);
    str_finish(&s);
}
END_TEST

TEST_MAIN("str", an_empty_text_is_never_null, pieces_add_up, bytes_may_hold_nul,
          what_is_over_the_limit_is_cut_and_said,
          a_limit_reached_exactly_is_not_cut, a_long_format_is_whole,
          a_shortened_text_can_grow_again, a_taken_text_is_the_callers,
          what_was_used_goes_once_it_is_most_of_the_text,
          quoted_text_is_safe_to_print, quoted_text_is_cut_at_eighty_bytes)
