#include <stdio.h>

#include "tests/check_main.h"
#include "tests/plugins/storage/model.h"

static struct fakehost *open_limited(const char *limit)
{
    struct fakehost *h = fakehost_create(
        "storage-memory", "plugins/storage/memory/manifest.json");
    const char *const settings[] = {limit, NULL};

    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}

static struct fakehost *open_store(void)
{
    return open_limited("limit=64MiB");
}

START_TEST(random_batches_leave_what_the_reference_has)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct fakehost *h = open_store();

        model_try_random(h, seed, 150);
        fakehost_destroy(h);
    }
}
END_TEST

#define TRY(name, function)                                                    \
    START_TEST(name)                                                           \
    {                                                                          \
        struct fakehost *h = open_store();                                     \
                                                                               \
        function(h);                                                           \
        fakehost_destroy(h);                                                   \
    }                                                                          \
    END_TEST

TRY(a_batch_is_applied_once_and_in_its_turn, model_try_numbers)
TRY(a_guard_that_fails_undoes_the_whole_batch, model_try_guards)
TRY(a_malformed_operation_is_refused_with_its_batch, model_try_malformed)
TRY(a_scan_keeps_to_its_range_and_limits, model_try_scans)
TRY(the_longest_key_and_a_large_value_come_back, model_try_sizes)

START_TEST(a_batch_beyond_the_limit_is_refused_and_forgotten)
{
    struct fakehost *h = open_limited("limit=64KiB");
    uint64_t batch = 1;
    char key[24];

    for (;;) {
        snprintf(key, sizeof(key), "key %llu", (unsigned long long)batch);
        if (model_put(h, batch, key, "some value") != HAFT_OK) {
            break;
        }
        batch++;
        ck_assert_uint_lt(batch, 2000);
    }

    ck_assert_uint_eq(fakehost_fault(h)->fault_class, HAFT_RESOURCE);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_uint_eq(model_last(h), batch - 1);
    ck_assert_uint_gt(batch, 300);
    fakehost_destroy(h);
}
END_TEST

START_TEST(numbered_batches_leave_what_follows_from_their_number)
{
    struct fakehost *h = open_store();

    for (uint64_t batch = 1; batch <= 40; batch++) {
        ck_assert_int_eq(model_commit_numbered(h, batch), HAFT_OK);
        model_check_numbered(h, batch);
    }
    fakehost_destroy(h);
}
END_TEST

TEST_MAIN("storage/memory", random_batches_leave_what_the_reference_has,
          a_batch_is_applied_once_and_in_its_turn,
          a_guard_that_fails_undoes_the_whole_batch,
          a_malformed_operation_is_refused_with_its_batch,
          a_scan_keeps_to_its_range_and_limits,
          the_longest_key_and_a_large_value_come_back,
          a_batch_beyond_the_limit_is_refused_and_forgotten,
          numbered_batches_leave_what_follows_from_their_number)
