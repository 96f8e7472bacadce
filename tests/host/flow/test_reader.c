#include <stdio.h>
#include <string.h>

#include <check.h>

#include "host/flow/reader.h"
#include "tests/check_main.h"

/* Every line that is said about a text, in order. */
static void expect_lines(const char *text, const char *wanted)
{
    struct workflow_source source = {.file = "f", .name = "test"};
    struct workflow *w;
    struct str why;

    str_init(&why, 65536);
    w = workflow_read(text, strlen(text), &source, &why);
    ck_assert_msg(w == NULL, "%.500s\nwas taken", text);
    ck_assert_msg(strcmp(why.text, wanted) == 0,
                  "%.500s\nsays\n%.900s\nnot\n%.900s", text, why.text, wanted);
    str_finish(&why);
}

/* Of a file with the one task `t`, whose members those are. */
static void expect_task(const char *members, const char *wanted)
{
    struct str text;
    struct str line;

    str_init(&text, 65536);
    str_init(&line, 65536);
    str_addf(&text, "version: 1\nparams: {p: }\ntasks:\n  t: {%s}\n", members);
    str_addf(&line, "f:4:%s", wanted);
    expect_lines(text.text, line.text);
    str_finish(&text);
    str_finish(&line);
}

/* Of a file with a task and those lines. */
static void expect_file(const char *lines, const char *wanted)
{
    struct str text;

    str_init(&text, 65536);
    str_addf(&text, "version: 1\ntasks: {t: {run: x}}\n%s\n", lines);
    expect_lines(text.text, wanted);
    str_finish(&text);
}

START_TEST(all_mistakes_are_told_in_order_of_place)
{
    expect_lines(
        "nmae: x\ntasks:\n  b: { needs: [aa, c], run: x, retry: {max: -1, mx: "
        "1} }\n  a: { run: 3 }\n",
        "f:1:1: nmae: no key of a workflow file; did you mean "
        "\"name\"?\nf:1:1: the key `version` is missing; write version: "
        "1\nf:3:16: tasks.b.needs.0: there is no task \"aa\"; did you mean "
        "\"a\"?\nf:3:20: tasks.b.needs.1: there is no task \"c\"\nf:3:45: "
        "tasks.b.retry.max: a whole number from 0 to 1000000 is wanted, not "
        "the number -1\nf:3:49: tasks.b.retry.mx: no key of `retry`; did you "
        "mean \"max\"?\nf:4:13: tasks.a.run: a shell script is wanted, not the "
        "number 3; write \"3\"");
}
END_TEST

START_TEST(the_frame_of_a_file_is_checked)
{
    expect_lines(
        "[1]",
        "f:1:1: a map with the keys version and tasks is wanted, not a list");
    expect_lines("version: 1",
                 "f:1:1: the key `tasks` is missing; the smallest is tasks: { "
                 "hello: { run: echo hello } }");
    expect_lines("version: '1'\ntasks: {t: {run: x}}",
                 "f:1:10: version: the number 1 is wanted, not the text \"1\"");
    expect_lines("version: 2\ntasks: {}",
                 "f:1:10: version: the number 1 is wanted, not the number "
                 "2\nf:2:8: tasks: a workflow has at least one task");
    expect_lines(
        "version: 1\ntasks: [a]",
        "f:2:8: tasks: a map from names to tasks is wanted, not a list");
    expect_lines("version: 1\ntasks: x",
                 "f:2:8: tasks: a map, as in { hello: { run: echo hello } }, "
                 "is wanted, not the text \"x\"");
    expect_file("name: A b", "f:3:7: name: a name is small letters, digits, - "
                             "and _, at most 64, the first a letter or digit");
    expect_file("description: [x]",
                "f:3:14: description: a text is wanted, not a list");
}
END_TEST

