#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "host/cli/view.h"
#include "host/plain/json.h"
#include "tests/check_main.h"

/* What a view wrote: standard output goes to a file or a terminal of its own
 * between open and close. */
struct screen {
    struct loop *loop;
    struct view *view;
    int saved[3]; /* the descriptors 1 and 2 of the test */
    FILE *file;   /* NULL: a terminal */
    int terminal; /* the side that reads */
    char text[16384];
};

static void redirect(struct screen *s, int out, int err)
{
    fflush(stdout);
    fflush(stderr);
    s->saved[1] = dup(STDOUT_FILENO);
    s->saved[2] = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(out, STDOUT_FILENO), 0);
    ck_assert_int_ge(dup2(err, STDERR_FILENO), 0);
}

static void restore(struct screen *s)
{
    fflush(stdout);
    fflush(stderr);
    for (int fd = 1; fd <= 2; fd++) {
        dup2(s->saved[fd], fd);
        close(s->saved[fd]);
    }
}

static struct screen *open_file(enum view_form form)
{
    struct screen *s = calloc(1, sizeof(*s));

    ck_assert_ptr_nonnull(s);
    s->file = tmpfile();
    ck_assert_ptr_nonnull(s->file);
    s->loop = loop_create();
    s->view = view_create(form, s->loop);
    redirect(s, fileno(s->file), fileno(s->file));
    return s;
}

/* A window of that size; 0 rows: one that does not know its own. */
static struct screen *open_terminal(unsigned short rows, unsigned short columns)
{
    struct screen *s = calloc(1, sizeof(*s));
    const struct winsize window = {.ws_row = rows, .ws_col = columns};
    struct termios raw;
    int fd;

    ck_assert_ptr_nonnull(s);
    s->terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(s->terminal, 0);
    ck_assert_int_eq(grantpt(s->terminal), 0);
    ck_assert_int_eq(unlockpt(s->terminal), 0);
    fd = open(ptsname(s->terminal), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(tcgetattr(fd, &raw), 0);
    cfmakeraw(&raw);
    ck_assert_int_eq(tcsetattr(fd, TCSANOW, &raw), 0);
    ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &window), 0);
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    s->loop = loop_create();
    s->view = view_create(VIEW_LIVE, s->loop);
    redirect(s, fd, fd);
    close(fd);
    return s;
}

/* All that was written, once nothing more is; the test has its own standard
 * output back. */
static const char *see(struct screen *s)
{
    size_t size = 0;
    ssize_t n = 1;

    restore(s);
    if (s->file) {
        rewind(s->file);
        size = fread(s->text, 1, sizeof(s->text) - 1, s->file);
    }
    while (!s->file && n > 0) {
        n = read(s->terminal, s->text + size, sizeof(s->text) - 1 - size);
        size += n > 0 ? (size_t)n : 0;
    }
    s->text[size] = '\0';
    return s->text;
}

static void shut(struct screen *s)
{
    view_destroy(s->view);
    loop_destroy(s->loop);
    if (s->file) {
        fclose(s->file);
    } else {
        close(s->terminal);
    }
    free(s);
}

static void begin(struct screen *s, const char *run)
{
    cJSON *tree = cJSON_Parse(run);

    ck_assert_msg(tree != NULL, "%s", run);
    view_begin(s->view, tree);
    cJSON_Delete(tree);
}

static void finish(struct screen *s, const char *run)
{
    cJSON *tree = cJSON_Parse(run);

    ck_assert_msg(tree != NULL, "%s", run);
    view_end(s->view, tree);
    cJSON_Delete(tree);
}

static void tell(struct screen *s, const char *event)
{
    view_event(s->view, event, strlen(event));
}

static void ck_has(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in \"%s\"", part,
                  text);
}

static void ck_lacks(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "\"%s\" in \"%s\"", part, text);
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;

    for (text = strstr(text, part); text; text = strstr(text + 1, part)) {
        found++;
    }
    return found;
}

#define RUN_BEGUN                                                              \
    "{\"id\":\"r1\",\"workflow\":\"ship\",\"created_ms\":1000,"                \
    "\"state\":\"running\",\"tasks_list\":["                                   \
    "{\"name\":\"build\",\"state\":\"running\",\"tries\":1,"                   \
    "\"started_ms\":1000},{\"name\":\"test\",\"state\":\"waiting\"}]}"

