#include <errno.h>
#include <signal.h>
#include <string.h>

#include <haft/executor.h>
#include <haft/sdk.h>

#include "tests/check_main.h"
#include "tests/plugins/fakehost.h"

#define ATTEMPT UINT64_C(4294967303)
#define FENCE 5

static struct fakehost *open_with(const char *const *settings)
{
    struct fakehost *h = fakehost_create(
        "executor-local", "plugins/executor/local/manifest.json");

    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}

static struct fakehost *open_local(void)
{
    const char *const settings[] = {NULL};

    return open_with(settings);
}

static haft_status start_sort(struct fakehost *h, const char *sort)
{
    struct haft_slice argv[] = {{"sleep", 5}, {"100", 3}};
    struct haft_pair env[] = {{{"HAFT_RUN", 8}, {"r1", 2}}};
    struct haft_limit limits[] = {{{"nofile", 6}, 99}};
    struct haft_executor_start_in in = {
        .size = sizeof(in),
        .tries = 1,
        .attempt = ATTEMPT,
        .fence = FENCE,
        .sort = haft_text(sort),
        .run = haft_text("r1"),
        .task = haft_text("t"),
        .argv = {argv, 2, sizeof(argv[0])},
        .env = {env, 1, sizeof(env[0])},
        .workdir = haft_text("/srv"),
        .stdout_path = haft_text("/srv/out"),
        .stderr_path = haft_text("/srv/err"),
        .limits = {limits, 1, sizeof(limits[0])},
    };

    return fakehost_ask(h, &haft_executor_v1, HAFT_EXECUTOR_START, &in, NULL);
}

static void start(struct fakehost *h)
{
    ck_assert_int_eq(start_sort(h, HAFT_SORT_PROCESS), HAFT_OK);
}

static void cancel(struct fakehost *h, int64_t grace_ms)
{
    struct haft_executor_cancel_in in = {.size = sizeof(in),
                                         .attempt = ATTEMPT,
                                         .fence = FENCE,
                                         .grace_ms = grace_ms};

    ck_assert_int_eq(
        fakehost_ask(h, &haft_executor_v1, HAFT_EXECUTOR_CANCEL, &in, NULL),
        HAFT_OK);
}

static uint32_t recover(struct fakehost *h, const char *token)
{
    struct haft_executor_recover_in in = {.size = sizeof(in),
                                          .attempt = ATTEMPT,
                                          .fence = FENCE,
                                          .token = haft_text(token)};
    struct haft_executor_recover_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_executor_v1, HAFT_EXECUTOR_RECOVER, &in, &out),
        HAFT_OK);
    return out.state;
}

static void end_child(struct fakehost *h, struct haft_child_ended_in in)
{
    in.size = sizeof(in);
    in.id = ATTEMPT;
    in.started_ms = 1000;
    in.ended_ms = 2000;
    fakehost_child_ended(h, &in);
}

static const struct haft_attempt_ended_in *ended(struct fakehost *h)
{
    const struct haft_attempt_ended_in *in =
        fakehost_said(h, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, 0);

    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(in->attempt, ATTEMPT);
    ck_assert_uint_eq(in->fence, FENCE);
    ck_assert_ptr_null(
        fakehost_said(h, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, 1));
    return in;
}

/* The numbers of all signals sent, as text. */
static const char *signals_sent(struct fakehost *h)
{
    static char text[64];
    const struct haft_process_signal_in *in;
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0;; i++) {
        in = fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_SIGNAL, i);
        if (!in) {
            return text;
        }
        ck_assert_uint_eq(in->id, ATTEMPT);
        used += (size_t)snprintf(text + used, sizeof(text) - used, " %d",
                                 in->signal);
    }
}

