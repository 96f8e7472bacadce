#include "host/core/attempt.h"
#include "tests/host/core/store.h"

/* a and b run, c needs both; a's policy is the given one. */
static void build(struct world *w, const struct workflow_policy *p)
{
    uint32_t index;

    flow(w);
    index = policy(w, *p);
    task_made(w, "a", (struct made){.policy = index});
    task_needs(w, "b", NULL);
    task_needs(w, "c", "a b");
    task_made(w, "tidy", (struct made){.flags = WORKFLOW_FINALLY});
}

static void make(struct world *w, struct store *s,
                 const struct workflow_policy *p)
{
    world_init(w, 1);
    store_open(s, w);
    build(w, p);
    submit(w);
}

static void reopen(struct world *w, struct store *s,
                   const struct workflow_policy *p)
{
    build(w, p);
    store_reopen(s, w);
}

static void finish(struct world *w, struct store *s)
{
    world_finish(w);
    store_finish(s);
}

static void found(struct world *w, const char *name, enum core_found what)
{
    struct task t = seen(w, name);

    core_ask_found(w->core, t.attempt, t.fence, what);
    turn(w);
}

static const struct workflow_policy plain = {.priority = 0};

START_TEST(what_was_open_is_asked_about)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    start(&w, "a");

    reopen(&w, &s, &plain);

    ck_state(&w, "a", TASK_RUNNING);
    ck_state(&w, "b", TASK_HANDED);
    ck_state(&w, "c", TASK_WAITING);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RECOVER, "a"), 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RECOVER, "b"), 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_START, NULL), 0);
    finish(&w, &s);
}
END_TEST

START_TEST(attempts_of_an_executor_that_was_lost_are_asked_about)
{
    struct world w;
    uint32_t job;

    world_init(&w, 1);
    build(&w, &plain);
    job = workflow_build_job(
        w.build, &(struct workflow_job){.script = "x", .executor = "ahead"});
    task_made(&w, "other", (struct made){.job = job});
    submit(&w);
    start(&w, "a");

    core_ask_adrift(w.core, 0);
    turn(&w);

    ck_assert_uint_eq(count_effects(&w, EFFECT_RECOVER, "a"), 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RECOVER, "b"), 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RECOVER, NULL), 2);
    found(&w, "a", FOUND_RUNNING);
    found(&w, "b", FOUND_NEVER_STARTED);
    ck_state(&w, "a", TASK_RUNNING);
    ck_assert_uint_eq(count_effects(&w, EFFECT_START, "b"), 1);
    world_finish(&w);
}
END_TEST

START_TEST(an_attempt_that_still_runs_goes_on_to_its_end)
{
    struct world w;
    struct store s;
    uint64_t attempt;

    make(&w, &s, &plain);
    start(&w, "a");
    attempt = seen(&w, "a").attempt;
    reopen(&w, &s, &plain);

    found(&w, "a", FOUND_RUNNING);
    ck_assert_uint_eq(count_events(&w, EVENT_TASK_RECOVERED, "a"), 1);
    ck_assert_uint_eq(seen(&w, "a").attempt, attempt);
    end(&w, "a");

    ck_state(&w, "a", TASK_SUCCEEDED);
    finish(&w, &s);
}
END_TEST

START_TEST(an_end_may_come_before_the_answer)
{
    struct world w;
    struct store s;
    struct task t;

    make(&w, &s, &plain);
    reopen(&w, &s, &plain);
    t = seen(&w, "a");

    end(&w, "a");
    core_ask_found(w.core, t.attempt, t.fence, FOUND_ENDED);
    turn(&w);

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_assert_uint_eq(core_count(w.core).stale, 1);
    finish(&w, &s);
}
END_TEST