START_TEST(a_files_name_may_be_no_name)
{
    static const char text[] = "version: 1\ntasks: {t: {run: x}}";
    struct workflow_source source = {.file = "My File.yaml", .name = "My File"};
    struct str why;

    str_init(&why, 4096);
    ck_assert_ptr_null(workflow_read(text, strlen(text), &source, &why));
    ck_assert_str_eq(
        why.text,
        "My File.yaml:1:1: \"My File\", from the file's name, is no name of a "
        "workflow: small letters, digits, - and _; write a `name`");
    str_finish(&why);
}
END_TEST

START_TEST(habits_of_other_tools_are_named)
{
    expect_file("jobs: {}", "f:3:1: jobs: no key of a workflow file; the key "
                            "is `tasks` (GitHub calls this jobs)");
    expect_file("on: push",
                "f:3:1: on: no key of a workflow file; the key is `triggers`, "
                "which is not carried out yet (GitHub calls this on)");
    expect_file("stages: []", "f:3:1: stages: no key of a workflow file; there "
                              "are no stages; order comes from `needs`");
    expect_task("run: x, depends_on: y",
                "15: tasks.t.depends_on: no key of a task; the key is `needs` "
                "(Compose calls this depends_on)");
    expect_task(
        "script: x",
        "3: tasks.t: a task says what to do: `run: SCRIPT` or `command: "
        "[PROGRAM, ARGUMENT]`\nf:4:7: tasks.t.script: no key of a task; the "
        "key is `run`, one text of several lines (GitLab calls this script)");
    expect_task(
        "run: x, timeout-minutes: 3",
        "15: tasks.t.timeout-minutes: no key of a task; the key is `timeout`, "
        "as in timeout: 10m (GitHub calls this timeout-minutes)");
    expect_file("defaults: {priority: 1}",
                "f:3:12: defaults.priority: no key of `defaults`; this stands "
                "with each task");
}
END_TEST

/* "not yet" is the whole complaint: nothing is ignored, nothing else said. */
START_TEST(keys_that_are_not_carried_out_yet_are_refused)
{
    static const char *const of_file[] = {"artifacts", "concurrency", "notify",
                                          "outputs",   "schedule",    "secrets",
                                          "triggers"};
    static const char *const of_task[] = {
        "approval",  "artifacts",  "breaker",  "cache",      "cache_volumes",
        "files",     "entrypoint", "inputs",   "matrix",     "mounts",
        "platform",  "pool",       "progress", "privileged", "repeat",
        "resources", "services",   "source",   "user",       "uses",
        "wait",      "with",       "workflow"};
    char text[128];
    char wanted[256];

    for (size_t i = 0; i < READER_COUNT(of_file); i++) {
        snprintf(text, sizeof(text), "%s: x", of_file[i]);
        snprintf(wanted, sizeof(wanted),
                 "f:3:1: %s: not yet: this key is known but not carried out in "
                 "this version",
                 of_file[i]);
        expect_file(text, wanted);
    }
    for (size_t i = 0; i < READER_COUNT(of_task); i++) {
        snprintf(text, sizeof(text), "run: x, %s: x", of_task[i]);
        snprintf(wanted, sizeof(wanted),
                 "15: tasks.t.%s: not yet: this key is known but not carried "
                 "out in this version",
                 of_task[i]);
        expect_task(text, wanted);
    }
    expect_task("uses: a/b", "7: tasks.t.uses: not yet: this key is known but "
                             "not carried out in this version");
}
END_TEST

START_TEST(a_task_is_one_thing)
{
    expect_task("run: x, command: [y]",
                "3: tasks.t: a task is either `run` or `command`, not both");
    expect_task("needs: []", "3: tasks.t: a task says what to do: `run: "
                             "SCRIPT` or `command: [PROGRAM, ARGUMENT]`");
    expect_lines(
        "version: 1\ntasks: {t: make, U: {run: x}, u.v: {run: x}}",
        "f:2:12: tasks.t: a map, as in { run: echo hello }, is wanted, not the "
        "text \"make\"\nf:2:18: tasks.U: the name of a task is small letters, "
        "digits, - and _, at most 64, the first a letter or digit\nf:2:31: "
        "tasks.u.v: the name of a task is small letters, digits, - and _, at "
        "most 64, the first a letter or digit");
}
END_TEST

