#include "host/door/ops.h"
#include "tests/check_main.h"
#include "tests/host/door/desk.h"

static bool has_param(const struct op *op, const char *name)
{
    for (const struct op_param *p = op->params; p->name; p++) {
        if (strcmp(p->name, name) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(every_row_says_what_doors_need)
{
    size_t count = 0;

    for (const struct op *op = ops_row(0); op; op = ops_row(count)) {
        uint32_t access = op->access;

        ck_assert_ptr_eq(ops_find(op->name), op);
        ck_assert_ptr_nonnull(strchr(op->name, '.'));
        ck_assert(op->summary && op->result && op->params);
        ck_assert_msg(!(access & OP_READ) != !(access & OP_WRITE), "%s",
                      op->name);
        ck_assert(!(access & OP_DESTRUCTIVE) || (access & OP_WRITE));
        ck_assert_msg(op->handle || op->go, "%s", op->name);
        ck_assert_msg(!op->go || has_param(op, "run"), "%s", op->name);
        for (const struct op_param *p = op->params; p->name; p++) {
            ck_assert(p->type && p->help);
        }
        count++;
    }
    ck_assert_uint_eq(count, 15);
    ck_assert_ptr_null(ops_find("run.sumbit"));
    ck_assert_ptr_null(ops_find(""));
}
END_TEST

START_TEST(parameters_are_checked_before_anything_is_done)
{
    static const struct {
        const char *op, *params, *part;
    } rows[] = {
        {"run.get", NULL, "run.get needs run"},
        {"run.get", "{}", "run.get needs run"},
        {"run.get", "[]", "params is an object"},
        {"run.get", "[1]", "params is an object"},
        {"run.get", "\"last\"", "params is an object"},
        {"run.get", "{\"run\":1}", "run is a string"},
        {"run.get", "{\"run\":null}", "run is a string"},
        {"run.get", "{\"run\":\"last\",\"x\":1}", "no parameter \"x\""},
        {"run.get", "{\"run\":\"../x\"}", "a run is named by"},
        {"run.list", "{\"limit\":-1}", "limit is a whole number"},
        {"run.list", "{\"limit\":1.5}", "limit is a whole number"},
        {"run.list", "{\"limit\":1e300}", "limit is a whole number"},
        {"run.list", "{\"limit\":\"1\"}", "limit is a whole number"},
        {"run.list", "{\"limit\":0}", "limit is 1 to"},
        {"run.events", "{\"follow\":1}", "follow is true or false"},
        {"run.submit", "{\"document\":\"\",\"params\":[]}",
         "params is an object"},
        {"task.log", "{\"run\":\"last\"}", "task.log needs task"},
    };
    struct desk desk;

    desk_open(&desk, HOST_OWNER);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        desk_fail(&desk, rows[i].op, rows[i].params, HAFT_INVALID,
                  rows[i].part);
    }
    desk_get(&desk, "run.list", "null");

    desk_close(&desk);
}
END_TEST

START_TEST(an_operation_that_is_none_is_unimplemented)
{
    struct desk desk;

    desk_open(&desk, HOST_OWNER);

    desk_fail(&desk, "run.sumbit", "{}", HAFT_UNIMPLEMENTED, "run.sumbit");

    desk_close(&desk);
}
END_TEST

START_TEST(who_only_looks_cannot_write)
{
    struct desk desk;

    desk_open(&desk, HOST_PASSIVE);

    desk_fail(&desk, "run.submit", "{\"document\":\"\"}", HAFT_BACKEND_DOWN,
              "haft serve");
    desk_fail(&desk, "run.cancel", "{\"run\":\"last\"}", HAFT_BACKEND_DOWN,
              "haft serve");
    desk_fail(&desk, "run.get", "{\"run\":\"last\"}", HAFT_NOT_FOUND, "last");
    desk_get(&desk, "run.list", NULL);
    ck_assert_int_eq(cJSON_GetArraySize(json_get(desk.result, "runs")), 0);
    ck_assert_int_ne(access(desk.config->host.state, F_OK), 0);

    desk_close(&desk);
}
END_TEST

START_TEST(the_status_counts)
{
    struct desk desk;

    desk_open(&desk, HOST_OWNER);

    desk_get(&desk, "host.status", NULL);

    ck_assert(json_get_bool(desk.result, "is_owner", false));
    ck_assert_int_eq(json_get_int(desk.result, "pid", 0), getpid());
    ck_assert_int_eq(json_get_int(desk.result, "epoch", 0), 1);
    ck_assert_int_gt(json_get_int(desk.result, "memory_bytes", 0), 100000);

    desk_close(&desk);
}
END_TEST

START_TEST(an_asker_that_drops_hears_nothing)
{
    struct desk desk;
    const struct op_answer answer = {desk_event, desk_result, desk_error,
                                     &desk};
    uint64_t id;

    desk_open(&desk, HOST_OWNER);

    id = ops_call(host_ops(desk.host), "run.events", "user:tester",
                  cJSON_Parse("{\"follow\":true}"), &answer);
    ck_assert_uint_ne(id, 0);
    ops_drop(host_ops(desk.host), id);
    ops_drop(host_ops(desk.host), id);
    desk_get(&desk, "run.submit",
             "{\"document\":\"version: 1\\ntasks: {a: {run: x}}\","
             "\"name\":\"a\"}");
    ck_assert_int_eq(desk.events, 0);

    desk_close(&desk);
}
END_TEST

START_TEST(an_answer_that_has_come_already_has_no_id)
{
    struct desk desk;
    const struct op_answer answer = {desk_event, desk_result, desk_error,
                                     &desk};

    desk_open(&desk, HOST_OWNER);

    ck_assert_uint_eq(ops_call(host_ops(desk.host), "host.status",
                               "user:tester", NULL, &answer),
                      0);
    ck_assert(desk.is_answered);

    desk_close(&desk);
}
END_TEST

TEST_MAIN("ops", every_row_says_what_doors_need,
          parameters_are_checked_before_anything_is_done,
          an_operation_that_is_none_is_unimplemented,
          who_only_looks_cannot_write, the_status_counts,
          an_asker_that_drops_hears_nothing,
          an_answer_that_has_come_already_has_no_id)
