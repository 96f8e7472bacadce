/* The JSON Schema against the reader, judged by an implementation that is not
 * ours: Python's jsonschema. Every example of docs/workflow.md must fit it, and
 * files that are refused for their form must not. Skipped where Python or the
 * package is missing. */
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "tests/host/flow/examples.h"

#define SKIPPED 77

extern char **environ;

/* Reads JSON lines: the schema, then `+` or `-` and a document each. */
static const char judge[] =
    "import json, sys, jsonschema\n"
    "lines = sys.stdin.read().split('\\n')\n"
    "schema = json.loads(lines[0])\n"
    "judge = jsonschema.validators.validator_for(schema)\n"
    "judge.check_schema(schema)\n"
    "judge = judge(schema)\n"
    "bad = 0\n"
    "for line in lines[1:]:\n"
    "    if not line: continue\n"
    "    errors = [e.message for e in "
    "judge.iter_errors(json.loads(line[1:]))]\n"
    "    if bool(errors) == (line[0] == '+'):\n"
    "        print(line, errors)\n"
    "        bad += 1\n"
    "sys.exit(1 if bad else 0)\n";

/* Its exit status as of waitpid, or -1. */
static int spawn_python(char *program, FILE *stream)
{
    char name[] = "python3";
    char option[] = "-c";
    char *argv[] = {name, option, program, NULL};
    posix_spawn_file_actions_t actions;
    int status = -1;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(stream), 0);
    if (posix_spawnp(&pid, name, &actions, NULL, argv, environ) == 0) {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

static int run_python(const char *program, const struct str *input)
{
    char *copy = mem_text(program, strlen(program));
    FILE *stream = tmpfile();
    int status = -1;

    if (stream && fwrite(input->text, 1, input->size, stream) == input->size) {
        rewind(stream);
        status = spawn_python(copy, stream);
    }
    if (stream) {
        fclose(stream);
    }
    mem_free(copy);
    return status;
}

/* Wrong in form, so that both the reader and the schema must refuse them. */
static const char *const wrong[] = {
    "[]",
    "{}",
    "{\"version\":1}",
    "{\"version\":2,\"tasks\":{\"t\":{\"run\":\"x\"}}}",
    "{\"version\":1,\"tasks\":{}}",
    "{\"version\":1,\"tasks\":{\"T\":{\"run\":\"x\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":\"x\"}}",
    "{\"version\":1,\"tasks\":{\"t\":{}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\" \"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":1}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"command\":[\"y\"]}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"command\":\"x\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"command\":[]}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"command\":[1]}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"command\":[\"x\"],\"shell\":[\"y\"]}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"user\":\"y\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"steps\":[]}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"needs\":{}}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"if\":1}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"env\":{\"A\":1}}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"env\":{\"HAFT_A\":\"\"}}}"
    "}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"timeout\":10}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"timeout\":\"10\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"timeout\":{\"x\":\"1s\"}}"
    "}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"retry\":-1}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"retry\":1.5}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"retry\":{\"for\":[\"X\"]}"
    "}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"retry\":{\"exit\":[0]}}}"
    "}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"priority\":\"high\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"priority\":1001}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"max_parallel\":1}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"each\":{}}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"each\":{\"a\":1}}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"on_fail\":\"go\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"on_unknown\":\"go\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"idempotent\":1}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\",\"executor\":\"A b\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}},\"name\":\"A\"}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}},\"jobs\":{}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}},\"labels\":{\"a\":1}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}},\"params\":{\"a\":1}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}},"
    "\"params\":{\"a\":{\"type\":\"text\"}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}},"
    "\"params\":{\"a\":{\"default\":null}}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}},"
    "\"defaults\":{\"priority\":1}}",
    "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}},\"finally\":{\"f\":{}}}",
};

START_TEST(the_schema_takes_what_the_reader_takes)
{
    struct workflow_source source = {.name = "wrong"};
    char *page = examples_page();
    struct workflow *w;
    struct str input;
    struct str why;
    size_t at = 0;

    str_init(&input, (size_t)1 << 22);
    str_init(&why, 65536);
    workflow_schema(&input);
    for (w = examples_next(page, &at); w; w = examples_next(page, &at)) {
        str_addf(&input, "\n+%s", w->canonical);
        workflow_destroy(w);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!workflow_read(wrong[i], strlen(wrong[i]), &source, &why),
                      "%s was taken", wrong[i]);
        str_addf(&input, "\n-%s", wrong[i]);
    }
    ck_assert(!input.is_cut);
    ck_assert_int_eq(run_python(judge, &input), 0);
    str_finish(&input);
    str_finish(&why);
    mem_free(page);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_schema_takes_what_the_reader_takes};
    struct str nothing;

    str_init(&nothing, 1);
    if (run_python("import jsonschema; jsonschema.Draft202012Validator",
                   &nothing) != 0) {
        puts("skipped: python3 with its package jsonschema (4.0 or later) "
             "is not there to judge the schema");
        return SKIPPED;
    }
    return check_run("schema", tests, 1);
}
