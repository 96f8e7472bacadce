#include <errno.h>
#include <string.h>

#include <haft/notify.h>
#include <haft/sdk.h>

#include "tests/check_main.h"
#include "tests/plugins/fakehost.h"

static struct fakehost *open_with(const char *const *settings)
{
    struct fakehost *h = fakehost_create(
        "notify-command", "plugins/notify/command/manifest.json");

    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}

static struct fakehost *open_plain(void)
{
    const char *const settings[] = {"command=logger", "command=-t",
                                    "timeout=5s", NULL};

    return open_with(settings);
}

static struct haft_notify_event event(uint64_t seq, const char *kind,
                                      const char *json)
{
    return (struct haft_notify_event){.seq = seq,
                                      .time_ms = 1,
                                      .kind = haft_text(kind),
                                      .run = haft_text("r1"),
                                      .json = haft_text(json)};
}

static uint64_t begin(struct fakehost *h)
{
    const struct haft_notify_event events[] = {
        event(1, "run.submitted",
              "{\"seq\":1,\"run\":\"r1\",\"workflow\":\"nightly\"}"),
        event(2, "task.ended",
              "{\"seq\":2,\"run\":\"r1\",\"workflow\":\"nightly\"}"),
        event(3, "run.ended",
              "{\"seq\":3,\"run\":\"r2\",\"workflow\":\"hello\"}"),
    };
    struct haft_notify_deliver_in in = {
        .size = sizeof(in), .events = {events, 3, sizeof(events[0])}};

    return fakehost_begin(h, &haft_notify_v1, HAFT_NOTIFY_DELIVER, &in);
}

/* The index-th program started; NULL: it was not. */
static const struct haft_process_start_in *started(struct fakehost *h,
                                                   size_t index)
{
    return fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_START, index);
}

/* Ids that the fake host gives begin here, and count up. */
#define FIRST_ID ((1u << 20) + 1)

static void end_child(struct fakehost *h, struct haft_child_ended_in in)
{
    in.size = sizeof(in);
    in.id = in.id ? in.id : FIRST_ID;
    fakehost_child_ended(h, &in);
}

START_TEST(events_come_as_lines_and_arrive_with_exit_zero)
{
    struct fakehost *h = open_plain();
    uint64_t call = begin(h);
    const struct haft_process_start_in *in = started(h, 0);
    const struct haft_process_id_in *released;

    ck_assert(!fakehost_is_done(h, call));
    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(in->argv.count, 2);
    ck_assert(haft_slice_is(*(const struct haft_slice *)haft_item(in->argv, 1),
                            "-t"));
    ck_assert(haft_slice_is(
        in->input, "{\"seq\":1,\"run\":\"r1\",\"workflow\":\"nightly\"}\n"
                   "{\"seq\":2,\"run\":\"r1\",\"workflow\":\"nightly\"}\n"
                   "{\"seq\":3,\"run\":\"r2\",\"workflow\":\"hello\"}\n"));

    fakehost_child_started(h, FIRST_ID, 77);
    ck_assert(!fakehost_is_done(h, call));
    end_child(h, (struct haft_child_ended_in){.exit_code = 0});
    ck_assert_int_eq(fakehost_end(h, call, NULL), HAFT_OK);
    released = fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_RELEASE, 0);
    ck_assert_ptr_nonnull(released);
    ck_assert_uint_eq(released->id, FIRST_ID);
    ck_assert_uint_eq(fakehost_timers(h), 0);
    fakehost_destroy(h);
}
END_TEST

START_TEST(the_program_has_a_path_and_knows_its_instance)
{
    struct fakehost *h = open_plain();
    const struct haft_process_start_in *in;
    const struct haft_pair *pair;

    begin(h);
    in = started(h, 0);

    ck_assert_uint_eq(in->env.count, 2);
    pair = haft_item(in->env, 0);
    ck_assert(haft_slice_is(pair->name, "PATH"));
    pair = haft_item(in->env, 1);
    ck_assert(haft_slice_is(pair->name, "HAFT_NOTIFY"));
    ck_assert(haft_slice_is(pair->value, "tested"));
    fakehost_destroy(h);
}
END_TEST

static void check_filter(const char *setting, const char *second,
                         const char *expected)
{
    const char *const settings[] = {"command=cat", setting, second, NULL};
    struct fakehost *h = open_with(settings);
    const struct haft_process_start_in *in;
    uint64_t call = begin(h);
    char seqs[16] = "";

    in = started(h, 0);
    if (!in) {
        ck_assert_int_eq(fakehost_end(h, call, NULL), HAFT_OK);
    }
    for (uint64_t i = 0; in && i + 6 < in->input.n; i++) {
        const char *at = (const char *)in->input.p + i;

        if (memcmp(at, "\"seq\":", 6) == 0) {
            strncat(seqs, at + 6, 1);
        }
    }
    ck_assert_str_eq(seqs, expected);
    fakehost_destroy(h);
}

START_TEST(only_what_was_asked_for_is_delivered)
{
    check_filter("kinds=run.*", NULL, "13");
    check_filter("kinds=task.ended", NULL, "2");
    check_filter("kinds=task.ended", "kinds=run.ended", "23");
    check_filter("kinds=*", NULL, "123");
    check_filter("kinds=task", NULL, "");
    check_filter("kinds=run.submitted.*", NULL, "");
    check_filter("workflows=nightly", NULL, "12");
    check_filter("workflows=night*", "kinds=task.*", "2");
    check_filter("workflows=other", NULL, "");
}
END_TEST

