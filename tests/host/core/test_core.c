#include "tests/host/core/world.h"

START_TEST(a_task_without_needs_is_handed_over_at_once)
{
    struct world w;

    world_init(&w, 3);
    flow(&w);
    task_needs(&w, "a", NULL);

    submit(&w);

    ck_state(&w, "a", TASK_HANDED);
    ck_assert_uint_eq(count_effects(&w, EFFECT_START, "a"), 1);
    ck_assert_uint_eq(seen(&w, "a").attempt, (uint64_t)3 << 32 | 1);
    ck_assert_uint_eq(seen(&w, "a").fence, 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_task_becomes_ready_when_its_last_need_ends)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    task_needs(&w, "b", NULL);
    task_needs(&w, "c", "a b");
    submit(&w);

    end(&w, "a");
    ck_state(&w, "c", TASK_WAITING);
    end(&w, "b");

    ck_state(&w, "c", TASK_HANDED);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_READY, "c"), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_run_ends_when_its_last_task_ends)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    task_needs(&w, "b", "a");
    submit(&w);

    end(&w, "a");
    ck_run(&w, RUN_RUNNING);
    end(&w, "b");

    ck_run(&w, RUN_SUCCEEDED);
    ck_assert_uint_eq(count_effects(&w, EFFECT_FORGET, NULL), 1);
    ck_assert_uint_eq(count_changes(&w, CHANGE_RUN_OVER, NULL), 1);
    world_finish(&w);
}
END_TEST

TEST_MAIN("core", a_task_without_needs_is_handed_over_at_once,
          a_task_becomes_ready_when_its_last_need_ends,
          a_run_ends_when_its_last_task_ends)
