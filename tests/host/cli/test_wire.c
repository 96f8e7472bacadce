#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/cli/wire.h"
#include "host/plain/json.h"
#include "tests/check_main.h"

/* An asker, and the test in the host's place at the other end. */
struct link {
    struct loop *loop;
    struct wire_client *wire;
    int host;
    char heard[1024]; /* what was answered, in order */
};

static void hear(struct link *l, const char *what, const char *text)
{
    size_t size = strlen(l->heard);

    snprintf(l->heard + size, sizeof(l->heard) - size, "%s %s;", what, text);
}

static void on_event(void *ctx, const char *json, size_t size)
{
    ck_assert_uint_eq(strlen(json), size);
    hear(ctx, "event", json);
}

static void on_result(void *ctx, const char *json, size_t size)
{
    ck_assert_uint_eq(strlen(json), size);
    hear(ctx, "result", json);
}

static void on_error(void *ctx, const struct fault *fault)
{
    char text[256];

    snprintf(text, sizeof(text), "%s %s %s",
             fault_row(fault->fault_class)->name, fault->code, fault->message);
    hear(ctx, "error", text);
}

static void open_link(struct link *l)
{
    int ends[2];

    memset(l, 0, sizeof(*l));
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    l->host = ends[1];
    l->loop = loop_create();
    l->wire = wire_client_create(l->loop, ends[0]);
}

static void close_link(struct link *l)
{
    wire_client_destroy(l->wire);
    loop_destroy(l->loop);
    if (l->host >= 0) {
        close(l->host);
    }
}

static void ask(struct link *l, const char *op, const char *params)
{
    const struct op_answer answer = {on_event, on_result, on_error, l};

    wire_client_ask(l->wire, op, params ? cJSON_Parse(params) : NULL, &answer);
}

static void say(struct link *l, const char *text)
{
    ck_assert_int_eq(write(l->host, text, strlen(text)), (long)strlen(text));
    loop_wait(l->loop);
}

START_TEST(a_question_is_one_line)
{
    struct link l;
    char line[256] = "";

    open_link(&l);
    ask(&l, "run.get", "{\"run\":\"last\"}");
    ask(&l, "host.status", NULL);

    ck_assert_int_gt(read(l.host, line, sizeof(line) - 1), 0);
    ck_assert_str_eq(
        line,
        "{\"v\":1,\"id\":1,\"op\":\"run.get\",\"params\":{\"run\":\"last\"}}\n"
        "{\"v\":1,\"id\":2,\"op\":\"host.status\"}\n");
    close_link(&l);
}
END_TEST

START_TEST(an_answer_finds_its_question)
{
    struct link l;
    struct link other;
    const struct op_answer answer = {on_event, on_result, on_error, &other};

    open_link(&l);
    open_link(&other);
    ask(&l, "a", NULL);
    wire_client_ask(l.wire, "b", NULL, &answer);

    say(&l, "{\"id\":2,\"result\":{\"n\":2}}\n");

    ck_assert_str_eq(other.heard, "result {\"n\":2};");
    ck_assert_str_eq(l.heard, "");
    close_link(&other);
    close_link(&l);
}
END_TEST

START_TEST(events_come_before_the_last_word)
{
    struct link l;

    open_link(&l);
    ask(&l, "run.events", NULL);

    say(&l, "{\"id\":1,\"event\":{\"seq\":1}}\n{\"id\":1,\"event\":{\"seq\":"
            "2}}\n{\"id\":1,\"result\":{}}\n");

    ck_assert_str_eq(l.heard, "event {\"seq\":1};event {\"seq\":2};result {};");
    close_link(&l);
}
END_TEST

START_TEST(after_the_last_word_nothing_is_heard)
{
    struct link l;

    open_link(&l);
    ask(&l, "a", NULL);

    say(&l, "{\"id\":1,\"result\":{}}\n{\"id\":1,\"event\":{}}\n"
            "{\"id\":1,\"result\":{}}\n{\"id\":9,\"result\":{}}\n");

    ck_assert_str_eq(l.heard, "result {};");
    ck_assert_ptr_null(wire_client_why(l.wire));
    close_link(&l);
}
END_TEST

START_TEST(a_line_may_come_in_pieces)
{
    struct link l;

    open_link(&l);
    ask(&l, "a", NULL);

    say(&l, "{\"id\":1,\"res");
    ck_assert_str_eq(l.heard, "");
    say(&l, "ult\":{\"n\":1}}");
    ck_assert_str_eq(l.heard, "");
    say(&l, "\n");

    ck_assert_str_eq(l.heard, "result {\"n\":1};");
    close_link(&l);
}
END_TEST