START_TEST(an_attempt_that_never_started_is_started_again_as_it_is)
{
    struct world w;
    struct store s;
    struct task before;

    make(&w, &s, &plain);
    before = seen(&w, "b");
    reopen(&w, &s, &plain);

    found(&w, "b", FOUND_NEVER_STARTED);

    ck_assert_uint_eq(effect_of(&w, EFFECT_START, "b").attempt, before.attempt);
    ck_assert_uint_eq(effect_of(&w, EFFECT_START, "b").fence, before.fence);
    ck_state(&w, "b", TASK_HANDED);
    finish(&w, &s);
}
END_TEST

START_TEST(an_attempt_that_started_and_never_did_is_lost)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    start(&w, "a");
    reopen(&w, &s, &plain);

    found(&w, "a", FOUND_NEVER_STARTED);

    ck_state(&w, "a", TASK_HELD);
    finish(&w, &s);
}
END_TEST

START_TEST(an_attempt_that_nobody_knows_is_lost)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    reopen(&w, &s, &plain);

    found(&w, "a", FOUND_UNKNOWN);

    ck_state(&w, "a", TASK_HELD);
    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_INFRA_LOST);
    ck_assert_uint_eq(seen(&w, "a").fault.effect, HAFT_EFFECT_MAYBE);
    ck_assert_uint_eq(seen(&w, "a").losses, 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RELEASE, "a"), 1);
    finish(&w, &s);
}
END_TEST

START_TEST(an_attempt_whose_executor_is_gone_is_lost)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    s.tasks[0].task.executor = CORE_NONE;

    reopen(&w, &s, &plain);

    ck_assert_uint_eq(count_effects(&w, EFFECT_RECOVER, NULL), 1);
    ck_assert_uint_eq(core_run(w.core, w.run)->counts[TASK_HELD], 1);
    finish(&w, &s);
}
END_TEST

START_TEST(a_second_answer_about_an_attempt_is_stale)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    reopen(&w, &s, &plain);
    found(&w, "a", FOUND_RUNNING);

    found(&w, "a", FOUND_UNKNOWN);

    ck_state(&w, "a", TASK_HANDED);
    ck_assert_uint_eq(core_count(w.core).stale, 1);
    finish(&w, &s);
}
END_TEST

START_TEST(new_attempts_are_never_confused_with_those_of_the_old_owner)
{
    struct world w;
    struct store s;
    struct task old;

    make(&w, &s, &plain);
    old = seen(&w, "a");
    reopen(&w, &s, &plain);
    end_badly(&w, "a", HAFT_USER_FAILURE);

    verdict(&w, "a", VERDICT_AGAIN, 0);

    ck_assert_uint_eq(seen(&w, "a").attempt >> 32, 2);
    ck_assert_uint_eq(seen(&w, "a").fence, old.fence + 1);
    finish(&w, &s);
}
END_TEST

START_TEST(a_question_is_asked_again_with_the_seed_that_was_drawn)
{
    struct world w;
    struct store s;
    uint64_t seed;

    make(&w, &s, &plain);
    end_badly(&w, "a", HAFT_USER_FAILURE);
    seed = seen(&w, "a").seed;

    reopen(&w, &s, &plain);

    ck_state(&w, "a", TASK_DECIDING);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RETRY, "a"), 1);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RELEASE, "a"), 1);
    ck_assert_uint_eq(seen(&w, "a").seed, seed);
    ck_assert_str_eq(seen(&w, "a").fault.message, "a message");
    verdict(&w, "a", VERDICT_AGAIN, 0);
    ck_state(&w, "a", TASK_HANDED);
    finish(&w, &s);
}
END_TEST

START_TEST(a_next_try_keeps_its_time)
{
    struct world w;
    struct store s;
    int64_t due_ms;

    make(&w, &s, &plain);
    end_badly(&w, "a", HAFT_USER_FAILURE);
    verdict(&w, "a", VERDICT_AGAIN, 5000);
    due_ms = seen(&w, "a").due_ms;
    w.now_ms += 2000;

    reopen(&w, &s, &plain);

    ck_state(&w, "a", TASK_READY);
    ck_assert_int_eq(seen(&w, "a").due_ms, due_ms);
    ck_assert_int_eq(core_next_ms(w.core), due_ms);
    wait_ms(&w, 3000);
    ck_state(&w, "a", TASK_HANDED);
    finish(&w, &s);
}
END_TEST

