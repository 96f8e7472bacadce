#include "host/door/intake.h"
#include "tests/check_main.h"
#include "tests/host/door/desk.h"

#define DOCUMENT "\"document\":\"version: 1\\ntasks: {a: {run: x}}\""
#define OTHER "\"document\":\"version: 1\\ntasks: {b: {run: x}}\""

static void submit(struct desk *desk, const char *params, char id[32])
{
    desk_get(desk, "run.submit", params);
    snprintf(id, 32, "%s", json_get_text(desk->result, "run", ""));
}

START_TEST(ids_are_twelve_letters_that_sort_by_time)
{
    struct desk desk;
    char before[32] = "";
    int64_t last_ms = 0;

    desk_open(&desk, HOST_OWNER);

    for (int i = 0; i < 50; i++) {
        int64_t start_ms = loop_clock_ms();
        char id[32];

        submit(&desk, "{" DOCUMENT ",\"name\":\"a\"}", id);
        ck_assert_uint_eq(strlen(id), 12);
        ck_assert_uint_eq(strspn(id, "0123456789abcdefghjkmnpqrstvwxyz"), 12);
        ck_assert_str_ne(id, before);
        if (start_ms > last_ms) {
            ck_assert_str_gt(id, before);
        }
        last_ms = loop_clock_ms();
        snprintf(before, sizeof(before), "%s", id);
    }

    desk_close(&desk);
}
END_TEST

START_TEST(the_same_key_gives_the_same_run)
{
    struct desk desk;
    char first[32];
    char again[32];

    desk_open(&desk, HOST_OWNER);

    submit(&desk, "{" DOCUMENT ",\"name\":\"a\",\"key\":\"k\"}", first);
    ck_assert(json_get_bool(desk.result, "is_new", false));
    submit(&desk, "{" DOCUMENT ",\"name\":\"a\",\"key\":\"k\"}", again);
    ck_assert(!json_get_bool(desk.result, "is_new", true));
    ck_assert_str_eq(first, again);
    desk_fail(&desk, "run.submit", "{" OTHER ",\"name\":\"a\",\"key\":\"k\"}",
              HAFT_CONFLICT, first);
    submit(&desk, "{" DOCUMENT ",\"name\":\"a\",\"key\":\"l\"}", again);
    ck_assert_str_ne(first, again);

    desk_close(&desk);
}
END_TEST

START_TEST(what_cannot_run_is_refused_with_the_reason)
{
    struct desk desk;

    desk_open(&desk, HOST_OWNER);

    desk_fail(&desk, "run.submit", "{\"document\":\"nonsense\"}", HAFT_INVALID,
              "1:1");
    desk_fail(&desk, "run.submit", "{\"document\":5}", HAFT_INVALID, "");
    desk_fail(&desk, "run.submit",
              "{" DOCUMENT ",\"name\":\"a\",\"params\":{\"n\":1}}",
              HAFT_INVALID, "n");
    desk_fail(&desk, "run.submit",
              "{" DOCUMENT ",\"name\":\"a\",\"executor\":\"nosuch\"}",
              HAFT_INVALID, "nosuch");
    desk_fail(&desk, "run.submit", "{" DOCUMENT ",\"name\":\"a\",\"key\":\"\"}",
              HAFT_INVALID, "1 to 128");
    desk_get(&desk, "run.list", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(json_get(desk.result, "runs")), 0);

    desk_close(&desk);
}
END_TEST

START_TEST(a_document_may_be_an_object)
{
    struct desk desk;
    char id[32];
    char params[64];

    desk_open(&desk, HOST_OWNER);

    submit(&desk,
           "{\"document\":{\"version\":1,\"name\":\"o\","
           "\"tasks\":{\"a\":{\"run\":\"x\"}}}}",
           id);
    snprintf(params, sizeof(params), "{\"run\":\"%.6s\"}", id);
    do {
        desk_get(&desk, "run.get", params);
    } while (strcmp(json_get_text(desk.result, "state", ""), "succeeded") != 0);
    ck_assert_str_eq(json_get_text(desk.result, "workflow", ""), "o");
    ck_assert_str_eq(json_get_text(desk.result, "principal", ""),
                     "user:tester");

    desk_close(&desk);
}
END_TEST

START_TEST(a_check_runs_nothing)
{
    struct desk desk;

    desk_open(&desk, HOST_OWNER);

    desk_get(&desk, "workflow.check", "{" DOCUMENT ",\"name\":\"a\"}");
    ck_assert_int_eq(json_get_int(desk.result, "tasks", 0), 1);
    desk_fail(&desk, "workflow.check", "{\"document\":\"[\"}", HAFT_INVALID,
              "");
    desk_get(&desk, "run.list", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(json_get(desk.result, "runs")), 0);

    desk_close(&desk);
}
END_TEST

TEST_MAIN("intake", ids_are_twelve_letters_that_sort_by_time,
          the_same_key_gives_the_same_run,
          what_cannot_run_is_refused_with_the_reason,
          a_document_may_be_an_object, a_check_runs_nothing)
