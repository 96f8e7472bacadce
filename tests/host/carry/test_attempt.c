#include "host/carry/attempt.h"
#include "tests/check_main.h"

#define NEW_YEAR_MS 1767225600000 /* of 2026 */

START_TEST(silence_is_the_time_since_the_last_writing)
{
    struct attempt a = {.gap_ms = NEW_YEAR_MS};
    int64_t wall_ms = NEW_YEAR_MS + 10000;

    ck_assert_int_eq(attempt_silent_ms(&a, wall_ms - 700, wall_ms, 10000), 700);
    ck_assert_int_eq(attempt_silent_ms(&a, 0, wall_ms, 10000), INT64_MAX);
    ck_assert_int_eq(attempt_silent_ms(&a, wall_ms + 3, wall_ms, 10000), 0);
}
END_TEST

START_TEST(a_clock_that_was_set_begins_the_span_again)
{
    static const int64_t steps_ms[] = {3600000, -3600000};

    for (size_t i = 0; i < 2; i++) {
        struct attempt a = {.gap_ms = NEW_YEAR_MS};
        int64_t wall_ms = NEW_YEAR_MS + 10000 + steps_ms[i];

        ck_assert_int_eq(
            attempt_silent_ms(&a, NEW_YEAR_MS + 9000, wall_ms, 10000), 0);
        ck_assert_int_eq(
            attempt_silent_ms(&a, wall_ms + 200, wall_ms + 500, 10500), 300);
    }
}
END_TEST

static void count(void *ctx, const struct attempt *a)
{
    *(uint64_t *)ctx += a->id;
}

START_TEST(each_attempt_is_visited_once)
{
    struct attempts all = {0};
    uint64_t sum = 0;

    ck_assert(!attempts_visit(&all, count, &sum));
    for (uint64_t id = 1; id <= 1000; id++) {
        attempts_add(&all, id);
    }

    ck_assert(attempts_visit(&all, count, &sum));

    ck_assert_uint_eq(sum, 500500);
    attempts_finish(&all);
}
END_TEST

TEST_MAIN("attempt", silence_is_the_time_since_the_last_writing,
          a_clock_that_was_set_begins_the_span_again,
          each_attempt_is_visited_once)
