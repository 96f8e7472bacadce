/* The template of a storage plugin does what every one of them must. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check_main.h"
#include "tests/plugins/storage/model.h"

static char path[] = "/tmp/haft-your-name-XXXXXX";

static struct fakehost *open_store(void)
{
    char option[64];
    const char *const settings[] = {option, NULL};
    struct fakehost *h = fakehost_create("storage-your-name",
                                         "sdk/template/storage/your-name.json");

    snprintf(option, sizeof(option), "file=%s", path);
    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}

/* A file that is not there yet. */
static struct fakehost *open_new(void)
{
    int fd;

    memcpy(strrchr(path, '-'), "-XXXXXX", 7);
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    unlink(path);
    return open_store();
}

static void close_store(struct fakehost *h)
{
    fakehost_destroy(h);
    unlink(path);
}

#define TRY(name, function)                                                    \
    START_TEST(name)                                                           \
    {                                                                          \
        struct fakehost *h = open_new();                                       \
                                                                               \
        function(h);                                                           \
        close_store(h);                                                        \
    }                                                                          \
    END_TEST

TRY(a_batch_is_applied_once_and_in_its_turn, model_try_numbers)
TRY(a_guard_that_fails_undoes_the_whole_batch, model_try_guards)
TRY(a_malformed_operation_is_refused_with_its_batch, model_try_malformed)
TRY(a_scan_keeps_to_its_range_and_limits, model_try_scans)
TRY(the_longest_key_and_a_large_value_come_back, model_try_sizes)

START_TEST(random_batches_leave_what_the_reference_has)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct fakehost *h = open_new();

        model_try_random(h, seed, 100);
        close_store(h);
    }
}
END_TEST

START_TEST(the_next_one_has_what_the_last_one_left)
{
    struct fakehost *h = open_new();

    for (uint64_t batch = 1; batch <= 40; batch++) {
        ck_assert_int_eq(model_commit_numbered(h, batch), HAFT_OK);
        if (batch % 10 == 0) {
            fakehost_destroy(h);
            h = open_store();
            model_check_numbered(h, batch);
        }
    }
    close_store(h);
}
END_TEST

START_TEST(a_file_that_is_damaged_is_refused)
{
    struct fakehost *h = open_new();

    ck_assert_int_eq(model_put(h, 1, "key", "value"), HAFT_OK);
    fakehost_destroy(h);
    ck_assert_int_eq(truncate(path, 20), 0);
    h = open_store();

    ck_assert_int_eq(model_put(h, 2, "key", "value"), -HAFT_CORRUPT);
    close_store(h);
}
END_TEST

START_TEST(what_cannot_be_written_has_not_happened)
{
    char blocked[64];
    struct fakehost *h = open_new();

    snprintf(blocked, sizeof(blocked), "%s.new", path);
    ck_assert_int_eq(model_put(h, 1, "key", "value"), HAFT_OK);
    ck_assert_int_eq(mkdir(blocked, 0700), 0);
    ck_assert_int_eq(model_put(h, 2, "key", "other"), -HAFT_RESOURCE);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_uint_eq(model_last(h), 1);
    ck_assert_int_eq(rmdir(blocked), 0);
    ck_assert_int_eq(model_put(h, 2, "key", "other"), HAFT_OK);
    close_store(h);
}
END_TEST

TEST_MAIN("your_name", random_batches_leave_what_the_reference_has,
          a_batch_is_applied_once_and_in_its_turn,
          a_guard_that_fails_undoes_the_whole_batch,
          a_malformed_operation_is_refused_with_its_batch,
          a_scan_keeps_to_its_range_and_limits,
          the_longest_key_and_a_large_value_come_back,
          the_next_one_has_what_the_last_one_left,
          a_file_that_is_damaged_is_refused,
          what_cannot_be_written_has_not_happened)
