#include <string.h>
#include <unistd.h>

#include "host/check/stage.h"
#include "tests/check_main.h"

static struct stage s;

static const struct haft_interface *service(const char *id)
{
    for (size_t i = 0; i < STAGE_SERVICES; i++) {
        if (strcmp(stage_services[i]->id, id) == 0) {
            return stage_services[i];
        }
    }
    ck_abort_msg("no service %s", id);
    return NULL;
}

static haft_status ask(const char *id, uint32_t method, const void *in,
                       void *out)
{
    return stage_serve(&s, service(id), method, in, out);
}

static uint64_t start(uint64_t id)
{
    const struct haft_process_start_in in = {.size = sizeof(in), .id = id};
    struct haft_process_start_out out = {.size = sizeof(out)};

    ck_assert_int_eq(ask(HAFT_PROCESS_V1, HAFT_PROCESS_START, &in, &out),
                     HAFT_OK);
    return out.id;
}

static uint32_t find(uint64_t id)
{
    const struct haft_process_id_in in = {.size = sizeof(in), .id = id};
    struct haft_process_find_out out = {.size = sizeof(out)};

    ck_assert_int_eq(ask(HAFT_PROCESS_V1, HAFT_PROCESS_FIND, &in, &out),
                     HAFT_OK);
    return out.state;
}

/* The next news must be of that method. */
static struct stage_news expect(uint32_t method)
{
    struct stage_news news = {0};

    ck_assert(stage_take(&s, &news));
    ck_assert_str_eq(news.interface->id, HAFT_CHILD_V1);
    ck_assert_uint_eq(news.method, method);
    return news;
}

START_TEST(a_child_starts_and_has_ended)
{
    struct stage_news news;

    stage_init(&s);
    ck_assert_uint_eq(start(7), 7);
    ck_assert_uint_eq(expect(HAFT_CHILD_STARTED).in.started.id, 7);
    ck_assert_uint_eq(expect(HAFT_CHILD_ENDED).in.ended.id, 7);
    ck_assert(!stage_take(&s, &news));
    ck_assert_uint_ne(start(0), start(0));
    stage_finish(&s);
}
END_TEST

START_TEST(a_child_that_is_held_ends_when_it_is_signalled)
{
    const struct haft_process_signal_in kill = {sizeof(kill), 15, 7};
    struct stage_news news;

    stage_init(&s);
    s.holds = true;
    start(7);
    expect(HAFT_CHILD_STARTED);
    ck_assert(!stage_take(&s, &news));
    ck_assert_uint_eq(find(7), HAFT_PROCESS_RUNNING);
    ask(HAFT_PROCESS_V1, HAFT_PROCESS_SIGNAL, &kill, NULL);
    ck_assert_int_eq(expect(HAFT_CHILD_ENDED).in.ended.signal, 15);
    stage_finish(&s);
}
END_TEST

START_TEST(an_end_is_told_again_until_the_release)
{
    const struct haft_process_id_in id = {sizeof(id), 0, 7};

    stage_init(&s);
    start(7);
    expect(HAFT_CHILD_STARTED);
    expect(HAFT_CHILD_ENDED);
    ck_assert_uint_eq(find(7), HAFT_PROCESS_ENDED);
    expect(HAFT_CHILD_ENDED);
    ask(HAFT_PROCESS_V1, HAFT_PROCESS_RELEASE, &id, NULL);
    ck_assert_uint_eq(find(7), HAFT_PROCESS_UNKNOWN);
    stage_finish(&s);
}
END_TEST

START_TEST(descriptors_times_and_posts_are_told)
{
    int ends[2];
    struct haft_loop_watch_in watch = {
        .size = sizeof(watch), .events = HAFT_LOOP_WRITE, .token = 1};
    struct haft_loop_timer_in timer = {
        .size = sizeof(timer), .at_ms = 1, .token = 2};
    struct haft_loop_post_in post = {.size = sizeof(post), .token = 3};
    struct stage_news news;

    stage_init(&s);
    ck_assert_int_eq(pipe(ends), 0);
    watch.fd = ends[1];
    ask(HAFT_LOOP_V1, HAFT_LOOP_POST, &post, NULL);
    ck_assert(!stage_waits(&s));
    ask(HAFT_LOOP_V1, HAFT_LOOP_WATCH, &watch, NULL);
    ask(HAFT_LOOP_V1, HAFT_LOOP_TIMER, &timer, NULL);
    ck_assert(stage_waits(&s));
    stage_wait(&s, 0);
    ck_assert(stage_take(&s, &news) && news.in.ready.token == 3);
    ck_assert(stage_take(&s, &news) && news.in.ready.token == 1);
    ck_assert_uint_eq(news.in.ready.events, HAFT_LOOP_WRITE);
    ck_assert(stage_take(&s, &news) && news.in.ready.token == 2);
    watch.events = 0;
    ask(HAFT_LOOP_V1, HAFT_LOOP_WATCH, &watch, NULL);
    ck_assert(!stage_waits(&s));
    close(ends[0]);
    close(ends[1]);
    stage_finish(&s);
}
END_TEST

START_TEST(one_question_is_refused)
{
    const struct haft_log_write_in in = {.size = sizeof(in)};

    stage_init(&s);
    s.refused = 2;
    ck_assert_int_eq(ask(HAFT_LOG_V1, HAFT_LOG_WRITE, &in, NULL), HAFT_OK);
    ck_assert_int_eq(ask(HAFT_LOG_V1, HAFT_LOG_WRITE, &in, NULL),
                     -HAFT_TRANSIENT);
    ck_assert_int_eq(ask(HAFT_LOG_V1, HAFT_LOG_WRITE, &in, NULL), HAFT_OK);
    stage_finish(&s);
}
END_TEST

START_TEST(what_breaks_a_table_is_remembered)
{
    const struct haft_log_write_in in = {.size = sizeof(in),
                                         .event = {"\xff", 1}};

    stage_init(&s);
    ck_assert_int_eq(ask(HAFT_LOG_V1, HAFT_LOG_WRITE, &in, NULL),
                     -HAFT_INVALID);
    ck_assert_ptr_nonnull(strstr(s.wrong.text, "haft.log/1 write"));
    stage_finish(&s);
}
END_TEST

START_TEST(reports_are_counted_by_attempt)
{
    const struct haft_attempt_ended_in in = {
        .size = sizeof(in), .attempt = 7, .fence = 3, .exit_code = 1};

    stage_init(&s);
    ask(HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, &in, NULL);
    ask(HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, &in, NULL);
    ck_assert_uint_eq(stage_count(&s, HAFT_ATTEMPT_ENDED, 7), 2);
    ck_assert_uint_eq(stage_count(&s, HAFT_ATTEMPT_ENDED, 8), 0);
    ck_assert_uint_eq(stage_end(&s, 7)->fence, 3);
    ck_assert_ptr_null(stage_end(&s, 8));
    stage_finish(&s);
}
END_TEST

TEST_MAIN("stage", a_child_starts_and_has_ended,
          a_child_that_is_held_ends_when_it_is_signalled,
          an_end_is_told_again_until_the_release,
          descriptors_times_and_posts_are_told, one_question_is_refused,
          what_breaks_a_table_is_remembered, reports_are_counted_by_attempt)
