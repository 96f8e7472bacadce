#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <haft/types.h>

#include "host/base/log.h"
#include "host/carry/runner.h"
#include "tests/caged_main.h"
#include "tests/host/door/desk.h"

/* Runs of one task `a` on tests/guests/puppet.c, which does what the words of
 * the command say. */
#define PUPPETS                                                                \
    "[executor:puppet]\n[executor:picky]\n[retry:judge]\n"                     \
    "[retry:backoff]\nlosses = 0\n"

static void open_stage(struct desk *desk)
{
    desk_open_with(desk, HOST_OWNER, PUPPETS);
}

static void open_caged(struct desk *desk)
{
    desk_open_with(desk, HOST_OWNER,
                   "[executor:puppet]\nisolation = process\n");
}

/* A workflow with that command; more about the task in `more`. */
static void play(struct desk *desk, const char *command, const char *more)
{
    char document[1024];

    snprintf(document, sizeof(document),
             "version: 1\ntasks: { a: { executor: puppet, command: [%s] %s } }",
             command, more);
    desk_run(desk, document);
}

static void ck_log(struct desk *desk, int stream, const char *wanted)
{
    char params[128];

    snprintf(params, sizeof(params),
             "{\"run\":\"last\",\"task\":\"a\",\"stream\":%d}", stream);
    desk_get(desk, "task.log", params);
    ck_assert_str_eq(desk->log.text, wanted);
}

/* How the task ended. */
static void ck_fault(struct desk *desk, const char *state, const char *class,
                     const char *effect, const char *code)
{
    const cJSON *fault;

    desk_get(desk, "task.get", "{\"run\":\"last\",\"task\":\"a\"}");
    ck_assert_str_eq(json_get_text(desk->result, "state", ""), state);
    fault = json_get(desk->result, "fault");
    ck_assert_str_eq(json_get_text(fault, "class", ""), class);
    ck_assert_str_eq(json_get_text(fault, "effect", ""), effect);
    ck_assert_str_eq(json_get_text(fault, "code", ""), code);
}

START_TEST(what_an_executor_hands_over_becomes_the_log)
{
    struct desk desk;

    open_stage(&desk);
    play(&desk, "begin, 'say:one ', 'cry:oh', 'say:two'", "");

    ck_log(&desk, 1, "one two");
    ck_log(&desk, 2, "oh");
    desk_close(&desk);
}
END_TEST

START_TEST(output_that_cannot_be_right_is_refused)
{
    struct desk desk;
    char wanted[64];

    open_stage(&desk);
    play(&desk, "'say:ok', 'skip:x', 'third:x', 'stale:x', tell", "");

    snprintf(wanted, sizeof(wanted), "ok%d %d %d %d ", HAFT_OK, -HAFT_INVALID,
             -HAFT_INVALID, HAFT_STALE);
    ck_log(&desk, 1, wanted);
    desk_close(&desk);
}
END_TEST

START_TEST(progress_changes_nothing)
{
    struct desk desk;

    open_stage(&desk);
    play(&desk, "begin, 'note:half way'", "");

    desk_get(&desk, "run.get", "{\"run\":\"last\"}");
    ck_assert_str_eq(json_get_text(desk.result, "state", ""), "succeeded");
    desk_close(&desk);
}
END_TEST

START_TEST(a_start_that_is_refused_has_started_nothing)
{
    struct desk desk;

    open_stage(&desk);
    play(&desk, "refuse", ", retry: { max: 0 }");

    ck_fault(&desk, "failed", "RESOURCE", "not_started", "puppet.refused");
    desk_close(&desk);
}
END_TEST

START_TEST(a_start_that_blames_the_host_has_failed)
{
    struct desk desk;

    open_caged(&desk);
    play(&desk, "blame", ", on_unknown: fail");

    ck_fault(&desk, "failed", "PLUGIN_CRASH", "maybe", "host.worker_lost");
    desk_close(&desk);
}
END_TEST

/* The only child that this process has. */
static void kill_worker(void)
{
    char path[64];
    int pid = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    f = fopen(path, "re");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fscanf(f, "%d", &pid), 1);
    fclose(f);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
}

START_TEST(an_executor_that_dies_while_it_recovers_is_asked_again)
{
    struct desk desk;
    char document[4200];

    open_caged(&desk);
    snprintf(document, sizeof(document),
             "version: 1\ntasks: { a: { executor: puppet, on_unknown: fail,\n"
             "  command: ['mortal:%s/died', linger] } }\n",
             desk.folder);
    desk_submit(&desk, document);
    desk_wait(&desk, "task.started");
    kill_worker();
    desk_wait(&desk, "run.ended");

    desk_get(&desk, "run.get", "{\"run\":\"last\"}");
    ck_assert_str_eq(json_get_text(desk.result, "state", ""), "succeeded");
    snprintf(document, sizeof(document), "%s/died", desk.folder);
    ck_assert_int_eq(access(document, F_OK), 0);
    desk_close(&desk);
}
END_TEST