#define RUN_DONE                                                               \
    "{\"id\":\"r1\",\"workflow\":\"ship\",\"created_ms\":1000,"                \
    "\"ended_ms\":3500,\"state\":\"succeeded\",\"tasks_list\":["               \
    "{\"name\":\"build\",\"state\":\"succeeded\",\"tries\":1,"                 \
    "\"started_ms\":1000,\"ended_ms\":2000}]}"

#define RUN_FAILED                                                             \
    "{\"id\":\"r1\",\"workflow\":\"ship\",\"created_ms\":1000,"                \
    "\"ended_ms\":3500,\"state\":\"failed\",\"tasks_list\":["                  \
    "{\"name\":\"build\",\"state\":\"succeeded\",\"tries\":1,"                 \
    "\"started_ms\":1000,\"ended_ms\":2000},"                                  \
    "{\"name\":\"flaky\",\"state\":\"succeeded\",\"tries\":3,"                 \
    "\"started_ms\":1000,\"ended_ms\":2000},"                                  \
    "{\"name\":\"test\",\"state\":\"failed\",\"tries\":1,"                     \
    "\"started_ms\":2000,\"ended_ms\":3200,"                                   \
    "\"fault\":{\"message\":\"exit code 3\"}}]}"

START_TEST(the_quiet_form_says_nothing_of_a_success)
{
    struct screen *s = open_file(VIEW_QUIET);

    begin(s, RUN_BEGUN);
    tell(s, "{\"kind\":\"task.started\",\"task\":\"build\"}");
    finish(s, RUN_DONE);

    ck_assert_str_eq(see(s), "");
    shut(s);
}
END_TEST

START_TEST(the_quiet_form_says_what_failed)
{
    struct screen *s = open_file(VIEW_QUIET);

    begin(s, RUN_BEGUN);
    finish(s, RUN_FAILED);

    ck_assert_str_eq(see(s), "\n"
                             "TASK   STATE      TRIES  TOOK  WHY\n"
                             "flaky  succeeded  3      1.0s  \n"
                             "test   failed     1      1.2s  exit code 3\n"
                             "ship failed in 2.5s\n");
    shut(s);
}
END_TEST

START_TEST(the_json_form_is_the_events_and_no_more)
{
    struct screen *s = open_file(VIEW_JSON);

    begin(s, RUN_BEGUN);
    tell(s, "{\"seq\":1}");
    tell(s, "{\"seq\":2}");
    finish(s, RUN_FAILED);

    ck_assert_str_eq(see(s), "{\"seq\":1}\n{\"seq\":2}\n");
    shut(s);
}
END_TEST

START_TEST(lines_tell_events_in_words)
{
    struct screen *s = open_file(VIEW_LINES);

    begin(s, RUN_BEGUN);
    tell(s, "{\"kind\":\"run.cancelling\",\"run\":\"r1\"}");
    tell(s, "{\"kind\":\"task.started\",\"task\":\"build\"}");
    tell(s, "{\"kind\":\"task.done\",\"task\":\"build\","
            "\"state\":\"succeeded\"}");
    tell(s, "{\"kind\":\"task.done\",\"task\":\"test\",\"state\":\"skipped\","
            "\"reason\":\"need_failed\"}");
    tell(s, "{\"kind\":\"run.ended\",\"run\":\"r1\",\"state\":\"failed\"}");

    ck_assert_str_eq(see(s), "run r1 of ship\n"
                             "run r1 cancelling\n"
                             "task build started\n"
                             "task build succeeded\n"
                             "task test skipped (need_failed)\n"
                             "run r1 failed\n");
    shut(s);
}
END_TEST

START_TEST(steps_on_the_way_are_no_lines)
{
    struct screen *s = open_file(VIEW_LINES);

    tell(s, "{\"kind\":\"run.submitted\",\"run\":\"r1\"}");
    tell(s, "{\"kind\":\"task.ready\",\"task\":\"build\"}");
    tell(s, "{\"kind\":\"task.handed\",\"task\":\"build\"}");
    tell(s, "{\"kind\":\"task.ended\",\"task\":\"build\"}");

    ck_assert_str_eq(see(s), "");
    shut(s);
}
END_TEST