START_TEST(scripts_and_commands_say_how_they_are_written)
{
    expect_task("run: ''", "12: tasks.t.run: the script is empty");
    expect_task("run: true", "12: tasks.t.run: a shell script is wanted, not "
                             "the truth value true; write \"true\"");
    expect_task("run: [a]",
                "12: tasks.t.run: a shell script is wanted, not a list");
    expect_task("command: make all",
                "16: tasks.t.command: a list of the program and its arguments "
                "is wanted; a line for the shell is run: \"make all\"");
    expect_task("command: []",
                "16: tasks.t.command: a list of the program and its arguments, "
                "as in [make, -j2], is wanted, not a list");
    expect_task("command: [sleep, 1.10]",
                "24: tasks.t.command.1: a text is wanted, not the number 1.10; "
                "write \"1.10\"");
    expect_task("run: x, shell: bash -e",
                "22: tasks.t.shell: a list is wanted: the shell and its "
                "options, as in [bash, -e], not the text \"bash -e\"");
    expect_task("command: [x], shell: [bash]",
                "21: tasks.t.shell: `command` runs without a shell; `shell` "
                "belongs to `run`");
}
END_TEST

START_TEST(an_expression_in_a_script_is_refused_with_the_rewrite)
{
    expect_task("run: 'git checkout ${{ params.git-ref }} now'",
                "12: tasks.t.run: ${{ }} is not put into scripts, where a "
                "value could become a command; write env: { GIT_REF: \"${{ "
                "params.git-ref }}\" } and use \"$GIT_REF\"");
    expect_task("run: '${{ join(params.p) }}'",
                "12: tasks.t.run: ${{ }} is not put into scripts, where a "
                "value could become a command; write env: { P: \"${{ "
                "join(params.p) }}\" } and use \"$P\"");
    expect_task("run: '${{ 1 }}'",
                "12: tasks.t.run: ${{ }} is not put into scripts, where a "
                "value could become a command; write env: { VALUE: \"${{ 1 "
                "}}\" } and use \"$VALUE\"");
    expect_task("run: '${{'",
                "12: tasks.t.run: ${{ }} is not put into scripts, where a "
                "value could become a command; write env: { VALUE: \"${{  }}\" "
                "} and use \"$VALUE\"");
}
END_TEST

START_TEST(variables_have_names_and_texts)
{
    expect_task(
        "run: x, env: {A: 1, 1B: x, HAFT_C: x, D: ~}",
        "24: tasks.t.env.A: a text is wanted, not the number 1; write "
        "\"1\"\nf:4:27: tasks.t.env.1B: the name of a variable is letters, "
        "digits and _, the first no digit\nf:4:34: tasks.t.env.HAFT_C: names "
        "that begin with HAFT_ are set for the task by the host\nf:4:48: "
        "tasks.t.env.D: a text is wanted, not nothing");
    expect_task("run: x, env: [A]",
                "20: tasks.t.env: a map of names and texts, as in { LEVEL: "
                "high }, is wanted, not a list");
}
END_TEST

START_TEST(times_carry_their_unit)
{
    expect_task(
        "run: x, timeout: 10",
        "24: tasks.t.timeout: a duration such as 500ms, 1.5s, 10m or 7d is "
        "wanted; a bare number has no unit, write 10s for seconds");
    expect_task(
        "run: x, timeout: {run: 1y, idle: 3s, total: 0s}",
        "30: tasks.t.timeout.run: a duration such as 500ms, 1.5s, 10m or 7d is "
        "wanted, not the text \"1y\"\nf:4:34: tasks.t.timeout.idle: no key of "
        "`timeout`; the key is `silence`\nf:4:51: tasks.t.timeout.total: a "
        "duration is more than nothing; leave the key out instead");
    expect_task("run: x, timeout: []",
                "24: tasks.t.timeout: a duration such as 500ms, 1.5s, 10m or "
                "7d is wanted, not a list");
}
END_TEST