START_TEST(a_next_try_that_is_overdue_starts_at_once)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    end_badly(&w, "a", HAFT_USER_FAILURE);
    verdict(&w, "a", VERDICT_AGAIN, 5000);
    w.now_ms += 60000;

    reopen(&w, &s, &plain);

    ck_state(&w, "a", TASK_HANDED);
    finish(&w, &s);
}
END_TEST

START_TEST(a_hold_is_held)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    end_badly(&w, "a", HAFT_INFRA_LOST);

    reopen(&w, &s, &plain);

    ck_state(&w, "a", TASK_HELD);
    resolve(&w, "a", RESOLVE_SUCCESS);
    ck_state(&w, "a", TASK_SUCCEEDED);
    finish(&w, &s);
}
END_TEST

START_TEST(ends_are_kept_and_their_children_know_them)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    end_with(&w, "a", "k", "v");
    end(&w, "b");
    reopen(&w, &s, &plain);

    ck_state(&w, "a", TASK_SUCCEEDED);
    ck_assert_str_eq(
        cJSON_GetObjectItem(seen(&w, "a").outputs, "k")->valuestring, "v");
    ck_assert_int_eq(seen(&w, "b").ended_ms, w.now_ms);
    ck_state(&w, "c", TASK_HANDED);
    end(&w, "c");
    end(&w, "tidy");
    ck_run(&w, RUN_SUCCEEDED);
    finish(&w, &s);
}
END_TEST

START_TEST(a_task_that_was_ready_needs_no_record)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    core_add_executor(w.core, "local", 0, false);
    end(&w, "a");
    end(&w, "b");
    ck_state(&w, "c", TASK_READY);
    ck_assert_uint_eq(count_changes(&w, CHANGE_TASK, "c"), 0);

    reopen(&w, &s, &plain);

    ck_state(&w, "c", TASK_HANDED);
    finish(&w, &s);
}
END_TEST

START_TEST(finally_tasks_go_on_where_they_were)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    end_badly(&w, "a", HAFT_INVALID);
    end(&w, "b");
    ck_state(&w, "tidy", TASK_HANDED);

    reopen(&w, &s, &plain);

    ck_assert(core_run(w.core, w.run)->is_finishing);
    ck_assert(core_run(w.core, w.run)->is_stopped);
    ck_state(&w, "c", TASK_SKIPPED);
    found(&w, "tidy", FOUND_RUNNING);
    end(&w, "tidy");
    ck_run(&w, RUN_FAILED);
    finish(&w, &s);
}
END_TEST

START_TEST(a_cancel_goes_on_and_is_sent_again)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    start(&w, "a");
    cancel_run(&w);
    reopen(&w, &s, &plain);
    ck_run(&w, RUN_CANCELLING);
    ck_assert(seen(&w, "a").is_cancelling);

    found(&w, "a", FOUND_RUNNING);
    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 1);
    found(&w, "b", FOUND_NEVER_STARTED);
    ck_state(&w, "b", TASK_CANCELLED);
    end(&w, "a");

    ck_state(&w, "a", TASK_CANCELLED);
    ck_state(&w, "tidy", TASK_HANDED);
    cancel_run(&w);
    ck_assert_int_eq(effect_of(&w, EFFECT_CANCEL, "tidy").grace_ms, 0);
    finish(&w, &s);
}
END_TEST

/* As if the owner had died between the two halves of its turn: the records of
 * these tasks were not written. */
static void lose(struct store *s, size_t from)
{
    while (s->count > from) {
        store_drop(&s->tasks[--s->count]);
        memset(&s->tasks[s->count], 0, sizeof(s->tasks[0]));
    }
}

