#include <string.h>

#include "host/door/line.h"
#include "tests/check_main.h"

static bool reads(const char *text, struct line *line)
{
    struct str why;
    bool is_read;

    str_init(&why, STR_WHY_LIMIT);
    is_read = line_read(line, text, strlen(text), &why);
    ck_assert_int_eq(is_read, why.size == 0);
    str_finish(&why);
    return is_read;
}

START_TEST(a_question_has_an_id_an_operation_and_an_object)
{
    struct line line;

    ck_assert(reads(
        "{\"v\":1,\"id\":7,\"op\":\"run.get\",\"params\":{\"a\":1}}", &line));

    ck_assert_int_eq(line.id, 7);
    ck_assert_str_eq(line.op, "run.get");
    ck_assert(cJSON_IsObject(line.params));
    line_finish(&line);
}
END_TEST

START_TEST(a_dropped_question_names_no_operation)
{
    struct line line;

    ck_assert(reads("{\"v\":1,\"id\":7,\"drop\":true}", &line));

    ck_assert_ptr_null(line.op);
    ck_assert_ptr_null(line.params);
    line_finish(&line);
}
END_TEST

START_TEST(what_is_no_line_is_refused_with_a_reason)
{
    static const char *const bad[] = {
        "",
        "[]",
        "7",
        "null",
        "{\"id\":1}",
        "{\"op\":\"x\"}",
        "{\"id\":0,\"op\":\"x\"}",
        "{\"id\":-1,\"op\":\"x\"}",
        "{\"id\":\"1\",\"op\":\"x\"}",
        "{\"id\":1e300,\"op\":\"x\"}",
        "{\"id\":1,\"op\":7}",
        "{\"v\":2,\"id\":1,\"op\":\"x\"}",
        "{\"id\":1,\"op\":\"x\",\"params\":[1]}",
        "{\"id\":1,\"op\":\"x\",\"params\":\"a\"}",
        "{\"id\":1,\"id\":2,\"op\":\"x\"}",
        "{\"id\":1,\"op\":\"x\"} {}",
        "{\"id\":1,\"drop\":false}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct line line;

        ck_assert_msg(!reads(bad[i], &line), "%s", bad[i]);
    }
}
END_TEST

TEST_MAIN("line", a_question_has_an_id_an_operation_and_an_object,
          a_dropped_question_names_no_operation,
          what_is_no_line_is_refused_with_a_reason)
