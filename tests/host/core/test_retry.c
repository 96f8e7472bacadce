#include "host/core/attempt.h"
#include "tests/host/core/world.h"

/* One task `a` with a policy, running. */
static void make(struct world *w, struct workflow_policy p)
{
    uint32_t index;

    world_init(w, 1);
    flow(w);
    index = policy(w, p);
    task_made(w, "a", (struct made){.policy = index});
    submit(w);
    start(w, "a");
}

static void make_plain(struct world *w)
{
    make(w, (struct workflow_policy){0});
}

static void end_as(struct world *w, uint32_t fault_class, uint32_t effect)
{
    ask_end(w, "a", fault_class, effect);
    turn(w);
}

START_TEST(a_failure_asks_the_retry_plugin)
{
    struct world w;

    make_plain(&w);

    end_badly(&w, "a", HAFT_USER_FAILURE);

    ck_state(&w, "a", TASK_DECIDING);
    ck_assert_uint_eq(effect_of(&w, EFFECT_RETRY, "a").attempt,
                      seen(&w, "a").attempt);
    ck_assert_uint_eq(seen(&w, "a").tries, 1);
    ck_assert_uint_eq(seen(&w, "a").losses, 0);
    world_finish(&w);
}
END_TEST

START_TEST(the_seed_is_drawn_once_and_depends_on_the_attempt_alone)
{
    struct world w;
    uint64_t first;

    make_plain(&w);
    end_badly(&w, "a", HAFT_USER_FAILURE);
    first = seen(&w, "a").seed;
    world_finish(&w);
    make_plain(&w);
    end_badly(&w, "a", HAFT_USER_FAILURE);

    ck_assert_uint_ne(first, 0);
    ck_assert_uint_eq(seen(&w, "a").seed, first);
    verdict(&w, "a", VERDICT_AGAIN, 0);
    end_badly(&w, "a", HAFT_USER_FAILURE);
    ck_assert_uint_ne(seen(&w, "a").seed, first);
    world_finish(&w);
}
END_TEST

START_TEST(again_waits_for_the_delay_and_keeps_the_time)
{
    struct world w;
    int64_t due_ms;

    make_plain(&w);
    end_badly(&w, "a", HAFT_USER_FAILURE);

    verdict(&w, "a", VERDICT_AGAIN, 2000);
    due_ms = w.now_ms + 2000;

    ck_state(&w, "a", TASK_READY);
    ck_assert_int_eq(seen(&w, "a").due_ms, due_ms);
    ck_assert_int_eq(seen(&w, "a").delay_ms, 2000);
    ck_assert_int_eq(event_of(&w, EVENT_TASK_RETRY, "a")->due_ms, due_ms);
    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, "a"), 1);
    ck_assert_int_eq(core_next_ms(w.core), due_ms);
    wait_ms(&w, 1999);
    ck_state(&w, "a", TASK_READY);
    wait_ms(&w, 1);
    ck_state(&w, "a", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(a_task_may_succeed_after_failures)
{
    struct world w;

    make_plain(&w);
    for (int i = 0; i < 2; i++) {
        end_badly(&w, "a", HAFT_USER_FAILURE);
        verdict(&w, "a", VERDICT_AGAIN, 0);
    }

    end(&w, "a");

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_assert_uint_eq(seen(&w, "a").tries, 3);
    ck_assert_uint_eq(event_of(&w, EVENT_TASK_DONE, "a")->fault.fault_class,
                      FAULT_NONE);
    ck_run(&w, RUN_SUCCEEDED);
    world_finish(&w);
}
END_TEST

START_TEST(elsewhere_is_again_and_hold_is_held)
{
    struct world w;

    make_plain(&w);
    end_badly(&w, "a", HAFT_USER_FAILURE);
    verdict(&w, "a", VERDICT_ELSEWHERE, 0);
    ck_state(&w, "a", TASK_HANDED);
    end_badly(&w, "a", HAFT_USER_FAILURE);

    verdict(&w, "a", VERDICT_HOLD, 0);

    ck_state(&w, "a", TASK_HELD);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_HELD, "a"), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_second_verdict_is_stale)
{
    struct world w;
    struct task t;

    make_plain(&w);
    end_badly(&w, "a", HAFT_USER_FAILURE);
    t = seen(&w, "a");
    verdict(&w, "a", VERDICT_AGAIN, 5000);

    core_ask_verdict(w.core, t.attempt, t.fence, VERDICT_FAIL, 0);
    turn(&w);

    ck_state(&w, "a", TASK_READY);
    ck_assert_uint_eq(core_count(w.core).stale, 1);
    world_finish(&w);
}
END_TEST

START_TEST(what_can_never_work_fails_without_a_question)
{
    const uint32_t classes[] = {HAFT_INVALID, HAFT_DENIED, HAFT_NOT_FOUND,
                                HAFT_UNIMPLEMENTED};

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        struct world w;

        make(&w, (struct workflow_policy){.retry = {.max = 9}});
        end_badly(&w, "a", classes[i]);
        ck_state(&w, "a", TASK_FAILED);
        ck_assert_uint_eq(count_effects(&w, EFFECT_RETRY, NULL), 0);
        world_finish(&w);
    }
}
END_TEST

