#include "tests/host/core/world.h"

static cJSON *list(const char *json)
{
    cJSON *items = cJSON_Parse(json);

    ck_assert_ptr_nonnull(items);
    return items;
}

/* `many` over a static list, and `last` that needs it. */
static void make(struct world *w, const char *items, struct workflow_policy p)
{
    uint32_t index;
    uint32_t many;

    world_init(w, 1);
    flow(w);
    index = policy(w, p);
    many = task_made(w, "many", (struct made){.policy = index});
    workflow_build_each(w->build, many, "x", list(items), NULL);
    task_made(w, "last", (struct made){.needs = "many", .policy = index});
    submit(w);
}

START_TEST(each_value_becomes_a_task_of_its_own)
{
    struct world w;

    make(&w, "[\"a\", \"b\", \"c\"]", (struct workflow_policy){0});

    ck_state(&w, "many", TASK_RUNNING);
    ck_assert_uint_eq(seen(&w, "many").items_count, 3);
    ck_assert_uint_eq(seen(&w, "many").first_item, 2);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_EXPANDED, "many"), 1);
    ck_state(&w, "many[0]", TASK_HANDED);
    ck_state(&w, "many[2]", TASK_HANDED);
    ck_assert_uint_eq(seen(&w, "many[2]").item, 2);
    ck_assert_uint_eq(seen(&w, "many[2]").owner, 0);
    ck_assert_str_eq(seen(&w, "many[2]").value->valuestring, "c");
    ck_assert_uint_eq(core_tasks_count(w.core, w.run), 5);
    ck_assert_uint_eq(core_run(w.core, w.run)->tasks_count, 2);
    world_finish(&w);
}
END_TEST

START_TEST(the_owner_succeeds_when_all_items_have)
{
    struct world w;

    make(&w, "[1, 2]", (struct workflow_policy){0});

    end(&w, "many[1]");
    ck_state(&w, "many", TASK_RUNNING);
    end(&w, "many[0]");

    ck_state(&w, "many", TASK_SUCCEEDED);
    ck_state(&w, "last", TASK_HANDED);
    end(&w, "last");
    ck_run(&w, RUN_SUCCEEDED);
    ck_assert_uint_eq(core_run(w.core, w.run)->counts[TASK_SUCCEEDED], 2);
    world_finish(&w);
}
END_TEST

START_TEST(max_parallel_bounds_the_items_that_have_not_ended)
{
    struct world w;

    make(&w, "[1, 2, 3, 4]", (struct workflow_policy){.max_parallel = 2});
    ck_state(&w, "many[1]", TASK_HANDED);
    ck_state(&w, "many[2]", TASK_WAITING);

    end_badly(&w, "many[0]", HAFT_USER_FAILURE);
    ck_state(&w, "many[2]", TASK_WAITING);
    end(&w, "many[1]");

    ck_state(&w, "many[2]", TASK_HANDED);
    ck_state(&w, "many[3]", TASK_WAITING);
    world_finish(&w);
}
END_TEST

START_TEST(an_empty_list_skips_the_task_and_counts_as_done)
{
    struct world w;

    make(&w, "[]", (struct workflow_policy){0});

    ck_state(&w, "many", TASK_SKIPPED);
    ck_reason(&w, "many", REASON_EMPTY_EACH);
    ck_state(&w, "last", TASK_HANDED);
    world_finish(&w);
}
END_TEST