START_TEST(a_retry_says_when_and_why)
{
    struct screen *s = open_file(VIEW_LINES);

    tell(s, "{\"kind\":\"task.retry\",\"task\":\"test\",\"time_ms\":5000,"
            "\"due_ms\":6500,\"fault\":{\"message\":\"exit code 1\"}}");

    ck_assert_str_eq(see(s), "task test retry in 1.500s: exit code 1\n");
    shut(s);
}
END_TEST

START_TEST(a_line_cannot_steer_a_terminal)
{
    struct screen *s = open_file(VIEW_LINES);

    tell(s, "{\"kind\":\"task.held\",\"task\":\"t\","
            "\"fault\":{\"message\":\"a\\u001b[2Jb\\nc\\u007fd\"}}");

    ck_assert_str_eq(see(s), "task t held: a [2Jb c d\n");
    shut(s);
}
END_TEST

START_TEST(an_event_that_is_no_json_is_no_line)
{
    struct screen *s = open_file(VIEW_LINES);

    tell(s, "{\"kind\":");

    ck_assert_str_eq(see(s), "");
    shut(s);
}
END_TEST

START_TEST(lines_end_with_what_failed)
{
    struct screen *s = open_file(VIEW_LINES);

    finish(s, RUN_FAILED);

    ck_has(see(s), "test   failed     1      1.2s  exit code 3\n");
    ck_has(s->text, "ship failed in 2.5s\n");
    shut(s);
}
END_TEST

START_TEST(a_sentence_between_the_lines_names_its_speaker)
{
    struct screen *s = open_file(VIEW_LINES);

    view_say(s->view, "cancelling ...");

    ck_assert_str_eq(see(s), "haft: cancelling ...\n");
    shut(s);
}
END_TEST

START_TEST(a_dumb_terminal_gets_lines)
{
    struct screen *s;

    setenv("TERM", "dumb", 1);
    s = open_file(VIEW_LIVE);
    begin(s, RUN_BEGUN);

    ck_assert_str_eq(see(s), "run r1 of ship\n");
    shut(s);
}
END_TEST

START_TEST(the_picture_counts_states_and_lists_tasks)
{
    struct screen *s = open_terminal(24, 100);

    begin(s, RUN_BEGUN);
    loop_wait(s->loop);

    ck_has(see(s), "ship r1 ");
    ck_has(s->text, ": 1 running 1 waiting\033[K\n");
    ck_has(s->text, "> build ");
    ck_has(s->text, "  test ");
    ck_assert_uint_eq(count(s->text, "\n"), 3);
    shut(s);
}
END_TEST

START_TEST(the_picture_is_drawn_over_the_last_one)
{
    struct screen *s = open_terminal(24, 100);

    begin(s, RUN_BEGUN);
    loop_wait(s->loop);
    tell(s, "{\"kind\":\"task.done\",\"task\":\"build\",\"state\":\"failed\","
            "\"tries\":2,\"started_ms\":1000,\"ended_ms\":2500,"
            "\"fault\":{\"message\":\"exit\\tcode 9\"}}");
    loop_wait(s->loop);

    ck_assert_uint_eq(count(see(s), "\033[3A"), 1);
    ck_has(s->text, "x build ");
    ck_has(s->text, " 1.5s again: exit code 9");
    shut(s);
}
END_TEST

START_TEST(times_move_while_something_runs)
{
    struct screen *s = open_terminal(24, 100);

    begin(s, RUN_BEGUN);
    loop_wait(s->loop);
    loop_wait(s->loop); /* by its own timer */

    ck_assert_uint_eq(count(see(s), "> build"), 2);
    shut(s);
}
END_TEST

