#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/carry/job.h"
#include "tests/check_main.h"

#define LONG_SCRIPT (120 * 1024)

/* A core with one run, and the job of its first attempt. */
struct world {
    char state[64];
    struct core *core;
    struct logs logs;
    struct job *job;
    struct str why;
    const struct haft_executor_start_in *in; /* NULL: `why` says why */
};

static const struct effect *start_of(const struct core *core, const char *task)
{
    size_t count;
    const struct effect *effects = core_effects(core, &count);

    for (size_t i = 0; i < count; i++) {
        char name[96];

        if (effects[i].kind == EFFECT_START) {
            core_task_name(core, effects[i].run, effects[i].task, name);
            if (strcmp(name, task) == 0) {
                return &effects[i];
            }
        }
    }
    ck_abort_msg("task %s is not started", task);
    return NULL;
}

/* Submits a workflow that lies in `directory` (NULL: nowhere) and makes the
 * job of `task`. */
static void make_in(struct world *w, const char *directory, const char *text,
                    const char *task)
{
    const struct core_options options = {.epoch = 1, .seed = 1};
    const struct workflow_source source = {.directory = directory,
                                           .name = "ship"};
    struct core_submit submit = {
        .id = "r1", .principal = "me", .space = "default"};

    memset(w, 0, sizeof(*w));
    setenv("PATH", "/usr/bin:/bin", 1);
    setenv("HOME", "/home/me", 1);
    setenv("SECRET", "never", 1);
    snprintf(w->state, sizeof(w->state), "/tmp/haft-job-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(w->state));
    w->logs = (struct logs){.state = w->state};
    ck_assert_int_eq(logs_make_run(&w->logs, "r1"), 0);
    str_init(&w->why, STR_WHY_LIMIT);
    submit.workflow = workflow_read(text, strlen(text), &source, &w->why);
    ck_assert_msg(submit.workflow != NULL, "%s", w->why.text);
    submit.params = workflow_bind(submit.workflow, NULL, &w->why);
    ck_assert_msg(submit.params != NULL, "%s", w->why.text);
    w->core = core_create(&options);
    core_add_executor(w->core, "local", 4, false);
    core_ask_submit(w->core, 0, &submit);
    core_decide(w->core, 1000);
    w->job = job_create();
    w->in =
        job_make(w->job, &w->logs, w->core, start_of(w->core, task), &w->why);
}

static void make(struct world *w, const char *text)
{
    make_in(w, NULL, text, "a");
}

static void finish(struct world *w)
{
    static const char *const folders[] = {"logs", "runs", ""};
    char path[128];

    snprintf(path, sizeof(path), "%s/logs/r1/a.1.script", w->state);
    unlink(path);
    logs_end_run(&w->logs, "r1");
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", w->state, folders[i]);
        ck_assert_int_eq(rmdir(path), 0);
    }
    job_destroy(w->job);
    core_destroy(w->core);
    str_finish(&w->why);
}

static bool is(struct haft_slice s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

#define ck_slice(s, text)                                                      \
    ck_assert_msg(is(s, text), "%.*s, not %s", (int)(s).n,                     \
                  (const char *)(s).p, text)

static void ck_argv(const struct world *w, size_t count,
                    const char *const *words)
{
    const struct haft_slice *argv = w->in->argv.p;

    ck_assert_uint_eq(w->in->argv.count, count);
    for (size_t i = 0; i < count; i++) {
        ck_slice(argv[i], words[i]);
    }
}

#define WORDS(...)                                                             \
    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *),         \
        (const char *const[])                                                  \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

/* The value of a variable, which is there once; "(none)" if it is not. */
static struct haft_slice value_of(const struct world *w, const char *name)
{
    const struct haft_pair *pairs = w->in->env.p;
    struct haft_slice found = {"(none)", 6};
    int count = 0;

    for (uint32_t i = 0; i < w->in->env.count; i++) {
        if (is(pairs[i].name, name)) {
            found = pairs[i].value;
            count++;
        }
    }
    ck_assert_msg(count <= 1, "%s is there %d times", name, count);
    return found;
}

#define ck_env(w, name, text) ck_slice(value_of(w, name), text)

static void ck_path(const struct world *w, struct haft_slice path,
                    const char *below)
{
    char text[256];

    snprintf(text, sizeof(text), "%s/%s", w->state, below);
    ck_slice(path, text);
}

static void ck_why(const struct world *w, const char *part)
{
    ck_assert_ptr_null(w->in);
    ck_assert_msg(strstr(w->why.text, part) != NULL, "%s", w->why.text);
}

START_TEST(a_script_is_handed_to_the_usual_shell)
{
    struct world w;

    make(&w, "version: 1\ntasks: { a: { run: 'echo $HAFT_TASK' } }\n");

    ck_argv(&w, WORDS("/bin/sh", "-e", "-c", "echo $HAFT_TASK"));
    finish(&w);
}
END_TEST

