#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/plain/json.h"
#include "tests/check_main.h"

/* Logs go to a pipe; what was written is taken out of it. */
struct capture {
    int fds[2];
    char text[65536];
};

static void begin(struct capture *c)
{
    ck_assert_int_eq(pipe2(c->fds, O_CLOEXEC | O_NONBLOCK), 0);
    log_set_fd(c->fds[1]);
    log_set_level(LOG_LEVEL_DEBUG);
    log_set_format(LOG_FORMAT_TEXT);
}

static const char *take(struct capture *c)
{
    ssize_t size = read(c->fds[0], c->text, sizeof(c->text) - 1);

    c->text[size > 0 ? size : 0] = '\0';
    return c->text;
}

static void end(struct capture *c)
{
    log_set_fd(STDERR_FILENO);
    close(c->fds[0]);
    close(c->fds[1]);
}

START_TEST(an_event_is_one_line_with_time_level_and_module)
{
    struct capture c;
    const char *line;

    begin(&c);
    log_info("runner", "task ended task=%d status=%s", 81, "failed");
    line = take(&c);

    ck_assert_uint_gt(strlen(line), 24);
    ck_assert_int_eq(line[10], 'T');
    ck_assert_int_eq(line[23], 'Z');
    ck_assert_str_eq(line + 24,
                     " info runner: task ended task=81 status=failed\n");
    end(&c);
}
END_TEST

START_TEST(levels_above_the_one_set_write_nothing)
{
    struct capture c;

    begin(&c);
    log_set_level(LOG_LEVEL_WARN);
    log_info("m", "no");
    log_debug("m", "no");
    log_line(LOG_LEVEL_INFO, "m", "no");
    ck_assert_str_eq(take(&c), "");

    log_warn("m", "w");
    log_error("m", "e");
    ck_assert_ptr_nonnull(strstr(take(&c), " warn m: w\n"));
    ck_assert_ptr_nonnull(strstr(c.text, " error m: e\n"));
    end(&c);
}
END_TEST

static int computed;

static int compute(void)
{
    return ++computed;
}

START_TEST(arguments_of_an_unwanted_line_are_not_computed)
{
    struct capture c;

    begin(&c);
    log_set_level(LOG_LEVEL_INFO);
    log_debug("m", "n=%d", compute());
    ck_assert_int_eq(computed, 0);
    log_info("m", "n=%d", compute());
    ck_assert_int_eq(computed, 1);
    end(&c);
}
END_TEST

START_TEST(line_breaks_and_controls_cannot_forge_a_line)
{
    struct capture c;
    struct log_room room;

    begin(&c);
    log_info("m", "a\nb\033c name=%s", log_quoted(&room, "x\ny \"z\""));
    ck_assert_ptr_nonnull(
        strstr(take(&c), " m: a b c name=\"x\\x0ay \\\"z\\\"\"\n"));
    ck_assert_ptr_eq(strchr(c.text, '\n'), c.text + strlen(c.text) - 1);
    end(&c);
}
END_TEST

START_TEST(a_long_line_is_cut_and_says_so)
{
    struct capture c;
    char text[LOG_LINE_LIMIT * 2];
    size_t size;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    begin(&c);
    log_info("m", "%s", text);
    size = strlen(take(&c));

    ck_assert_uint_lt(size, LOG_LINE_LIMIT + 64);
    ck_assert_str_eq(c.text + size - 4, "...\n");
    end(&c);
}
END_TEST

