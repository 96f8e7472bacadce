#include <stdio.h>
#include <string.h>

#include <check.h>

#include <haft/fault.h>

#include "host/flow/workflow.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"
#include "tests/check_main.h"

static struct workflow *read_as(const char *text, size_t size, const char *name)
{
    struct workflow_source source = {
        .file = "f", .directory = "/d", .name = name};
    struct workflow *w;
    struct str why;

    str_init(&why, 65536);
    w = workflow_read(text, size, &source, &why);
    ck_assert_msg(w != NULL, "%s\n%s", text, why.text);
    ck_assert_uint_eq(why.size, 0);
    str_finish(&why);
    return w;
}

static struct workflow *read_text(const char *text)
{
    return read_as(text, strlen(text), "test");
}

static uint32_t find(const struct workflow *w, const char *name)
{
    for (uint32_t i = 0; i < w->tasks_count; i++) {
        if (strcmp(workflow_task_name(w, i), name) == 0) {
            return i;
        }
    }
    ck_abort_msg("there is no task %s", name);
}

static const struct workflow_policy *policy(const struct workflow *w,
                                            const char *name)
{
    return &w->policies[w->tasks[find(w, name)].policy];
}

static const struct workflow_job *job(const struct workflow *w,
                                      const char *name)
{
    return &w->jobs[w->tasks[find(w, name)].job];
}

/* The tasks' names with what they need, in order: "a b(a)". */
static void expect_order(const struct workflow *w, const char *wanted)
{
    struct str found;

    str_init(&found, 65536);
    for (uint32_t i = 0; i < w->tasks_count; i++) {
        const struct workflow_task *t = &w->tasks[i];

        str_addf(&found, "%s%s%s", i ? " " : "",
                 t->flags & WORKFLOW_FINALLY ? "+" : "",
                 workflow_task_name(w, i));
        for (uint32_t k = 0; k < t->needs_count; k++) {
            uint32_t need = w->needs[t->needs + k];

            ck_assert_uint_lt(need, i);
            str_addf(&found, "%s%s", k ? "," : "(",
                     workflow_task_name(w, need));
        }
        str_add_text(&found, t->needs_count ? ")" : "");
    }
    ck_assert_str_eq(found.text, wanted);
    str_finish(&found);
}

START_TEST(the_smallest_file_is_a_workflow)
{
    struct workflow *w =
        read_text("version: 1\ntasks: { hello: { run: echo hello } }\n");

    ck_assert_str_eq(w->name, "test");
    ck_assert_str_eq(w->description, "");
    ck_assert_str_eq(w->directory, "/d");
    ck_assert_uint_eq(w->tasks_count, 1);
    ck_assert_str_eq(workflow_task_name(w, 0), "hello");
    ck_assert_str_eq(job(w, "hello")->script, "echo hello");
    ck_assert_ptr_null(job(w, "hello")->command);
    ck_assert_ptr_null(job(w, "hello")->executor);
    ck_assert_ptr_null(job(w, "hello")->image);
    ck_assert_ptr_null(job(w, "hello")->workdir);
    ck_assert_uint_eq(job(w, "hello")->env_count, 0);
    ck_assert_int_eq(policy(w, "hello")->on_fail, ON_FAIL_STOP);
    ck_assert_int_eq(policy(w, "hello")->on_unknown, ON_UNKNOWN_HOLD);
    ck_assert(!policy(w, "hello")->retry.is_given);
    ck_assert(!policy(w, "hello")->is_idempotent);
    workflow_destroy(w);
}
END_TEST

