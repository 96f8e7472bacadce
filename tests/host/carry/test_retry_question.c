#include "host/carry/retry_question.h"
#include "tests/host/core/world.h"

/* A task `a` of a policy has failed at its first try: what is asked. */
static void ask(struct world *w, struct workflow_policy p, int64_t later_ms,
                struct retry_question *q)
{
    struct core_outcome outcome = {
        .fault = {.fault_class = HAFT_USER_FAILURE,
                  .effect = HAFT_EFFECT_STARTED,
                  .origin = HAFT_ORIGIN_USER,
                  .retry_hint = HAFT_HINT_OTHER,
                  .exit_code = 7,
                  .retry_after_ms = 900,
                  .code = "user.exit",
                  .message = "exit code 7"},
    };
    uint32_t index;
    struct task t;

    world_init(w, 1);
    flow(w);
    index = policy(w, p);
    task_made(w, "a", (struct made){.policy = index});
    submit(w);
    start(w, "a");
    t = seen(w, "a");
    outcome.attempt = t.attempt;
    outcome.fence = t.fence;
    outcome.started_ms = w->now_ms;
    outcome.ended_ms = w->now_ms;
    core_ask_ended(w->core, &outcome);
    turn(w);
    retry_question_init(q, w->core, w->run, named(w, "a"),
                        WORLD_START_MS + later_ms);
}

static void done(struct world *w, struct retry_question *q)
{
    retry_question_finish(q);
    world_finish(w);
}

static void ck_slice(struct haft_slice s, const char *text)
{
    ck_assert_uint_eq(s.n, strlen(text));
    ck_assert_mem_eq(s.n ? s.p : "", text, s.n);
}

START_TEST(the_fault_is_told_as_it_was)
{
    struct retry_question q;
    struct world w;

    ask(&w, (struct workflow_policy){0}, 0, &q);

    ck_assert_uint_eq(q.in.size, sizeof(q.in));
    ck_assert_uint_eq(q.in.fault_class, HAFT_USER_FAILURE);
    ck_assert_uint_eq(q.in.effect, HAFT_EFFECT_STARTED);
    ck_assert_uint_eq(q.in.origin, HAFT_ORIGIN_USER);
    ck_assert_uint_eq(q.in.retry_hint, HAFT_HINT_OTHER);
    ck_assert_int_eq(q.in.exit_code, 7);
    ck_assert_int_eq(q.in.retry_after_ms, 900);
    ck_slice(q.in.code, "user.exit");
    done(&w, &q);
}
END_TEST

START_TEST(the_question_counts_tries_and_has_the_seed)
{
    struct retry_question q;
    struct world w;

    ask(&w, (struct workflow_policy){.is_idempotent = true}, 0, &q);

    ck_assert_uint_eq(q.in.tries, 1);
    ck_assert_uint_eq(q.in.losses, 0);
    ck_assert_uint_eq(q.in.is_idempotent, 1);
    ck_assert_uint_eq(q.in.seed, seen(&w, "a").seed);
    done(&w, &q);
}
END_TEST

START_TEST(what_the_task_says_of_retries_is_handed_on)
{
    static const int64_t steps[] = {100, 200};
    static const int32_t exits[] = {7, 75, 111};
    const struct haft_retry_step *asked_steps;
    const struct haft_retry_exit *asked_exits;
    struct retry_question q;
    struct world w;

    ask(&w,
        (struct workflow_policy){.retry = {.use = "mine",
                                           .strategy = "list",
                                           .jitter = "full",
                                           .steps_ms = steps,
                                           .steps_count = 2,
                                           .max = 5,
                                           .base_ms = 10,
                                           .cap_ms = 1000,
                                           .elapsed_ms = 60000,
                                           .classes = 6,
                                           .exits = exits,
                                           .exits_count = 3,
                                           .is_given = true}},
        0, &q);
    asked_steps = q.in.steps.p;
    asked_exits = q.in.exits.p;

    ck_assert_str_eq(q.use, "mine");
    ck_slice(q.in.strategy, "list");
    ck_slice(q.in.jitter, "full");
    ck_assert_int_eq(q.in.max, 5);
    ck_assert_int_eq(q.in.base_ms, 10);
    ck_assert_int_eq(q.in.cap_ms, 1000);
    ck_assert_int_eq(q.in.limit_ms, 60000);
    ck_assert_uint_eq(q.in.classes, 6);
    ck_assert_uint_eq(q.in.steps.count, 2);
    ck_assert_int_eq(asked_steps[1].delay_ms, 200);
    ck_assert_uint_eq(q.in.exits.count, 3);
    ck_assert_int_eq(asked_exits[2].code, 111);
    done(&w, &q);
}
END_TEST

START_TEST(a_task_that_says_nothing_leaves_all_to_the_plugin)
{
    struct retry_question q;
    struct world w;

    ask(&w, (struct workflow_policy){0}, 0, &q);

    ck_assert_ptr_null(q.use);
    ck_slice(q.in.strategy, "");
    ck_assert_int_eq(q.in.max, 0);
    ck_assert_uint_eq(q.in.steps.count, 0);
    ck_assert_uint_eq(q.in.exits.count, 0);
    done(&w, &q);
}
END_TEST

START_TEST(a_task_that_wants_no_retry_says_none)
{
    struct retry_question q;
    struct world w;

    ask(&w, (struct workflow_policy){.retry = {.is_given = true}}, 0, &q);

    ck_slice(q.in.strategy, "none");
    done(&w, &q);
}
END_TEST

START_TEST(time_counts_from_when_the_task_could_have_begun)
{
    struct retry_question q;
    struct world w;

    ask(&w, (struct workflow_policy){.total_ms = 5000}, 1500, &q);

    ck_assert_int_eq(q.in.elapsed_ms, 1500);
    ck_assert_int_eq(q.in.left_ms, 3500);
    done(&w, &q);
}
END_TEST

START_TEST(no_limit_is_told_as_none)
{
    struct retry_question q;
    struct world w;

    ask(&w, (struct workflow_policy){0}, 1500, &q);

    ck_assert_int_eq(q.in.left_ms, 0);
    done(&w, &q);
}
END_TEST

START_TEST(time_that_is_used_up_is_not_told_as_no_limit)
{
    struct retry_question q;
    struct world w;

    ask(&w, (struct workflow_policy){.total_ms = 5000}, 9000, &q);

    ck_assert_int_eq(q.in.left_ms, 1);
    done(&w, &q);
}
END_TEST

START_TEST(the_delay_before_the_attempt_is_told)
{
    struct retry_question q;
    struct world w;

    ask(&w, (struct workflow_policy){0}, 0, &q);
    retry_question_finish(&q);
    verdict(&w, "a", VERDICT_AGAIN, 250);
    wait_ms(&w, 250);
    start(&w, "a");
    end_badly(&w, "a", HAFT_USER_FAILURE);

    retry_question_init(&q, w.core, w.run, named(&w, "a"), w.now_ms);

    ck_assert_int_eq(q.in.previous_delay_ms, 250);
    ck_assert_uint_eq(q.in.tries, 2);
    done(&w, &q);
}
END_TEST

TEST_MAIN("retry_question", the_fault_is_told_as_it_was,
          the_question_counts_tries_and_has_the_seed,
          what_the_task_says_of_retries_is_handed_on,
          a_task_that_says_nothing_leaves_all_to_the_plugin,
          a_task_that_wants_no_retry_says_none,
          time_counts_from_when_the_task_could_have_begun,
          no_limit_is_told_as_none,
          time_that_is_used_up_is_not_told_as_no_limit,
          the_delay_before_the_attempt_is_told)
