#include <haft/executor.h>

#include "tests/check_main.h"
#include "tests/plugins/fakehost.h"

static struct fakehost *open_noop(void)
{
    struct fakehost *h =
        fakehost_create("executor-noop", "plugins/executor/noop/manifest.json");
    const char *const settings[] = {NULL};

    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}

START_TEST(an_attempt_succeeds_at_its_start)
{
    struct fakehost *h = open_noop();
    struct haft_slice argv[] = {{"true", 4}};
    struct haft_executor_start_in in = {.size = sizeof(in),
                                        .attempt = 71,
                                        .fence = 3,
                                        .argv = {argv, 1, sizeof(argv[0])}};
    const struct haft_attempt_ended_in *ended;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_executor_v1, HAFT_EXECUTOR_START, &in, NULL),
        HAFT_OK);

    ended = fakehost_said(h, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, 0);
    ck_assert_ptr_nonnull(ended);
    ck_assert_uint_eq(ended->attempt, 71);
    ck_assert_uint_eq(ended->fence, 3);
    ck_assert_uint_eq(ended->fault_class, 0);
    ck_assert_uint_eq(ended->effect, HAFT_EFFECT_DONE);
    ck_assert_uint_eq(fakehost_said_count(h), 1);
    fakehost_destroy(h);
}
END_TEST

START_TEST(after_a_restart_nothing_was_ever_started)
{
    struct fakehost *h = open_noop();
    struct haft_executor_recover_in in = {.size = sizeof(in), .attempt = 71};
    struct haft_executor_recover_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_executor_v1, HAFT_EXECUTOR_RECOVER, &in, &out),
        HAFT_OK);

    ck_assert_uint_eq(out.state, HAFT_RECOVER_NEVER_STARTED);
    fakehost_destroy(h);
}
END_TEST

START_TEST(cancel_and_release_of_what_has_ended_are_harmless)
{
    struct fakehost *h = open_noop();
    struct haft_executor_cancel_in cancel = {.size = sizeof(cancel),
                                             .attempt = 71};
    struct haft_executor_release_in release = {.size = sizeof(release),
                                               .attempt = 71};

    ck_assert_int_eq(
        fakehost_ask(h, &haft_executor_v1, HAFT_EXECUTOR_CANCEL, &cancel, NULL),
        HAFT_OK);
    ck_assert_int_eq(fakehost_ask(h, &haft_executor_v1, HAFT_EXECUTOR_RELEASE,
                                  &release, NULL),
                     HAFT_OK);
    ck_assert_uint_eq(fakehost_said_count(h), 0);
    fakehost_destroy(h);
}
END_TEST

TEST_MAIN("executor/noop", an_attempt_succeeds_at_its_start,
          after_a_restart_nothing_was_ever_started,
          cancel_and_release_of_what_has_ended_are_harmless)