START_TEST(a_job_becomes_a_child_of_the_same_id)
{
    struct fakehost *h = open_local();
    const struct haft_process_start_in *in;
    const struct haft_limit *limit;

    start(h);

    in = fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_START, 0);
    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(in->id, ATTEMPT);
    ck_assert_uint_eq(in->fence, FENCE);
    ck_assert_uint_eq(in->argv.count, 2);
    ck_assert(haft_slice_is(*(const struct haft_slice *)haft_item(in->argv, 1),
                            "100"));
    ck_assert_uint_eq(in->env.count, 1);
    ck_assert(haft_slice_is(in->workdir, "/srv"));
    ck_assert(haft_slice_is(in->stdout_path, "/srv/out"));
    ck_assert(haft_slice_is(in->stderr_path, "/srv/err"));
    ck_assert_uint_eq(in->limits.count, 2); /* its own, and core=0 */
    limit = haft_item(in->limits, 0);
    ck_assert(haft_slice_is(limit->name, "nofile"));
    ck_assert_uint_eq(limit->value, 99);
    limit = haft_item(in->limits, 1);
    ck_assert(haft_slice_is(limit->name, "core"));
    ck_assert_uint_eq(limit->value, 0);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_job_limit_stands_above_the_option)
{
    const char *const settings[] = {"limits=nofile=7", "limits=as=2GiB",
                                    "limits=cpu=unlimited", NULL};
    struct fakehost *h = open_with(settings);
    const struct haft_process_start_in *in;
    const uint64_t expected[] = {99, UINT64_C(2) << 30, UINT64_MAX};

    start(h);

    in = fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_START, 0);
    ck_assert_uint_eq(in->limits.count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const struct haft_limit *limit = haft_item(in->limits, i);

        ck_assert_uint_eq(limit->value, expected[i]);
    }
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_limit_that_is_none_is_refused_at_create)
{
    static const char *const bad[] = {"limits=nofile",
                                      "limits=nofile=",
                                      "limits=nofile=-1",
                                      "limits=files=10",
                                      "limits=as=2GB",
                                      "limits=as=99999999999999999999",
                                      "limits=as=18446744073709551615KiB"};
    struct fakehost *h = fakehost_create(
        "executor-local", "plugins/executor/local/manifest.json");

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const settings[] = {bad[i], NULL};

        ck_assert_msg(fakehost_make(h, settings) == -HAFT_INVALID, "%s",
                      bad[i]);
        ck_assert(haft_slice_is(fakehost_fault(h)->code, "local.limits"));
    }
    fakehost_destroy(h);
}
END_TEST

START_TEST(one_attempt_starts_once)
{
    struct fakehost *h = open_local();

    start(h);
    start(h);

    ck_assert_uint_eq(fakehost_said_count(h), 1);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_container_job_is_refused)
{
    struct fakehost *h = open_local();

    ck_assert_int_eq(start_sort(h, HAFT_SORT_CONTAINER), -HAFT_INVALID);

    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    ck_assert_uint_eq(fakehost_said_count(h), 0);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_job_that_the_keeper_refuses_can_be_started_later)
{
    struct fakehost *h = open_local();

    fakehost_answer(h, HAFT_PROCESS_V1, HAFT_PROCESS_START, -HAFT_RESOURCE);
    ck_assert_int_eq(start_sort(h, HAFT_SORT_PROCESS), -HAFT_RESOURCE);
    ck_assert_uint_eq(fakehost_fault(h)->effect, HAFT_EFFECT_NOT_STARTED);
    fakehost_answer(h, HAFT_PROCESS_V1, HAFT_PROCESS_START, HAFT_OK);

    start(h);
    ck_assert_uint_eq(fakehost_said_count(h), 2);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_child_that_started_is_told_with_a_token)
{
    struct fakehost *h = open_local();
    const struct haft_attempt_started_in *in;

    start(h);
    fakehost_child_started(h, ATTEMPT, 123);

    in = fakehost_said(h, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_STARTED, 0);
    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(in->attempt, ATTEMPT);
    ck_assert_uint_eq(in->fence, FENCE);
    ck_assert_uint_gt(in->token.n, 0);
    ck_assert_int_gt(in->time_ms, 0);
    fakehost_destroy(h);
}
END_TEST

