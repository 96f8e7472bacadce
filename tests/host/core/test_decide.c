#include "host/core/run.h"
#include "tests/host/core/world.h"

static void make_one(struct world *w)
{
    world_init(w, 1);
    flow(w);
    task_needs(w, "a", NULL);
    submit(w);
}

START_TEST(a_run_makes_the_legal_moves_and_no_other)
{
    static const char *const moves[RUN_STATES] = {
        [RUN_RUNNING] = ".xxx.",   [RUN_CANCELLING] = "....x",
        [RUN_SUCCEEDED] = ".....", [RUN_FAILED] = ".....",
        [RUN_CANCELLED] = ".....",
    };

    for (enum run_state from = 0; from < RUN_STATES; from++) {
        bool moves_on = strchr(moves[from], 'x') != NULL;

        ck_assert(run_state_is_ended(from) == !moves_on);
        for (enum run_state to = 0; to < RUN_STATES; to++) {
            ck_assert_msg(run_may_move(from, to) == (moves[from][to] == 'x'),
                          "%s -> %s", run_state_name(from), run_state_name(to));
        }
    }
}
END_TEST

START_TEST(a_submit_is_answered_with_its_run)
{
    struct world w;
    struct effect answer;

    make_one(&w);

    answer = effect_of(&w, EFFECT_ANSWER, NULL);
    ck_assert_uint_eq(answer.ask, 7);
    ck_assert_uint_eq(answer.run, w.run);
    ck_assert_int_eq(answer.status, HAFT_OK);
    ck_assert_uint_eq(count_changes(&w, CHANGE_RUN_NEW, NULL), 1);
    ck_assert_uint_eq(count_events(&w, EVENT_RUN_SUBMITTED, NULL), 1);
    ck_assert_int_eq(core_run(w.core, w.run)->created_ms, w.now_ms);
    world_finish(&w);
}
END_TEST

START_TEST(an_id_that_is_taken_is_a_conflict)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    ask_submit(&w, "same");
    flow(&w);
    task_needs(&w, "a", NULL);
    ask_submit(&w, "same");

    turn(&w);

    ck_assert_uint_eq(core_count(w.core).runs_live, 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_ANSWER, NULL), 2);
    ck_assert_uint_eq(count_changes(&w, CHANGE_RUN_NEW, NULL), 1);
    world_finish(&w);
}
END_TEST

START_TEST(a_run_is_found_by_who_asked_and_the_key)
{
    struct world w;
    struct core_submit submit = {
        .id = "r1", .key = "k", .principal = "me", .space = "default"};

    world_init(&w, 1);
    flow(&w);
    submit.workflow = workflow_build_take(w.build);
    core_ask_submit(w.core, 1, &submit);
    turn(&w);

    ck_assert_uint_eq(core_find_key(w.core, "me", "k"),
                      core_find_run(w.core, "r1"));
    ck_assert_uint_eq(core_find_key(w.core, "you", "k"), CORE_NONE);
    ck_assert_uint_eq(core_find_key(w.core, "me", "l"), CORE_NONE);
    core_forget(w.core, 0);
    ck_assert_uint_eq(core_find_key(w.core, "me", "k"), CORE_NONE);
    world_finish(&w);
}
END_TEST

START_TEST(of_two_submits_with_one_key_the_second_is_refused)
{
    struct world w;
    struct core_submit submit = {
        .id = "r1", .key = "k", .principal = "me", .space = "default"};
    const struct effect *effects;
    size_t count;

    world_init(&w, 1);
    flow(&w);
    submit.workflow = workflow_build_take(w.build);
    core_ask_submit(w.core, 1, &submit);
    submit.id = "r2";
    flow(&w);
    submit.workflow = workflow_build_take(w.build);
    core_ask_submit(w.core, 2, &submit);
    submit.id = "r3";
    submit.principal = "you";
    flow(&w);
    submit.workflow = workflow_build_take(w.build);
    core_ask_submit(w.core, 3, &submit);
    turn(&w);

    ck_assert_uint_eq(core_find_run(w.core, "r2"), CORE_NONE);
    ck_assert_uint_ne(core_find_run(w.core, "r3"), CORE_NONE);
    effects = core_effects(w.core, &count);
    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind == EFFECT_ANSWER) {
            ck_assert_int_eq(effects[i].status,
                             effects[i].ask == 2 ? -HAFT_CONFLICT : HAFT_OK);
        }
    }
    world_finish(&w);
}
END_TEST

START_TEST(a_read_is_answered_in_its_turn)
{
    struct world w;

    make_one(&w);
    core_ask_read(w.core, 77);

    turn(&w);

    ck_assert_uint_eq(effect_of(&w, EFFECT_ANSWER, NULL).ask, 77);
    ck_assert_int_eq(effect_of(&w, EFFECT_ANSWER, NULL).status, HAFT_OK);
    world_finish(&w);
}
END_TEST