START_TEST(a_cancel_that_is_half_on_disk_is_carried_through)
{
    struct world w;
    struct store s;

    make(&w, &s, &plain);
    cancel_run(&w);
    ck_assert(seen(&w, "a").is_cancelling);
    lose(&s, 0);
    reopen(&w, &s, &plain);

    ck_run(&w, RUN_CANCELLING);
    ck_state(&w, "a", TASK_CANCELLED);
    ck_state(&w, "b", TASK_CANCELLED);
    ck_state(&w, "c", TASK_CANCELLED);
    ck_state(&w, "tidy", TASK_HANDED);
    finish(&w, &s);
}
END_TEST

START_TEST(tasks_that_were_cancelled_say_that_their_run_was)
{
    struct world w;
    struct store s;
    struct run before;

    make(&w, &s, &plain);
    before = s.run;
    cancel_run(&w);
    ck_state(&w, "c", TASK_CANCELLED);
    s.run = before;
    reopen(&w, &s, &plain);

    ck_run(&w, RUN_CANCELLING);
    found(&w, "a", FOUND_RUNNING);
    found(&w, "b", FOUND_RUNNING);
    end(&w, "a");
    end(&w, "b");
    ck_state(&w, "a", TASK_CANCELLED);
    ck_state(&w, "tidy", TASK_HANDED);
    finish(&w, &s);
}
END_TEST

START_TEST(a_run_limit_counts_on_from_the_start)
{
    const struct workflow_policy limited = {.run_ms = 10000};
    struct world w;
    struct store s;

    make(&w, &s, &limited);
    start(&w, "a");
    w.now_ms += 9000;
    reopen(&w, &s, &limited);
    ck_assert_int_eq(core_next_ms(w.core), TIMER_NEVER);

    found(&w, "a", FOUND_RUNNING);
    ck_assert_int_eq(core_next_ms(w.core), w.now_ms + 1000);
    wait_ms(&w, 1000);

    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 1);
    finish(&w, &s);
}
END_TEST

START_TEST(a_time_out_that_was_decided_is_still_one)
{
    const struct workflow_policy limited = {.run_ms = 1000};
    struct world w;
    struct store s;

    make(&w, &s, &limited);
    start(&w, "a");
    wait_ms(&w, 1000);
    reopen(&w, &s, &limited);
    found(&w, "a", FOUND_ENDED);

    end(&w, "a");

    ck_assert_uint_eq(seen(&w, "a").fault.fault_class, HAFT_TIMEOUT_RUN);
    ck_assert_str_eq(seen(&w, "a").fault.code, "host.timeout_run");
    ck_assert_str_eq(seen(&w, "a").fault.message,
                     "ran longer than its limit of 1s");
    finish(&w, &s);
}
END_TEST

START_TEST(a_queue_limit_counts_on_from_when_it_became_ready)
{
    const struct workflow_policy limited = {.queue_ms = 10000};
    struct world w;
    struct store s;

    make(&w, &s, &limited);
    w.now_ms += 9000;
    reopen(&w, &s, &limited);
    found(&w, "a", FOUND_NEVER_STARTED);

    wait_ms(&w, 1000);

    ck_assert_uint_eq(count_effects(&w, EFFECT_CANCEL, "a"), 1);
    finish(&w, &s);
}
END_TEST

/* ---- each ---- */

static void build_each(struct world *w, const char *over)
{
    uint32_t many;

    flow(w);
    task_needs(w, "plan", NULL);
    many = task_made(
        w, "many",
        (struct made){
            .needs = "plan",
            .policy = policy(w, (struct workflow_policy){.max_parallel = 2})});
    workflow_build_each(w->build, many, "x", NULL, expression(over));
    task_needs(w, "last", "many");
}

static void make_each(struct world *w, struct store *s)
{
    world_init(w, 1);
    store_open(s, w);
    build_each(w, "json(tasks.plan.outputs.names)");
    submit(w);
    end_with(w, "plan", "names", "[\"a\",\"b\",\"c\",\"d\"]");
    end_with(w, "many[0]", "k", "v0");
    start(w, "many[1]");
}

