#include "tests/host/core/world.h"

/* bad and other run; after needs other, below needs bad, rescue asks. */
static void make_stop(struct world *w)
{
    world_init(w, 1);
    core_add_executor(w->core, "local", 2, false);
    flow(w);
    task_needs(w, "bad", NULL);
    task_needs(w, "other", NULL);
    task_needs(w, "idle", NULL);
    task_needs(w, "after", "other");
    task_needs(w, "below", "bad");
    task_made(w, "rescue",
              (struct made){.needs = "other bad", .condition = "failure()"});
    task_made(w, "tidy", (struct made){.flags = WORKFLOW_FINALLY});
    submit(w);
}

START_TEST(a_failure_stops_what_has_not_started)
{
    struct world w;

    make_stop(&w);
    ck_state(&w, "idle", TASK_READY);

    end_badly(&w, "bad", HAFT_INVALID);

    ck_assert(core_run(w.core, w.run)->is_stopped);
    ck_assert_uint_eq(count_events(&w, EVENT_RUN_STOPPING, NULL), 1);
    ck_assert_uint_eq(count_changes(&w, CHANGE_RUN, NULL), 1);
    ck_reason(&w, "idle", REASON_RUN_STOPPED);
    ck_reason(&w, "after", REASON_RUN_STOPPED);
    ck_reason(&w, "below", REASON_NEED_FAILED);
    ck_state(&w, "other", TASK_HANDED);
    ck_state(&w, "rescue", TASK_WAITING);
    ck_state(&w, "tidy", TASK_WAITING);
    world_finish(&w);
}
END_TEST

