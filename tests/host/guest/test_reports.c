#include "host/guest/reports.h"
#include "tests/check_main.h"

START_TEST(what_was_said_is_found_until_it_is_dropped)
{
    struct reports all = {0};
    struct report *r = reports_of(&all, 7, 1);

    str_add_text(&r->ended, "end");
    reports_of(&all, 8, 1);

    ck_assert_ptr_eq(reports_of(&all, 7, 1), r);
    ck_assert_str_eq(reports_find(&all, 7, 1)->ended.text, "end");
    reports_drop(&all, 7);
    reports_drop(&all, 7);
    ck_assert_ptr_null(reports_find(&all, 7, 1));
    ck_assert_ptr_nonnull(reports_find(&all, 8, 1));
    reports_finish(&all);
}
END_TEST

START_TEST(another_fence_knows_nothing_of_the_last)
{
    struct reports all = {0};

    str_add_text(&reports_of(&all, 7, 1)->ended, "end");

    ck_assert_ptr_null(reports_find(&all, 7, 2));
    ck_assert_uint_eq(reports_of(&all, 7, 2)->ended.size, 0);
    ck_assert_ptr_null(reports_find(&all, 7, 1));
    reports_finish(&all);
}
END_TEST

TEST_MAIN("reports", what_was_said_is_found_until_it_is_dropped,
          another_fence_knows_nothing_of_the_last)
