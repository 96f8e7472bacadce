/* What of executor/dagger needs no session: versions, documents, and what an
 * answer means. Answers are worded as real engines do. */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "plugins/executor/dagger/dialect.h"
#include "plugins/executor/dagger/outcome.h"
#include "plugins/executor/dagger/query.h"
#include "tests/check_main.h"

/* ---- versions ---- */

START_TEST(ids_have_a_type_of_their_own_before_v0_21_1)
{
    ck_assert_str_eq(dialect_of("v0.19.11")->directory_id, "DirectoryID!");
    ck_assert_str_eq(dialect_of("v0.21.0")->directory_id, "DirectoryID!");
    ck_assert_str_eq(dialect_of("v0.21.1")->directory_id, "ID!");
    ck_assert_str_eq(dialect_of("v1.0.0-beta.11+9f3c")->directory_id, "ID!");
}
END_TEST

START_TEST(engines_that_are_too_old_or_unversioned_have_no_dialect)
{
    ck_assert_ptr_nonnull(dialect_of(DIALECT_LEAST));
    ck_assert_ptr_null(dialect_of("v0.18.8"));
    ck_assert_ptr_null(dialect_of("v0.9.11"));
    ck_assert_ptr_null(dialect_of("0.21.8"));
    ck_assert_ptr_null(dialect_of("v0.21"));
    ck_assert_ptr_null(dialect_of(""));
}
END_TEST

/* ---- documents ---- */

static struct query *query_of(const char *image, const char *workdir)
{
    static const struct haft_slice argv[] = {{"echo", 4}, {"\"){x}", 5}};
    static const struct haft_pair env[] = {{{"A", 1}, {"$i", 2}},
                                           {{"B", 1}, {"", 0}}};
    struct haft_executor_start_in in = {
        .size = sizeof(in),
        .argv = {argv, 2, sizeof(argv[0])},
        .env = {env, 2, sizeof(env[0])},
        .workdir = haft_text(workdir),
        .image = haft_text(image),
    };
    struct query *q = query_create(&in);

    ck_assert_ptr_nonnull(q);
    return q;
}

static void expect_body(char *body, const char *document, const char *variables)
{
    cJSON *json = cJSON_Parse(body);
    cJSON *wanted = cJSON_Parse(variables);

    ck_assert_ptr_nonnull(wanted);
    ck_assert_str_eq(
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "query")),
        document);
    ck_assert(cJSON_Compare(cJSON_GetObjectItemCaseSensitive(json, "variables"),
                            wanted, true));
    cJSON_Delete(json);
    cJSON_Delete(wanted);
    free(body);
}

START_TEST(an_image_is_named_and_every_text_is_a_variable)
{
    struct query *q = query_of("alpine@sha256:1", "");

    ck_assert_ptr_null(query_rootfs(q));
    expect_body(query_exec(q, dialect_of("v0.21.8"), NULL),
                "query($i:String!,$a:[String!]!,$n0:String!,$v0:String!,"
                "$n1:String!,$v1:String!){container{from(address:$i){"
                "withEnvVariable(name:$n0,value:$v0){"
                "withEnvVariable(name:$n1,value:$v1){"
                "withExec(args:$a,expect:ANY){exitCode stdout stderr}}}}}}",
                "{\"i\":\"alpine@sha256:1\",\"a\":[\"echo\",\"\\\"){x}\"],"
                "\"n0\":\"A\",\"v0\":\"$i\",\"n1\":\"B\",\"v1\":\"\"}");
    query_destroy(q);
}
END_TEST

START_TEST(a_root_file_system_is_found_by_its_folder_and_given_by_its_id)
{
    struct query *q = query_of("rootfs:/srv/root", "src");

    ck_assert_str_eq(query_rootfs(q), "/srv/root");
    expect_body(query_directory(q),
                "query($p:String!){host{directory(path:$p,noCache:true){id}}}",
                "{\"p\":\"/srv/root\"}");
    expect_body(query_exec(q, dialect_of("v0.19.11"), "Eg=="),
                "query($i:DirectoryID!,$a:[String!]!,$w:String!,$n0:String!,"
                "$v0:String!,$n1:String!,$v1:String!){container{"
                "withRootfs(directory:$i){withEnvVariable(name:$n0,value:$v0){"
                "withEnvVariable(name:$n1,value:$v1){withWorkdir(path:$w){"
                "withExec(args:$a,expect:ANY){exitCode stdout stderr}}}}}}}",
                "{\"i\":\"Eg==\",\"a\":[\"echo\",\"\\\"){x}\"],\"w\":\"src\","
                "\"n0\":\"A\",\"v0\":\"$i\",\"n1\":\"B\",\"v1\":\"\"}");
    query_destroy(q);
}
END_TEST