START_TEST(retries_are_checked_as_a_whole)
{
    expect_task("run: x, retry: lots",
                "22: tasks.t.retry: a number of retries, or a map as in { max: "
                "3, base: 1s } is wanted, not the text \"lots\"");
    expect_task("run: x, retry: {strategy: list}",
                "22: tasks.t.retry: the strategy list wants `steps`, as in "
                "[1s, 10s, 1m]");
    expect_task("run: x, retry: {strategy: fixed, steps: [1s]}",
                "22: tasks.t.retry: `steps` belongs to the strategy list, not "
                "to fixed");
    expect_task("run: x, retry: {base: 1m, cap: 1s}",
                "22: tasks.t.retry: the first pause, `base`, is longer than "
                "the longest, `cap`");
    expect_task(
        "run: x, retry: {strategy: exponental, jitter: ful}",
        "33: tasks.t.retry.strategy: none, immediate, fixed, linear, "
        "exponential, fibonacci or list is wanted, not the text "
        "\"exponental\"; did you mean \"exponential\"?\nf:4:53: "
        "tasks.t.retry.jitter: none, full, equal, decorrelated or proportional "
        "is wanted, not the text \"ful\"; did you mean \"full\"?");
    expect_task(
        "run: x, retry: {exit: [0, 256], steps: []}",
        "30: tasks.t.retry.exit.0: a whole number from 1 to 255 is wanted, not "
        "the number 0\nf:4:33: tasks.t.retry.exit.1: a whole number from 1 to "
        "255 is wanted, not the number 256\nf:4:46: tasks.t.retry.steps: a "
        "list of durations, as in [1s, 10s, 1m], is wanted, not a list");
    expect_task("run: x, retry: 1.5",
                "22: tasks.t.retry: a whole number from 0 to 1000000 is "
                "wanted, not the number 1.5");
}
END_TEST

START_TEST(words_are_of_a_list)
{
    expect_task("run: x, priority: high, on_fail: go, on_unknown: 1",
                "25: tasks.t.priority: LOW, NORMAL, HIGH or CRITICAL is "
                "wanted, not the text \"high\"; did you mean "
                "\"HIGH\"?\nf:4:40: tasks.t.on_fail: stop or continue is "
                "wanted, not the text \"go\"\nf:4:56: tasks.t.on_unknown: "
                "hold, retry or fail is wanted, not the number 1; write \"1\"");
    expect_task("run: x, priority: 1001",
                "25: tasks.t.priority: a whole number from -1000 to 1000 is "
                "wanted, not the number 1001");
    expect_task("run: x, idempotent: [x]",
                "27: tasks.t.idempotent: true, or an expression whose value is "
                "the key handed to the task is wanted, not a list");
    expect_task("run: x, idempotent: yes",
                "27: tasks.t.idempotent: at its character 1: the name \"yes\" "
                "is not known here; a text stands in quotes: 'yes'");
}
END_TEST

START_TEST(an_if_is_one_expression)
{
    expect_task("run: x, if: 'a ${{ params.p }}'",
                "19: tasks.t.if: one expression is wanted, bare or in ${{ }}, "
                "with no text around it");
    expect_task("run: x, if: '${{ params.p }} ${{ params.p }}'",
                "19: tasks.t.if: one expression is wanted, bare or in ${{ }}, "
                "with no text around it");
    expect_task("run: x, if: params.p and true",
                "19: tasks.t.if: at its character 10: \"and\" is no operator; "
                "write &&");
    expect_task(
        "run: x, if: '${{ 1 + 1 }}'",
        "19: tasks.t.if: at its character 7: `+`: there is no arithmetic here");
    expect_task("run: x, if: 3", "19: tasks.t.if: an expression is wanted, not "
                                 "the number 3; write \"3\"");
}
END_TEST