START_TEST(a_script_may_name_its_shell)
{
    struct world w;

    make(&w, "version: 1\n"
             "tasks: { a: { run: 'true', shell: [bash, -eu] } }\n");

    ck_argv(&w, WORDS("bash", "-eu", "-c", "true"));
    finish(&w);
}
END_TEST

/* A workflow whose task `a` has a script of 120 KiB; owned. */
static char *long_script(void)
{
    static const char head[] = "version: 1\ntasks:\n  a:\n    run: '";
    char *text = calloc(1, sizeof(head) + LONG_SCRIPT + 2);

    ck_assert_ptr_nonnull(text);
    memcpy(text, head, sizeof(head) - 1);
    memset(text + sizeof(head) - 1, 'x', LONG_SCRIPT);
    memcpy(text + sizeof(head) - 1 + LONG_SCRIPT, "'\n", 2);
    return text;
}

START_TEST(a_script_too_long_for_an_argument_becomes_a_file)
{
    char *text = long_script();
    struct world w;
    char path[128];
    struct stat found;

    make(&w, text);
    snprintf(path, sizeof(path), "%s/logs/r1/a.1.script", w.state);

    ck_argv(&w, WORDS("/bin/sh", "-e", path));
    ck_assert_int_eq(stat(path, &found), 0);
    ck_assert_int_eq(found.st_size, LONG_SCRIPT);
    ck_assert_uint_eq(found.st_mode & 0777, 0600);
    finish(&w);
    free(text);
}
END_TEST

START_TEST(a_script_that_cannot_be_written_is_told)
{
    char *text = long_script();
    struct world w;
    char path[128];

    make(&w, text);
    snprintf(path, sizeof(path), "%s/logs/r1/a.1.script", w.state);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0); /* no file can be there */

    w.in = job_make(w.job, &w.logs, w.core, start_of(w.core, "a"), &w.why);

    ck_why(&w, "its script cannot be written: ");
    ck_assert_int_eq(rmdir(path), 0);
    finish(&w);
    free(text);
}
END_TEST

/* An earlier task of the run may have put it there. */
START_TEST(what_lies_in_the_place_of_a_script_is_replaced)
{
    char *text = long_script();
    struct world w;
    char path[128];
    struct stat found;

    make(&w, text);
    snprintf(path, sizeof(path), "%s/logs/r1/a.1.script", w.state);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody reads it */

    w.in = job_make(w.job, &w.logs, w.core, start_of(w.core, "a"), &w.why);

    ck_assert_msg(w.in != NULL, "%s", w.why.text);
    ck_assert_int_eq(lstat(path, &found), 0);
    ck_assert(S_ISREG(found.st_mode));
    ck_assert_int_eq(found.st_size, LONG_SCRIPT);
    finish(&w);
    free(text);
}
END_TEST

START_TEST(the_words_of_a_command_are_rendered)
{
    struct world w;

    make(&w, "version: 1\nparams: { who: { type: string, default: 'a b' } }\n"
             "tasks: { a: { command: [greet, 'to ${{ params.who }}!'] } }\n");

    ck_argv(&w, WORDS("greet", "to a b!"));
    finish(&w);
}
END_TEST

START_TEST(the_environment_is_what_is_said_and_a_few_of_the_hosts)
{
    struct world w;

    make(&w, "version: 1\nenv: { LEVEL: low, HOME: /elsewhere }\n"
             "tasks: { a: { run: 'true',\n"
             "  env: { LEVEL: 'high-${{ run.id }}' } } }\n");

    ck_env(&w, "PATH", "/usr/bin:/bin");
    ck_env(&w, "HOME", "/elsewhere");
    ck_env(&w, "LEVEL", "high-r1");
    ck_env(&w, "SECRET", "(none)");
    finish(&w);
}
END_TEST

START_TEST(a_task_is_told_who_it_is)
{
    struct world w;

    make(&w, "version: 1\ntasks: { a: { run: 'true' } }\n");

    ck_env(&w, "HAFT_RUN_ID", "r1");
    ck_env(&w, "HAFT_TASK", "a");
    ck_env(&w, "HAFT_FENCE", "1");
    ck_env(&w, "HAFT_TRIES", "1");
    ck_env(&w, "HAFT_ATTEMPT", "4294967297");
    ck_path(&w, value_of(&w, "HAFT_RUN_DIR"), "runs/r1");
    ck_path(&w, value_of(&w, "HAFT_OUTPUT"), "logs/r1/a.1.outputs");
    ck_path(&w, w.in->stdout_path, "logs/r1/a.1.out");
    ck_path(&w, w.in->stderr_path, "logs/r1/a.1.err");
    finish(&w);
}
END_TEST

START_TEST(the_message_names_the_attempt)
{
    struct world w;

    make(&w, "version: 1\n"
             "tasks: { a: { run: 'true', timeout: 90s } }\n");

    ck_assert_uint_eq(w.in->size, sizeof(*w.in));
    ck_assert_uint_eq(w.in->attempt, UINT64_C(1) << 32 | 1);
    ck_assert_uint_eq(w.in->fence, 1);
    ck_assert_uint_eq(w.in->tries, 1);
    ck_assert_int_eq(w.in->run_limit_ms, 90000);
    ck_slice(w.in->sort, "process");
    ck_slice(w.in->run, "r1");
    ck_slice(w.in->task, "a");
    ck_assert_uint_eq(w.in->image.n, 0);
    finish(&w);
}
END_TEST