START_TEST(the_canonical_text_is_what_was_written_and_the_name)
{
    struct workflow *w = read_text(
        "tasks: { b: {run: x, needs: [a]}, a: {retry: 3, command: [y]} }\n"
        "version: 1 # a comment\n");

    ck_assert_str_eq(w->canonical,
                     "{\"name\":\"test\",\"tasks\":{\"a\":{\"command\":[\"y\"],"
                     "\"retry\":3},\"b\":{\"needs\":[\"a\"],\"run\":\"x\"}},"
                     "\"version\":1}");
    ck_assert_uint_eq(w->canonical_size, strlen(w->canonical));
    /* printf '%s' CANONICAL | sha256sum */
    ck_assert_str_eq(
        w->hash,
        "6273ebbfcae1e2c7cba29dd3f5c5ff20fb99b8245f9c0918d5a2a835b8dcd7e2");
    workflow_destroy(w);
}
END_TEST

START_TEST(yaml_and_json_of_the_same_are_the_same)
{
    struct workflow *yaml =
        read_text("version: 1\nname: n\ntasks:\n  a:\n    run: |\n"
                  "      one\n      two\n    priority: 0x10\n");
    struct workflow *json =
        read_text("{\"tasks\": {\"a\": {\"priority\": 16.0, \"run\": "
                  "\"one\\ntwo\\n\"}}, \"name\": \"n\", \"version\": 1}");

    ck_assert_str_eq(yaml->canonical, json->canonical);
    ck_assert_str_eq(yaml->hash, json->hash);
    workflow_destroy(yaml);
    workflow_destroy(json);
}
END_TEST

START_TEST(the_file_names_the_workflow_unless_it_says_so)
{
    static const char text[] = "version: 1\ntasks: {a: {run: x}}";
    struct workflow *w = read_as(text, strlen(text), NULL);

    ck_assert_str_eq(w->name, "unnamed");
    workflow_destroy(w);
    w = read_text("version: 1\nname: said\ndescription: why\n"
                  "labels: {b: '2', a/b.c: one}\ntasks: {a: {run: x}}");
    ck_assert_str_eq(w->name, "said");
    ck_assert_str_eq(w->description, "why");
    ck_assert_uint_eq(w->labels_count, 2);
    ck_assert_str_eq(w->labels[0].name, "a/b.c");
    ck_assert_str_eq(w->labels[1].value, "2");
    workflow_destroy(w);
}
END_TEST

START_TEST(tasks_lie_in_order_of_depth_then_of_name)
{
    struct workflow *w = read_text("version: 1\n"
                                   "tasks:\n"
                                   "  z: { run: x }\n"
                                   "  b: { run: x, needs: [z, y] }\n"
                                   "  a: { run: x, needs: b }\n"
                                   "  c: { run: x, needs: z }\n"
                                   "  y: { run: x }\n"
                                   "finally:\n"
                                   "  m: { run: x, needs: n }\n"
                                   "  n: { run: x }\n"
                                   "  l: { run: x }\n");

    expect_order(w, "y z b(z,y) c(z) a(b) +l +n +m(n)");
    workflow_destroy(w);
}
END_TEST

START_TEST(every_key_of_a_job_is_carried)
{
    struct workflow *w =
        read_text("version: 1\n"
                  "params: {p: }\n"
                  "tasks:\n"
                  "  a:\n"
                  "    command: [make, '-j${{ params.p }}', '']\n"
                  "    executor: other\n"
                  "    workdir: sub/${{ params.p }}\n"
                  "    env: {B: '2', A: '${{ params.p }}'}\n"
                  "  b: {run: echo, shell: [bash, -e]}\n");
    const struct workflow_job *a = job(w, "a");
    const struct workflow_job *b = job(w, "b");

    ck_assert_uint_eq(a->command_count, 3);
    ck_assert_str_eq(a->command[0], "make");
    ck_assert_str_eq(a->command[1], "-j${{ params.p }}");
    ck_assert_str_eq(a->command[2], "");
    ck_assert_ptr_null(a->script);
    ck_assert_str_eq(a->executor, "other");
    ck_assert_str_eq(a->workdir, "sub/${{ params.p }}");
    ck_assert_uint_eq(a->env_count, 2);
    ck_assert_str_eq(a->env[0].name, "A");
    ck_assert_str_eq(a->env[1].value, "2");
    ck_assert_uint_eq(b->shell_count, 2);
    ck_assert_str_eq(b->shell[1], "-e");
    workflow_destroy(w);
}
END_TEST