START_TEST(a_forgotten_run_is_gone_with_all_it_held)
{
    struct world w;

    make_one(&w);
    end_with(&w, "a", "k", "v");

    core_forget(w.core, w.run);

    ck_assert_ptr_null(core_run(w.core, w.run));
    ck_assert_ptr_null(core_task(w.core, w.run, 0, &(struct task){0}));
    ck_assert_uint_eq(core_tasks_count(w.core, w.run), 0);
    ck_assert_uint_eq(core_find_task(w.core, w.run, "a"), CORE_NONE);
    turn(&w);
    core_forget(w.core, w.run);
    world_finish(&w);
}
END_TEST

START_TEST(a_slot_is_not_used_again_while_an_ask_may_mean_the_old_run)
{
    struct world w;
    uint32_t old;

    make_one(&w);
    end(&w, "a");
    old = w.run;
    flow(&w);
    task_needs(&w, "a", NULL);
    ask_submit(&w, "next");
    core_ask_cancel(w.core, 5, old);
    core_forget(w.core, old);

    turn(&w);

    ck_assert_uint_ne(core_find_run(w.core, "next"), old);
    ck_assert_int_eq(core_run(w.core, core_find_run(w.core, "next"))->state,
                     RUN_RUNNING);
    flow(&w);
    task_needs(&w, "a", NULL);
    submit(&w);
    ck_assert_uint_eq(w.run, old);
    world_finish(&w);
}
END_TEST

START_TEST(what_waits_in_a_queue_is_dropped_with_its_run)
{
    struct world w;
    char name[16];

    world_init(&w, 1);
    flow(&w);
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        task_needs(&w, name, NULL);
    }
    submit(&w);
    cancel_run(&w);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        end_badly(&w, name, HAFT_CANCELLED);
    }
    ck_run(&w, RUN_CANCELLED);
    core_forget(w.core, w.run);
    turn(&w);

    flow(&w);
    for (int i = 0; i < 8; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        task_needs(&w, name, NULL);
    }
    submit(&w);

    ck_assert_uint_eq(count_effects(&w, EFFECT_START, NULL), 4);
    world_finish(&w);
}
END_TEST

START_TEST(a_clock_that_runs_backwards_stands_still)
{
    struct world w;

    make_one(&w);
    w.now_ms -= 500;

    end(&w, "a");

    ck_assert_int_eq(core_run(w.core, w.run)->ended_ms, WORLD_START_MS);
    world_finish(&w);
}
END_TEST

START_TEST(asks_that_are_never_decided_are_given_back)
{
    struct world w;

    world_init(&w, 1);
    flow(&w);
    task_needs(&w, "a", NULL);
    ask_submit(&w, "never");
    core_ask_ended(w.core, &(struct core_outcome){
                               .attempt = 1,
                               .fault = {.message = "text"},
                               .outputs = cJSON_CreateObject(),
                           });

    world_finish(&w);
    core_destroy(NULL);
}
END_TEST

START_TEST(executors_have_names)
{
    struct world w;

    world_init(&w, 1);

    ck_assert_str_eq(core_executor_name(w.core, 0), "local");
    ck_assert_ptr_null(core_executor_name(w.core, 2));
    ck_assert_uint_eq(core_runs_count(w.core), 0);
    world_finish(&w);
}
END_TEST

START_TEST(the_same_asks_at_the_same_times_have_the_same_effects)
{
    struct world w[2];

    for (int i = 0; i < 2; i++) {
        make_one(&w[i]);
        end_badly(&w[i], "a", HAFT_USER_FAILURE);
        verdict(&w[i], "a", VERDICT_AGAIN, 100);
        wait_ms(&w[i], 100);
    }

    ck_assert_uint_eq(seen(&w[0], "a").attempt, seen(&w[1], "a").attempt);
    ck_assert_uint_eq(effect_of(&w[0], EFFECT_START, "a").fence,
                      effect_of(&w[1], EFFECT_START, "a").fence);
    world_finish(&w[0]);
    world_finish(&w[1]);
}
END_TEST

TEST_MAIN("decide", a_run_makes_the_legal_moves_and_no_other,
          a_submit_is_answered_with_its_run, an_id_that_is_taken_is_a_conflict,
          a_run_is_found_by_who_asked_and_the_key,
          of_two_submits_with_one_key_the_second_is_refused,
          a_read_is_answered_in_its_turn,
          a_forgotten_run_is_gone_with_all_it_held,
          a_slot_is_not_used_again_while_an_ask_may_mean_the_old_run,
          what_waits_in_a_queue_is_dropped_with_its_run,
          a_clock_that_runs_backwards_stands_still,
          asks_that_are_never_decided_are_given_back, executors_have_names,
          the_same_asks_at_the_same_times_have_the_same_effects)