START_TEST(an_each_has_one_name_and_a_list)
{
    expect_task("run: x, each: {}",
                "21: tasks.t.each: a name and its list, as in { file: [a.c, "
                "b.c] }, is wanted, not a map");
    expect_task("run: x, each: {a: [], b: []}",
                "21: tasks.t.each: one name is wanted, not 2; a copy for every "
                "pair of items is `matrix`, which is not carried out yet");
    expect_task("run: x, each: {a: 1}",
                "25: tasks.t.each.a: a list or an expression that gives one is "
                "wanted, not the number 1");
    expect_task("run: x, each: {A: []}",
                "22: tasks.t.each.A: the name of an `each` is small letters, "
                "digits, - and _, at most 64, the first a letter or digit");
    expect_task("run: x, each: {a: ['${{ params.p }}']}",
                "25: tasks.t.each.a: the items of a list stand as they are, "
                "without ${{ }}; an expression may give the whole list, or be "
                "used where each.a is");
    expect_task("run: x, max_parallel: 2",
                "15: tasks.t.max_parallel: this limits the copies of an "
                "`each`, and the task has none");
    expect_task("run: x, each: {a: [1]}, max_parallel: 0",
                "45: tasks.t.max_parallel: a whole number from 1 to 1000000 is "
                "wanted, not the number 0");
}
END_TEST

START_TEST(outputs_of_a_task_are_not_declared)
{
    expect_task("run: x, outputs: {a: b}",
                "15: tasks.t.outputs: outputs are not declared: the task "
                "writes name=value lines to the file $HAFT_OUTPUT");
}
END_TEST

START_TEST(needs_name_tasks)
{
    expect_lines(
        "version: 1\ntasks:\n  build: {run: x, needs: build}\n  test: {run: x, "
        "needs: [biuld, build, build, 1]}\n  last: {run: x, needs: {a: b}}\n",
        "f:3:26: tasks.build.needs: a task cannot wait for itself\nf:4:26: "
        "tasks.test.needs.0: there is no task \"biuld\"; did you mean "
        "\"build\"?\nf:4:40: tasks.test.needs.2: build stands here "
        "twice\nf:4:47: tasks.test.needs.3: the name of a task is wanted, not "
        "the number 1; write \"1\"\nf:5:25: tasks.last.needs: the name of a "
        "task or a list of them is wanted, not a map");
}
END_TEST

START_TEST(tasks_that_wait_for_each_other_are_told_with_the_ring)
{
    expect_lines(
        "version: 1\ntasks:\n  a: {run: x, needs: b}\n  b: {run: x, needs: [z, "
        "c]}\n  c: {run: x, needs: a}\n  d: {run: x, needs: c}\n  x: {run: x, "
        "needs: y}\n  y: {run: x, needs: x}\n  z: {run: x}\n",
        "f:3:22: tasks.a.needs: these tasks wait for each other: a needs b "
        "needs c needs a\nf:7:22: tasks.x.needs: these tasks wait for each "
        "other: x needs y needs x");
}
END_TEST

START_TEST(a_long_ring_is_told_in_short)
{
    struct workflow_source source = {.file = "f", .name = "test"};
    struct str text;
    struct str why;

    str_init(&text, 65536);
    str_init(&why, 65536);
    str_add_text(&text, "version: 1\ntasks:\n");
    for (int i = 0; i < 100; i++) {
        str_addf(&text, "  t%02d: {run: x, needs: t%02d}\n", i, (i + 1) % 100);
    }
    ck_assert_ptr_null(workflow_read(text.text, text.size, &source, &why));
    ck_assert_str_eq(why.text,
                     "f:3:24: tasks.t00.needs: these tasks wait for each "
                     "other: t00 needs t01 needs t02 needs t03 needs t04 needs "
                     "t05 needs t06 needs t07 needs t08 needs t09 needs t10 "
                     "needs t11 needs 88 more, the last of which needs t00");
    str_finish(&text);
    str_finish(&why);
}
END_TEST

