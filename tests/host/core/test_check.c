#include "host/core/detail.h"
#include "host/core/run.h"
#include "host/core/task.h"
#include "tests/host/core/world.h"

/* Every sentence of core_check, by breaking what it watches over. Runs: a is
 * RUNNING, b HANDED with a time to queue, c WAITING, many over [1,2]. */
static struct run_row *make(struct world *w)
{
    uint32_t limited;
    uint32_t many;

    world_init(w, 1);
    core_add_executor(w->core, "local", 3, false);
    flow(w);
    limited = policy(w, (struct workflow_policy){.queue_ms = 1000});
    task_needs(w, "a", NULL);
    task_made(w, "b", (struct made){.policy = limited});
    task_needs(w, "c", "a");
    many = task_needs(w, "many", NULL);
    workflow_build_each(w->build, many, "x", cJSON_Parse("[1,2]"), NULL);
    submit(w);
    start(w, "a");
    return w->core->runs[w->run];
}

static void ck_wrong(struct world *w, const char *sentence)
{
    const char *wrong = core_check(w->core);

    ck_assert_msg(wrong != NULL, "nothing wrong; wanted: %s", sentence);
    ck_assert_str_eq(wrong, sentence);
    world_finish(w);
}

START_TEST(tables_that_agree_are_fine)
{
    struct world w;

    make(&w);

    ck_assert_ptr_null(core_check(w.core));
    world_finish(&w);
}
END_TEST

START_TEST(needs_are_counted)
{
    struct world w;
    struct run_row *r = make(&w);

    r->cells[2].left = 2;
    ck_wrong(&w, "a waiting task has miscounted its needs");
}
END_TEST

START_TEST(a_waiting_task_has_no_detail)
{
    struct world w;
    struct run_row *r = make(&w);

    detail_need(w.core, r, 2);
    ck_wrong(&w, "a waiting task has a detail");
}
END_TEST

START_TEST(a_task_without_needs_does_not_wait)
{
    struct world w;
    struct run_row *r = make(&w);
    struct workflow_task *row = (struct workflow_task *)&r->workflow->tasks[2];

    r->cells[2].left = 0;
    row->needs_count = 0;
    ck_wrong(&w, "a task waits for nothing");
}
END_TEST

START_TEST(open_attempts_can_be_looked_up)
{
    struct world w;
    struct run_row *r = make(&w);
    struct task_detail *d = detail_of(w.core, r, 0);

    index_remove(&w.core->attempts, d->attempt, d->run, d->task);
    ck_wrong(&w, "an open attempt cannot be looked up");
}
END_TEST

START_TEST(open_tasks_have_an_attempt)
{
    struct world w;
    struct run_row *r = make(&w);

    detail_of(w.core, r, 0)->attempt = 0;
    ck_wrong(&w, "an open task has no attempt");
}
END_TEST

START_TEST(no_attempt_is_open_that_no_task_has)
{
    struct world w;

    make(&w);

    index_add(&w.core->attempts, 99, 0, 0);
    ck_wrong(&w, "an attempt is open that no task has");
}
END_TEST

START_TEST(details_are_their_own_tasks)
{
    struct world w;
    struct run_row *r = make(&w);

    detail_of(w.core, r, 0)->task = 1;
    ck_wrong(&w, "a detail is another task's");
}
END_TEST

START_TEST(no_detail_is_left_over)
{
    struct world w;

    make(&w);

    w.core->details.count++;
    ck_assert_str_eq(core_check(w.core), "a detail belongs to no task");
    w.core->details.count--;
    world_finish(&w);
}
END_TEST

START_TEST(timers_are_set_to_the_next_limit)
{
    struct world w;
    struct run_row *r = make(&w);

    timer_set(&w.core->timer, r->cells[1].detail - 1, 5);
    ck_wrong(&w, "a timer is not set to the next limit");
}
END_TEST

START_TEST(no_timer_is_left_over)
{
    struct world w;

    make(&w);

    timer_set(&w.core->timer, 60, 5);
    ck_wrong(&w, "a timer belongs to no task");
}
END_TEST

START_TEST(slots_are_counted)
{
    struct world w;

    make(&w);

    w.core->pool.executors[0].used++;
    ck_wrong(&w, "an executor has miscounted its slots");
}
END_TEST

START_TEST(ready_tasks_are_queued_once)
{
    struct world w;
    struct queue_entry entry;

    make(&w);

    ck_assert(queue_pop(&w.core->pool.executors[0].queue, &entry));
    ck_wrong(&w, "a ready task is not queued once");
}
END_TEST

START_TEST(ready_tasks_are_queued_at_all)
{
    struct world w;
    struct run_row *r = make(&w);

    r->cells[named(&w, "many[1]")].flags = 0;
    ck_wrong(&w, "a ready task is in no queue");
}
END_TEST

START_TEST(items_are_counted)
{
    struct world w;
    struct run_row *r = make(&w);

    r->eaches[0].open++;
    ck_wrong(&w, "an each has miscounted its items");
}
END_TEST

START_TEST(what_is_left_is_counted)
{
    struct world w;
    struct run_row *r = make(&w);

    r->main_left++;
    ck_wrong(&w, "a run has miscounted what is left of it");
}
END_TEST

START_TEST(states_are_counted)
{
    struct world w;
    struct run_row *r = make(&w);

    r->run.counts[TASK_HELD]++;
    ck_wrong(&w, "a run has miscounted its states");
}
END_TEST

START_TEST(a_run_ends_with_its_tasks)
{
    struct world w;
    struct run_row *r = make(&w);

    r->run.state = RUN_FAILED;
    ck_wrong(&w, "a run and its tasks have not ended together");
}
END_TEST

START_TEST(the_live_are_counted)
{
    struct world w;

    make(&w);
    w.core->counts.runs_live++;
    ck_wrong(&w, "the live runs are miscounted");

    make(&w);
    w.core->counts.tasks_live[TASK_HELD]++;
    ck_wrong(&w, "the live tasks are miscounted");
}
END_TEST

TEST_MAIN("check", tables_that_agree_are_fine, needs_are_counted,
          a_waiting_task_has_no_detail, a_task_without_needs_does_not_wait,
          open_attempts_can_be_looked_up, open_tasks_have_an_attempt,
          no_attempt_is_open_that_no_task_has, details_are_their_own_tasks,
          no_detail_is_left_over, timers_are_set_to_the_next_limit,
          no_timer_is_left_over, slots_are_counted, ready_tasks_are_queued_once,
          ready_tasks_are_queued_at_all, items_are_counted,
          what_is_left_is_counted, states_are_counted,
          a_run_ends_with_its_tasks, the_live_are_counted)
