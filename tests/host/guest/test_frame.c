#include <sys/socket.h>

#include "host/guest/frame.h"
#include "tests/check_main.h"

#define ROOM (1u << 20)

static struct link ends[2];

static void set_up(void)
{
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    link_init(&ends[0], fds[0]);
    link_init(&ends[1], fds[1]);
}

static void tear_down(void)
{
    link_finish(&ends[0]);
    link_finish(&ends[1]);
}

static bool put(uint32_t type)
{
    static const char bytes[4096];
    const struct frame_done m = {.size = sizeof(m),
                                 .out = {bytes, sizeof(bytes)}};

    return link_put(&ends[0], type, &frame_done_record, &m);
}

/* Whoever always has something waiting never comes to an empty buffer. */
START_TEST(what_was_written_takes_no_room)
{
    size_t taken = 0;
    struct frame frame;

    set_up();
    ends[0].out.limit = ROOM;
    while (link_write(&ends[0]) == 1) {
        ck_assert(put(FRAME_DONE));
    }
    for (int i = 0; i < 64; i++) { /* so that some always waits */
        ck_assert(put(FRAME_DONE));
    }
    while (taken < 4 * ROOM) {
        ck_assert_int_eq(link_read(&ends[1]), 1);
        while (link_take(&ends[1], &frame) == 1) {
            taken += frame.size;
            ck_assert_msg(put(FRAME_DONE), "no room after %zu bytes", taken);
        }
        ck_assert_int_eq(link_write(&ends[0]), 0);
    }
    tear_down();
}
END_TEST

START_TEST(what_nobody_reads_is_refused_whole_at_the_limit)
{
    size_t before;

    set_up();
    ends[0].out.limit = ROOM;
    while (put(FRAME_DONE)) {
    }
    before = ends[0].out.size;
    ck_assert_uint_le(before, ROOM);
    ck_assert(!put(FRAME_DONE));
    ck_assert_uint_eq(ends[0].out.size, before);
    tear_down();
}
END_TEST

START_TEST(frames_arrive_in_order_and_whole)
{
    uint32_t count = 0;
    struct frame frame;

    set_up();
    while (count < 100) {
        ck_assert(put(++count));
    }
    for (uint32_t taken = 0; taken < count;) {
        ck_assert_int_ge(link_write(&ends[0]), 0);
        ck_assert_int_eq(link_read(&ends[1]), 1);
        while (link_take(&ends[1], &frame) == 1) {
            ck_assert_uint_eq(frame.type, ++taken);
            ck_assert_uint_gt(frame.size, 4096);
        }
    }
    ck_assert_int_eq(link_take(&ends[1], &frame), 0);
    tear_down();
}
END_TEST

TEST_MAIN("frame", what_was_written_takes_no_room,
          what_nobody_reads_is_refused_whole_at_the_limit,
          frames_arrive_in_order_and_whole)
