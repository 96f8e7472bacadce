#include "host/core/timer.h"
#include "tests/check_main.h"

START_TEST(an_empty_timer_is_never_due)
{
    struct timer t = {0};
    uint32_t id;

    ck_assert_int_eq(timer_next(&t), TIMER_NEVER);
    ck_assert_int_eq(timer_due(&t, 3), TIMER_NEVER);
    ck_assert(!timer_take(&t, INT64_MAX - 1, &id));
    timer_set(&t, 5, TIMER_NEVER);
    ck_assert_uint_eq(t.count, 0);
    timer_finish(&t);
}
END_TEST

START_TEST(times_come_in_order_and_equal_ones_by_id)
{
    struct timer t = {0};
    const uint32_t order[] = {4, 1, 3, 2, 0};
    uint32_t id;

    timer_set(&t, 0, 40);
    timer_set(&t, 2, 30);
    timer_set(&t, 3, 20);
    timer_set(&t, 1, 20);
    timer_set(&t, 4, 10);

    for (int i = 0; i < 5; i++) {
        ck_assert(timer_take(&t, 40, &id));
        ck_assert_uint_eq(id, order[i]);
    }
    timer_finish(&t);
}
END_TEST

START_TEST(nothing_is_taken_before_its_time)
{
    struct timer t = {0};
    uint32_t id;

    timer_set(&t, 0, 100);

    ck_assert(!timer_take(&t, 99, &id));
    ck_assert(timer_take(&t, 100, &id));
    timer_finish(&t);
}
END_TEST

START_TEST(a_heap_stays_sound_through_sets_moves_and_removals)
{
    struct timer t = {0};
    uint64_t x = 1;
    int64_t last = 0;
    uint32_t id;

    for (int i = 0; i < 5000; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        timer_set(&t, (uint32_t)(x >> 40) % 300,
                  (x >> 33) % 3 ? (int64_t)(x >> 20) % 1000 : TIMER_NEVER);
        if (i % 100 == 0) {
            ck_assert(timer_is_sound(&t));
        }
    }
    while (timer_take(&t, 1000, &id)) {
        ck_assert_int_eq(timer_due(&t, id), TIMER_NEVER);
        ck_assert_int_ge(timer_next(&t), last);
        last = timer_next(&t);
    }

    ck_assert_uint_eq(t.count, 0);
    timer_finish(&t);
}
END_TEST

TEST_MAIN("timer", an_empty_timer_is_never_due,
          times_come_in_order_and_equal_ones_by_id,
          nothing_is_taken_before_its_time,
          a_heap_stays_sound_through_sets_moves_and_removals)
