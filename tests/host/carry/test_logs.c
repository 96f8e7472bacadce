#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/carry/logs.h"
#include "tests/check_main.h"
#include "tests/host/carry/fake_store.h"

static const struct logs_of of = {"r1", "build[3]", 2};

struct world {
    char state[64];
    struct fake_store store;
    struct journal *journal;
    struct logs logs;
};

static void start(struct world *w)
{
    const struct journal_client client = {.ctx = w};
    struct journal_store store;

    log_set_fd(-1);
    memset(w, 0, sizeof(*w));
    snprintf(w->state, sizeof(w->state), "/tmp/haft-logs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(w->state));
    store = fake_store_port(&w->store);
    w->journal = journal_create(&store, &client);
    w->logs = (struct logs){.state = w->state,
                            .limit_bytes = 100,
                            .fold_bytes = 20,
                            .journal = w->journal};
    ck_assert_int_eq(logs_make_run(&w->logs, "r1"), 0);
}

static void finish(struct world *w)
{
    static const char *const folders[] = {"logs", "runs", ""};
    char path[128];

    logs_remove(&w->logs, &of,
                1u << LOGS_OUT | 1u << LOGS_ERR | 1u << LOGS_OUTPUTS);
    logs_end_run(&w->logs, "r1");
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", w->state, folders[i]);
        ck_assert_int_eq(rmdir(path), 0);
    }
    journal_destroy(w->journal);
    fake_store_finish(&w->store);
}

