#include "tests/host/core/world.h"

/* The value of an expression for a task, as JSON. */
static const char *value(const struct world *w, const char *task,
                         const char *text)
{
    static char room[4096];
    struct expr *e = expression(text);
    struct expr_scope scope = core_scope(w->core, w->run, named(w, task));
    struct str why;
    cJSON *v;
    char *json;

    str_init(&why, STR_WHY_LIMIT);
    v = expr_eval(e, &scope, &why);
    ck_assert_msg(v != NULL, "%s: %s", text, why.text);
    json = cJSON_PrintUnformatted(v);
    snprintf(room, sizeof(room), "%s", json);
    cJSON_free(json);
    cJSON_Delete(v);
    expr_destroy(e);
    str_finish(&why);
    return room;
}

static void make(struct world *w)
{
    const struct workflow_pair env[] = {
        {"PLAIN", "text"},
        {"MADE", "v-${{ params.deep.n }}"},
    };
    struct core_submit submit = {
        .id = "run-x", .principal = "me", .space = "default"};
    uint32_t job;
    uint32_t many;

    world_init(w, 1);
    flow(w);
    job = workflow_build_job(
        w->build,
        &(struct workflow_job){.script = "x", .env = env, .env_count = 2});
    task_needs(w, "plan", NULL);
    many = task_made(w, "many", (struct made){.needs = "plan"});
    workflow_build_each(w->build, many, "who", cJSON_Parse("[{\"n\":1},\"z\"]"),
                        NULL);
    task_made(w, "last", (struct made){.needs = "many", .job = job});
    task_made(w, "tidy", (struct made){.flags = WORKFLOW_FINALLY});
    submit.workflow = workflow_build_take(w->build);
    submit.params =
        cJSON_Parse("{\"s\":\"x\",\"deep\":{\"n\":7},\"hosts\":[\"a\",\"b\"]}");
    core_ask_submit(w->core, 1, &submit);
    turn(w);
    w->run = core_find_run(w->core, "run-x");
}

START_TEST(parameters_are_seen_with_what_is_in_them)
{
    struct world w;

    make(&w);

    ck_assert_str_eq(value(&w, "plan", "params.s"), "\"x\"");
    ck_assert_str_eq(value(&w, "plan", "params.deep.n"), "7");
    ck_assert_str_eq(value(&w, "plan", "params.nothing.n"), "null");
    world_finish(&w);
}
END_TEST

START_TEST(an_item_of_an_array_is_reached_by_its_number)
{
    struct world w;

    make(&w);
    end(&w, "plan");
    end_with(&w, "many[1]", "k", "two");

    ck_assert_str_eq(value(&w, "plan", "params.hosts.1"), "\"b\"");
    ck_assert_str_eq(value(&w, "plan", "params.hosts.2"), "null");
    ck_assert_str_eq(value(&w, "last", "tasks.many.outputs.k.1"), "\"two\"");
    world_finish(&w);
}
END_TEST

START_TEST(the_status_of_a_task_is_that_of_the_tables)
{
    struct world w;

    make(&w);

    ck_assert_str_eq(value(&w, "many", "tasks.plan.status"), "\"ready\"");
    end_with(&w, "plan", "ref", "v1");
    ck_assert_str_eq(value(&w, "many", "tasks.plan.status"), "\"succeeded\"");
    ck_assert_str_eq(value(&w, "last", "tasks.many.status"), "\"running\"");
    ck_assert_str_eq(value(&w, "last", "tasks.nobody.status"), "null");
    world_finish(&w);
}
END_TEST

START_TEST(outputs_are_seen_by_name)
{
    struct world w;

    make(&w);
    end_with(&w, "plan", "ref", "v1");

    ck_assert_str_eq(value(&w, "many", "tasks.plan.outputs.ref"), "\"v1\"");
    ck_assert_str_eq(value(&w, "many", "tasks.plan.outputs.other"), "null");
    ck_assert_str_eq(value(&w, "last", "tasks.last.outputs.ref"), "null");
    world_finish(&w);
}
END_TEST

START_TEST(outputs_of_items_are_arrays_in_order)
{
    struct world w;

    make(&w);
    end(&w, "plan");
    end_with(&w, "many[1]", "k", "two");
    end_with(&w, "many[0]", "k", "one");

    ck_assert_str_eq(value(&w, "last", "tasks.many.outputs.k"),
                     "[\"one\",\"two\"]");
    ck_assert_str_eq(value(&w, "last", "tasks.many.outputs.other"),
                     "[null,null]");
    world_finish(&w);
}
END_TEST

START_TEST(an_item_sees_its_own_value)
{
    struct world w;

    make(&w);
    end(&w, "plan");

    ck_assert_str_eq(value(&w, "many[0]", "each.who.n"), "1");
    ck_assert_str_eq(value(&w, "many[1]", "each.who"), "\"z\"");
    ck_assert_str_eq(value(&w, "many[1]", "each.other"), "null");
    ck_assert_str_eq(value(&w, "last", "each.who"), "null");
    world_finish(&w);
}
END_TEST

START_TEST(the_environment_is_seen_as_rendered)
{
    struct world w;

    make(&w);

    ck_assert_str_eq(value(&w, "last", "env.PLAIN"), "\"text\"");
    ck_assert_str_eq(value(&w, "last", "env.MADE"), "\"v-7\"");
    ck_assert_str_eq(value(&w, "last", "env.NONE"), "null");
    ck_assert_str_eq(value(&w, "plan", "env.PLAIN"), "null");
    world_finish(&w);
}
END_TEST

START_TEST(the_run_is_seen_with_its_outcome_so_far)
{
    struct world w;

    make(&w);
    ck_assert_str_eq(value(&w, "plan", "run.id"), "\"run-x\"");
    ck_assert_str_eq(value(&w, "plan", "run.status"), "\"running\"");
    ck_assert_str_eq(value(&w, "plan", "run.other"), "null");

    end_badly(&w, "plan", HAFT_INVALID);

    ck_state(&w, "tidy", TASK_HANDED);
    ck_assert_str_eq(value(&w, "tidy", "run.status"), "\"failed\"");
    cancel_run(&w);
    ck_assert_str_eq(value(&w, "tidy", "run.status"), "\"cancelled\"");
    world_finish(&w);
}
END_TEST

TEST_MAIN("scope", parameters_are_seen_with_what_is_in_them,
          an_item_of_an_array_is_reached_by_its_number,
          the_status_of_a_task_is_that_of_the_tables, outputs_are_seen_by_name,
          outputs_of_items_are_arrays_in_order, an_item_sees_its_own_value,
          the_environment_is_seen_as_rendered,
          the_run_is_seen_with_its_outcome_so_far)
