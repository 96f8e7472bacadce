#include "host/core/core.h"
#include "host/core/pool.h"
#include "tests/check_main.h"

static struct executor *only(struct pool *p, uint32_t slots, bool is_ahead)
{
    uint32_t index = pool_add(p, "x", slots, is_ahead);

    return &p->executors[index];
}

START_TEST(executors_are_found_by_name_and_keep_their_index)
{
    struct pool p = {0};
    uint32_t a = pool_add(&p, "a", 1, false);
    uint32_t b = pool_add(&p, "b", 2, false);

    ck_assert_uint_eq(pool_add(&p, "a", 8, true), a);

    ck_assert_uint_eq(pool_find(&p, "b"), b);
    ck_assert_uint_eq(pool_find(&p, "c"), CORE_NONE);
    ck_assert_uint_eq(p.executors[a].slots, 8);
    pool_finish(&p);
}
END_TEST

START_TEST(one_that_does_not_queue_gets_its_slots_and_no_more)
{
    struct pool p = {0};
    struct executor *e = only(&p, 8, false);

    pool_measure(e, 1);

    ck_assert_uint_eq(pool_window(e), 8);
    pool_finish(&p);
}
END_TEST

START_TEST(one_that_queues_first_gets_twice_its_slots)
{
    struct pool p = {0};

    ck_assert_uint_eq(pool_window(only(&p, 8, true)), 16);
    pool_finish(&p);
}
END_TEST

START_TEST(long_tasks_get_about_their_slots)
{
    struct pool p = {0};
    struct executor *e = only(&p, 8, true);

    pool_measure(e, 60000);

    ck_assert_uint_eq(pool_window(e), 8);
    pool_finish(&p);
}
END_TEST

START_TEST(tasks_of_sixteen_milliseconds_get_twice_their_slots)
{
    struct pool p = {0};
    struct executor *e = only(&p, 8, true);

    pool_measure(e, 16);

    ck_assert_uint_eq(pool_window(e), 16);
    pool_finish(&p);
}
END_TEST

START_TEST(short_tasks_get_a_bounded_window)
{
    struct pool p = {0};
    struct executor *e = only(&p, 8, true);

    pool_measure(e, 0);
    ck_assert_uint_eq(pool_window(e), 256);
    pool_add(&p, "x", 1000, true);

    ck_assert_uint_eq(pool_window(&p.executors[0]), 1000);
    pool_finish(&p);
}
END_TEST

START_TEST(the_mean_follows_what_is_measured)
{
    struct pool p = {0};
    struct executor *e = only(&p, 1, true);

    pool_measure(e, 1000);
    for (int i = 0; i < 100; i++) {
        pool_measure(e, 10);
    }

    ck_assert_int_ge(e->mean16, 10 * 16);
    ck_assert_int_le(e->mean16, 11 * 16);
    pool_finish(&p);
}
END_TEST

START_TEST(a_duration_that_cannot_be_is_left_out)
{
    struct pool p = {0};
    struct executor *e = only(&p, 1, true);

    pool_measure(e, -5);
    pool_measure(e, INT64_MAX);

    ck_assert(!e->is_measured);
    pool_finish(&p);
}
END_TEST

TEST_MAIN("pool", executors_are_found_by_name_and_keep_their_index,
          one_that_does_not_queue_gets_its_slots_and_no_more,
          one_that_queues_first_gets_twice_its_slots,
          long_tasks_get_about_their_slots,
          tasks_of_sixteen_milliseconds_get_twice_their_slots,
          short_tasks_get_a_bounded_window, the_mean_follows_what_is_measured,
          a_duration_that_cannot_be_is_left_out)