START_TEST(the_environment_is_laid_over_in_three_layers)
{
    struct workflow *w =
        read_text("version: 1\n"
                  "env: {A: file, B: file, C: file}\n"
                  "defaults: {env: {B: defaults, C: defaults, D: defaults}}\n"
                  "tasks:\n"
                  "  a: {run: x, env: {C: task, E: task}}\n"
                  "  b: {run: y}\n");
    uint32_t a = find(w, "a");
    uint32_t b = find(w, "b");

    ck_assert_str_eq(workflow_env(w, a, "A"), "file");
    ck_assert_str_eq(workflow_env(w, a, "B"), "defaults");
    ck_assert_str_eq(workflow_env(w, a, "C"), "task");
    ck_assert_str_eq(workflow_env(w, a, "D"), "defaults");
    ck_assert_str_eq(workflow_env(w, a, "E"), "task");
    ck_assert_ptr_null(workflow_env(w, a, "F"));
    ck_assert_str_eq(workflow_env(w, b, "C"), "defaults");
    ck_assert_ptr_null(workflow_env(w, b, "E"));
    ck_assert_uint_eq(job(w, "a")->env_count, 5);
    workflow_destroy(w);
}
END_TEST

START_TEST(every_key_of_a_policy_is_carried)
{
    struct workflow *w = read_text(
        "version: 1\n"
        "params: {p: }\n"
        "tasks:\n"
        "  a:\n"
        "    run: x\n"
        "    timeout: {queue: 1s, run: 2m, silence: 500ms, total: 1h}\n"
        "    retry: {use: mine, strategy: exponential, max: 5, base: 1s,\n"
        "      cap: 1m, elapsed: 2h, jitter: full, for: [TRANSIENT, SHED],\n"
        "      exit: [75, 111]}\n"
        "    priority: HIGH\n"
        "    on_unknown: retry\n"
        "    on_fail: continue\n"
        "    idempotent: params.p\n"
        "    each: {i: [1]}\n"
        "    max_parallel: 7\n");
    const struct workflow_policy *p = policy(w, "a");

    ck_assert_int_eq(p->queue_ms, 1000);
    ck_assert_int_eq(p->run_ms, 120000);
    ck_assert_int_eq(p->silence_ms, 500);
    ck_assert_int_eq(p->total_ms, 3600000);
    ck_assert(p->retry.is_given);
    ck_assert_str_eq(p->retry.use, "mine");
    ck_assert_str_eq(p->retry.strategy, "exponential");
    ck_assert_int_eq(p->retry.max, 5);
    ck_assert_int_eq(p->retry.base_ms, 1000);
    ck_assert_int_eq(p->retry.cap_ms, 60000);
    ck_assert_int_eq(p->retry.elapsed_ms, 7200000);
    ck_assert_str_eq(p->retry.jitter, "full");
    ck_assert_uint_eq(p->retry.classes, 1u << HAFT_TRANSIENT | 1u << HAFT_SHED);
    ck_assert_uint_eq(p->retry.exits_count, 2);
    ck_assert_int_eq(p->retry.exits[1], 111);
    ck_assert_int_eq(p->priority, 100);
    ck_assert_int_eq(p->on_unknown, ON_UNKNOWN_RETRY);
    ck_assert_int_eq(p->on_fail, ON_FAIL_CONTINUE);
    ck_assert(p->is_idempotent);
    ck_assert_str_eq(p->idempotency_key, "${{ params.p }}");
    ck_assert_uint_eq(p->max_parallel, 7);
    workflow_destroy(w);
}
END_TEST