struct row {
    struct haft_child_ended_in in;
    uint32_t fault_class;
    uint32_t effect;
    const char *code;
};

static const struct row ends[] = {
    {{.exit_code = 0}, 0, HAFT_EFFECT_DONE, ""},
    {{.exit_code = 3}, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED, "local.exit"},
    {{.exit_code = 126},
     HAFT_INVALID,
     HAFT_EFFECT_STARTED,
     "local.not_executable"},
    {{.exit_code = 127},
     HAFT_NOT_FOUND,
     HAFT_EFFECT_STARTED,
     "local.command_not_found"},
    {{.exit_code = 137}, HAFT_USER_FAILURE, HAFT_EFFECT_STARTED, "local.exit"},
    {{.signal = SIGKILL}, HAFT_INFRA_LOST, HAFT_EFFECT_STARTED, "local.killed"},
    {{.signal = SIGKILL, .is_out_of_memory = 1},
     HAFT_RESOURCE,
     HAFT_EFFECT_STARTED,
     "local.out_of_memory"},
    {{.signal = SIGSEGV},
     HAFT_USER_FAILURE,
     HAFT_EFFECT_STARTED,
     "local.signal"},
    {{.signal = SIGTERM}, HAFT_INFRA_LOST, HAFT_EFFECT_STARTED, "local.killed"},
    {{.signal = SIGXCPU},
     HAFT_TIMEOUT_RUN,
     HAFT_EFFECT_STARTED,
     "local.cpu_limit"},
    {{.signal = SIGXFSZ},
     HAFT_RESOURCE,
     HAFT_EFFECT_STARTED,
     "local.file_size_limit"},
    {{.error = ENOENT},
     HAFT_NOT_FOUND,
     HAFT_EFFECT_NOT_STARTED,
     "local.not_found"},
    {{.error = EACCES}, HAFT_DENIED, HAFT_EFFECT_NOT_STARTED, "local.denied"},
    {{.error = EPERM}, HAFT_DENIED, HAFT_EFFECT_NOT_STARTED, "local.denied"},
    {{.error = ENOEXEC},
     HAFT_INVALID,
     HAFT_EFFECT_NOT_STARTED,
     "local.refused"},
    {{.error = E2BIG}, HAFT_INVALID, HAFT_EFFECT_NOT_STARTED, "local.refused"},
    {{.error = EAGAIN},
     HAFT_RESOURCE,
     HAFT_EFFECT_NOT_STARTED,
     "local.no_process"},
    {{.error = ENOMEM},
     HAFT_RESOURCE,
     HAFT_EFFECT_NOT_STARTED,
     "local.no_process"},
    {{.error = ECHILD},
     HAFT_BACKEND_DOWN,
     HAFT_EFFECT_NOT_STARTED,
     "local.keeper"},
    {{.is_lost = 1}, HAFT_INFRA_LOST, HAFT_EFFECT_STARTED, "local.lost"},
    {{.is_withdrawn = 1},
     HAFT_CANCELLED,
     HAFT_EFFECT_NOT_STARTED,
     "local.withdrawn"},
};

START_TEST(every_end_has_its_class_and_effect)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct fakehost *h = open_local();
        const struct haft_attempt_ended_in *in;

        start(h);
        fakehost_child_started(h, ATTEMPT, 123);
        end_child(h, ends[i].in);

        in = ended(h);
        ck_assert_uint_eq(in->fault_class, ends[i].fault_class);
        ck_assert_uint_eq(in->effect, ends[i].effect);
        ck_assert(haft_slice_is(in->code, ends[i].code));
        ck_assert_int_eq(in->exit_code, ends[i].in.exit_code);
        ck_assert_int_eq(in->signal, ends[i].in.signal);
        ck_assert_int_eq(in->started_ms, 1000);
        ck_assert_int_eq(in->ended_ms, 2000);
        ck_assert_int_eq(in->message.n > 0, ends[i].fault_class != 0);
        fakehost_destroy(h);
    }
}
END_TEST