/* ---- answers ---- */

static void check(const struct answer *answer, struct haft_native wanted,
                  const char *code)
{
    struct outcome o;

    outcome_of_exec(&o, answer);
    ck_assert_str_eq(o.code, code);
    ck_assert_uint_eq(o.native.fault_class, wanted.fault_class);
    ck_assert_uint_eq(o.native.effect, wanted.effect);
    outcome_finish(&o);
}

static void expect(const char *body, uint32_t fault_class, uint32_t effect,
                   const char *code)
{
    const struct answer answer = {.status = 200, .body = body};

    check(&answer, haft_native_of(fault_class, effect, 0), code);
}

static void expect_error(const char *message, uint32_t fault_class,
                         uint32_t effect, const char *code)
{
    char body[1024];

    snprintf(body, sizeof(body),
             "{\"errors\":[{\"message\":\"%s [traceparent:0a-0b]\"}],"
             "\"data\":null}",
             message);
    expect(body, fault_class, effect, code);
}

#define EXEC(code, out, err)                                                   \
    "{\"data\":{\"container\":{\"from\":{\"withExec\":{\"exitCode\":" code     \
    ",\"stderr\":\"" err "\",\"stdout\":\"" out "\"}}}}}"

#define EXEC_ERROR(message, code)                                              \
    "{\"errors\":[{\"message\":\"" message                                     \
    " [traceparent:0a-0b]\",\"path\":[\"container\"],\"extensions\":{"         \
    "\"_type\":\"EXEC_ERROR\",\"cmd\":[\"x\"],\"exitCode\":" code              \
    ",\"stderr\":\"e\",\"stdout\":\"o\"}}],\"data\":null}"

START_TEST(an_exit_code_is_an_answer)
{
    expect(EXEC("0", "out", "err"), 0, HAFT_EFFECT_DONE, "");
    expect(EXEC("3", "", ""), HAFT_USER_FAILURE, HAFT_EFFECT_STARTED,
           "dagger.exit");
    expect(EXEC("255", "", ""), HAFT_USER_FAILURE, HAFT_EFFECT_STARTED,
           "dagger.exit");
}
END_TEST

START_TEST(a_program_that_cannot_be_executed_is_not_the_users_exit_code)
{
    expect(
        EXEC("1", "", "exec: \\\"x\\\": executable file not found in $PATH\\n"),
        HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED, "dagger.no_program");
    expect(EXEC("1", "", "fork/exec /x: no such file or directory\\n"),
           HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED, "dagger.no_program");
    expect(EXEC("1", "", "fork/exec /x: permission denied\\n"), HAFT_DENIED,
           HAFT_EFFECT_NOT_STARTED, "dagger.not_executable");
}
END_TEST

START_TEST(a_program_that_says_so_itself_has_run)
{
    expect(EXEC("1", "o", "fork/exec /x: no such file or directory\\n"),
           HAFT_USER_FAILURE, HAFT_EFFECT_STARTED, "dagger.exit");
    expect(EXEC("2", "", "fork/exec /x: no such file or directory\\n"),
           HAFT_USER_FAILURE, HAFT_EFFECT_STARTED, "dagger.exit");
    expect(EXEC("1", "", "trying\\nfork/exec /x: no such file or directory\\n"),
           HAFT_USER_FAILURE, HAFT_EFFECT_STARTED, "dagger.exit");
}
END_TEST

START_TEST(an_exec_error_says_what_the_process_wrote)
{
    const struct answer answer = {.status = 200,
                                  .body = EXEC_ERROR("exit code: 143", "143")};
    struct outcome o;

    outcome_of_exec(&o, &answer);
    ck_assert_int_eq(o.exit_code, 143);
    ck_assert_uint_eq(o.native.fault_class, HAFT_USER_FAILURE);
    ck_assert_str_eq(o.stdout_text, "o");
    ck_assert_str_eq(o.stderr_text, "e");
    outcome_finish(&o);
}
END_TEST