START_TEST(an_item_that_fails_fails_its_owner_when_all_have_ended)
{
    struct world w;

    make(&w, "[1, 2, 3]",
         (struct workflow_policy){.on_fail = ON_FAIL_CONTINUE,
                                  .max_parallel = 1});

    fail_for_good(&w, "many[0]");
    ck_state(&w, "many", TASK_RUNNING);
    ck_state(&w, "many[1]", TASK_HANDED);
    end(&w, "many[1]");
    end(&w, "many[2]");

    ck_state(&w, "many", TASK_FAILED);
    ck_assert_uint_eq(seen(&w, "many").fault.fault_class, HAFT_USER_FAILURE);
    ck_assert_str_eq(seen(&w, "many").fault.code, "test.code");
    ck_assert_str_eq(seen(&w, "many").fault.message, "1 of 3 items failed");
    ck_reason(&w, "last", REASON_NEED_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(an_item_that_fails_with_stop_skips_those_that_have_not_started)
{
    struct world w;

    make(&w, "[1, 2, 3, 4]", (struct workflow_policy){.max_parallel = 2});

    end_badly(&w, "many[0]", HAFT_INVALID);

    ck_reason(&w, "many[2]", REASON_RUN_STOPPED);
    ck_reason(&w, "many[3]", REASON_RUN_STOPPED);
    ck_state(&w, "many[1]", TASK_HANDED);
    ck_state(&w, "many", TASK_RUNNING);
    end(&w, "many[1]");
    ck_state(&w, "many", TASK_FAILED);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(an_owner_whose_items_another_failure_skipped_is_skipped)
{
    struct world w;
    uint32_t many;
    uint32_t p;

    world_init(&w, 1);
    flow(&w);
    p = policy(&w, (struct workflow_policy){.max_parallel = 1});
    task_needs(&w, "bad", NULL);
    many = task_made(&w, "many", (struct made){.policy = p});
    workflow_build_each(w.build, many, "x", list("[1, 2]"), NULL);
    submit(&w);

    end_badly(&w, "bad", HAFT_INVALID);
    ck_reason(&w, "many[1]", REASON_RUN_STOPPED);
    end(&w, "many[0]");

    ck_state(&w, "many", TASK_SKIPPED);
    ck_reason(&w, "many", REASON_RUN_STOPPED);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

START_TEST(a_cancel_ends_items_and_then_their_owner)
{
    struct world w;

    make(&w, "[1, 2, 3]", (struct workflow_policy){.max_parallel = 1});

    cancel_run(&w);
    ck_state(&w, "many[2]", TASK_CANCELLED);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "many[0]"), 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, NULL), 1);
    ck_state(&w, "many", TASK_RUNNING);
    end_badly(&w, "many[0]", HAFT_CANCELLED);

    ck_state(&w, "many", TASK_CANCELLED);
    ck_reason(&w, "many", REASON_RUN_CANCELLED);
    ck_run(&w, RUN_CANCELLED);
    world_finish(&w);
}
END_TEST

/* ---- over what another task said ---- */

static void make_over(struct world *w, const char *over)
{
    uint32_t many;

    world_init(w, 1);
    flow(w);
    task_needs(w, "plan", NULL);
    many = task_made(w, "many", (struct made){.needs = "plan"});
    workflow_build_each(w->build, many, "x", NULL, expression(over));
    submit(w);
}

START_TEST(the_values_may_come_from_another_task)
{
    struct world w;

    make_over(&w, "json(tasks.plan.outputs.names)");

    end_with(&w, "plan", "names", "[\"p\", \"q\"]");

    ck_assert_uint_eq(seen(&w, "many").items_count, 2);
    ck_assert_str_eq(seen(&w, "many[1]").value->valuestring, "q");
    world_finish(&w);
}
END_TEST

START_TEST(a_value_that_is_no_array_fails_the_task)
{
    struct world w;

    make_over(&w, "tasks.plan.outputs.names");

    end_with(&w, "plan", "names", "p");

    ck_state(&w, "many", TASK_FAILED);
    ck_assert_uint_eq(seen(&w, "many").fault.fault_class, HAFT_INVALID);
    ck_assert_str_eq(seen(&w, "many").fault.code, "host.expression");
    ck_assert_uint_eq(seen(&w, "many").fault.effect, HAFT_EFFECT_NOT_STARTED);
    world_finish(&w);
}
END_TEST

START_TEST(a_value_that_cannot_be_had_fails_the_task)
{
    struct world w;

    make_over(&w, "json(tasks.plan.outputs.names)");

    end_with(&w, "plan", "names", "[1");

    ck_state(&w, "many", TASK_FAILED);
    ck_assert_str_ne(seen(&w, "many").fault.message, "");
    world_finish(&w);
}
END_TEST

START_TEST(more_items_than_anyone_wants_fail_the_task)
{
    struct world w;
    struct str text;

    make_over(&w, "json(tasks.plan.outputs.names)");
    str_init(&text, 1024 * 1024);
    str_add_char(&text, '[');
    for (int i = 0; i < 100000; i++) {
        str_add_text(&text, "1,");
    }
    str_add_text(&text, "1]");

    end_with(&w, "plan", "names", text.text);

    ck_state(&w, "many", TASK_FAILED);
    str_finish(&text);
    world_finish(&w);
}
END_TEST

START_TEST(items_retry_hold_and_are_resolved_like_any_task)
{
    struct world w;

    make(&w, "[1, 2]", (struct workflow_policy){0});
    end_badly(&w, "many[0]", HAFT_USER_FAILURE);
    verdict(&w, "many[0]", VERDICT_AGAIN, 0);
    ck_state(&w, "many[0]", TASK_HANDED);
    end(&w, "many[0]");
    ask_end(&w, "many[1]", HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE);
    turn(&w);
    ck_state(&w, "many[1]", TASK_HELD);

    resolve(&w, "many[1]", RESOLVE_SUCCESS);

    ck_state(&w, "many", TASK_SUCCEEDED);
    world_finish(&w);
}
END_TEST

START_TEST(names_of_items_are_found_and_nothing_like_them)
{
    struct world w;
    char name[96];
    const char *const wrong[] = {"many[3]",  "many[00]",
                                 "many[01]", "many[]",
                                 "many[1",   "many[1]x",
                                 "last[0]",  "[0]",
                                 "many[-1]", "many[99999999999999999999]"};

    make(&w, "[1, 2, 3]", (struct workflow_policy){0});

    core_task_name(w.core, w.run, named(&w, "many[2]"), name);
    ck_assert_str_eq(name, "many[2]");
    core_task_name(w.core, w.run, 0, name);
    ck_assert_str_eq(name, "many");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_uint_eq(core_find_task(w.core, w.run, wrong[i]), CORE_NONE);
    }
    ck_assert_ptr_eq(core_task_row(w.core, w.run, named(&w, "many[2]")),
                     core_task_row(w.core, w.run, 0));
    world_finish(&w);
}
END_TEST