START_TEST(a_stopped_run_still_ends_what_runs_and_asks_what_asks)
{
    struct world w;

    make_stop(&w);
    end_badly(&w, "bad", HAFT_INVALID);

    end(&w, "other");
    ck_state(&w, "rescue", TASK_HANDED);
    end(&w, "rescue");
    ck_state(&w, "tidy", TASK_HANDED);
    end(&w, "tidy");

    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(a_task_that_waits_for_its_next_try_has_started)
{
    struct world w;

    make_stop(&w);
    end_badly(&w, "other", HAFT_USER_FAILURE);
    verdict(&w, "other", VERDICT_AGAIN, 1000);

    end_badly(&w, "bad", HAFT_INVALID);

    ck_state(&w, "other", TASK_READY);
    wait_ms(&w, 1000);
    ck_state(&w, "other", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(on_fail_continue_goes_on_with_what_is_independent)
{
    struct world w;
    uint32_t go_on;

    world_init(&w, 1);
    flow(&w);
    go_on = policy(&w, (struct workflow_policy){.on_fail = ON_FAIL_CONTINUE});
    task_made(&w, "bad", (struct made){.policy = go_on});
    task_needs(&w, "other", NULL);
    task_needs(&w, "after", "other");
    submit(&w);

    end_badly(&w, "bad", HAFT_INVALID);

    ck_state(&w, "after", TASK_WAITING);
    end(&w, "other");
    end(&w, "after");
    ck_state(&w, "after", TASK_SUCCEEDED);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

/* ---- cancel ---- */

START_TEST(a_cancel_ends_what_waits_and_asks_what_runs_to_end)
{
    struct world w;

    make_stop(&w);
    start(&w, "bad");

    cancel_run(&w);

    ck_run(&w, RUN_CANCELLING);
    ck_assert_int_eq(effect_of(&w, EFFECT_ANSWER, NULL).status, HAFT_OK);
    ck_assert_uint_eq(effect_of(&w, EFFECT_ANSWER, NULL).ask, 9);
    ck_state(&w, "idle", TASK_CANCELLED);
    ck_reason(&w, "idle", REASON_RUN_CANCELLED);
    ck_state(&w, "after", TASK_CANCELLED);
    ck_state(&w, "rescue", TASK_CANCELLED);
    ck_state(&w, "tidy", TASK_WAITING);
    ck_assert_int_eq(effect_of(&w, EFFECT_CANCEL, "bad").grace_ms,
                     WORLD_GRACE_MS);
    ck_assert_int_eq(effect_of(&w, EFFECT_CANCEL, "other").grace_ms,
                     WORLD_GRACE_MS);
    world_finish(&w);
}
END_TEST

START_TEST(finally_tasks_run_after_a_cancel)
{
    struct world w;

    make_stop(&w);
    cancel_run(&w);

    end_badly(&w, "bad", HAFT_CANCELLED);
    end_badly(&w, "other", HAFT_CANCELLED);

    ck_state(&w, "tidy", TASK_HANDED);
    ck_run(&w, RUN_CANCELLING);
    end(&w, "tidy");
    ck_run(&w, RUN_CANCELLED);
    ck_state(&w, "tidy", TASK_SUCCEEDED);
    world_finish(&w);
}
END_TEST

START_TEST(a_finally_task_can_ask_whether_it_was_cancelled)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    task_made(&w, "yes",
              (struct made){.flags = WORKFLOW_FINALLY,
                            .condition = "cancelled() && !success()"});
    task_made(
        &w, "no",
        (struct made){.flags = WORKFLOW_FINALLY, .condition = "success()"});
    submit(&w);
    cancel_run(&w);

    end_badly(&w, "a", HAFT_CANCELLED);

    ck_state(&w, "yes", TASK_HANDED);
    ck_state(&w, "no", TASK_SKIPPED);
    world_finish(&w);
}
END_TEST

START_TEST(a_second_cancel_is_by_force_and_takes_the_finally_tasks)
{
    struct world w;

    make_stop(&w);
    cancel_run(&w);

    cancel_run(&w);

    ck_assert_int_eq(effect_of(&w, EFFECT_CANCEL, "bad").grace_ms, 0);
    ck_state(&w, "tidy", TASK_CANCELLED);
    end_badly(&w, "bad", HAFT_CANCELLED);
    end_badly(&w, "other", HAFT_CANCELLED);
    ck_run(&w, RUN_CANCELLED);
    world_finish(&w);
}
END_TEST

START_TEST(a_second_cancel_ends_a_finally_task_that_runs)
{
    struct world w;

    make_stop(&w);
    cancel_run(&w);
    end_badly(&w, "bad", HAFT_CANCELLED);
    end_badly(&w, "other", HAFT_CANCELLED);

    cancel_run(&w);
    ck_assert_int_eq(effect_of(&w, EFFECT_CANCEL, "tidy").grace_ms, 0);
    end(&w, "tidy");

    ck_state(&w, "tidy", TASK_CANCELLED);
    ck_run(&w, RUN_CANCELLED);
    world_finish(&w);
}
END_TEST

START_TEST(a_cancel_ends_a_question_and_a_hold)
{
    struct world w;

    make_stop(&w);
    end_badly(&w, "bad", HAFT_USER_FAILURE);
    ask_end(&w, "other", HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE);
    turn(&w);
    ck_state(&w, "bad", TASK_DECIDING);
    ck_state(&w, "other", TASK_HELD);

    cancel_run(&w);

    ck_state(&w, "bad", TASK_CANCELLED);
    ck_state(&w, "other", TASK_CANCELLED);
    verdict(&w, "bad", VERDICT_AGAIN, 0);
    ck_state(&w, "bad", TASK_CANCELLED);
    ck_assert_uint_eq(core_count(w.core).stale, 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_cancel_takes_down_the_time_of_a_next_try)
{
    struct world w;

    make_stop(&w);
    end_badly(&w, "bad", HAFT_USER_FAILURE);
    verdict(&w, "bad", VERDICT_AGAIN, 1000);

    cancel_run(&w);

    ck_state(&w, "bad", TASK_CANCELLED);
    ck_assert_uint_eq(seen(&w, "bad").fault.fault_class, HAFT_USER_FAILURE);
    world_finish(&w);
}
END_TEST

START_TEST(a_run_that_is_over_or_unknown_cannot_be_cancelled)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    submit(&w);
    end(&w, "a");

    cancel_run(&w);
    ck_assert_int_eq(effect_of(&w, EFFECT_ANSWER, NULL).status, -HAFT_CONFLICT);
    core_ask_cancel(w.core, 1, 99);
    turn(&w);

    ck_assert_int_eq(effect_of(&w, EFFECT_ANSWER, NULL).status,
                     -HAFT_NOT_FOUND);
    ck_run(&w, RUN_SUCCEEDED);
    world_finish(&w);
}
END_TEST

TEST_MAIN("halt", a_failure_stops_what_has_not_started,
          a_stopped_run_still_ends_what_runs_and_asks_what_asks,
          a_task_that_waits_for_its_next_try_has_started,
          on_fail_continue_goes_on_with_what_is_independent,
          a_cancel_ends_what_waits_and_asks_what_runs_to_end,
          finally_tasks_run_after_a_cancel,
          a_finally_task_can_ask_whether_it_was_cancelled,
          a_second_cancel_is_by_force_and_takes_the_finally_tasks,
          a_second_cancel_ends_a_finally_task_that_runs,
          a_cancel_ends_a_question_and_a_hold,
          a_cancel_takes_down_the_time_of_a_next_try,
          a_run_that_is_over_or_unknown_cannot_be_cancelled)