START_TEST(events_that_nobody_wants_start_nothing)
{
    const char *const settings[] = {"command=cat", "kinds=none", NULL};
    struct fakehost *h = open_with(settings);

    ck_assert_int_eq(fakehost_end(h, begin(h), NULL), HAFT_OK);

    ck_assert_ptr_null(started(h, 0));
    fakehost_destroy(h);
}
END_TEST

START_TEST(any_other_end_keeps_the_events)
{
    static const struct {
        struct haft_child_ended_in in;
        uint32_t fault_class;
        const char *code;
    } rows[] = {
        {{.exit_code = 1}, HAFT_TRANSIENT, "command.exit"},
        {{.signal = 11}, HAFT_TRANSIENT, "command.signal"},
        {{.error = ENOENT}, HAFT_NOT_FOUND, "command.start"},
        {{.error = EACCES}, HAFT_DENIED, "command.start"},
        {{.error = EAGAIN}, HAFT_TRANSIENT, "command.start"},
        {{.is_lost = 1}, HAFT_TRANSIENT, "command.lost"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fakehost *h = open_plain();
        uint64_t call = begin(h);

        end_child(h, rows[i].in);
        ck_assert_int_eq(fakehost_end(h, call, NULL),
                         -(haft_status)rows[i].fault_class);
        ck_assert(haft_slice_is(fakehost_fault(h)->code, rows[i].code));
        ck_assert_uint_gt(fakehost_fault(h)->message.n, 0);
        fakehost_destroy(h);
    }
}
END_TEST

START_TEST(who_takes_too_long_is_killed)
{
    struct fakehost *h = open_plain();
    uint64_t call = begin(h);
    const struct haft_process_signal_in *signal;

    fakehost_child_started(h, FIRST_ID, 77);
    fakehost_advance(h, 4999);
    ck_assert_ptr_null(
        fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_SIGNAL, 0));
    fakehost_advance(h, 1);
    signal = fakehost_said(h, HAFT_PROCESS_V1, HAFT_PROCESS_SIGNAL, 1);
    ck_assert_ptr_nonnull(signal);
    ck_assert_int_eq(signal->signal, 9);
    ck_assert_uint_eq(signal->id, FIRST_ID);
    ck_assert(!fakehost_is_done(h, call));

    end_child(h, (struct haft_child_ended_in){.signal = 9});
    ck_assert_int_eq(fakehost_end(h, call, NULL), -HAFT_TRANSIENT);
    ck_assert(haft_slice_is(fakehost_fault(h)->code, "command.timeout"));
    fakehost_destroy(h);
}
END_TEST

START_TEST(after_a_failure_the_next_delivery_starts_anew)
{
    struct fakehost *h = open_plain();
    uint64_t call = begin(h);

    end_child(h, (struct haft_child_ended_in){.exit_code = 1});
    ck_assert_int_eq(fakehost_end(h, call, NULL), -HAFT_TRANSIENT);
    call = begin(h);
    end_child(h, (struct haft_child_ended_in){.exit_code = 1}); /* the old */
    ck_assert(!fakehost_is_done(h, call));
    end_child(h, (struct haft_child_ended_in){.id = FIRST_ID + 1});

    ck_assert_int_eq(fakehost_end(h, call, NULL), HAFT_OK);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_second_delivery_at_once_is_refused)
{
    struct fakehost *h = open_plain();
    uint64_t first = begin(h);

    ck_assert_int_eq(fakehost_end(h, begin(h), NULL), -HAFT_CONFLICT);

    end_child(h, (struct haft_child_ended_in){.exit_code = 0});
    ck_assert_int_eq(fakehost_end(h, first, NULL), HAFT_OK);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_keeper_that_refuses_keeps_the_events)
{
    struct fakehost *h = open_plain();

    fakehost_answer(h, HAFT_PROCESS_V1, HAFT_PROCESS_START, -HAFT_RESOURCE);
    ck_assert_int_eq(fakehost_end(h, begin(h), NULL), -HAFT_RESOURCE);
    fakehost_answer(h, HAFT_PROCESS_V1, HAFT_PROCESS_START, HAFT_OK);

    ck_assert(!fakehost_is_done(h, begin(h)));
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_command_without_a_program_is_refused_at_create)
{
    const char *const settings[] = {"command=", NULL};
    struct fakehost *h = fakehost_create(
        "notify-command", "plugins/notify/command/manifest.json");

    ck_assert_int_eq(fakehost_make(h, settings), -HAFT_INVALID);
    ck_assert(haft_slice_is(fakehost_fault(h)->code, "command.command"));
    fakehost_destroy(h);
}
END_TEST

TEST_MAIN("notify/command", events_come_as_lines_and_arrive_with_exit_zero,
          the_program_has_a_path_and_knows_its_instance,
          only_what_was_asked_for_is_delivered,
          events_that_nobody_wants_start_nothing,
          any_other_end_keeps_the_events, who_takes_too_long_is_killed,
          after_a_failure_the_next_delivery_starts_anew,
          a_second_delivery_at_once_is_refused,
          a_keeper_that_refuses_keeps_the_events,
          a_command_without_a_program_is_refused_at_create)
