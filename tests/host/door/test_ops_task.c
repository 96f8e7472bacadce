#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check_main.h"
#include "tests/host/door/desk.h"

/* The executor is tests/guests/puppet.c, which does what the words of a
 * command say. */
static void open_stage(struct desk *desk)
{
    desk_open_with(desk, HOST_OWNER,
                   "[executor:puppet]\n[retry:backoff]\nlosses = 0\n");
}

/* Submits one task `a` with that command. */
static void submit(struct desk *desk, const char *command)
{
    struct str document;

    str_init(&document, 1 << 20);
    str_addf(&document,
             "version: 1\ntasks: { a: { executor: puppet, command: [%s] } }\n",
             command);
    desk_submit(desk, document.text);
    str_finish(&document);
}

#define TASK_A "\"run\":\"last\",\"task\":\"a\""

START_TEST(a_task_is_shown_with_its_name)
{
    struct desk desk;

    open_stage(&desk);
    submit(&desk, "begin");
    desk_wait(&desk, "run.ended");

    desk_get(&desk, "task.get", "{" TASK_A "}");

    ck_assert_str_eq(json_get_text(desk.result, "name", ""), "a");
    ck_assert_str_eq(json_get_text(desk.result, "state", ""), "succeeded");
    ck_assert_int_eq(json_get_int(desk.result, "tries", 0), 1);
    desk_close(&desk);
}
END_TEST

START_TEST(a_task_that_is_not_there_is_told)
{
    struct desk desk;

    open_stage(&desk);
    submit(&desk, "begin, linger");
    desk_wait(&desk, "task.started");

    desk_fail(&desk, "task.get", "{\"run\":\"last\",\"task\":\"b\"}",
              HAFT_NOT_FOUND, "has no task \"b\"");
    desk_fail(&desk, "task.log", "{\"run\":\"last\",\"task\":\"b\"}",
              HAFT_NOT_FOUND, "task b");
    desk_fail(&desk, "task.resolve",
              "{\"run\":\"last\",\"task\":\"b\",\"as\":\"skip\"}",
              HAFT_NOT_FOUND, "has no live task \"b\"");
    desk_close(&desk);
}
END_TEST

START_TEST(there_are_two_streams_and_as_many_tries_as_there_were)
{
    struct desk desk;

    open_stage(&desk);
    submit(&desk, "begin, 'say:x'");
    desk_wait(&desk, "run.ended");

    desk_fail(&desk, "task.log", "{" TASK_A ",\"stream\":3}", HAFT_INVALID,
              "stream is 1");
    desk_fail(&desk, "task.log", "{" TASK_A ",\"try\":2}", HAFT_NOT_FOUND,
              "no such attempt");
    desk_get(&desk, "task.log", "{" TASK_A ",\"try\":1}");
    ck_assert_str_eq(desk.log.text, "x");
    desk_close(&desk);
}
END_TEST

START_TEST(a_log_may_be_read_from_its_middle)
{
    struct desk desk;

    open_stage(&desk);
    submit(&desk, "begin, 'say:one two'");
    desk_wait(&desk, "run.ended");

    desk_get(&desk, "task.log", "{" TASK_A ",\"offset\":4}");

    ck_assert_str_eq(desk.log.text, "two");
    ck_assert_int_eq(json_get_int(desk.result, "end", 0), 7);
    desk_close(&desk);
}
END_TEST

START_TEST(a_character_is_not_cut_in_two_between_pieces)
{
    static const char euro[] = "\xe2\x82\xac"; /* three bytes */
    struct desk desk;
    struct str text;
    struct str command;

    str_init(&text, 1 << 20);
    str_init(&command, 1 << 20);
    while (text.size < 150000) {
        str_add_text(&text, euro);
    }
    str_addf(&command, "begin, 'say:%s'", text.text);
    open_stage(&desk);
    submit(&desk, command.text);
    desk_wait(&desk, "run.ended");

    desk_get(&desk, "task.log", "{" TASK_A "}");

    ck_assert_int_gt(desk.events, 1);
    ck_assert(strcmp(desk.log.text, text.text) == 0);
    desk_close(&desk);
    str_finish(&text);
    str_finish(&command);
}
END_TEST

/* Somebody who follows a log, beside the desk. */
struct follower {
    char text[256];
    int64_t try; /* the first that was heard of */
    int64_t end; /* 0: goes on */
};

static void follow_event(void *ctx, const char *json, size_t size)
{
    struct follower *f = ctx;
    cJSON *event = cJSON_ParseWithLength(json, size);
    size_t used = strlen(f->text);

    snprintf(f->text + used, sizeof(f->text) - used, "%s",
             json_get_text(event, "text", ""));
    if (!f->try) {
        f->try = json_get_int(event, "try", 0);
    }
    cJSON_Delete(event);
}