START_TEST(items_go_on_where_they_were)
{
    struct world w;
    struct store s;

    make_each(&w, &s);
    build_each(&w, "json(tasks.plan.outputs.names)");
    store_reopen(&s, &w);

    ck_state(&w, "many", TASK_RUNNING);
    ck_state(&w, "many[0]", TASK_SUCCEEDED);
    ck_state(&w, "many[1]", TASK_RUNNING);
    ck_state(&w, "many[2]", TASK_HANDED);
    ck_state(&w, "many[3]", TASK_WAITING);
    ck_assert_str_eq(seen(&w, "many[3]").value->valuestring, "d");
    found(&w, "many[1]", FOUND_RUNNING);
    found(&w, "many[2]", FOUND_RUNNING);
    end(&w, "many[1]");
    end(&w, "many[2]");
    end(&w, "many[3]");
    ck_state(&w, "many", TASK_SUCCEEDED);
    end(&w, "last");
    ck_run(&w, RUN_SUCCEEDED);
    finish(&w, &s);
}
END_TEST

START_TEST(items_of_a_run_that_was_stopped_do_not_begin)
{
    struct world w;
    struct store s;
    size_t before;

    make_each(&w, &s);
    before = s.count;
    fail_for_good(&w, "many[1]");
    ck_state(&w, "many[3]", TASK_SKIPPED);
    lose(&s, before);
    build_each(&w, "json(tasks.plan.outputs.names)");
    store_reopen(&s, &w);

    ck_state(&w, "many[1]", TASK_FAILED);
    ck_state(&w, "many[3]", TASK_SKIPPED);
    ck_reason(&w, "many[3]", REASON_RUN_STOPPED);
    finish(&w, &s);
}
END_TEST

START_TEST(items_that_are_not_what_they_were_fail)
{
    struct world w;
    struct store s;

    make_each(&w, &s);
    build_each(&w, "json('[1, 2]')");
    store_reopen(&s, &w);

    ck_state(&w, "many[3]", TASK_FAILED);
    ck_assert_uint_eq(seen(&w, "many[3]").fault.fault_class, HAFT_CORRUPT);
    ck_state(&w, "many[0]", TASK_SUCCEEDED);
    found(&w, "many[1]", FOUND_RUNNING);
    found(&w, "many[2]", FOUND_RUNNING);
    end(&w, "many[1]");
    end(&w, "many[2]");
    ck_state(&w, "many", TASK_FAILED);
    ck_run(&w, RUN_FAILED);
    finish(&w, &s);
}
END_TEST

/* ---- records that cannot be true ---- */

static bool fits(struct world *w, const char *name, struct task task)
{
    task.fault.code = "";
    task.fault.message = "";
    task.outputs = cJSON_CreateObject();
    return core_restore_task(w->core, w->run, name, &task);
}

START_TEST(a_record_that_does_not_fit_is_refused)
{
    struct world w;
    struct run run = {.state = RUN_RUNNING, .id = "r"};
    struct task ended = {.state = TASK_SUCCEEDED};

    world_init(&w, 2);
    build_each(&w, "params.x");
    w.run = core_restore_run(w.core, &run, workflow_build_take(w.build),
                             cJSON_CreateObject(), 0);

    ck_assert(!fits(&w, "nobody", ended));
    ck_assert(!fits(&w, "many[0]", ended));
    ck_assert(!fits(&w, "plan", (struct task){.state = TASK_STATES}));
    ck_assert(!fits(&w, "plan", (struct task){.state = TASK_RUNNING}));
    ck_assert(!fits(&w, "plan",
                    (struct task){.state = TASK_FAILED, .reason = REASONS}));
    ck_assert(!fits(&w, "plan",
                    (struct task){.state = TASK_FAILED,
                                  .fault = {.fault_class = FAULT_CLASSES}}));
    ck_assert(!fits(&w, "many", (struct task){.state = TASK_RUNNING}));
    ck_assert(
        !fits(&w, "many", (struct task){.state = TASK_HANDED, .attempt = 1}));
    ck_assert(
        !fits(&w, "many",
              (struct task){.state = TASK_RUNNING, .items_count = UINT32_MAX}));
    ck_assert(fits(&w, "plan", ended));
    ck_assert(!fits(&w, "plan", ended));
    w.run = 99;
    ck_assert(!fits(&w, "plan", ended));
    world_finish(&w);
}
END_TEST

