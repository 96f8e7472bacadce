#include "host/core/attempt.h"
#include "tests/host/core/world.h"

static void make_one(struct world *w)
{
    world_init(w, 1);
    flow(w);
    task_needs(w, "a", NULL);
    task_needs(w, "b", "a");
    submit(w);
}

static uint64_t stale(const struct world *w)
{
    return core_count(w->core).stale;
}

START_TEST(a_start_makes_the_task_run_from_the_reported_time)
{
    struct world w;
    struct task t;

    make_one(&w);
    t = seen(&w, "a");
    w.now_ms += 50;
    core_ask_started(w.core, t.attempt, t.fence, w.now_ms - 10);

    turn(&w);

    ck_state(&w, "a", TASK_RUNNING);
    ck_assert_int_eq(seen(&w, "a").started_ms, w.now_ms - 10);
    world_finish(&w);
}
END_TEST

START_TEST(reported_times_stay_between_hand_over_and_now)
{
    struct world w;
    struct task t;

    make_one(&w);
    t = seen(&w, "a");
    w.now_ms += 100;
    core_ask_started(w.core, t.attempt, t.fence, 5);
    core_ask_ended(w.core, &(struct core_outcome){.attempt = t.attempt,
                                                  .fence = t.fence,
                                                  .ended_ms = INT64_MAX});

    turn(&w);

    ck_assert_int_eq(seen(&w, "a").started_ms, WORLD_START_MS);
    ck_assert_int_eq(seen(&w, "a").ended_ms, w.now_ms);
    world_finish(&w);
}
END_TEST

START_TEST(a_start_that_is_told_twice_counts_once)
{
    struct world w;

    make_one(&w);
    start(&w, "a");
    start(&w, "a");

    ck_state(&w, "a", TASK_RUNNING);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_STARTED, NULL), 0);
    world_finish(&w);
}
END_TEST

START_TEST(an_end_may_come_without_a_start)
{
    struct world w;

    make_one(&w);

    end(&w, "a");

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_assert_int_eq(seen(&w, "a").started_ms, w.now_ms);
    world_finish(&w);
}
END_TEST

START_TEST(an_end_releases_the_attempt_in_the_same_turn)
{
    struct world w;
    struct effect release;
    struct task t;

    make_one(&w);
    t = seen(&w, "a");

    end(&w, "a");

    release = effect_of(&w, EFFECT_RELEASE, "a");
    ck_assert_uint_eq(release.attempt, t.attempt);
    ck_assert_uint_eq(release.fence, t.fence);
    ck_assert_uint_eq(release.executor, 0);
    world_finish(&w);
}
END_TEST

START_TEST(an_end_that_is_told_twice_counts_once_and_may_be_forgotten)
{
    struct world w;
    struct task t;

    make_one(&w);
    t = seen(&w, "a");
    end(&w, "a");

    core_ask_ended(w.core, &(struct core_outcome){
                               .attempt = t.attempt,
                               .fence = t.fence,
                               .fault = {.fault_class = HAFT_TRANSIENT},
                           });
    turn(&w);

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_assert_uint_eq(stale(&w), 1);
    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, NULL), 0);
    ck_assert_uint_eq(effect_of(&w, EFFECT_RELEASE, NULL).attempt, t.attempt);
    ck_assert_uint_eq(effect_of(&w, EFFECT_RELEASE, NULL).run, CORE_NONE);
    world_finish(&w);
}
END_TEST

START_TEST(two_ends_in_one_turn_count_once)
{
    struct world w;

    make_one(&w);
    ask_end(&w, "a", FAULT_NONE, HAFT_EFFECT_DONE);
    ask_end(&w, "a", HAFT_USER_FAILURE, HAFT_EFFECT_STARTED);

    turn(&w);

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_ENDED, "a"), 1);
    ck_assert_uint_eq(stale(&w), 1);
    world_finish(&w);
}
END_TEST

START_TEST(an_answer_with_another_fence_changes_nothing)
{
    struct world w;
    struct task t;

    make_one(&w);
    t = seen(&w, "a");
    core_ask_started(w.core, t.attempt, t.fence + 1, 0);
    core_ask_ended(w.core, &(struct core_outcome){.attempt = t.attempt,
                                                  .fence = t.fence + 1});
    core_ask_verdict(w.core, t.attempt, t.fence + 1, VERDICT_FAIL, 0);
    core_ask_heard(w.core, t.attempt, t.fence + 1, w.now_ms);
    core_ask_found(w.core, t.attempt, t.fence + 1, FOUND_UNKNOWN);

    turn(&w);

    ck_state(&w, "a", TASK_HANDED);
    ck_assert_uint_eq(stale(&w), 5);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RELEASE, NULL), 0);
    world_finish(&w);
}
END_TEST

START_TEST(an_answer_for_an_attempt_that_never_was_changes_nothing)
{
    struct world w;

    make_one(&w);
    core_ask_started(w.core, 0, 1, w.now_ms);
    core_ask_started(w.core, 12345, 1, w.now_ms);
    core_ask_ended(w.core, &(struct core_outcome){.attempt = 0});

    turn(&w);

    ck_assert_uint_eq(stale(&w), 3);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RELEASE, NULL), 0);
    world_finish(&w);
}
END_TEST

START_TEST(a_verdict_for_an_attempt_that_is_still_open_is_stale)
{
    struct world w;

    make_one(&w);

    verdict(&w, "a", VERDICT_FAIL, 0);

    ck_state(&w, "a", TASK_HANDED);
    ck_assert_uint_eq(stale(&w), 1);
    world_finish(&w);
}
END_TEST