START_TEST(an_end_is_told_once_and_release_is_passed_on)
{
    struct fakehost *h = open_local();
    struct haft_executor_release_in in = {
        .size = sizeof(in), .attempt = ATTEMPT, .fence = FENCE};
    const struct haft_process_id_in *id;

    start(h);
    end_child(h, (struct haft_child_ended_in){.exit_code = 1});
    end_child(h, (struct haft_child_ended_in){.exit_code = 1});
    ended(h);
    cancel(h, 100);
    ck_assert_str_eq(signals_sent(h), "");

    fakehost_ask(h, &haft_executor_v1, HAFT_EXECUTOR_RELEASE, &in, NULL);

    id = fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_RELEASE, 0);
    ck_assert_ptr_nonnull(id);
    ck_assert_uint_eq(id->id, ATTEMPT);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_cancel_is_polite_first_and_forceful_after_the_grace)
{
    struct fakehost *h = open_local();

    start(h);
    fakehost_child_started(h, ATTEMPT, 123);
    cancel(h, 5000);
    ck_assert_str_eq(signals_sent(h), " 15");
    fakehost_advance(h, 4999);
    ck_assert_str_eq(signals_sent(h), " 15");
    fakehost_advance(h, 1);
    ck_assert_str_eq(signals_sent(h), " 15 9");

    end_child(h, (struct haft_child_ended_in){.signal = SIGKILL});
    ck_assert_uint_eq(ended(h)->fault_class, HAFT_CANCELLED);
    ck_assert_uint_eq(ended(h)->effect, HAFT_EFFECT_STARTED);
    ck_assert_uint_eq(fakehost_timers(h), 0);
    fakehost_destroy(h);
}
END_TEST

START_TEST(who_ends_within_the_grace_is_not_killed)
{
    struct fakehost *h = open_local();

    start(h);
    fakehost_child_started(h, ATTEMPT, 123);
    cancel(h, 5000);
    end_child(h, (struct haft_child_ended_in){.exit_code = 143});

    ck_assert_uint_eq(ended(h)->fault_class, HAFT_CANCELLED);
    ck_assert_int_eq(ended(h)->exit_code, 143);
    ck_assert_uint_eq(fakehost_timers(h), 0);
    fakehost_advance(h, 10000);
    ck_assert_str_eq(signals_sent(h), " 15");
    fakehost_destroy(h);
}
END_TEST

START_TEST(success_stays_success_though_it_was_cancelled)
{
    struct fakehost *h = open_local();

    start(h);
    fakehost_child_started(h, ATTEMPT, 123);
    cancel(h, 5000);
    end_child(h, (struct haft_child_ended_in){.exit_code = 0});

    ck_assert_uint_eq(ended(h)->fault_class, 0);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_second_cancel_without_grace_kills_at_once)
{
    struct fakehost *h = open_local();

    start(h);
    fakehost_child_started(h, ATTEMPT, 123);
    cancel(h, 5000);
    cancel(h, 0);

    ck_assert_str_eq(signals_sent(h), " 15 9");
    ck_assert_uint_eq(fakehost_timers(h), 0);
    fakehost_destroy(h);
}
END_TEST

START_TEST(what_has_not_started_is_withdrawn)
{
    struct fakehost *h = open_local();

    start(h);
    cancel(h, 5000);
    ck_assert_str_eq(signals_sent(h), " 0");

    end_child(h, (struct haft_child_ended_in){.is_withdrawn = 1});
    ck_assert_uint_eq(ended(h)->fault_class, HAFT_CANCELLED);
    ck_assert_uint_eq(ended(h)->effect, HAFT_EFFECT_NOT_STARTED);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_withdrawal_that_came_too_late_is_made_up_for)
{
    struct fakehost *h = open_local();

    start(h);
    cancel(h, 5000);
    fakehost_child_started(h, ATTEMPT, 123);
    ck_assert_str_eq(signals_sent(h), " 0 15");

    fakehost_advance(h, 5000);
    ck_assert_str_eq(signals_sent(h), " 0 15 9");
    fakehost_destroy(h);
}
END_TEST