START_TEST(finally_tasks_keep_to_themselves)
{
    expect_lines(
        "version: 1\ntasks:\n  a: {run: x, needs: f}\n  b: {run: x, env: {S: "
        "'${{ tasks.f.status }}'}}\n  c: {run: x, env: {S: '${{ run.status "
        "}}'}}\nfinally:\n  f: {run: x, needs: a}\n  a: {run: x}\n",
        "f:3:22: tasks.a.needs: f is a `finally` task, which starts when all "
        "others have ended\nf:4:24: tasks.b.env.S: tasks.f may not have ended "
        "by then; give b `needs: f`\nf:5:24: tasks.c.env.S: run.status is "
        "known to `finally` tasks alone\nf:7:22: finally.f.needs: leave a out: "
        "a `finally` task starts when all tasks have ended, and may need only "
        "other `finally` tasks\nf:8:3: finally.a: a task of `tasks` has this "
        "name already");
}
END_TEST

START_TEST(expressions_refer_to_what_has_surely_ended)
{
    expect_lines(
        "version: 1\ntasks:\n  a: {run: x}\n  b: {run: x, each: {i: "
        "json(tasks.a.outputs.l)}}\n  c: {run: x, needs: b, if: tasks.a.status "
        "== failed}\n  d: {run: x, workdir: '${{ tasks.d.outputs.w }}'}\n  e: "
        "{run: x, workdir: '${{ tasks.aa.outputs.w }}'}\n",
        "f:4:25: tasks.b.each.i: tasks.a may not have ended by then; give b "
        "`needs: a`\nf:5:29: tasks.c.if: tasks.a may not have ended by then; "
        "add a to the `needs` of c\nf:6:24: tasks.d.workdir: tasks.d is this "
        "task itself, which has not ended\nf:7:24: tasks.e.workdir: tasks.aa: "
        "there is no task aa; did you mean \"a\"?");
}
END_TEST

START_TEST(paths_are_known)
{
    expect_task("run: x, if: params.q == 1",
                "19: tasks.t.if: params.q: `params` declares no q");
    expect_task("run: x, if: each.x == 1",
                "19: tasks.t.if: each has no value here: it is not known yet "
                "when this is needed");
    expect_task("run: x, workdir: '${{ each.x }}'",
                "24: tasks.t.workdir: each.x: this task has no `each`");
    expect_task("run: x, each: {a: [1]}, workdir: '${{ each.x }}'",
                "40: tasks.t.workdir: each.x: the name under `each` is a; did "
                "you mean \"each.a\"?");
    expect_task(
        "run: x, env: {LEVEL: x}, workdir: '${{ env.LEVL }}${{ env.LEVEL }}'",
        "41: tasks.t.workdir: env.LEVL: no `env` of the task, of `defaults` or "
        "of the file sets this; did you mean \"LEVEL\"?");
    expect_task("run: x, env: {A: '1', B: '${{ env.A }}'}",
                "32: tasks.t.env.B: env has no value here: it is not known yet "
                "when this is needed");
    expect_task("run: x, workdir: '${{ secrets.k }}'",
                "24: tasks.t.workdir: secrets: not yet: this is known but not "
                "carried out in this version");
    expect_task(
        "run: x, workdir: '${{ run.number }}'",
        "24: tasks.t.workdir: run has .id and, for `finally` tasks, .status");
    expect_task("run: x, workdir: '${{ tasks.a.result }}'",
                "24: tasks.t.workdir: tasks.a.result: write tasks.a.status "
                "(GitHub calls this result)");
    expect_task(
        "run: x, workdir: '${{ tasks.a }}'",
        "24: tasks.t.workdir: tasks.a: a task has .status and .outputs.NAME");
    expect_task("run: x, workdir: '${{ tasks.a.artifacts.b }}'",
                "24: tasks.t.workdir: tasks.a.artifacts: not yet: artifacts "
                "are known but not carried out in this version");
    expect_task("run: x, workdir: 'a ${{ 1'",
                "24: tasks.t.workdir: at its character 3: ${{ has no closing "
                "}}; a literal one is $${{");
    expect_file("env: {A: '${{ tasks.t.status }}'}",
                "f:3:10: env.A: tasks has no value here: it is not known yet "
                "when this is needed");
}
END_TEST

