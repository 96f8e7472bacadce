#include "host/core/attempt.h"
#include "host/core/limit.h"
#include "tests/host/core/world.h"

/* `a` with a policy, and four tasks before it that fill all the slots. */
static void make_crowd(struct world *w, struct workflow_policy p)
{
    uint32_t index;
    char name[16];

    world_init(w, 1);
    flow(w);
    index = policy(w, p);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        task_needs(w, name, NULL);
    }
    task_made(w, "a", (struct made){.policy = index});
    submit(w);
}

static void make(struct world *w, struct workflow_policy p)
{
    uint32_t index;

    world_init(w, 1);
    flow(w);
    index = policy(w, p);
    task_made(w, "a", (struct made){.policy = index});
    submit(w);
}

START_TEST(sums_of_times_stop_at_never)
{
    ck_assert_int_eq(limit_add(5, 6), 11);
    ck_assert_int_eq(limit_add(INT64_MAX - 1, 2), TIMER_NEVER);
    ck_assert_int_eq(limit_add(1, INT64_MAX), TIMER_NEVER);
}
END_TEST

START_TEST(a_timeout_without_memory_is_taken_for_the_likeliest)
{
    struct workflow_policy all = {
        .queue_ms = 1, .run_ms = 1, .silence_ms = 1, .total_ms = 1};
    struct workflow_policy quiet = {.silence_ms = 1, .total_ms = 1};
    struct workflow_policy total = {.total_ms = 1};

    ck_assert_int_eq(limit_guess(HAFT_TIMEOUT_RUN, &all), LIMIT_RUN);
    ck_assert_int_eq(limit_guess(HAFT_TIMEOUT_QUEUE, &all), LIMIT_QUEUE);
    ck_assert_int_eq(limit_guess(HAFT_TIMEOUT_RUN, &quiet), LIMIT_SILENCE);
    ck_assert_int_eq(limit_guess(HAFT_TIMEOUT_QUEUE, &quiet), LIMIT_TOTAL);
    ck_assert_int_eq(limit_guess(HAFT_TIMEOUT_RUN, &total), LIMIT_TOTAL);
}
END_TEST

START_TEST(a_task_that_runs_too_long_is_cancelled_and_counts_as_timed_out)
{
    struct world w;
    struct effect cancel;

    make(&w, (struct workflow_policy){.run_ms = 1000});
    wait_ms(&w, 500);
    start(&w, "a");
    wait_ms(&w, 999);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 0);

    wait_ms(&w, 1);

    cancel = effect_of(&w, EFFECT_CANCEL, "a");
    ck_assert_int_eq(cancel.grace_ms, WORLD_GRACE_MS);
    ck_assert(seen(&w, "a").is_cancelling);
    ck_assert_uint_eq(seen(&w, "a").cancel_class, HAFT_TIMEOUT_RUN);
    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, "a"), 1);
    ask_end(&w, "a", HAFT_USER_FAILURE, HAFT_EFFECT_STARTED);
    turn(&w);
    ck_state(&w, "a", TASK_DECIDING);
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_TIMEOUT_RUN);
    ck_assert_uint_eq(seen(&w, "a").fault.origin, HAFT_ORIGIN_LOCAL);
    ck_assert_str_eq(seen(&w, "a").fault.code, "host.timeout_run");
    ck_assert(!seen(&w, "a").is_cancelling);
    world_finish(&w);
}
END_TEST

START_TEST(a_success_after_the_time_ran_out_counts_as_timed_out)
{
    struct world w;

    make(&w, (struct workflow_policy){.run_ms = 1000});
    start(&w, "a");
    wait_ms(&w, 1000);

    end(&w, "a");

    ck_state(&w, "a", TASK_DECIDING);
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_TIMEOUT_RUN);
    ck_assert_uint_eq(seen(&w, "a").fault.effect, HAFT_EFFECT_DONE);
    world_finish(&w);
}
END_TEST

