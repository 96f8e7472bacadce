#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <haft/auth.h>
#include <haft/notify.h>

#include "host/check/edge.h"
#include "tests/check_main.h"

static const struct haft_notify_event events[2] = {
    {.seq = 1, .kind = {"run.started", 11}, .json = {"{}", 2}},
    {.seq = 2, .kind = {"run.ended", 9}, .json = {"{}", 2}},
};
static const struct haft_notify_deliver_in message = {
    .size = sizeof(message), .events = {events, 2, sizeof(events[0])}};

static const struct haft_notify_deliver_in *make(struct edge *edge,
                                                 enum edge_way way)
{
    edge_init(edge);
    return edge_message(edge, &haft_notify_deliver_in_record, &message, way);
}

static const struct haft_notify_event *
event(const struct haft_notify_deliver_in *in, uint32_t i)
{
    return (const void *)((const char *)in->events.p +
                          (size_t)i * in->events.stride);
}

static bool can_be_read(const char *at)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        close(STDERR_FILENO); /* a sanitizer would tell of it */
        _exit(*(const volatile char *)at == 0 ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

START_TEST(a_plain_message_says_the_same)
{
    struct edge edge;
    const struct haft_notify_deliver_in *in = make(&edge, EDGE_PLAIN);

    ck_assert_uint_eq(in->size, sizeof(*in));
    ck_assert_uint_eq(in->events.count, 2);
    ck_assert_uint_eq(event(in, 1)->seq, 2);
    ck_assert_uint_eq(event(in, 1)->kind.n, 9);
    ck_assert_mem_eq(event(in, 1)->kind.p, "run.ended", 9);
    edge_finish(&edge);
}
END_TEST

START_TEST(nothing_can_be_read_behind_a_message_its_items_and_its_texts)
{
    struct edge edge;
    const struct haft_notify_deliver_in *in = make(&edge, EDGE_PLAIN);
    const struct haft_slice *kind = &event(in, 0)->kind;

    ck_assert(can_be_read((const char *)&in->_0));
    ck_assert(!can_be_read((const char *)(in + 1)));
    ck_assert(!can_be_read((const char *)event(in, 2)));
    ck_assert(!can_be_read((const char *)kind->p + kind->n));
    edge_finish(&edge);
}
END_TEST

START_TEST(a_grown_message_has_longer_items_and_no_zeros_behind_what_is_known)
{
    struct edge edge;
    const struct haft_notify_deliver_in *in = make(&edge, EDGE_GROWN);

    ck_assert_uint_gt(in->size, sizeof(*in));
    ck_assert_uint_gt(in->events.stride, sizeof(events[0]));
    ck_assert_uint_eq(event(in, 1)->seq, 2);
    ck_assert_int_ne(((const char *)(in + 1))[0], 0);
    ck_assert_int_ne(((const char *)(event(in, 0) + 1))[0], 0);
    edge_finish(&edge);
}
END_TEST

START_TEST(texts_become_long_and_empty)
{
    struct edge edge;
    const struct haft_notify_deliver_in *in = make(&edge, EDGE_LONG);

    ck_assert_uint_eq(event(in, 0)->json.n, 2 + EDGE_LONG_BYTES);
    edge_finish(&edge);
    in = make(&edge, EDGE_EMPTY);
    ck_assert_uint_eq(event(in, 0)->json.n, 0);
    ck_assert_ptr_null(event(in, 0)->json.p);
    edge_finish(&edge);
}
END_TEST

START_TEST(a_zero_goes_into_bytes_and_not_into_text)
{
    const struct haft_auth_authenticate_in asked = {
        .size = sizeof(asked), .scheme = {"peer", 4}, .credential = {"key", 3}};
    const struct haft_auth_authenticate_in *in;
    struct edge edge;

    edge_init(&edge);
    in = edge_message(&edge, &haft_auth_authenticate_in_record, &asked,
                      EDGE_NUL);
    ck_assert_uint_eq(in->scheme.n, 4);
    ck_assert_ptr_nonnull(memchr(in->credential.p, 0, in->credential.n));
    edge_finish(&edge);
}
END_TEST

TEST_MAIN("edge", a_plain_message_says_the_same,
          nothing_can_be_read_behind_a_message_its_items_and_its_texts,
          a_grown_message_has_longer_items_and_no_zeros_behind_what_is_known,
          texts_become_long_and_empty, a_zero_goes_into_bytes_and_not_into_text)