START_TEST(an_error_keeps_its_class)
{
    struct link l;

    open_link(&l);
    ask(&l, "a", NULL);

    say(&l, "{\"id\":1,\"error\":{\"class\":\"NOT_FOUND\",\"code\":"
            "\"host.run_unknown\",\"message\":\"no such run\"}}\n");

    ck_assert_str_eq(l.heard, "error NOT_FOUND host.run_unknown no such run;");
    close_link(&l);
}
END_TEST

START_TEST(a_class_of_a_newer_host_is_an_internal_error)
{
    struct link l;

    open_link(&l);
    ask(&l, "a", NULL);

    say(&l, "{\"id\":1,\"error\":{\"class\":\"MELTED\",\"message\":\"m\"}}\n");

    ck_assert_str_eq(l.heard, "error INTERNAL  m;");
    close_link(&l);
}
END_TEST

START_TEST(an_error_of_no_question_ends_the_link)
{
    struct link l;

    open_link(&l);
    ask(&l, "a", NULL);

    say(&l, "{\"id\":0,\"error\":{\"message\":\"too many connections\"}}\n");

    ck_assert_str_eq(wire_client_why(l.wire), "too many connections");
    ck_assert_str_eq(l.heard, "");
    close_link(&l);
}
END_TEST

START_TEST(a_line_that_is_no_json_ends_the_link)
{
    struct link l;

    open_link(&l);

    say(&l, "HTTP/1.1 400 Bad Request\n");

    ck_assert_str_eq(wire_client_why(l.wire),
                     "the host sent a line that is no JSON");
    close_link(&l);
}
END_TEST

START_TEST(a_host_that_goes_ends_the_link)
{
    struct link l;

    open_link(&l);
    ck_assert_ptr_null(wire_client_why(l.wire));
    close(l.host);
    l.host = -1;
    loop_wait(l.loop);

    ck_assert_str_eq(wire_client_why(l.wire),
                     "the host has closed the connection");
    ask(&l, "a", NULL); /* goes nowhere, and does no harm */
    ck_assert_str_eq(l.heard, "");
    close_link(&l);
}
END_TEST

/* Reads what has come until there is a line; bytes of it, 0: not yet whole. */
static size_t drain(struct link *l, size_t *seen)
{
    char piece[65536];
    ssize_t n = recv(l->host, piece, sizeof(piece), MSG_DONTWAIT);

    while (n > 0) {
        *seen += (size_t)n;
        if (piece[n - 1] == '\n') {
            return *seen;
        }
        n = recv(l->host, piece, sizeof(piece), MSG_DONTWAIT);
    }
    return 0;
}

START_TEST(a_question_larger_than_the_sockets_room_arrives_whole)
{
    const size_t size = 4 << 20;
    char *text = malloc(size + 1);
    struct link l;
    const struct op_answer answer = {on_event, on_result, on_error, &l};
    cJSON *params = cJSON_CreateObject();
    size_t seen = 0;
    size_t whole;

    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    text[size] = '\0';
    cJSON_AddStringToObject(params, "document", text);
    open_link(&l);
    wire_client_ask(l.wire, "run.submit", params, &answer);
    whole = drain(&l, &seen);
    ck_assert_uint_eq(whole, 0); /* the room was not enough */
    while (whole == 0) {
        loop_wait(l.loop);
        whole = drain(&l, &seen);
    }

    ck_assert_uint_eq(whole,
                      size + strlen("{\"v\":1,\"id\":1,\"op\":\"run.submit\","
                                    "\"params\":{\"document\":\"\"}}\n"));
    say(&l, "{\"id\":1,\"result\":{}}\n");
    ck_assert_str_eq(l.heard, "result {};");
    close_link(&l);
    free(text);
}
END_TEST

TEST_MAIN("wire", a_question_is_one_line, an_answer_finds_its_question,
          events_come_before_the_last_word,
          after_the_last_word_nothing_is_heard, a_line_may_come_in_pieces,
          an_error_keeps_its_class,
          a_class_of_a_newer_host_is_an_internal_error,
          an_error_of_no_question_ends_the_link,
          a_line_that_is_no_json_ends_the_link, a_host_that_goes_ends_the_link,
          a_question_larger_than_the_sockets_room_arrives_whole)