START_TEST(a_success_in_the_turn_of_the_limit_is_a_success)
{
    struct world w;

    make(&w, (struct workflow_policy){.run_ms = 1000});
    start(&w, "a");
    w.now_ms += 1500;

    end(&w, "a");

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_assert_int_eq(core_next_ms(w.core), TIMER_NEVER);
    world_finish(&w);
}
END_TEST

START_TEST(a_cancel_without_effect_is_repeated_by_force)
{
    struct world w;

    make(&w, (struct workflow_policy){.run_ms = 1000});
    start(&w, "a");
    wait_ms(&w, 1000);

    wait_ms(&w, WORLD_GRACE_MS + ATTEMPT_FORCE_AFTER_MS - 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 0);
    wait_ms(&w, 1);
    ck_assert_int_eq(effect_of(&w, EFFECT_CANCEL, "a").grace_ms, 0);
    wait_ms(&w, ATTEMPT_FORCE_AFTER_MS);

    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_task_that_is_never_handed_over_times_out_in_the_queue)
{
    struct world w;

    make_crowd(&w, (struct workflow_policy){.queue_ms = 1000});
    ck_state(&w, "a", TASK_READY);
    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, "a"), 1);

    wait_ms(&w, 1000);

    ck_state(&w, "a", TASK_DECIDING);
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_TIMEOUT_QUEUE);
    ck_assert_uint_eq(seen(&w, "a").fault.effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_uint_eq(seen(&w, "a").losses, 1);
    ck_assert_uint_eq(seen(&w, "a").tries, 0);
    verdict(&w, "a", VERDICT_AGAIN, 0);
    ck_state(&w, "a", TASK_READY);
    end(&w, "t0");
    ck_state(&w, "a", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(a_new_try_has_the_whole_of_its_time_to_queue)
{
    struct world w;

    make_crowd(&w, (struct workflow_policy){.queue_ms = 1000});
    wait_ms(&w, 1000);
    verdict(&w, "a", VERDICT_AGAIN, 5000);

    wait_ms(&w, 5999);
    ck_state(&w, "a", TASK_READY);
    wait_ms(&w, 1);

    ck_state(&w, "a", TASK_DECIDING);
    ck_assert_uint_eq(seen(&w, "a").losses, 2);
    world_finish(&w);
}
END_TEST

START_TEST(a_handed_task_that_does_not_start_is_withdrawn)
{
    struct world w;

    make(&w, (struct workflow_policy){.queue_ms = 1000});

    wait_ms(&w, 1000);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 1);
    ask_end(&w, "a", HAFT_CANCELLED, HAFT_EFFECT_NOT_STARTED);
    turn(&w);

    ck_state(&w, "a", TASK_DECIDING);
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_TIMEOUT_QUEUE);
    ck_assert_uint_eq(seen(&w, "a").fault.effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_str_eq(seen(&w, "a").fault.code, "host.timeout_queue");
    ck_assert_uint_eq(seen(&w, "a").losses, 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_start_ends_the_time_to_queue)
{
    struct world w;

    make(&w, (struct workflow_policy){.queue_ms = 1000});
    wait_ms(&w, 900);

    start(&w, "a");

    ck_assert_int_eq(core_next_ms(w.core), TIMER_NEVER);
    world_finish(&w);
}
END_TEST

START_TEST(silence_is_asked_about_before_it_is_believed)
{
    struct world w;
    struct task t;

    make(&w, (struct workflow_policy){.silence_ms = 1000});
    start(&w, "a");
    t = seen(&w, "a");
    wait_ms(&w, 1000);
    ck_assert_uint_eq(count_effects(&w, EFFECT_LISTEN, "a"), 1);
    ck_assert_int_eq(core_next_ms(w.core), TIMER_NEVER);

    core_ask_heard(w.core, t.attempt, t.fence, 300);
    turn(&w);
    ck_assert_int_eq(core_next_ms(w.core), w.now_ms + 700);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 0);
    wait_ms(&w, 700);
    ck_assert_uint_eq(count_effects(&w, EFFECT_LISTEN, "a"), 1);
    core_ask_heard(w.core, t.attempt, t.fence, 1000);
    turn(&w);

    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 1);
    end(&w, "a");
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_TIMEOUT_RUN);
    ck_assert_str_eq(seen(&w, "a").fault.code, "host.timeout_silence");
    world_finish(&w);
}
END_TEST