START_TEST(params_of_one_value_are_variables)
{
    struct world w;

    make(&w, "version: 1\n"
             "params:\n"
             "  dry-run: { type: boolean, default: true }\n"
             "  count: { type: integer, default: 3 }\n"
             "  name: { type: string, default: x y }\n"
             "  many: { type: array, default: [1, 2] }\n"
             "tasks: { a: { run: 'true' } }\n");

    ck_env(&w, "HAFT_PARAM_DRY_RUN", "true");
    ck_env(&w, "HAFT_PARAM_COUNT", "3");
    ck_env(&w, "HAFT_PARAM_NAME", "x y");
    ck_env(&w, "HAFT_PARAM_MANY", "(none)");
    finish(&w);
}
END_TEST

START_TEST(an_item_has_its_value)
{
    struct world w;

    make_in(&w, NULL,
            "version: 1\ntasks: { a: { each: { file-name: [x, y] },\n"
            "  command: [cat, '${{ each.file-name }}'] } }\n",
            "a[1]");

    ck_env(&w, "HAFT_EACH_FILE_NAME", "y");
    ck_env(&w, "HAFT_TASK", "a[1]");
    ck_argv(&w, WORDS("cat", "y"));
    finish(&w);
}
END_TEST

START_TEST(without_a_word_a_task_works_in_the_runs_own_folder)
{
    struct world w;

    make(&w, "version: 1\ntasks: { a: { run: 'true' } }\n");

    ck_path(&w, w.in->workdir, "runs/r1");
    finish(&w);
}
END_TEST

START_TEST(a_task_of_a_file_works_beside_it)
{
    struct world w;

    make_in(&w, "/src/ship",
            "version: 1\ntasks: { a: { run: 'true', workdir: sub } }\n", "a");

    ck_slice(w.in->workdir, "/src/ship/sub");
    finish(&w);
}
END_TEST

START_TEST(an_absolute_workdir_is_taken_as_it_is)
{
    struct world w;

    make_in(&w, "/src/ship",
            "version: 1\n"
            "tasks: { a: { run: 'true', workdir: '/opt/${{ run.id }}' } }\n",
            "a");

    ck_slice(w.in->workdir, "/opt/r1");
    finish(&w);
}
END_TEST

START_TEST(an_idempotency_key_is_rendered)
{
    struct world w;

    make(&w, "version: 1\n"
             "tasks: { a: { run: 'true',\n"
             "  idempotent: 'ship-${{ run.id }}' } }\n");

    ck_slice(w.in->idempotency_key, "ship-r1");
    finish(&w);
}
END_TEST

/* What is no JSON cannot be read as such. */
static void refuse(const char *task, const char *where)
{
    struct world w;
    char text[256];

    snprintf(text, sizeof(text),
             "version: 1\nparams: { p: { type: string, default: x } }\n"
             "tasks: { a: { %s } }\n",
             task);
    make(&w, text);
    ck_why(&w, where);
    finish(&w);
}

START_TEST(an_expression_without_a_value_is_told_with_its_place)
{
    refuse("command: [x, '${{ json(params.p) }}']", "command: ");
    refuse("run: 'true', env: { E: '${{ json(params.p) }}' }", "E: ");
    refuse("run: 'true', workdir: '${{ json(params.p) }}'", "workdir: ");
    refuse("run: 'true', idempotent: '${{ json(params.p) }}'", "idempotent: ");
}
END_TEST

START_TEST(the_next_job_forgets_the_last_one)
{
    struct world w;

    make(&w, "version: 1\n"
             "tasks: { a: { run: 'true', env: { ONLY: here } },\n"
             "  b: { command: [ls] } }\n");

    w.in = job_make(w.job, &w.logs, w.core, start_of(w.core, "b"), &w.why);

    ck_argv(&w, WORDS("ls"));
    ck_env(&w, "ONLY", "(none)");
    ck_env(&w, "HAFT_TASK", "b");
    finish(&w);
}
END_TEST

TEST_MAIN("job", a_script_is_handed_to_the_usual_shell,
          a_script_may_name_its_shell,
          a_script_too_long_for_an_argument_becomes_a_file,
          a_script_that_cannot_be_written_is_told,
          what_lies_in_the_place_of_a_script_is_replaced,
          the_words_of_a_command_are_rendered,
          the_environment_is_what_is_said_and_a_few_of_the_hosts,
          a_task_is_told_who_it_is, the_message_names_the_attempt,
          params_of_one_value_are_variables, an_item_has_its_value,
          without_a_word_a_task_works_in_the_runs_own_folder,
          a_task_of_a_file_works_beside_it,
          an_absolute_workdir_is_taken_as_it_is, an_idempotency_key_is_rendered,
          an_expression_without_a_value_is_told_with_its_place,
          the_next_job_forgets_the_last_one)