START_TEST(a_class_that_is_none_counts_as_internal)
{
    struct desk desk;

    open_stage(&desk);
    play(&desk, "begin, 'fail:99'", ", on_unknown: fail");

    ck_fault(&desk, "failed", "INTERNAL", "started", "puppet.failed");
    desk_close(&desk);
}
END_TEST

START_TEST(an_expression_without_a_value_fails_the_task)
{
    struct desk desk;

    open_stage(&desk);
    play(&desk, "'say:${{ json(run.id) }}'", "");

    ck_fault(&desk, "failed", "INVALID", "not_started", "host.no_value");
    desk_close(&desk);
}
END_TEST

START_TEST(a_success_with_malformed_outputs_is_none)
{
    struct desk desk;

    open_stage(&desk);
    play(&desk, "begin, 'leave:no equals sign'", ", retry: { max: 0 }");

    ck_fault(&desk, "failed", "INVALID", "done", "host.output_invalid");
    desk_close(&desk);
}
END_TEST

START_TEST(outputs_are_read_at_the_end)
{
    struct desk desk;

    open_stage(&desk);
    play(&desk, "begin, 'leave:x=1'", "");

    desk_get(&desk, "task.get", "{\"run\":\"last\",\"task\":\"a\"}");
    ck_assert_str_eq(
        json_get_text(json_get(desk.result, "outputs"), "x", "(none)"), "1");
    desk_close(&desk);
}
END_TEST

START_TEST(folders_that_cannot_be_made_fail_the_task)
{
    struct desk desk;
    char path[160];
    FILE *f;

    open_stage(&desk);
    snprintf(path, sizeof(path), "%s/state/logs", desk.folder);
    f = fopen(path, "w"); /* a file where the folder should be */
    ck_assert_ptr_nonnull(f);
    fclose(f);
    play(&desk, "begin", ", retry: { max: 0 }");

    ck_fault(&desk, "failed", "RESOURCE", "not_started", "host.no_folder");
    desk_close(&desk);
}
END_TEST

START_TEST(an_executor_of_other_jobs_is_refused_at_once)
{
    struct desk desk;

    open_stage(&desk);

    desk_fail(&desk, "run.submit",
              "{\"document\":\"version: 1\\ntasks: {a: {run: x, executor: "
              "picky}}\",\"name\":\"n\"}",
              HAFT_INVALID, "executor picky takes no process jobs");
    desk_close(&desk);
}
END_TEST

START_TEST(a_retry_plugin_that_answers_nonsense_ends_the_task)
{
    struct desk desk;

    open_stage(&desk);
    /* The judge answers this code with bytes that are no text. */
    play(&desk, "begin, 'code:bytes', 'fail:7'", ", retry: { use: judge }");

    ck_fault(&desk, "failed", "USER_FAILURE", "started", "bytes");
    desk_close(&desk);
}
END_TEST

START_TEST(a_cancelled_attempt_ends_when_its_executor_says_so)
{
    struct desk desk;

    open_stage(&desk);
    desk_submit(&desk, "version: 1\ntasks: { a: { executor: puppet,\n"
                       "  command: [begin, linger] } }\n");
    desk_wait(&desk, "task.started");
    desk_get(&desk, "run.cancel", "{\"run\":\"last\"}");
    desk_wait(&desk, "run.ended");

    ck_fault(&desk, "cancelled", "CANCELLED", "started", "host.cancelled");
    desk_close(&desk);
}
END_TEST

/* Until then it may be the end of an attempt that is about to be found again,
 * which is asked for once more. */
START_TEST(an_end_of_what_nobody_knows_is_counted_and_released_in_time)
{
    struct desk desk;
    int64_t left_ms = DESK_WAIT_MS;
    FILE *f = tmpfile();
    char text[4096];

    ck_assert_ptr_nonnull(f);
    open_stage(&desk);
    log_set_fd(fileno(f));
    do {
        ck_assert_int_gt(left_ms, 0);
        poll(NULL, 0, 20);
        left_ms -= 20;
        play(&desk, "ghost", "");
        desk_get(&desk, "host.status", NULL);
    } while (json_get_int(desk.result, "stale_answers", 0) == 0);
    desk_close(&desk);
    log_set_fd(STDERR_FILENO);
    rewind(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';

    ck_assert_msg(strstr(text, "ghost is released") != NULL, "%s", text);
    fclose(f);
}
END_TEST

CAGED_MAIN("runner_attempt", what_an_executor_hands_over_becomes_the_log,
           output_that_cannot_be_right_is_refused, progress_changes_nothing,
           a_start_that_is_refused_has_started_nothing,
           a_start_that_blames_the_host_has_failed,
           an_executor_that_dies_while_it_recovers_is_asked_again,
           a_class_that_is_none_counts_as_internal,
           an_expression_without_a_value_fails_the_task,
           a_success_with_malformed_outputs_is_none,
           outputs_are_read_at_the_end,
           folders_that_cannot_be_made_fail_the_task,
           an_executor_of_other_jobs_is_refused_at_once,
           a_retry_plugin_that_answers_nonsense_ends_the_task,
           a_cancelled_attempt_ends_when_its_executor_says_so,
           an_end_of_what_nobody_knows_is_counted_and_released_in_time)