START_TEST(the_total_limit_ends_retries)
{
    struct world w;

    make(&w, (struct workflow_policy){.total_ms = 1000});
    start(&w, "a");
    end_badly(&w, "a", HAFT_USER_FAILURE);
    ck_state(&w, "a", TASK_DECIDING);

    verdict(&w, "a", VERDICT_AGAIN, 1000);

    ck_state(&w, "a", TASK_FAILED);
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_USER_FAILURE);
    world_finish(&w);
}
END_TEST

START_TEST(a_failure_after_the_total_limit_is_final)
{
    struct world w;

    make(&w, (struct workflow_policy){.total_ms = 1000});
    start(&w, "a");
    wait_ms(&w, 1000);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 1);

    end(&w, "a");

    ck_state(&w, "a", TASK_FAILED);
    ck_assert_str_eq(seen(&w, "a").fault.code, "host.timeout_total");
    world_finish(&w);
}
END_TEST

START_TEST(the_total_limit_counts_from_the_first_try)
{
    struct world w;

    make(&w, (struct workflow_policy){.total_ms = 1000});
    wait_ms(&w, 400);
    end_badly(&w, "a", HAFT_USER_FAILURE);
    verdict(&w, "a", VERDICT_AGAIN, 300);
    ck_assert_int_eq(core_next_ms(w.core), w.now_ms + 300);
    wait_ms(&w, 300);
    start(&w, "a");

    wait_ms(&w, 300);

    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_queued_task_that_runs_out_of_total_time_fails)
{
    struct world w;

    make_crowd(&w, (struct workflow_policy){.total_ms = 1000,
                                            .on_fail = ON_FAIL_CONTINUE});

    wait_ms(&w, 1000);

    ck_state(&w, "a", TASK_FAILED);
    ck_assert_str_eq(seen(&w, "a").fault.code, "host.timeout_total");
    ck_assert_uint_eq(count_effects(&w, EFFECT_RETRY, NULL), 0);
    world_finish(&w);
}
END_TEST

START_TEST(a_cancel_by_a_person_outranks_a_time_limit)
{
    struct world w;

    make(&w, (struct workflow_policy){.run_ms = 1000});
    start(&w, "a");
    wait_ms(&w, 1000);

    cancel_run(&w);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 0);
    end(&w, "a");

    ck_state(&w, "a", TASK_CANCELLED);
    ck_assert_str_eq(seen(&w, "a").fault.code, "host.cancelled");
    world_finish(&w);
}
END_TEST

TEST_MAIN("limit", sums_of_times_stop_at_never,
          a_timeout_without_memory_is_taken_for_the_likeliest,
          a_task_that_runs_too_long_is_cancelled_and_counts_as_timed_out,
          a_success_after_the_time_ran_out_counts_as_timed_out,
          a_success_in_the_turn_of_the_limit_is_a_success,
          a_cancel_without_effect_is_repeated_by_force,
          a_task_that_is_never_handed_over_times_out_in_the_queue,
          a_new_try_has_the_whole_of_its_time_to_queue,
          a_handed_task_that_does_not_start_is_withdrawn,
          a_start_ends_the_time_to_queue,
          silence_is_asked_about_before_it_is_believed,
          the_total_limit_ends_retries,
          a_failure_after_the_total_limit_is_final,
          the_total_limit_counts_from_the_first_try,
          a_queued_task_that_runs_out_of_total_time_fails,
          a_cancel_by_a_person_outranks_a_time_limit)