static void write_file(struct world *w, enum logs_file file, const char *text)
{
    struct str path;
    FILE *f;

    str_init(&path, 4096);
    logs_add_path(&w->logs, &path, &of, file);
    f = fopen(path.text, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
    str_finish(&path);
}

static int output(struct world *w, uint64_t offset, const char *text)
{
    const struct logs_output o = {LOGS_OUT, offset, text, strlen(text)};

    return logs_write(&w->logs, &of, &o);
}

static void expect(struct world *w, uint64_t offset, const char *text,
                   uint64_t size)
{
    const struct logs_range range = {LOGS_OUT, offset, 1000};
    struct str out;
    uint64_t end = 0;

    str_init(&out, 1000);
    ck_assert_int_eq(logs_read(&w->logs, &of, &range, &out, &end), 0);
    ck_assert_str_eq(out.text, text);
    ck_assert_uint_eq(end, size);
    str_finish(&out);
}

START_TEST(a_small_log_is_folded_and_its_file_may_go)
{
    struct world w;
    uint32_t files;

    start(&w);
    write_file(&w, LOGS_OUT, "hello\n");
    write_file(&w, LOGS_ERR, "");
    files = logs_fold(&w.logs, &of);

    ck_assert_uint_eq(files, 1u << LOGS_OUT | 1u << LOGS_ERR);
    ck_assert(!journal_is_idle(w.journal));
    expect(&w, 0, "hello\n", 6); /* until it is on disk */
    finish(&w);
}
END_TEST

START_TEST(a_log_that_is_empty_leaves_nothing)
{
    struct world w;

    start(&w);
    write_file(&w, LOGS_OUT, "");
    ck_assert_uint_eq(logs_fold(&w.logs, &of), 1u << LOGS_OUT);

    ck_assert(journal_is_idle(w.journal));
    finish(&w);
}
END_TEST

START_TEST(a_large_log_stays_a_file)
{
    struct world w;

    start(&w);
    write_file(&w, LOGS_OUT, "0123456789012345678901234567890123456789");
    ck_assert_uint_eq(logs_fold(&w.logs, &of), 0);

    ck_assert(journal_is_idle(w.journal));
    expect(&w, 38, "89", 40);
    finish(&w);
}
END_TEST

START_TEST(what_is_beyond_the_limit_is_cut_and_says_so)
{
    struct world w;
    char text[201];
    char kept[160];

    start(&w);
    memset(text, 'x', 200);
    text[200] = '\0';
    write_file(&w, LOGS_OUT, text);
    logs_fold(&w.logs, &of);

    snprintf(kept, sizeof(kept), "%.100s\n[haft: cut at 100 bytes]\n", text);
    expect(&w, 0, kept, strlen(kept));
    finish(&w);
}
END_TEST

START_TEST(a_log_that_grows_on_is_kept_at_the_limit)
{
    char text[161];
    struct world w;

    memset(text, 'x', sizeof(text) - 1);
    text[160] = '\0';
    start(&w);
    write_file(&w, LOGS_OUT, text);
    logs_cap(&w.logs, &of);
    ck_assert_uint_eq(logs_size(&w.logs, &of, LOGS_OUT), 101);
    logs_cap(&w.logs, &of);
    ck_assert_uint_eq(logs_size(&w.logs, &of, LOGS_OUT), 101);

    ck_assert_uint_eq(logs_fold(&w.logs, &of), 0);

    expect(&w, 97, "xxx\n[haft: cut at 100 bytes]\n", 126);
    finish(&w);
}
END_TEST

START_TEST(output_that_is_told_twice_is_written_once)
{
    struct world w;

    start(&w);
    ck_assert_int_eq(output(&w, 0, "abc"), 0);
    ck_assert_int_eq(output(&w, 0, "abcde"), 0);
    ck_assert_int_eq(output(&w, 2, "cde"), 0);
    ck_assert_int_eq(output(&w, 9, "later"), -ESPIPE);

    expect(&w, 0, "abcde", 5);
    finish(&w);
}
END_TEST

START_TEST(outputs_are_read_from_the_tasks_file)
{
    struct world w;
    cJSON *outputs = NULL;
    uint32_t files = 0;
    struct str why;

    start(&w);
    str_init(&why, STR_WHY_LIMIT);
    ck_assert(logs_outputs(&w.logs, &of, &files, &outputs, &why));
    ck_assert_ptr_null(outputs);
    ck_assert_uint_eq(files, 0);
    write_file(&w, LOGS_OUTPUTS, "ref=abc\n");
    ck_assert(logs_outputs(&w.logs, &of, &files, &outputs, &why));
    ck_assert_int_eq(cJSON_GetArraySize(outputs), 1);
    ck_assert_uint_eq(files, 1u << LOGS_OUTPUTS);
    cJSON_Delete(outputs);
    write_file(&w, LOGS_OUTPUTS, "nonsense\n");
    ck_assert(!logs_outputs(&w.logs, &of, &files, &outputs, &why));

    ck_assert_ptr_nonnull(strstr(why.text, "line 1"));
    str_finish(&why);
    finish(&w);
}
END_TEST

START_TEST(outputs_that_say_nothing_are_none)
{
    struct world w;
    cJSON *outputs = cJSON_CreateObject();
    cJSON *before = outputs;
    uint32_t files = 0;
    struct str why;

    start(&w);
    str_init(&why, STR_WHY_LIMIT);
    write_file(&w, LOGS_OUTPUTS, "");

    ck_assert(logs_outputs(&w.logs, &of, &files, &outputs, &why));
    ck_assert_ptr_null(outputs);
    cJSON_Delete(before);
    str_finish(&why);
    finish(&w);
}
END_TEST

/* Where a file of the attempt is, or would be. */
static const char *path_of(struct world *w, enum logs_file file)
{
    static char text[256];
    struct str path;

    str_init(&path, sizeof(text) - 1);
    logs_add_path(&w->logs, &path, &of, file);
    memcpy(text, path.text, path.size + 1);
    str_finish(&path);
    return text;
}

/* What a task may do to its own log. */
START_TEST(a_pipe_in_the_place_of_a_log_holds_nobody_up)
{
    const struct logs_range range = {LOGS_OUT, 0, 10};
    struct world w;
    struct str out;
    uint64_t end = 0;

    start(&w);
    str_init(&out, 10);
    ck_assert_int_eq(mkfifo(path_of(&w, LOGS_OUT), 0600), 0);

    ck_assert_int_lt(output(&w, 0, "hello"), 0);
    ck_assert_int_eq(logs_read(&w.logs, &of, &range, &out, &end), -EINVAL);
    ck_assert_uint_eq(logs_size(&w.logs, &of, LOGS_OUT), 0);
    ck_assert_int_eq(logs_heard_ms(&w.logs, &of), 0);
    logs_fold(&w.logs, &of);
    ck_assert(journal_is_idle(w.journal));
    str_finish(&out);
    finish(&w);
}
END_TEST

START_TEST(a_pipe_that_is_read_takes_no_output_either)
{
    struct world w;
    int fd;

    start(&w);
    ck_assert_int_eq(mkfifo(path_of(&w, LOGS_OUT), 0600), 0);
    fd = open(path_of(&w, LOGS_OUT), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);

    ck_assert_int_eq(output(&w, 0, "hello"), -EINVAL);
    close(fd);
    finish(&w);
}
END_TEST

START_TEST(a_log_of_another_file_is_not_read)
{
    const struct logs_range range = {LOGS_OUT, 0, 10};
    struct world w;
    struct str out;
    uint64_t end = 0;

    start(&w);
    str_init(&out, 10);
    ck_assert_int_eq(symlink("/etc/passwd", path_of(&w, LOGS_OUT)), 0);

    ck_assert_int_eq(logs_read(&w.logs, &of, &range, &out, &end), -ELOOP);
    ck_assert_int_eq(output(&w, 0, "hello"), -ELOOP);
    str_finish(&out);
    finish(&w);
}
END_TEST

START_TEST(outputs_that_are_no_file_are_refused)
{
    struct world w;
    cJSON *outputs = NULL;
    uint32_t files = 0;
    struct str why;

    start(&w);
    str_init(&why, STR_WHY_LIMIT);
    ck_assert_int_eq(mkdir(path_of(&w, LOGS_OUTPUTS), 0700), 0);

    ck_assert(!logs_outputs(&w.logs, &of, &files, &outputs, &why));
    ck_assert_msg(strstr(why.text, "$HAFT_OUTPUT cannot be read") != NULL, "%s",
                  why.text);
    ck_assert_int_eq(rmdir(path_of(&w, LOGS_OUTPUTS)), 0);
    str_finish(&why);
    finish(&w);
}
END_TEST

START_TEST(a_folder_in_which_nothing_ever_was_is_untouched)
{
    struct world w;

    start(&w);
    ck_assert(logs_are_untouched(&w.logs, "r1"));
    ck_assert(!logs_are_untouched(&w.logs, "r2"));

    write_file(&w, LOGS_OUTPUTS, "a=1\n");
    ck_assert(!logs_are_untouched(&w.logs, "r1"));
    logs_remove(&w.logs, &of, 1u << LOGS_OUTPUTS);

    ck_assert(!logs_are_untouched(&w.logs, "r1"));
    ck_assert_int_eq(logs_make_run(&w.logs, "r1"), 0);
    ck_assert(!logs_are_untouched(&w.logs, "r1"));
    finish(&w);
}
END_TEST

START_TEST(the_last_writing_is_known)
{
    struct world w;

    start(&w);
    ck_assert_int_eq(logs_heard_ms(&w.logs, &of), 0);
    write_file(&w, LOGS_ERR, "x");

    ck_assert_int_gt(logs_heard_ms(&w.logs, &of), 1000000000000);
    finish(&w);
}
END_TEST

TEST_MAIN("logs", a_small_log_is_folded_and_its_file_may_go,
          a_log_that_is_empty_leaves_nothing, a_large_log_stays_a_file,
          what_is_beyond_the_limit_is_cut_and_says_so,
          a_log_that_grows_on_is_kept_at_the_limit,
          output_that_is_told_twice_is_written_once,
          outputs_are_read_from_the_tasks_file,
          a_folder_in_which_nothing_ever_was_is_untouched,
          the_last_writing_is_known, outputs_that_say_nothing_are_none,
          a_pipe_in_the_place_of_a_log_holds_nobody_up,
          a_pipe_that_is_read_takes_no_output_either,
          a_log_of_another_file_is_not_read,
          outputs_that_are_no_file_are_refused)