START_TEST(short_forms_are_the_long_ones)
{
    struct workflow *w = read_text(
        "version: 1\n"
        "params: {p: }\n"
        "tasks:\n"
        "  a: {run: x, timeout: 10m, retry: 3, priority: -7}\n"
        "  b: {run: x, retry: 0, idempotent: true, priority: CRITICAL}\n"
        "  c: {run: x, retry: {strategy: list, steps: [1s, 2s]},\n"
        "      idempotent: false, priority: LOW}\n"
        "  d: {run: x, idempotent: 'k-${{ params.p }}', on_unknown: fail}\n");

    ck_assert_int_eq(policy(w, "a")->run_ms, 600000);
    ck_assert_int_eq(policy(w, "a")->retry.max, 3);
    ck_assert_int_eq(policy(w, "a")->priority, -7);
    ck_assert(policy(w, "b")->retry.is_given);
    ck_assert_str_eq(policy(w, "b")->retry.strategy, "none");
    ck_assert(policy(w, "b")->is_idempotent);
    ck_assert_ptr_null(policy(w, "b")->idempotency_key);
    ck_assert_int_eq(policy(w, "b")->priority, 200);
    ck_assert_uint_eq(policy(w, "c")->retry.steps_count, 2);
    ck_assert_int_eq(policy(w, "c")->retry.steps_ms[1], 2000);
    ck_assert(!policy(w, "c")->is_idempotent);
    ck_assert_int_eq(policy(w, "c")->priority, -100);
    ck_assert_str_eq(policy(w, "d")->idempotency_key, "k-${{ params.p }}");
    ck_assert_int_eq(policy(w, "d")->on_unknown, ON_UNKNOWN_FAIL);
    workflow_destroy(w);
}
END_TEST

START_TEST(a_tasks_own_keys_win_one_by_one_over_the_defaults)
{
    struct workflow *w = read_text(
        "version: 1\n"
        "defaults:\n"
        "  executor: mine\n"
        "  workdir: w\n"
        "  timeout: {run: 10m, total: 1h}\n"
        "  retry: {max: 2, base: 1s}\n"
        "tasks:\n"
        "  a: {run: x, timeout: 1m, retry: {max: 5}, executor: yours}\n"
        "  b: {run: x, retry: 0}\n"
        "  c: {run: x}\n");

    ck_assert_int_eq(policy(w, "a")->run_ms, 60000);
    ck_assert_int_eq(policy(w, "a")->total_ms, 3600000);
    ck_assert_int_eq(policy(w, "a")->retry.max, 5);
    ck_assert_int_eq(policy(w, "a")->retry.base_ms, 1000);
    ck_assert_str_eq(job(w, "a")->executor, "yours");
    ck_assert_str_eq(policy(w, "b")->retry.strategy, "none");
    ck_assert_str_eq(job(w, "b")->executor, "mine");
    ck_assert_str_eq(job(w, "b")->workdir, "w");
    ck_assert_int_eq(policy(w, "c")->retry.max, 2);
    ck_assert_ptr_null(policy(w, "c")->retry.strategy);
    workflow_destroy(w);
}
END_TEST

START_TEST(no_retries_by_default_can_be_overruled)
{
    struct workflow *w = read_text("version: 1\n"
                                   "defaults: {retry: 0}\n"
                                   "tasks: {a: {run: x, retry: 2}}\n");

    ck_assert_int_eq(policy(w, "a")->retry.max, 2);
    ck_assert_ptr_null(policy(w, "a")->retry.strategy);
    workflow_destroy(w);
}
END_TEST

