#include "tests/host/core/world.h"

/* a -> b -> c, with a default policy of going on after a failure. */
static void make_chain(struct world *w, const char *condition_of_b,
                       const char *condition_of_c)
{
    uint32_t go_on;

    world_init(w, 1);
    flow(w);
    go_on = policy(w, (struct workflow_policy){.on_fail = ON_FAIL_CONTINUE});
    task_made(w, "a", (struct made){.policy = go_on});
    task_made(w, "b",
              (struct made){
                  .needs = "a", .policy = go_on, .condition = condition_of_b});
    task_made(w, "c",
              (struct made){
                  .needs = "b", .policy = go_on, .condition = condition_of_c});
    submit(w);
}

START_TEST(a_run_without_tasks_has_succeeded_at_once)
{
    struct world w;

    world_init(&w, 1);
    w.build = workflow_build_create("none");

    submit(&w);

    ck_run(&w, RUN_SUCCEEDED);
    ck_assert_uint_eq(count_changes(&w, CHANGE_RUN_NEW, NULL), 1);
    ck_assert_uint_eq(count_changes(&w, CHANGE_RUN_OVER, NULL), 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_FORGET, NULL), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_need_that_failed_skips_the_task_and_all_below)
{
    struct world w;

    make_chain(&w, NULL, NULL);

    fail_for_good(&w, "a");

    ck_state(&w, "b", TASK_SKIPPED);
    ck_reason(&w, "b", REASON_NEED_FAILED);
    ck_state(&w, "c", TASK_SKIPPED);
    ck_reason(&w, "c", REASON_NEED_FAILED);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(a_need_skipped_by_its_own_condition_counts_as_done)
{
    struct world w;

    make_chain(&w, "false", NULL);

    end(&w, "a");

    ck_state(&w, "b", TASK_SKIPPED);
    ck_reason(&w, "b", REASON_CONDITION);
    ck_state(&w, "c", TASK_HANDED);
    end(&w, "c");
    ck_run(&w, RUN_SUCCEEDED);
    world_finish(&w);
}
END_TEST

START_TEST(a_condition_that_holds_lets_the_task_start)
{
    struct world w;

    make_chain(&w, "tasks.a.status == succeeded", NULL);

    end(&w, "a");

    ck_state(&w, "b", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(failure_starts_a_task_below_one_that_failed)
{
    struct world w;

    make_chain(&w, "failure()", NULL);

    fail_for_good(&w, "a");

    ck_state(&w, "b", TASK_HANDED);
    end(&w, "b");
    ck_state(&w, "c", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(failure_does_not_start_a_task_when_all_went_well)
{
    struct world w;

    make_chain(&w, "failure()", NULL);

    end(&w, "a");

    ck_reason(&w, "b", REASON_CONDITION);
    ck_state(&w, "c", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(failure_sees_through_what_was_skipped)
{
    struct world w;

    make_chain(&w, NULL, "failure()");

    fail_for_good(&w, "a");

    ck_reason(&w, "b", REASON_NEED_FAILED);
    ck_state(&w, "c", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(always_starts_a_task_whatever_happened)
{
    struct world w;

    make_chain(&w, NULL, "always()");

    fail_for_good(&w, "a");

    ck_state(&w, "c", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(success_is_false_below_a_task_that_failed)
{
    struct world w;

    make_chain(&w, "success()", "!success()");

    fail_for_good(&w, "a");

    ck_reason(&w, "b", REASON_CONDITION);
    ck_reason(&w, "c", REASON_CONDITION);
    world_finish(&w);
}
END_TEST

START_TEST(success_with_another_word_still_decides_alone)
{
    struct world w;

    make_chain(&w, "success() && params.x == null", NULL);

    end(&w, "a");

    ck_state(&w, "b", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(a_condition_without_a_value_fails_the_task)
{
    struct world w;
    struct task t;

    make_chain(&w, "json('{') == 1", NULL);
    end(&w, "a");

    t = seen(&w, "b");

    ck_assert_int_eq(t.state, TASK_FAILED);
    ck_assert_uint_eq(t.fault.fault_class, HAFT_INVALID);
    ck_assert_uint_eq(t.fault.effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_str_eq(t.fault.code, "host.expression");
    ck_assert_str_ne(t.fault.message, "");
    ck_reason(&w, "c", REASON_NEED_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(an_executor_that_is_not_there_fails_the_task)
{
    struct world w;
    uint32_t job;

    world_init(&w, 1);
    flow(&w);
    job = workflow_build_job(
        w.build, &(struct workflow_job){.script = "x", .executor = "moon"});
    task_made(&w, "a", (struct made){.job = job});

    submit(&w);

    ck_state(&w, "a", TASK_FAILED);
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_NOT_FOUND);
    ck_assert_str_eq(seen(&w, "a").fault.code, "host.executor");
    ck_assert_str_eq(seen(&w, "a").fault.message,
                     "no executor \"moon\" is configured");
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(a_task_goes_to_the_executor_that_its_job_names)
{
    struct world w;
    uint32_t job;

    world_init(&w, 1);
    flow(&w);
    job = workflow_build_job(
        w.build, &(struct workflow_job){.script = "x", .executor = "ahead"});
    task_made(&w, "a", (struct made){.job = job});
    task_needs(&w, "b", NULL);

    submit(&w);

    ck_assert_uint_eq(seen(&w, "a").executor, 1);
    ck_assert_uint_eq(seen(&w, "b").executor, 0);
    world_finish(&w);
}
END_TEST

START_TEST(no_more_is_handed_over_than_there_are_slots)
{
    struct world w;
    char name[16];

    world_init(&w, 1);
    flow(&w);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        task_needs(&w, name, NULL);
    }

    submit(&w);
    ck_assert_uint_eq(count_effects(&w, EFFECT_START, NULL), 4);
    ck_state(&w, "t3", TASK_HANDED);
    ck_state(&w, "t4", TASK_READY);
    end(&w, "t1");

    ck_state(&w, "t4", TASK_HANDED);
    ck_state(&w, "t5", TASK_READY);
    world_finish(&w);
}
END_TEST

START_TEST(a_window_is_handed_over_ahead_of_free_slots)
{
    struct world w;
    char name[16];
    uint32_t job;

    world_init(&w, 1);
    flow(&w);
    job = workflow_build_job(
        w.build, &(struct workflow_job){.script = "x", .executor = "ahead"});
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        task_made(&w, name, (struct made){.job = job});
    }

    submit(&w);

    ck_assert_uint_eq(count_effects(&w, EFFECT_START, NULL), 4);
    world_finish(&w);
}
END_TEST

START_TEST(a_higher_priority_is_handed_over_first)
{
    struct world w;
    char name[16];
    uint32_t high;

    world_init(&w, 1);
    flow(&w);
    high = policy(&w, (struct workflow_policy){.priority = 100});
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        task_needs(&w, name, NULL);
    }
    task_made(&w, "urgent", (struct made){.policy = high});

    submit(&w);

    ck_state(&w, "urgent", TASK_HANDED);
    ck_state(&w, "t2", TASK_HANDED);
    ck_state(&w, "t3", TASK_READY);
    world_finish(&w);
}
END_TEST

/* ---- finally ---- */

static void make_finally(struct world *w, const char *condition)
{
    world_init(w, 1);
    flow(w);
    task_needs(w, "a", NULL);
    task_made(w, "tidy",
              (struct made){.flags = WORKFLOW_FINALLY, .condition = condition});
    task_made(w, "report",
              (struct made){.needs = "tidy", .flags = WORKFLOW_FINALLY});
    submit(w);
}

START_TEST(finally_tasks_start_when_all_others_have_ended)
{
    struct world w;

    make_finally(&w, NULL);
    ck_state(&w, "tidy", TASK_WAITING);

    end(&w, "a");
    ck_state(&w, "tidy", TASK_HANDED);
    ck_assert(core_run(w.core, w.run)->is_finishing);
    ck_run(&w, RUN_RUNNING);
    end(&w, "tidy");
    ck_state(&w, "report", TASK_HANDED);
    end(&w, "report");

    ck_run(&w, RUN_SUCCEEDED);
    world_finish(&w);
}
END_TEST

START_TEST(finally_tasks_start_after_a_failure_too)
{
    struct world w;

    make_finally(&w, NULL);

    fail_for_good(&w, "a");

    ck_state(&w, "tidy", TASK_HANDED);
    end(&w, "tidy");
    end(&w, "report");
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(a_finally_task_without_needs_asks_about_the_whole_run)
{
    struct world w;

    make_finally(&w, "failure()");
    end(&w, "a");
    ck_reason(&w, "tidy", REASON_CONDITION);
    world_finish(&w);

    make_finally(&w, "failure() && !success()");
    fail_for_good(&w, "a");
    ck_state(&w, "tidy", TASK_HANDED);
    world_finish(&w);

    make_finally(&w, "success()");
    fail_for_good(&w, "a");
    ck_reason(&w, "tidy", REASON_CONDITION);
    world_finish(&w);
}
END_TEST

START_TEST(a_finally_task_that_fails_fails_the_run)
{
    struct world w;

    make_finally(&w, NULL);
    end(&w, "a");

    fail_for_good(&w, "tidy");

    ck_reason(&w, "report", REASON_NEED_FAILED);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(a_workflow_of_finally_tasks_alone_runs_them)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_made(&w, "tidy", (struct made){.flags = WORKFLOW_FINALLY});

    submit(&w);

    ck_state(&w, "tidy", TASK_HANDED);
    end(&w, "tidy");
    ck_run(&w, RUN_SUCCEEDED);
    world_finish(&w);
}
END_TEST

START_TEST(a_long_chain_of_skips_is_followed_in_one_turn)
{
    struct world w;
    uint32_t count = 50000;
    uint32_t go_on;
    char name[16];

    world_init(&w, 1);
    flow(&w);
    go_on = policy(&w, (struct workflow_policy){.on_fail = ON_FAIL_CONTINUE});
    workflow_build_task(w.build, "first", NULL, 0, go_on, 0, 0);
    for (uint32_t i = 1; i < count; i++) {
        uint32_t need = i - 1;

        snprintf(name, sizeof(name), "t%u", i);
        workflow_build_task(w.build, name, &need, 1, go_on, 0, 0);
    }
    submit(&w);

    fail_for_good(&w, "first");

    ck_assert_uint_eq(core_run(w.core, w.run)->counts[TASK_SKIPPED], count - 1);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

TEST_MAIN("ready", a_run_without_tasks_has_succeeded_at_once,
          a_need_that_failed_skips_the_task_and_all_below,
          a_need_skipped_by_its_own_condition_counts_as_done,
          a_condition_that_holds_lets_the_task_start,
          failure_starts_a_task_below_one_that_failed,
          failure_does_not_start_a_task_when_all_went_well,
          failure_sees_through_what_was_skipped,
          always_starts_a_task_whatever_happened,
          success_is_false_below_a_task_that_failed,
          success_with_another_word_still_decides_alone,
          a_condition_without_a_value_fails_the_task,
          an_executor_that_is_not_there_fails_the_task,
          a_task_goes_to_the_executor_that_its_job_names,
          no_more_is_handed_over_than_there_are_slots,
          a_window_is_handed_over_ahead_of_free_slots,
          a_higher_priority_is_handed_over_first,
          finally_tasks_start_when_all_others_have_ended,
          finally_tasks_start_after_a_failure_too,
          a_finally_task_without_needs_asks_about_the_whole_run,
          a_finally_task_that_fails_fails_the_run,
          a_workflow_of_finally_tasks_alone_runs_them,
          a_long_chain_of_skips_is_followed_in_one_turn)