START_TEST(a_finally_task_may_have_items)
{
    struct world w;
    uint32_t many;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    many = task_made(&w, "tidy", (struct made){.flags = WORKFLOW_FINALLY});
    workflow_build_each(w.build, many, "x", list("[1, 2]"), NULL);
    submit(&w);

    end_badly(&w, "a", HAFT_INVALID);

    ck_state(&w, "tidy[1]", TASK_HANDED);
    end_badly(&w, "tidy[0]", HAFT_INVALID);
    end(&w, "tidy[1]");
    ck_state(&w, "tidy", TASK_FAILED);
    ck_run(&w, RUN_FAILED);
    world_finish(&w);
}
END_TEST

TEST_MAIN("each", each_value_becomes_a_task_of_its_own,
          the_owner_succeeds_when_all_items_have,
          max_parallel_bounds_the_items_that_have_not_ended,
          an_empty_list_skips_the_task_and_counts_as_done,
          an_item_that_fails_fails_its_owner_when_all_have_ended,
          an_item_that_fails_with_stop_skips_those_that_have_not_started,
          an_owner_whose_items_another_failure_skipped_is_skipped,
          a_cancel_ends_items_and_then_their_owner,
          the_values_may_come_from_another_task,
          a_value_that_is_no_array_fails_the_task,
          a_value_that_cannot_be_had_fails_the_task,
          more_items_than_anyone_wants_fail_the_task,
          items_retry_hold_and_are_resolved_like_any_task,
          names_of_items_are_found_and_nothing_like_them,
          a_finally_task_may_have_items)