START_TEST(conditions_are_bare_or_wrapped_or_truth_values)
{
    struct workflow *w = read_text("version: 1\n"
                                   "tasks:\n"
                                   "  a: {run: x, if: '${{ failure() }}'}\n"
                                   "  b: {run: x, if: run.id == 'r'}\n"
                                   "  c: {run: x, if: false}\n"
                                   "  d: {run: x}\n");
    struct expr_scope scope = {0};
    struct str why;
    cJSON *value;

    str_init(&why, STR_WHY_LIMIT);
    ck_assert(
        expr_has_question(w->conditions[w->tasks[find(w, "a")].condition]));
    ck_assert(
        !expr_has_question(w->conditions[w->tasks[find(w, "b")].condition]));
    value = expr_eval(w->conditions[w->tasks[find(w, "c")].condition], &scope,
                      &why);
    ck_assert(cJSON_IsFalse(value));
    ck_assert_uint_eq(w->tasks[find(w, "d")].condition, WORKFLOW_NONE);
    cJSON_Delete(value);
    str_finish(&why);
    workflow_destroy(w);
}
END_TEST

START_TEST(each_has_items_or_an_expression)
{
    struct workflow *w = read_text(
        "version: 1\n"
        "tasks:\n"
        "  a: {run: x, each: {os: [debian, {k: 1}, 3]}}\n"
        "  b: {run: x, needs: a, each: {o: '${{ tasks.a.outputs.k }}'}}\n"
        "  c: {run: x, needs: b, each: {o: json(tasks.a.outputs.k)}}\n"
        "  d: {run: x, each: {none: []}}\n");
    const struct workflow_each *a = &w->eaches[w->tasks[find(w, "a")].each];
    const struct workflow_each *b = &w->eaches[w->tasks[find(w, "b")].each];

    ck_assert_str_eq(a->name, "os");
    ck_assert_int_eq(cJSON_GetArraySize(a->items), 3);
    ck_assert_ptr_null(a->over);
    ck_assert_str_eq(b->name, "o");
    ck_assert_ptr_null(b->items);
    ck_assert_ptr_nonnull(b->over);
    ck_assert_int_eq(
        cJSON_GetArraySize(w->eaches[w->tasks[find(w, "d")].each].items), 0);
    workflow_destroy(w);
}
END_TEST

START_TEST(tasks_that_say_the_same_share_a_row)
{
    struct workflow *w = read_text("version: 1\n"
                                   "tasks:\n"
                                   "  a: {run: x, retry: 1}\n"
                                   "  b: {run: x, retry: 1}\n"
                                   "  c: {run: x}\n"
                                   "  d: {run: y, retry: 1}\n");
    const struct workflow_task *a = &w->tasks[find(w, "a")];
    const struct workflow_task *b = &w->tasks[find(w, "b")];
    const struct workflow_task *c = &w->tasks[find(w, "c")];
    const struct workflow_task *d = &w->tasks[find(w, "d")];

    ck_assert_uint_eq(a->policy, b->policy);
    ck_assert_uint_eq(a->job, b->job);
    ck_assert_uint_eq(a->job, c->job);
    ck_assert_uint_ne(a->policy, c->policy);
    ck_assert_uint_eq(a->policy, d->policy);
    ck_assert_uint_ne(a->job, d->job);
    workflow_destroy(w);
}
END_TEST

START_TEST(finally_tasks_see_all_that_came_before)
{
    struct workflow *w = read_text(
        "version: 1\n"
        "tasks:\n"
        "  a: {run: x}\n"
        "finally:\n"
        "  f: {run: x, env: {A: '${{ tasks.a.status }} ${{ run.status }}'}}\n"
        "  g: {run: x, needs: f, if: tasks.f.status == succeeded}\n");

    expect_order(w, "a +f +g(f)");
    workflow_destroy(w);
}
END_TEST

START_TEST(a_reference_may_lead_over_several_needs)
{
    struct workflow *w = read_text(
        "version: 1\n"
        "tasks:\n"
        "  a: {run: x}\n"
        "  b: {run: x, needs: a}\n"
        "  c: {run: x, needs: b}\n"
        "  d: {run: x, needs: c, env: {V: '${{ tasks.a.outputs.v }}'}}\n");

    expect_order(w, "a b(a) c(b) d(c)");
    workflow_destroy(w);
}
END_TEST