START_TEST(quoted_text_fits_its_room_at_its_worst)
{
    struct log_room room;
    char text[1000];

    memset(text, 1, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_uint_eq(strlen(log_quoted(&room, text)), 80 * 4 + 5);
}
END_TEST

START_TEST(json_lines_are_objects_with_the_same_parts)
{
    struct capture c;
    struct str why;
    cJSON *line;

    str_init(&why, STR_WHY_LIMIT);
    begin(&c);
    log_set_format(LOG_FORMAT_JSON);
    log_error("guest",
              "plugin refused name=%s field=abi wanted=0.1 text=\"a \\\"b\\\" "
              "c\" n=-3",
              "x");
    take(&c);
    line = json_read(c.text, strlen(c.text), &why);
    ck_assert_msg(line != NULL, "%s: %s", why.text, c.text);

    ck_assert_uint_eq(strlen(json_get_text(line, "time", "")), 24);
    ck_assert_str_eq(json_get_text(line, "level", ""), "error");
    ck_assert_str_eq(json_get_text(line, "module", ""), "guest");
    ck_assert_str_eq(json_get_text(line, "event", ""), "plugin refused");
    ck_assert_str_eq(json_get_text(line, "name", ""), "x");
    ck_assert_str_eq(json_get_text(line, "wanted", ""), "0.1");
    ck_assert_str_eq(json_get_text(line, "text", ""), "a \"b\" c");
    ck_assert_str_eq(json_get_text(line, "n", ""), "-3");
    cJSON_Delete(line);
    str_finish(&why);
    end(&c);
}
END_TEST

START_TEST(json_of_odd_events_is_still_json)
{
    static const char *const odd[] = {"",
                                      "a=1",
                                      "a=",
                                      "a=\"open",
                                      "= = =",
                                      "x =1 b=2",
                                      "\xff\xfe k=\xff",
                                      "A=1 b==2"};
    struct capture c;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    begin(&c);
    log_set_format(LOG_FORMAT_JSON);
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        cJSON *line;

        log_info("m", "%s", odd[i]);
        take(&c);
        line = json_read(c.text, strlen(c.text), &why);
        ck_assert_msg(line != NULL, "%s: %s", why.text, c.text);
        cJSON_Delete(line);
    }
    str_finish(&why);
    end(&c);
}
END_TEST

START_TEST(levels_have_names_that_find_them)
{
    enum log_level level = LOG_LEVEL_ERROR;

    ck_assert(log_level_find("debug", &level));
    ck_assert_int_eq(level, LOG_LEVEL_DEBUG);
    ck_assert(!log_level_find("verbose", &level));
    ck_assert_int_eq(level, LOG_LEVEL_DEBUG);
    ck_assert_str_eq(log_level_name(LOG_LEVEL_WARN), "warn");
}
END_TEST

START_TEST(a_log_that_cannot_be_written_stops_nothing)
{
    struct capture c;

    begin(&c);
    log_set_fd(-1);
    log_error("m", "lost");
    log_set_fd(c.fds[1]);
    ck_assert_str_eq(take(&c), "");
    end(&c);
}
END_TEST

static void *log_many(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 100; i++) {
        log_info("thread", "one line n=%d", i);
    }
    return NULL;
}

START_TEST(lines_of_several_threads_do_not_mix)
{
    struct capture c;
    pthread_t threads[3];
    int lines = 0;

    begin(&c);
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, log_many, NULL);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    take(&c);
    for (char *p = c.text; *p; lines++) {
        ck_assert_int_eq(strncmp(p + 24, " info thread: one line n=", 25), 0);
        p = strchr(p, '\n') + 1;
    }
    ck_assert_int_eq(lines, 300);
    end(&c);
}
END_TEST

TEST_MAIN("log", an_event_is_one_line_with_time_level_and_module,
          levels_above_the_one_set_write_nothing,
          arguments_of_an_unwanted_line_are_not_computed,
          line_breaks_and_controls_cannot_forge_a_line,
          a_long_line_is_cut_and_says_so,
          quoted_text_fits_its_room_at_its_worst,
          json_lines_are_objects_with_the_same_parts,
          json_of_odd_events_is_still_json, levels_have_names_that_find_them,
          a_log_that_cannot_be_written_stops_nothing,
          lines_of_several_threads_do_not_mix)