START_TEST(after_a_restart_the_keeper_is_asked)
{
    static const struct {
        uint32_t found;
        const char *token;
        uint32_t state;
    } rows[] = {
        {HAFT_PROCESS_UNKNOWN, "", HAFT_RECOVER_NEVER_STARTED},
        {HAFT_PROCESS_UNKNOWN, "it ran", HAFT_RECOVER_UNKNOWN},
        {HAFT_PROCESS_QUEUED, "", HAFT_RECOVER_RUNNING},
        {HAFT_PROCESS_RUNNING, "it ran", HAFT_RECOVER_RUNNING},
        {HAFT_PROCESS_ENDED, "it ran", HAFT_RECOVER_ENDED},
        {HAFT_PROCESS_LOST, "it ran", HAFT_RECOVER_ENDED},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fakehost *h = open_local();

        fakehost_find(h, rows[i].found);
        ck_assert_uint_eq(recover(h, rows[i].token), rows[i].state);
        fakehost_destroy(h);
    }
}
END_TEST

START_TEST(what_was_found_running_can_be_cancelled_and_ends)
{
    struct fakehost *h = open_local();

    fakehost_find(h, HAFT_PROCESS_RUNNING);
    recover(h, "it ran");
    cancel(h, 1000);
    ck_assert_str_eq(signals_sent(h), " 15");

    end_child(h, (struct haft_child_ended_in){.signal = SIGTERM});
    ck_assert_uint_eq(ended(h)->fault_class, HAFT_CANCELLED);
    fakehost_destroy(h);
}
END_TEST

START_TEST(what_never_reached_the_keeper_can_be_started)
{
    struct fakehost *h = open_local();

    fakehost_find(h, HAFT_PROCESS_UNKNOWN);
    recover(h, "");
    fakehost_forget(h);
    start(h);

    ck_assert_ptr_nonnull(
        fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_START, 0));
    fakehost_destroy(h);
}
END_TEST

START_TEST(slots_are_the_keepers)
{
    struct fakehost *h = open_local();
    struct haft_slots_set_in in = {.size = sizeof(in), .slots = 4};
    const struct haft_slots_set_in *set;

    ck_assert_int_eq(fakehost_ask(h, &haft_slots_v1, HAFT_SLOTS_SET, &in, NULL),
                     HAFT_OK);

    set = fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_SLOTS, 0);
    ck_assert_ptr_nonnull(set);
    ck_assert_uint_eq(set->slots, 4);
    fakehost_destroy(h);
}
END_TEST

TEST_MAIN("executor/local", a_job_becomes_a_child_of_the_same_id,
          a_job_limit_stands_above_the_option,
          a_limit_that_is_none_is_refused_at_create, one_attempt_starts_once,
          a_container_job_is_refused,
          a_job_that_the_keeper_refuses_can_be_started_later,
          a_child_that_started_is_told_with_a_token,
          every_end_has_its_class_and_effect,
          an_end_is_told_once_and_release_is_passed_on,
          a_cancel_is_polite_first_and_forceful_after_the_grace,
          who_ends_within_the_grace_is_not_killed,
          success_stays_success_though_it_was_cancelled,
          a_second_cancel_without_grace_kills_at_once,
          what_has_not_started_is_withdrawn,
          a_withdrawal_that_came_too_late_is_made_up_for,
          after_a_restart_the_keeper_is_asked,
          what_was_found_running_can_be_cancelled_and_ends,
          what_never_reached_the_keeper_can_be_started, slots_are_the_keepers)