/* Everything but what only has to mean the same: which index a row has. */
static void expect_equal_jobs(const struct workflow_job *a,
                              const struct workflow_job *b)
{
    ck_assert_pstr_eq(a->executor, b->executor);
    ck_assert_pstr_eq(a->script, b->script);
    ck_assert_pstr_eq(a->workdir, b->workdir);
    ck_assert_uint_eq(a->shell_count, b->shell_count);
    ck_assert_uint_eq(a->command_count, b->command_count);
    ck_assert_uint_eq(a->env_count, b->env_count);
    for (size_t i = 0; i < a->command_count; i++) {
        ck_assert_str_eq(a->command[i], b->command[i]);
    }
    for (size_t i = 0; i < a->env_count; i++) {
        ck_assert_str_eq(a->env[i].name, b->env[i].name);
        ck_assert_str_eq(a->env[i].value, b->env[i].value);
    }
}

static void expect_equal(const struct workflow *a, const struct workflow *b)
{
    ck_assert_str_eq(a->name, b->name);
    ck_assert_str_eq(a->canonical, b->canonical);
    ck_assert_str_eq(a->hash, b->hash);
    ck_assert_uint_eq(a->tasks_count, b->tasks_count);
    ck_assert_uint_eq(a->needs_count, b->needs_count);
    ck_assert_uint_eq(a->params_count, b->params_count);
    ck_assert_uint_eq(a->policies_count, b->policies_count);
    ck_assert_uint_eq(a->jobs_count, b->jobs_count);
    ck_assert_mem_eq(a->tasks, b->tasks, a->tasks_count * sizeof(*a->tasks));
    ck_assert_mem_eq(a->needs, b->needs, a->needs_count * sizeof(*a->needs));
    for (uint32_t i = 0; i < a->tasks_count; i++) {
        ck_assert_str_eq(workflow_task_name(a, i), workflow_task_name(b, i));
        expect_equal_jobs(&a->jobs[a->tasks[i].job], &b->jobs[b->tasks[i].job]);
    }
    for (size_t i = 0; i < a->params_count; i++) {
        ck_assert_str_eq(a->params[i].name, b->params[i].name);
        ck_assert_str_eq(a->params[i].type, b->params[i].type);
    }
}

START_TEST(its_canonical_text_reads_back_as_an_equal_workflow)
{
    static const char text[] =
        "version: 1\n"
        "params: {z: {default: 1.50, type: number}, a: {enum: [x, y]}}\n"
        "env: {Z: '1', A: '2'}\n"
        "tasks:\n"
        "  zz: {run: \"x\\n\\u00e9\", env: {Q: '1', B: '2'}, timeout: 1m}\n"
        "  mm: {command: [a, b], needs: [zz, aa], each: {i: [1, 2]}}\n"
        "  aa: {run: x, retry: 0}\n"
        "finally: {bb: {run: y, needs: ab}, ab: {run: z, timeout: 1m}}\n";
    struct workflow *w = read_text(text);
    struct workflow *again = read_as(w->canonical, w->canonical_size, "other");

    expect_equal(w, again);
    workflow_destroy(w);
    workflow_destroy(again);
}
END_TEST

START_TEST(a_hundred_thousand_tasks_are_read_in_linear_time)
{
    enum {
        MANY = 100000
    };
    struct workflow *w;
    struct str text;

    str_init(&text, (size_t)1 << 26);
    str_add_text(&text, "{\"version\":1,\"tasks\":{\"t0\":{\"run\":\"x\"}");
    for (int i = 1; i < MANY; i++) {
        str_addf(&text,
                 ",\"t%d\":{\"run\":\"x\",\"needs\":[\"t%d\"],"
                 "\"env\":{\"V\":\"${{ tasks.t0.outputs.v }}\"}}",
                 i, i - 1);
    }
    str_add_text(&text, "}}");
    w = read_as(text.text, text.size, "big");

    ck_assert_uint_eq(w->tasks_count, MANY);
    ck_assert_uint_eq(w->needs_count, MANY - 1);
    ck_assert_uint_eq(w->jobs_count, 2);
    ck_assert_str_eq(workflow_task_name(w, MANY - 1), "t99999");
    workflow_destroy(w);
    str_finish(&text);
}
END_TEST

