#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <haft/host.h>

#include "host/base/log.h"
#include "host/guest/builtin.h"
#include "tests/caged_main.h"
#include "tests/host/guest/fixture.h"

/* The order of builtin_services. */
enum service {
    LOG,
    CLOCK,
    LOOP
};

static struct fixture f;
static struct guest *actor; /* on the loop; hears haft.ready/1 */
static int ends[2];         /* of a pipe */

static void open_actor(void)
{
    log_set_fd(-1);
    fixture_open(&f, "[notify:looping]\n", NULL);
    actor = fixture_find(&f, "notify", "looping");
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static void close_actor(void)
{
    fixture_close(&f);
    close(ends[0]);
    close(ends[1]);
}

static haft_status ask(enum service service, uint32_t method, const void *in,
                       void *out)
{
    const struct guest_service *s = builtin_services[service].service;

    return s->methods[method](s->ctx, actor, NULL, in, out);
}

static haft_status watch(int fd, uint32_t events, uint64_t token)
{
    const struct haft_loop_watch_in in = {
        .size = sizeof(in), .fd = fd, .events = events, .token = token};

    return ask(LOOP, HAFT_LOOP_WATCH, &in, NULL);
}

static haft_status set_timer(uint64_t token, int64_t at_ms)
{
    const struct haft_loop_timer_in in = {
        .size = sizeof(in), .at_ms = at_ms, .token = token};

    return ask(LOOP, HAFT_LOOP_TIMER, &in, NULL);
}

/* Whether the last that the actor was told is `token`; 0: nothing yet. */
static bool was_told(uint64_t token)
{
    struct answer a;

    fixture_tell(actor, "told", token, INT64_MAX, &a);
    fixture_wait(&f, &a.count, 1);
    return a.status == HAFT_OK;
}

START_TEST(a_descriptor_that_may_be_read_tells_its_token)
{
    open_actor();
    ck_assert_int_eq(watch(ends[0], HAFT_LOOP_READ, 5), HAFT_OK);
    ck_assert(was_told(0));

    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    loop_wait(f.loop);

    ck_assert(was_told(5));
    close_actor();
}
END_TEST

START_TEST(a_descriptor_that_may_be_written_tells_its_token)
{
    open_actor();
    ck_assert_int_eq(watch(ends[1], HAFT_LOOP_WRITE, 6), HAFT_OK);

    loop_wait(f.loop);

    ck_assert(was_told(6));
    close_actor();
}
END_TEST

START_TEST(watching_again_changes_what_is_watched)
{
    open_actor();
    ck_assert_int_eq(watch(ends[1], HAFT_LOOP_WRITE, 6), HAFT_OK);
    ck_assert_int_eq(watch(ends[1], HAFT_LOOP_WRITE, 7), HAFT_OK);

    loop_wait(f.loop);

    ck_assert(was_told(7));
    close_actor();
}
END_TEST

START_TEST(what_is_watched_no_more_is_not_told)
{
    open_actor();
    ck_assert_int_eq(watch(ends[0], HAFT_LOOP_READ, 5), HAFT_OK);
    ck_assert_int_eq(watch(ends[0], 0, 0), HAFT_OK);

    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(set_timer(9, loop_tick_ms(f.loop)), HAFT_OK);
    loop_wait(f.loop);

    ck_assert(was_told(9));
    close_actor();
}
END_TEST

START_TEST(watching_nothing_of_what_is_not_watched_is_no_mistake)
{
    open_actor();
    ck_assert_int_eq(watch(ends[0], 0, 0), HAFT_OK);
    close_actor();
}
END_TEST

START_TEST(what_cannot_be_watched_is_refused)
{
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

    open_actor();
    ck_assert_int_eq(watch(-1, HAFT_LOOP_READ, 1), -HAFT_INVALID);
    ck_assert_int_eq(watch(ends[0], HAFT_LOOP_ERROR, 1), -HAFT_INVALID);
    ck_assert_int_eq(watch(1023, HAFT_LOOP_READ, 1), -HAFT_INVALID);
    ck_assert_int_eq(close(file), 0);
    /* What was refused is not remembered either. */
    ck_assert_int_eq(watch(file, HAFT_LOOP_READ, 1), -HAFT_INVALID);
    close_actor();
}
END_TEST

START_TEST(a_timer_that_is_set_again_moves)
{
    open_actor();
    ck_assert_int_eq(set_timer(3, loop_tick_ms(f.loop) + 3600000), HAFT_OK);
    ck_assert_int_eq(set_timer(3, loop_tick_ms(f.loop)), HAFT_OK);

    loop_wait(f.loop);

    ck_assert(was_told(3));
    close_actor();
}
END_TEST

START_TEST(a_timer_that_is_cleared_does_not_go_off)
{
    open_actor();
    ck_assert_int_eq(set_timer(4, loop_tick_ms(f.loop)), HAFT_OK);
    ck_assert_int_eq(set_timer(3, loop_tick_ms(f.loop)), HAFT_OK);
    ck_assert_int_eq(set_timer(3, 0), HAFT_OK);
    ck_assert_int_eq(set_timer(8, 0), HAFT_OK); /* never was one */

    loop_wait(f.loop);

    ck_assert(was_told(4));
    close_actor();
}
END_TEST

START_TEST(a_posted_token_comes_back)
{
    const struct haft_loop_post_in in = {.size = sizeof(in), .token = 11};

    open_actor();
    ck_assert_int_eq(ask(LOOP, HAFT_LOOP_POST, &in, NULL), HAFT_OK);

    ck_assert(was_told(11));
    close_actor();
}
END_TEST

START_TEST(the_clock_tells_the_loops_time_and_the_worlds)
{
    struct haft_clock_now_out out = {.size = sizeof(out)};
    int64_t monotonic_ms;
    int64_t real_ms;

    open_actor();
    monotonic_ms = loop_tick_ms(f.loop);
    real_ms = loop_clock_ms();
    ck_assert_int_eq(ask(CLOCK, HAFT_CLOCK_NOW, NULL, &out), HAFT_OK);

    ck_assert_int_ge(out.monotonic_ms, monotonic_ms);
    ck_assert_int_le(out.monotonic_ms, loop_tick_ms(f.loop));
    ck_assert_int_ge(out.real_ms, real_ms);
    close_actor();
}
END_TEST

/* What the actor's note becomes in the log, "" if nothing. */
static const char *logged(uint32_t level, const struct haft_pair *facts,
                          uint32_t count)
{
    static char line[1024];
    const struct haft_log_write_in in = {
        .size = sizeof(in),
        .level = level,
        .event = {"it went\nwell", 12},
        .facts = {facts, count, sizeof(*facts)},
    };
    ssize_t size;

    log_set_fd(ends[1]);
    ck_assert_int_eq(ask(LOG, HAFT_LOG_WRITE, &in, NULL), HAFT_OK);
    log_set_fd(-1);
    size = read(ends[0], line, sizeof(line) - 1);
    line[size > 0 ? size : 0] = '\0';
    return line;
}

START_TEST(a_note_of_a_plugin_is_one_line_with_its_facts)
{
    static const struct haft_pair facts[] = {
        {{"path", 4}, {"/a b", 4}},
        {{"Bad Name", 8}, {"1", 1}},
    };
    const char *line;

    open_actor();
    log_set_level(LOG_LEVEL_INFO);
    line = logged(HAFT_LOG_INFO, facts, 2);

    ck_assert_ptr_nonnull(
        strstr(line, "info plugin: said kind=notify name=looping event="));
    ck_assert_ptr_nonnull(strstr(line, "went\\x0awell"));
    ck_assert_ptr_nonnull(strstr(line, " path=\"/a b\" _ad__ame=\"1\"\n"));
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    close_actor();
}
END_TEST

START_TEST(a_note_below_the_level_is_not_written)
{
    open_actor();
    log_set_level(LOG_LEVEL_WARN);

    ck_assert_str_eq(logged(HAFT_LOG_INFO, NULL, 0), "");
    ck_assert_str_ne(logged(HAFT_LOG_WARN, NULL, 0), "");
    close_actor();
}
END_TEST

START_TEST(a_level_that_is_none_is_taken_for_the_lowest)
{
    open_actor();
    log_set_level(LOG_LEVEL_INFO);
    ck_assert_str_eq(logged(99, NULL, 0), "");
    log_set_level(LOG_LEVEL_DEBUG);

    ck_assert_ptr_nonnull(strstr(logged(99, NULL, 0), "debug plugin: said"));
    close_actor();
}
END_TEST

CAGED_MAIN("builtin", a_descriptor_that_may_be_read_tells_its_token,
           a_descriptor_that_may_be_written_tells_its_token,
           watching_again_changes_what_is_watched,
           what_is_watched_no_more_is_not_told,
           watching_nothing_of_what_is_not_watched_is_no_mistake,
           what_cannot_be_watched_is_refused, a_timer_that_is_set_again_moves,
           a_timer_that_is_cleared_does_not_go_off, a_posted_token_comes_back,
           the_clock_tells_the_loops_time_and_the_worlds,
           a_note_of_a_plugin_is_one_line_with_its_facts,
           a_note_below_the_level_is_not_written,
           a_level_that_is_none_is_taken_for_the_lowest)