START_TEST(every_attempt_of_a_task_has_a_higher_fence)
{
    struct world w;
    struct task first;
    struct task second;

    make_one(&w);
    first = seen(&w, "a");
    end_badly(&w, "a", HAFT_USER_FAILURE);
    verdict(&w, "a", VERDICT_AGAIN, 0);
    second = seen(&w, "a");

    ck_assert_int_eq(second.state, TASK_HANDED);
    ck_assert_uint_eq(second.fence, first.fence + 1);
    ck_assert_uint_gt(second.attempt, first.attempt);
    core_ask_ended(w.core, &(struct core_outcome){.attempt = first.attempt,
                                                  .fence = first.fence});
    turn(&w);
    ck_state(&w, "a", TASK_HANDED);
    ck_assert_uint_eq(stale(&w), 1);
    world_finish(&w);
}
END_TEST

START_TEST(outputs_stay_with_the_task)
{
    struct world w;

    make_one(&w);

    end_with(&w, "a", "ref", "v1.2");

    ck_assert_str_eq(
        cJSON_GetObjectItem(seen(&w, "a").outputs, "ref")->valuestring, "v1.2");
    world_finish(&w);
}
END_TEST

START_TEST(the_outcome_is_told_whole_in_its_event)
{
    struct world w;
    const struct event *event;

    make_one(&w);
    start(&w, "a");

    end_badly(&w, "a", HAFT_USER_FAILURE);

    event = event_of(&w, EVENT_TASK_ENDED, "a");
    ck_assert_uint_eq(event->fault.fault_class, HAFT_USER_FAILURE);
    ck_assert_str_eq(event->fault.code, "test.code");
    ck_assert_str_eq(event->fault.message, "a message");
    ck_assert_uint_eq(event->attempt, (uint64_t)1 << 32 | 1);
    world_finish(&w);
}
END_TEST

/* ---- a cancel against an end ---- */

START_TEST(a_cancel_that_was_decided_beats_a_later_success)
{
    struct world w;

    make_one(&w);
    start(&w, "a");
    cancel_run(&w);

    end_with(&w, "a", "ref", "x");

    ck_state(&w, "a", TASK_CANCELLED);
    ck_reason(&w, "a", REASON_RUN_CANCELLED);
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_CANCELLED);
    ck_assert_uint_eq(seen(&w, "a").fault.effect, HAFT_EFFECT_DONE);
    ck_assert_ptr_null(seen(&w, "a").outputs);
    ck_run(&w, RUN_CANCELLED);
    world_finish(&w);
}
END_TEST

START_TEST(a_success_that_was_decided_beats_a_later_cancel)
{
    struct world w;

    make_one(&w);
    start(&w, "a");
    ask_end(&w, "a", FAULT_NONE, HAFT_EFFECT_DONE);
    core_ask_cancel(w.core, 1, w.run);

    turn(&w);

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_state(&w, "b", TASK_CANCELLED);
    ck_run(&w, RUN_CANCELLED);
    world_finish(&w);
}
END_TEST

START_TEST(in_one_turn_the_one_that_was_asked_first_wins)
{
    struct world w;

    make_one(&w);
    start(&w, "a");
    core_ask_cancel(w.core, 1, w.run);
    ask_end(&w, "a", FAULT_NONE, HAFT_EFFECT_DONE);

    turn(&w);

    ck_state(&w, "a", TASK_CANCELLED);
    ck_run(&w, RUN_CANCELLED);
    world_finish(&w);
}
END_TEST

START_TEST(slots_are_given_back_once_whatever_ends_an_attempt)
{
    struct world w;
    char name[16];

    world_init(&w, 1);
    flow(&w);
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        task_made(&w, name,
                  (struct made){
                      .policy = policy(&w, (struct workflow_policy){
                                               .on_fail = ON_FAIL_CONTINUE})});
    }
    submit(&w);

    end(&w, "t0");
    fail_for_good(&w, "t1");
    end_badly(&w, "t2", HAFT_CANCELLED);
    end_badly(&w, "t3", HAFT_INFRA_LOST);

    /* core_check has counted in every turn; all four slots are used anew. */
    ck_state(&w, "t3", TASK_HELD);
    ck_state(&w, "t7", TASK_HANDED);
    ck_state(&w, "t8", TASK_READY);
    world_finish(&w);
}
END_TEST

TEST_MAIN("attempt", reported_times_stay_between_hand_over_and_now,
          a_start_makes_the_task_run_from_the_reported_time,
          a_start_that_is_told_twice_counts_once,
          an_end_may_come_without_a_start,
          an_end_releases_the_attempt_in_the_same_turn,
          an_end_that_is_told_twice_counts_once_and_may_be_forgotten,
          two_ends_in_one_turn_count_once,
          an_answer_with_another_fence_changes_nothing,
          an_answer_for_an_attempt_that_never_was_changes_nothing,
          a_verdict_for_an_attempt_that_is_still_open_is_stale,
          every_attempt_of_a_task_has_a_higher_fence,
          outputs_stay_with_the_task, the_outcome_is_told_whole_in_its_event,
          a_cancel_that_was_decided_beats_a_later_success,
          a_success_that_was_decided_beats_a_later_cancel,
          in_one_turn_the_one_that_was_asked_first_wins,
          slots_are_given_back_once_whatever_ends_an_attempt)