START_TEST(a_workflow_can_be_built_without_a_file)
{
    struct workflow_build *b = workflow_build_create("built");
    int64_t steps[] = {1, 2};
    int32_t exits[] = {75};
    struct workflow_policy p = {.retry = {.use = "u",
                                          .steps_ms = steps,
                                          .steps_count = 2,
                                          .exits = exits,
                                          .exits_count = 1},
                                .idempotency_key = "k"};
    const char *argv[] = {"a", "b"};
    struct workflow_pair env[] = {{"N", "V"}};
    struct workflow_job j = {.command = argv,
                             .command_count = 2,
                             .env = env,
                             .env_count = 1,
                             .workdir = "w"};
    uint32_t policy_index = workflow_build_policy(b, &p);
    uint32_t job_index = workflow_build_job(b, &j);
    uint32_t needs[2];
    struct workflow *w;
    struct str why;
    size_t at;

    str_init(&why, STR_WHY_LIMIT);
    needs[0] =
        workflow_build_task(b, "one", NULL, 0, policy_index, job_index, 0);
    needs[1] =
        workflow_build_task(b, "two", NULL, 0, policy_index, job_index, 0);
    workflow_build_task(b, "three", needs, 2, policy_index, job_index,
                        WORKFLOW_FINALLY);
    workflow_build_condition(b, 1, expr_parse("true", 4, &why, &at));
    workflow_build_each(b, 0, "x", cJSON_CreateArray(), NULL);
    memset(steps, 0, sizeof(steps));
    env[0].name = argv[0] = "gone";
    w = workflow_build_take(b);

    ck_assert_str_eq(w->name, "built");
    ck_assert_str_eq(w->canonical, "");
    expect_order(w, "one two +three(one,two)");
    ck_assert_int_eq(policy(w, "one")->retry.steps_ms[1], 2);
    ck_assert_int_eq(policy(w, "one")->retry.exits[0], 75);
    ck_assert_str_eq(job(w, "two")->command[0], "a");
    ck_assert_str_eq(job(w, "two")->env[0].name, "N");
    ck_assert_uint_eq(w->tasks[1].condition, 0);
    ck_assert_uint_eq(w->tasks[0].each, 0);
    ck_assert_uint_eq(w->tasks[2].each, WORKFLOW_NONE);
    workflow_destroy(w);
    str_finish(&why);
}
END_TEST

TEST_MAIN("workflow", the_smallest_file_is_a_workflow,
          the_canonical_text_is_what_was_written_and_the_name,
          yaml_and_json_of_the_same_are_the_same,
          the_file_names_the_workflow_unless_it_says_so,
          tasks_lie_in_order_of_depth_then_of_name,
          every_key_of_a_job_is_carried,
          the_environment_is_laid_over_in_three_layers,
          every_key_of_a_policy_is_carried, short_forms_are_the_long_ones,
          a_tasks_own_keys_win_one_by_one_over_the_defaults,
          no_retries_by_default_can_be_overruled,
          conditions_are_bare_or_wrapped_or_truth_values,
          each_has_items_or_an_expression, tasks_that_say_the_same_share_a_row,
          finally_tasks_see_all_that_came_before,
          a_reference_may_lead_over_several_needs,
          its_canonical_text_reads_back_as_an_equal_workflow,
          a_hundred_thousand_tasks_are_read_in_linear_time,
          a_workflow_can_be_built_without_a_file)