START_TEST(parameters_are_declared_consistently)
{
    expect_file(
        "params: {a: x, b: {typ: string}, C: , d: {type: text}}",
        "f:3:13: params.a: a map, as in { default: main }, is wanted, not the "
        "text \"x\"\nf:3:20: params.b.typ: no key of a parameter; did you mean "
        "\"type\"?\nf:3:34: params.C: the name of a parameter is small "
        "letters, digits, - and _, at most 64, the first a letter or "
        "digit\nf:3:49: params.d.type: string, integer, number, boolean, array "
        "or object is wanted, not the text \"text\"");
    expect_file("params: {a: {default: 3}, b: {type: integer, default: 1.5}}",
                "f:3:23: params.a.default: a text is wanted, not 3\nf:3:55: "
                "params.b.default: a whole number is wanted, not 1.5");
    expect_file("params: {a: {enum: [x, 1]}, b: {enum: [x], default: y}}",
                "f:3:20: params.a.enum: a text is wanted, not 1\nf:3:53: "
                "params.b.default: one of [\"x\"] is wanted, not \"y\"");
    expect_file("params: {a: {enum: []}, b: {enum: [[x]]}}",
                "f:3:20: params.a.enum: a list of the values it may have is "
                "wanted, not a list\nf:3:36: params.b.enum.0: a text, a number "
                "or a truth value is wanted, not a list");
    expect_file("params: {a: {required: true, default: x}, b: {required: 1}}",
                "f:3:24: params.a.required: a parameter with a default need "
                "not be given\nf:3:57: params.b.required: true or false is "
                "wanted, not the number 1");
    expect_file(
        "params: {a-b: , a_b: }",
        "f:3:17: params.a_b: tasks would see this and a-b as one variable");
    expect_file(
        "params: {a: {default: '${{ run.id }}'}, b: {default: ~}}",
        "f:3:23: params.a.default: a parameter's values stand as they are, "
        "without ${{ }}\nf:3:54: params.b.default: a default is a value; "
        "without one the parameter is null when it is not given");
    expect_file(
        "params: [a]",
        "f:3:9: params: a map from names to parameters is wanted, not a list");
}
END_TEST

START_TEST(labels_are_fixed_texts)
{
    expect_file("labels: {'a b': x, c: 1, d: '${{ run.id }}'}",
                "f:3:10: labels.\"a b\": the name of a label is letters, "
                "digits, _ . / and -, at most 64\nf:3:23: labels.c: a text is "
                "wanted, not the number 1; write \"1\"\nf:3:29: labels.d: a "
                "label is a fixed text, without ${{ }}");
}
END_TEST

START_TEST(a_repeated_key_does_not_hide_other_mistakes)
{
    expect_task("run: x, run: y, priority: 3000",
                "15: tasks.t.run: this key stands here twice\nf:4:33: "
                "tasks.t.priority: a whole number from -1000 to 1000 is "
                "wanted, not the number 3000");
}
END_TEST