START_TEST(what_does_not_fit_the_window_is_counted)
{
    struct screen *s = open_terminal(8, 100);

    begin(s, "{\"id\":\"r1\",\"workflow\":\"w\",\"tasks_list\":["
             "{\"name\":\"t1\"},{\"name\":\"t2\"},{\"name\":\"t3\"},"
             "{\"name\":\"t4\"},{\"name\":\"t5\"},"
             "{\"name\":\"t6\",\"state\":\"held\"}]}");
    loop_wait(s->loop);

    ck_has(see(s), "! t6 "); /* who matters comes first */
    ck_has(s->text, "  t2 ");
    ck_lacks(s->text, "  t3 ");
    ck_has(s->text, "  ... and 3 more\033[K\n");
    shut(s);
}
END_TEST

START_TEST(a_line_is_cut_at_the_windows_edge)
{
    struct screen *s = open_terminal(24, 12);

    begin(s, "{\"id\":\"r1\",\"workflow\":\"w\",\"tasks_list\":["
             "{\"name\":\"a-rather-long-name\"}]}");
    loop_wait(s->loop);

    ck_has(see(s), "  a-rather-l\033[K\n");
    shut(s);
}
END_TEST

START_TEST(a_terminal_without_a_size_is_taken_for_a_usual_one)
{
    struct screen *s = open_terminal(0, 0);

    begin(s, RUN_BEGUN);
    loop_wait(s->loop);

    ck_has(see(s), "> build ");
    ck_has(s->text, "  test ");
    shut(s);
}
END_TEST

START_TEST(items_are_counted_by_the_task_they_are_of)
{
    struct screen *s = open_terminal(24, 100);

    begin(s, "{\"id\":\"r1\",\"workflow\":\"w\",\"tasks_list\":["
             "{\"name\":\"scan\",\"state\":\"running\",\"items\":3},"
             "{\"name\":\"scan[0]\",\"state\":\"succeeded\"},"
             "{\"name\":\"scan[1]\",\"state\":\"running\"}]}");
    tell(s, "{\"kind\":\"task.done\",\"task\":\"scan[2]\","
            "\"state\":\"failed\"}");
    loop_wait(s->loop);

    ck_has(see(s), " 2/3 ");
    ck_lacks(s->text, "scan[0]");
    ck_has(s->text, "> scan[1]");
    ck_has(s->text, "x scan[2]");
    shut(s);
}
END_TEST

START_TEST(a_sentence_stands_below_the_picture)
{
    struct screen *s = open_terminal(24, 100);

    begin(s, RUN_BEGUN);
    view_say(s->view, "cancelling ...");
    loop_wait(s->loop);

    ck_has(see(s), "cancelling ...\033[K\n\033[J");
    shut(s);
}
END_TEST

START_TEST(the_last_picture_is_the_run_at_its_end)
{
    struct screen *s = open_terminal(24, 100);

    begin(s, RUN_BEGUN);
    finish(s, RUN_FAILED);

    ck_has(see(s), ": 1 failed 2 succeeded\033[K\n");
    ck_has(s->text, "ship failed in 2.5s\n");
    shut(s);
}
END_TEST

START_TEST(colours_are_shown_unless_somebody_minds)
{
    struct screen *s = open_terminal(24, 100);

    view_destroy(s->view);
    unsetenv("NO_COLOR");
    s->view = view_create(VIEW_LIVE, s->loop);
    begin(s, RUN_BEGUN);
    loop_wait(s->loop);

    ck_has(see(s), "\033[36m> build");
    shut(s);
}
END_TEST

TEST_MAIN(
    "view", the_quiet_form_says_nothing_of_a_success,
    the_quiet_form_says_what_failed, the_json_form_is_the_events_and_no_more,
    lines_tell_events_in_words, steps_on_the_way_are_no_lines,
    a_retry_says_when_and_why, a_line_cannot_steer_a_terminal,
    an_event_that_is_no_json_is_no_line, lines_end_with_what_failed,
    a_sentence_between_the_lines_names_its_speaker, a_dumb_terminal_gets_lines,
    the_picture_counts_states_and_lists_tasks,
    the_picture_is_drawn_over_the_last_one, times_move_while_something_runs,
    what_does_not_fit_the_window_is_counted, a_line_is_cut_at_the_windows_edge,
    a_terminal_without_a_size_is_taken_for_a_usual_one,
    items_are_counted_by_the_task_they_are_of,
    a_sentence_stands_below_the_picture, the_last_picture_is_the_run_at_its_end,
    colours_are_shown_unless_somebody_minds)