START_TEST(a_run_that_had_ended_is_forgotten)
{
    struct world w;
    struct run run = {.state = RUN_FAILED, .id = "r"};

    world_init(&w, 2);
    flow(&w);
    task_needs(&w, "a", NULL);
    w.run = core_restore_run(w.core, &run, workflow_build_take(w.build),
                             cJSON_CreateObject(), 0);
    ck_assert(fits(&w, "a", (struct task){.state = TASK_FAILED}));
    core_resume(w.core);

    turn(&w);

    ck_assert_uint_eq(count_effects(&w, EFFECT_FORGET, NULL), 1);
    core_forget(w.core, w.run);
    world_finish(&w);
}
END_TEST

START_TEST(a_run_that_cannot_be_restored_whole_is_taken_out_again)
{
    struct world w;
    struct run run = {.state = RUN_RUNNING, .id = "r", .key = "k"};

    world_init(&w, 2);
    build_each(&w, "params.x");
    w.run = core_restore_run(w.core, &run, workflow_build_take(w.build),
                             cJSON_CreateObject(), 0);
    ck_assert(
        fits(&w, "plan",
             (struct task){.state = TASK_RUNNING, .attempt = 5, .fence = 1}));
    ck_assert(fits(&w, "many",
                   (struct task){.state = TASK_RUNNING, .items_count = 3}));
    ck_assert(fits(&w, "many[1]", (struct task){.state = TASK_SUCCEEDED}));

    core_withdraw(w.core, w.run);

    core_resume(w.core);
    turn(&w);
    ck_assert_uint_eq(core_find_run(w.core, "r"), CORE_NONE);
    ck_assert_uint_eq(core_count(w.core).runs_live, 0);
    ck_assert_uint_eq(count_effects(&w, EFFECT_RECOVER, NULL), 0);
    world_finish(&w);
}
END_TEST

TEST_MAIN("resume", a_run_that_cannot_be_restored_whole_is_taken_out_again,
          what_was_open_is_asked_about,
          attempts_of_an_executor_that_was_lost_are_asked_about,
          an_attempt_that_still_runs_goes_on_to_its_end,
          an_end_may_come_before_the_answer,
          an_attempt_that_never_started_is_started_again_as_it_is,
          an_attempt_that_started_and_never_did_is_lost,
          an_attempt_that_nobody_knows_is_lost,
          an_attempt_whose_executor_is_gone_is_lost,
          a_second_answer_about_an_attempt_is_stale,
          new_attempts_are_never_confused_with_those_of_the_old_owner,
          a_question_is_asked_again_with_the_seed_that_was_drawn,
          a_next_try_keeps_its_time, a_next_try_that_is_overdue_starts_at_once,
          a_hold_is_held, ends_are_kept_and_their_children_know_them,
          a_task_that_was_ready_needs_no_record,
          finally_tasks_go_on_where_they_were,
          a_cancel_that_is_half_on_disk_is_carried_through,
          tasks_that_were_cancelled_say_that_their_run_was,
          items_of_a_run_that_was_stopped_do_not_begin,
          a_cancel_goes_on_and_is_sent_again,
          a_run_limit_counts_on_from_the_start,
          a_time_out_that_was_decided_is_still_one,
          a_queue_limit_counts_on_from_when_it_became_ready,
          items_go_on_where_they_were, items_that_are_not_what_they_were_fail,
          a_record_that_does_not_fit_is_refused,
          a_run_that_had_ended_is_forgotten)