START_TEST(a_value_by_alias_is_told_where_it_stands)
{
    expect_lines("version: 1\ntasks:\n  a: &a {run: 1}\n  b: *a\n",
                 "f:3:15: tasks.a.run: a shell script is wanted, not the "
                 "number 1; write \"1\"\nf:3:15: tasks.b.run: a shell script "
                 "is wanted, not the number 1; write \"1\"");
}
END_TEST

START_TEST(too_much_of_anything_is_refused)
{
    struct str text;

    str_init(&text, (size_t)1 << 22);
    str_add_text(&text, "version: 1\ntasks: {t: {run: x}}\nparams:\n");
    for (unsigned i = 0; i <= READER_PARAMS_LIMIT; i++) {
        str_addf(&text, "  p%u:\n", i);
    }
    expect_lines(text.text,
                 "f:4:3: params: at most 256 parameters are taken, not 257");
    str_reset(&text);
    str_add_text(&text, "version: 1\ntasks: {t: {run: x}}\nenv:\n");
    for (unsigned i = 0; i <= READER_ENV_LIMIT; i++) {
        str_addf(&text, "  P%u: x\n", i);
    }
    expect_lines(text.text,
                 "f:4:3: env: at most 256 variables are taken, not 257");
    str_reset(&text);
    str_add_text(&text, "version: 1\ntasks: {t: {run: x, each: {a: [");
    for (unsigned i = 0; i <= WORKFLOW_ITEMS_LIMIT; i++) {
        str_add_text(&text, "1,");
    }
    str_add_text(&text, "]}}}");
    expect_lines(
        text.text,
        "f:2:31: tasks.t.each.a: at most 100000 items are taken, not 100001");
    str_finish(&text);
}
END_TEST

/* Each rests on a different one far above: too many ways to walk. */
START_TEST(references_that_take_too_long_to_follow_want_a_need)
{
    enum {
        MANY = 11000
    };
    struct workflow_source source = {.file = "f", .name = "test"};
    struct str text;
    struct str why;

    str_init(&text, (size_t)1 << 24);
    str_init(&why, 4096);
    str_add_text(&text, "{\"version\":1,\"tasks\":{\"t0\":{\"run\":\"x\"}");
    for (int i = 1; i < MANY; i++) {
        str_addf(&text,
                 ",\"t%d\":{\"run\":\"x\",\"needs\":[\"t%d\"],\"workdir\":\"${{"
                 " tasks.t%d.status }}\"}",
                 i, i - 1, i > 1 ? i - 2 : 0);
    }
    str_add_text(&text, "}}");
    ck_assert_ptr_null(workflow_read(text.text, text.size, &source, &why));
    ck_assert_ptr_nonnull(
        strstr(why.text, "may not have ended by then; add t"));
    str_finish(&text);
    str_finish(&why);
}
END_TEST

TEST_MAIN("reader", all_mistakes_are_told_in_order_of_place,
          the_frame_of_a_file_is_checked, a_files_name_may_be_no_name,
          habits_of_other_tools_are_named,
          keys_that_are_not_carried_out_yet_are_refused, a_task_is_one_thing,
          scripts_and_commands_say_how_they_are_written,
          an_expression_in_a_script_is_refused_with_the_rewrite,
          variables_have_names_and_texts, times_carry_their_unit,
          retries_are_checked_as_a_whole, words_are_of_a_list,
          an_if_is_one_expression, an_each_has_one_name_and_a_list,
          outputs_of_a_task_are_not_declared, needs_name_tasks,
          tasks_that_wait_for_each_other_are_told_with_the_ring,
          a_long_ring_is_told_in_short, finally_tasks_keep_to_themselves,
          expressions_refer_to_what_has_surely_ended, paths_are_known,
          parameters_are_declared_consistently, labels_are_fixed_texts,
          a_repeated_key_does_not_hide_other_mistakes,
          a_value_by_alias_is_told_where_it_stands,
          too_much_of_anything_is_refused,
          references_that_take_too_long_to_follow_want_a_need)