START_TEST(exec_errors_are_not_all_the_tasks)
{
    expect(EXEC_ERROR("exit code: 137", "137"), HAFT_RESOURCE,
           HAFT_EFFECT_STARTED, "dagger.killed");
    expect(EXEC_ERROR("exit code: 137: context canceled", "137"),
           HAFT_CANCELLED, HAFT_EFFECT_STARTED, "dagger.cancelled");
    expect(EXEC_ERROR("get user: unable to find user x", "-1"), HAFT_NOT_FOUND,
           HAFT_EFFECT_NOT_STARTED, "dagger.no_user");
    expect(EXEC_ERROR("something new", "-1"), HAFT_INFRA_LOST,
           HAFT_EFFECT_NOT_STARTED, "dagger.set_up");
    expect(EXEC_ERROR("start s8 (aliased as web): exit code: 7", "7"),
           HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, "dagger.service");
}
END_TEST

START_TEST(other_errors_go_by_their_text)
{
    expect_error("failed to resolve image: dial tcp 127.0.0.1:9: connect: "
                 "connection refused",
                 HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, "dagger.network");
    expect_error("failed to resolve image: not found", HAFT_NOT_FOUND,
                 HAFT_EFFECT_NOT_STARTED, "dagger.no_image");
    expect_error("failed to parse image address X: invalid reference format",
                 HAFT_INVALID, HAFT_EFFECT_NOT_STARTED, "dagger.image_name");
    expect_error("write /x: no space left on device", HAFT_RESOURCE,
                 HAFT_EFFECT_MAYBE, "dagger.disk");
    expect_error("something new", HAFT_INTERNAL, HAFT_EFFECT_MAYBE,
                 "dagger.error");
}
END_TEST

START_TEST(the_engines_mark_is_no_part_of_a_message)
{
    const struct answer answer = {
        .status = 200,
        .body = "{\"errors\":[{\"message\":\"bad [traceparent:0a-0b]\"}]}"};
    struct outcome o;

    outcome_of_exec(&o, &answer);
    ck_assert_str_eq(o.message, "bad");
    outcome_finish(&o);
}
END_TEST

START_TEST(a_lost_engine_takes_its_session_with_it)
{
    static const struct {
        struct answer answer;
        uint32_t fault_class;
        bool is_lost;
    } rows[] = {
        {{0, 502, "http do: unexpected EOF"}, HAFT_INFRA_LOST, true},
        {{0, 502, "dial unix /e.sock: connection refused"},
         HAFT_BACKEND_DOWN,
         true},
        {{0, 401, ""}, HAFT_UNAUTHENTICATED, false},
        {{7, 0, ""}, HAFT_TRANSIENT, true},           /* cannot connect */
        {{18, 200, "{"}, HAFT_UNKNOWN_OUTCOME, true}, /* half of it */
        {{0, 200, "{"}, HAFT_CORRUPT, false},
        {{0, 200, "{\"data\":{}}"}, HAFT_CORRUPT, false},
        {{0, 200, "{\"errors\":[{\"message\":\"missing shared result\"}]}"},
         HAFT_INFRA_LOST,
         true},
    };
    struct outcome o;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        outcome_of_exec(&o, &rows[i].answer);
        ck_assert_msg(o.native.fault_class == rows[i].fault_class,
                      "row %zu: class %u", i, o.native.fault_class);
        ck_assert_msg(o.is_session_lost == rows[i].is_lost, "row %zu", i);
        outcome_finish(&o);
    }
}
END_TEST

START_TEST(a_document_that_the_engine_refuses_is_our_own_fault)
{
    const struct answer answer = {
        .status = 422,
        .body = "{\"errors\":[{\"message\":\"Cannot query field\","
                "\"extensions\":{\"code\":\"GRAPHQL_VALIDATION_FAILED\"}}],"
                "\"data\":null}"};

    check(&answer, haft_native_of(HAFT_INTERNAL, HAFT_EFFECT_NOT_STARTED, 0),
          "dagger.schema");
}
END_TEST

TEST_MAIN("executor/dagger", ids_have_a_type_of_their_own_before_v0_21_1,
          engines_that_are_too_old_or_unversioned_have_no_dialect,
          an_image_is_named_and_every_text_is_a_variable,
          a_root_file_system_is_found_by_its_folder_and_given_by_its_id,
          an_exit_code_is_an_answer,
          a_program_that_cannot_be_executed_is_not_the_users_exit_code,
          a_program_that_says_so_itself_has_run,
          an_exec_error_says_what_the_process_wrote,
          exec_errors_are_not_all_the_tasks, other_errors_go_by_their_text,
          the_engines_mark_is_no_part_of_a_message,
          a_lost_engine_takes_its_session_with_it,
          a_document_that_the_engine_refuses_is_our_own_fault)
