/* The store that goes wrong must do so exactly as told: what is built on it
 * would otherwise prove nothing. */
#include "tests/check_main.h"
#include "tests/plugins/storage/model.h"

static struct fakehost *make(const char *const *settings, haft_status expected)
{
    struct fakehost *h =
        fakehost_create("storage-faulty", "tests/plugins/storage/faulty.json");

    ck_assert_int_eq(fakehost_make(h, settings), expected);
    return h;
}

START_TEST(without_a_script_it_is_a_good_store)
{
    const char *const settings[] = {NULL};
    struct fakehost *h = make(settings, HAFT_OK);

    model_try_random(h, 5, 60);
    fakehost_destroy(h);
}
END_TEST

START_TEST(before_does_nothing_and_says_so)
{
    const char *const settings[] = {"script=commit@2=before", NULL};
    struct fakehost *h = make(settings, HAFT_OK);

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    ck_assert_int_eq(model_commit_numbered(h, 2), -HAFT_TRANSIENT);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_uint_eq(model_last(h), 1);
    ck_assert_int_eq(model_commit_numbered(h, 2), HAFT_OK);
    model_check_numbered(h, 2);
    fakehost_destroy(h);
}
END_TEST

START_TEST(after_does_it_and_says_that_nobody_knows)
{
    const char *const settings[] = {"script=commit@1-2=after", NULL};
    struct fakehost *h = make(settings, HAFT_OK);

    ck_assert_int_eq(model_commit_numbered(h, 1), -HAFT_UNKNOWN_OUTCOME);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_MAYBE);
    ck_assert_uint_eq(model_last(h), 1);
    ck_assert_int_eq(model_commit_numbered(h, 2), -HAFT_UNKNOWN_OUTCOME);
    ck_assert_int_eq(model_commit_numbered(h, 3), HAFT_OK);
    model_check_numbered(h, 3);
    fakehost_destroy(h);
}
END_TEST

START_TEST(an_open_end_goes_on_for_ever)
{
    const char *const settings[] = {"script=commit@2+=full", NULL};
    struct fakehost *h = make(settings, HAFT_OK);

    ck_assert_int_eq(model_commit_numbered(h, 1), HAFT_OK);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(model_commit_numbered(h, 2), -HAFT_RESOURCE);
    }
    model_check_numbered(h, 1);
    fakehost_destroy(h);
}
END_TEST

START_TEST(slow_answers_when_its_time_has_come)
{
    const char *const settings[] = {"script=commit@1=slow", "slow=30s", NULL};
    struct fakehost *h = make(settings, HAFT_OK);
    struct haft_storage_commit_in in = {.size = sizeof(in), .batch = 1};
    uint64_t call =
        fakehost_begin(h, &haft_storage_v1, HAFT_STORAGE_COMMIT, &in);

    fakehost_advance(h, 29999);
    ck_assert(!fakehost_is_done(h, call));
    ck_assert_uint_eq(model_last(h), 1); /* it was done all the same */
    fakehost_advance(h, 1);
    ck_assert_int_eq(fakehost_end(h, call, NULL), HAFT_OK);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_script_that_cannot_be_read_is_refused)
{
    static const char *const bad[] = {
        "script=commit",          "script=commit@0=before",
        "script=commit@x=before", "script=put@1=before",
        "script=commit@1=burn",   "script=get@1=slow"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const settings[] = {bad[i], NULL};

        fakehost_destroy(make(settings, -HAFT_INVALID));
    }
}
END_TEST

TEST_MAIN("storage/faulty", without_a_script_it_is_a_good_store,
          before_does_nothing_and_says_so,
          after_does_it_and_says_that_nobody_knows,
          an_open_end_goes_on_for_ever, slow_answers_when_its_time_has_come,
          a_script_that_cannot_be_read_is_refused)