static void follow_result(void *ctx, const char *json, size_t size)
{
    struct follower *f = ctx;
    cJSON *result = cJSON_ParseWithLength(json, size);

    f->end = json_get_int(result, "end", -1);
    cJSON_Delete(result);
}

static void follow_error(void *ctx, const struct fault *fault)
{
    (void)ctx;
    ck_abort_msg("%s", fault->message);
}

START_TEST(a_log_is_followed_until_its_attempt_has_ended)
{
    struct follower f = {{0}, 0, 0};
    const struct op_answer answer = {follow_event, follow_result, follow_error,
                                     &f};
    struct desk desk;

    open_stage(&desk);
    submit(&desk, "begin, 'say:so far', linger");
    desk_wait(&desk, "task.started");
    ops_call(host_ops(desk.host), "task.log", "user:tester",
             cJSON_Parse("{" TASK_A ",\"follow\":true}"), &answer);
    while (!f.text[0]) {
        desk_turn(&desk);
    }
    desk_turn(&desk); /* looks again, and there is nothing new */
    ck_assert_int_eq(f.end, 0);
    desk_get(&desk, "run.cancel", "{\"run\":\"last\"}");
    while (!f.end) {
        desk_turn(&desk);
    }

    ck_assert_str_eq(f.text, "so far");
    ck_assert_int_eq(f.end, 6);
    desk_close(&desk);
}
END_TEST

START_TEST(a_follower_of_a_task_hears_of_every_try)
{
    struct follower f = {{0}, 0, 0};
    const struct op_answer answer = {follow_event, follow_result, follow_error,
                                     &f};
    struct desk desk;

    open_stage(&desk);
    desk_submit(&desk, "version: 1\n"
                       "tasks: { a: { executor: puppet,\n"
                       "  retry: { max: 2, base: 50ms },\n"
                       "  command: [begin, 'say:x', 'fail:7'] } }\n");
    desk_wait(&desk, "task.started");
    ops_call(host_ops(desk.host), "task.log", "user:tester",
             cJSON_Parse("{" TASK_A ",\"follow\":true}"), &answer);
    while (!f.end) {
        desk_turn(&desk);
    }

    ck_assert_int_gt(f.try, 0);
    ck_assert_int_eq((int)strspn(f.text, "x"), 4 - f.try);
    ck_assert_uint_eq(strlen(f.text), strspn(f.text, "x"));
    desk_close(&desk);
}
END_TEST

START_TEST(a_follower_of_a_log_may_leave)
{
    struct follower f = {{0}, 0, 0};
    const struct op_answer answer = {follow_event, follow_result, follow_error,
                                     &f};
    struct desk desk;
    uint64_t id;

    open_stage(&desk);
    submit(&desk, "begin, 'say:so far', linger");
    desk_wait(&desk, "task.started");
    id = ops_call(host_ops(desk.host), "task.log", "user:tester",
                  cJSON_Parse("{" TASK_A ",\"follow\":true}"), &answer);
    while (!f.text[0]) {
        desk_turn(&desk);
    }
    ops_drop(host_ops(desk.host), id);
    desk_get(&desk, "run.cancel", "{\"run\":\"last\"}");
    desk_wait(&desk, "run.ended");

    ck_assert_int_eq(f.end, 0);
    desk_close(&desk);
}
END_TEST

START_TEST(only_a_held_task_is_resolved)
{
    struct desk desk;

    open_stage(&desk);
    submit(&desk, "begin, linger");
    desk_wait(&desk, "task.started");

    desk_fail(&desk, "task.resolve", "{" TASK_A ",\"as\":\"success\"}",
              HAFT_CONFLICT, "is not held");
    desk_fail(&desk, "task.resolve", "{" TASK_A ",\"as\":\"done\"}",
              HAFT_INVALID, "success, failed, skip");
    desk_close(&desk);
}
END_TEST

START_TEST(a_held_task_ends_as_a_person_says)
{
    struct desk desk;

    open_stage(&desk);
    submit(&desk, "begin, 'fail:20'"); /* INTERNAL: nobody knows how it ended */
    desk_wait(&desk, "task.held");

    desk_get(&desk, "task.resolve", "{" TASK_A ",\"as\":\"success\"}");
    desk_wait(&desk, "run.ended");

    desk_get(&desk, "run.get", "{\"run\":\"last\"}");
    ck_assert_str_eq(json_get_text(desk.result, "state", ""), "succeeded");
    desk_close(&desk);
}
END_TEST

TEST_MAIN("ops_task", a_task_is_shown_with_its_name,
          a_task_that_is_not_there_is_told,
          there_are_two_streams_and_as_many_tries_as_there_were,
          a_log_may_be_read_from_its_middle,
          a_character_is_not_cut_in_two_between_pieces,
          a_log_is_followed_until_its_attempt_has_ended,
          a_follower_of_a_task_hears_of_every_try,
          a_follower_of_a_log_may_leave, only_a_held_task_is_resolved,
          a_held_task_ends_as_a_person_says)
