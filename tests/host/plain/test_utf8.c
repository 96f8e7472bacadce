#include <string.h>

#include "host/plain/utf8.h"
#include "tests/check_main.h"

static bool is_valid(const char *text)
{
    return utf8_is_valid(text, strlen(text));
}

START_TEST(each_width_of_character_is_stepped_over)
{
    ck_assert_uint_eq(utf8_step((const unsigned char *)"a", 1), 1);
    ck_assert_uint_eq(utf8_step((const unsigned char *)"\xc3\xa4", 2), 2);
    ck_assert_uint_eq(utf8_step((const unsigned char *)"\xe2\x82\xac", 3), 3);
    ck_assert_uint_eq(utf8_step((const unsigned char *)"\xf0\x9f\xa6\x8a", 4),
                      4);
}
END_TEST

START_TEST(the_first_and_last_of_each_width_are_valid)
{
    ck_assert(is_valid("\x01\x7f"));
    ck_assert(is_valid("\xc2\x80\xdf\xbf"));
    ck_assert(is_valid("\xe0\xa0\x80\xef\xbf\xbf"));
    ck_assert(is_valid("\xed\x9f\xbf\xee\x80\x80"));
    ck_assert(is_valid("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    ck_assert(utf8_is_valid("", 0));
    ck_assert(utf8_is_valid("a\0b", 3));
}
END_TEST

START_TEST(a_longer_form_than_needed_is_refused)
{
    ck_assert(!is_valid("\xc0\x80"));
    ck_assert(!is_valid("\xc1\xbf"));
    ck_assert(!is_valid("\xe0\x9f\xbf"));
    ck_assert(!is_valid("\xf0\x8f\xbf\xbf"));
}
END_TEST

START_TEST(surrogates_are_refused)
{
    ck_assert(!is_valid("\xed\xa0\x80"));
    ck_assert(!is_valid("\xed\xbf\xbf"));
}
END_TEST

START_TEST(nothing_above_the_last_plane_is_valid)
{
    ck_assert(!is_valid("\xf4\x90\x80\x80"));
    ck_assert(!is_valid("\xf5\x80\x80\x80"));
    ck_assert(!is_valid("\xff"));
}
END_TEST

START_TEST(a_character_cut_short_is_refused)
{
    ck_assert(!is_valid("\xc3"));
    ck_assert(!is_valid("ab\xe2\x82"));
    ck_assert(!is_valid("\xf0\x9f\xa6"));
    ck_assert(!is_valid("\xe2\x82z"));
    ck_assert(!is_valid("\x80"));
}
END_TEST

TEST_MAIN("utf8", each_width_of_character_is_stepped_over,
          the_first_and_last_of_each_width_are_valid,
          a_longer_form_than_needed_is_refused, surrogates_are_refused,
          nothing_above_the_last_plane_is_valid,
          a_character_cut_short_is_refused)