START_TEST(a_hint_of_never_fails_without_a_question)
{
    struct world w;
    struct task t;

    make_plain(&w);
    t = seen(&w, "a");
    core_ask_ended(w.core, &(struct core_outcome){
                               .attempt = t.attempt,
                               .fence = t.fence,
                               .fault = {.fault_class = HAFT_TRANSIENT,
                                         .effect = HAFT_EFFECT_NOT_STARTED,
                                         .retry_hint = HAFT_HINT_NEVER},
                           });

    turn(&w);

    ck_state(&w, "a", TASK_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(somebody_elses_cancel_ends_the_task_and_fails_the_run)
{
    struct world w;

    make_plain(&w);

    end_badly(&w, "a", HAFT_CANCELLED);

    ck_state(&w, "a", TASK_CANCELLED);
    ck_reason(&w, "a", REASON_NONE);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(what_never_started_costs_no_try_but_a_loss)
{
    struct world w;

    make_plain(&w);

    end_as(&w, HAFT_RESOURCE, HAFT_EFFECT_NOT_STARTED);

    ck_state(&w, "a", TASK_DECIDING);
    ck_assert_uint_eq(seen(&w, "a").tries, 0);
    ck_assert_uint_eq(seen(&w, "a").losses, 1);
    world_finish(&w);
}
END_TEST

START_TEST(five_losses_are_borne_and_the_sixth_is_not)
{
    struct world w;

    make_plain(&w);
    for (uint32_t i = 1; i <= ATTEMPT_LOSSES_LIMIT; i++) {
        end_as(&w, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED);
        ck_state(&w, "a", TASK_DECIDING);
        verdict(&w, "a", VERDICT_AGAIN, 0);
    }

    end_as(&w, HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED);

    ck_state(&w, "a", TASK_FAILED);
    world_finish(&w);
}
END_TEST

/* ---- nobody knows ---- */

START_TEST(a_lost_attempt_is_held_unless_the_task_says_otherwise)
{
    struct world w;

    make_plain(&w);

    end_as(&w, HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE);

    ck_state(&w, "a", TASK_HELD);
    ck_run(&w, RUN_RUNNING);
    world_finish(&w);
}
END_TEST

START_TEST(a_lost_attempt_of_an_idempotent_task_is_asked_about)
{
    struct world w;

    make(&w, (struct workflow_policy){.is_idempotent = true});

    end_as(&w, HAFT_UNKNOWN_OUTCOME, HAFT_EFFECT_MAYBE);

    ck_state(&w, "a", TASK_DECIDING);
    world_finish(&w);
}
END_TEST

START_TEST(on_unknown_retry_asks_and_on_unknown_fail_fails)
{
    struct world w;

    make(&w, (struct workflow_policy){.on_unknown = ON_UNKNOWN_RETRY});
    end_as(&w, HAFT_INFRA_LOST, HAFT_EFFECT_STARTED);
    ck_state(&w, "a", TASK_DECIDING);
    world_finish(&w);

    make(&w, (struct workflow_policy){.on_unknown = ON_UNKNOWN_FAIL});
    end_as(&w, HAFT_INFRA_LOST, HAFT_EFFECT_STARTED);
    ck_state(&w, "a", TASK_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(a_lost_attempt_that_never_started_is_asked_about)
{
    struct world w;

    make_plain(&w);

    end_as(&w, HAFT_INFRA_LOST, HAFT_EFFECT_NOT_STARTED);

    ck_state(&w, "a", TASK_DECIDING);
    world_finish(&w);
}
END_TEST

/* ---- a person decides ---- */

static void make_held(struct world *w)
{
    make_plain(w);
    end_as(w, HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE);
}

START_TEST(a_hold_is_resolved_as_success)
{
    struct world w;

    make_held(&w);

    resolve(&w, "a", RESOLVE_SUCCESS);

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_reason(&w, "a", REASON_RESOLVED);
    ck_run(&w, RUN_SUCCEEDED);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_RESOLVED, "a"), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_hold_is_resolved_as_failed_or_skipped)
{
    struct world w;

    make_held(&w);
    resolve(&w, "a", RESOLVE_FAILED);
    ck_state(&w, "a", TASK_FAILED);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);

    make_held(&w);
    resolve(&w, "a", RESOLVE_SKIP);
    ck_state(&w, "a", TASK_SKIPPED);
    ck_run(&w, RUN_SUCCEEDED);
    world_finish(&w);
}
END_TEST

START_TEST(only_a_hold_can_be_resolved)
{
    struct world w;

    make_plain(&w);

    resolve(&w, "a", RESOLVE_SUCCESS);
    ck_assert_int_eq(effect_of(&w, EFFECT_ANSWER, NULL).status, -HAFT_CONFLICT);
    core_ask_resolve(w.core, 1, w.run, 55, RESOLVE_SKIP);
    turn(&w);
    ck_assert_int_eq(effect_of(&w, EFFECT_ANSWER, NULL).status,
                     -HAFT_NOT_FOUND);

    ck_state(&w, "a", TASK_RUNNING);
    world_finish(&w);
}
END_TEST

TEST_MAIN("retry", a_failure_asks_the_retry_plugin,
          the_seed_is_drawn_once_and_depends_on_the_attempt_alone,
          again_waits_for_the_delay_and_keeps_the_time,
          a_task_may_succeed_after_failures,
          elsewhere_is_again_and_hold_is_held, a_second_verdict_is_stale,
          what_can_never_work_fails_without_a_question,
          a_hint_of_never_fails_without_a_question,
          somebody_elses_cancel_ends_the_task_and_fails_the_run,
          what_never_started_costs_no_try_but_a_loss,
          five_losses_are_borne_and_the_sixth_is_not,
          a_lost_attempt_is_held_unless_the_task_says_otherwise,
          a_lost_attempt_of_an_idempotent_task_is_asked_about,
          on_unknown_retry_asks_and_on_unknown_fail_fails,
          a_lost_attempt_that_never_started_is_asked_about,
          a_hold_is_resolved_as_success,
          a_hold_is_resolved_as_failed_or_skipped, only_a_hold_can_be_resolved)
