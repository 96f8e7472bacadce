#include "host/core/task.h"
#include "tests/host/core/world.h"

/* One row a state, one letter a state that it may be followed by, in the order
 * of enum task_state: all of what a task may do. */
static const char *const moves[TASK_STATES] = {
    /*                   WRHRDHSFCS */
    [TASK_WAITING] = ".x.x...xxx",   [TASK_READY] = "..x.x..xxx",
    [TASK_HANDED] = "...xxxxxx.",    [TASK_RUNNING] = "....xxxxxx",
    [TASK_DECIDING] = ".x...x.xx.",  [TASK_HELD] = "......xxxx",
    [TASK_SUCCEEDED] = "..........", [TASK_FAILED] = "..........",
    [TASK_CANCELLED] = "..........", [TASK_SKIPPED] = "..........",
};

START_TEST(a_task_makes_the_legal_moves_and_no_other)
{
    for (enum task_state from = 0; from < TASK_STATES; from++) {
        for (enum task_state to = 0; to < TASK_STATES; to++) {
            ck_assert_msg(task_may_move(from, to) == (moves[from][to] == 'x'),
                          "%s -> %s", task_state_name(from),
                          task_state_name(to));
        }
    }
}
END_TEST

START_TEST(a_state_that_has_ended_is_the_last)
{
    for (enum task_state from = 0; from < TASK_STATES; from++) {
        bool moves_on = strchr(moves[from], 'x') != NULL;

        ck_assert(task_state_is_ended(from) == !moves_on);
    }
}
END_TEST

START_TEST(names_are_their_own_but_handed_shows_as_ready)
{
    for (enum task_state i = 0; i < TASK_STATES; i++) {
        for (enum task_state j = 0; j < i; j++) {
            ck_assert((strcmp(task_state_name(i), task_state_name(j)) == 0) ==
                      (i == TASK_HANDED && j == TASK_READY));
        }
    }
    for (enum task_reason i = 0; i < REASONS; i++) {
        for (enum task_reason j = 0; j < i; j++) {
            ck_assert_str_ne(task_reason_name(i), task_reason_name(j));
        }
    }
    for (enum event_kind i = 0; i < EVENT_KINDS; i++) {
        for (enum event_kind j = 0; j < i; j++) {
            ck_assert_str_ne(event_kind_name(i), event_kind_name(j));
        }
    }
}
END_TEST

START_TEST(a_plain_end_keeps_its_times_without_a_detail)
{
    struct world w;
    struct task t;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    task_needs(&w, "b", "a");
    submit(&w);
    w.now_ms += 20;
    start(&w, "a");
    w.now_ms += 300;
    ask_end(&w, "a", FAULT_NONE, HAFT_EFFECT_DONE);
    turn(&w);

    t = seen(&w, "a");

    ck_assert_int_eq(t.state, TASK_SUCCEEDED);
    ck_assert_int_eq(t.ready_ms, WORLD_START_MS);
    ck_assert_int_eq(t.handed_ms, WORLD_START_MS);
    ck_assert_int_eq(t.started_ms, WORLD_START_MS + 20);
    ck_assert_int_eq(t.ended_ms, WORLD_START_MS + 320);
    ck_assert_uint_eq(t.tries, 1);
    ck_assert_uint_eq(t.fence, 1);
    ck_assert_uint_eq(t.attempt, (uint64_t)1 << 32 | 1);
    ck_assert_uint_eq(t.executor, 0);
    world_finish(&w);
}
END_TEST

START_TEST(a_task_that_waits_says_so_and_nothing_else)
{
    struct world w;
    struct task t;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    task_needs(&w, "b", "a");
    submit(&w);

    t = seen(&w, "b");

    ck_assert_int_eq(t.state, TASK_WAITING);
    ck_assert_uint_eq(t.attempt, 0);
    ck_assert_uint_eq(t.item, CORE_NONE);
    ck_assert_uint_eq(t.owner, CORE_NONE);
    ck_assert_uint_eq(t.executor, CORE_NONE);
    ck_assert_str_eq(t.fault.code, "");
    world_finish(&w);
}
END_TEST

START_TEST(a_task_has_one_change_a_turn_however_often_it_moves)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    task_needs(&w, "b", "a");
    submit(&w);
    core_ask_started(w.core, seen(&w, "a").attempt, 1, w.now_ms);
    ask_end(&w, "a", FAULT_NONE, HAFT_EFFECT_DONE);

    turn(&w);

    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, "a"), 1);
    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, "b"), 1);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_STARTED, "a"), 1);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_ENDED, "a"), 1);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_DONE, "a"), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_change_is_listed_again_in_the_next_turn)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    submit(&w);
    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, "a"), 1);

    start(&w, "a");

    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, "a"), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_turn_in_which_nothing_happens_lists_nothing)
{
    struct world w;
    size_t count;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    submit(&w);

    wait_ms(&w, 1000);

    core_changes(w.core, &count);
    ck_assert_uint_eq(count, 0);
    core_events(w.core, &count);
    ck_assert_uint_eq(count, 0);
    core_effects(w.core, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(core_next_ms(w.core), INT64_MAX);
    world_finish(&w);
}
END_TEST

TEST_MAIN("task", a_task_makes_the_legal_moves_and_no_other,
          a_state_that_has_ended_is_the_last,
          names_are_their_own_but_handed_shows_as_ready,
          a_plain_end_keeps_its_times_without_a_detail,
          a_task_that_waits_says_so_and_nothing_else,
          a_task_has_one_change_a_turn_however_often_it_moves,
          a_change_is_listed_again_in_the_next_turn,
          a_turn_in_which_nothing_happens_lists_nothing)
