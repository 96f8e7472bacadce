#include <string.h>

#include <haft/retry.h>
#include <haft/sdk.h>

#include "tests/check_main.h"
#include "tests/plugins/fakehost.h"

static struct fakehost *open_with(const char *const *settings)
{
    struct fakehost *h =
        fakehost_create("retry-backoff", "plugins/retry/backoff/manifest.json");

    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}

static struct fakehost *open_plain(void)
{
    const char *const settings[] = {NULL};

    return open_with(settings);
}

/* A task's own failure, for the first time, that may be tried thrice. */
static struct haft_retry_decide_in question(void)
{
    return (struct haft_retry_decide_in){
        .size = sizeof(struct haft_retry_decide_in),
        .fault_class = HAFT_USER_FAILURE,
        .effect = HAFT_EFFECT_DONE,
        .exit_code = 1,
        .tries = 1,
        .seed = 42,
        .max = 3,
        .base_ms = 1000,
        .cap_ms = 60000,
        .strategy = haft_text("exponential"),
        .jitter = haft_text("none"),
    };
}

static struct haft_retry_decide_out
decide(struct fakehost *h, const struct haft_retry_decide_in *in)
{
    struct haft_retry_decide_out out;

    ck_assert_int_eq(
        fakehost_ask(h, &haft_retry_v1, HAFT_RETRY_DECIDE, in, &out), HAFT_OK);
    ck_assert_uint_le(out.verdict, HAFT_RETRY_HOLD);
    ck_assert_int_ge(out.delay_ms, 0);
    ck_assert_uint_gt(out.reason.n, 0);
    return out;
}

static int64_t delay_of(struct fakehost *h,
                        const struct haft_retry_decide_in *in)
{
    struct haft_retry_decide_out out = decide(h, in);

    ck_assert_uint_eq(out.verdict, HAFT_RETRY_AGAIN);
    return out.delay_ms;
}

/* ---- delays ---- */

START_TEST(each_strategy_grows_as_it_is_called)
{
    static const struct {
        const char *strategy;
        int64_t delays[6];
    } rows[] = {
        {"immediate", {0, 0, 0, 0, 0, 0}},
        {"fixed", {1000, 1000, 1000, 1000, 1000, 1000}},
        {"linear", {1000, 2000, 3000, 4000, 5000, 6000}},
        {"exponential", {1000, 2000, 4000, 8000, 16000, 32000}},
        {"fibonacci", {1000, 1000, 2000, 3000, 5000, 8000}},
    };
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.max = 10;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        in.strategy = haft_text(rows[i].strategy);
        for (uint32_t n = 0; n < 6; n++) {
            in.tries = n + 1;
            ck_assert_int_eq(delay_of(h, &in), rows[i].delays[n]);
        }
    }
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_list_is_followed_and_its_last_step_stays)
{
    const struct haft_retry_step steps[] = {{5}, {70}, {30}};
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.strategy = haft_bytes(NULL, 0); /* steps alone say list */
    in.jitter = haft_bytes(NULL, 0);
    in.steps = haft_items(steps, 3, sizeof(steps[0]));
    in.max = 5;
    for (in.tries = 1; in.tries <= 5; in.tries++) {
        static const int64_t delays[] = {5, 70, 30, 30, 30};

        ck_assert_int_eq(delay_of(h, &in), delays[in.tries - 1]);
    }
    in.max = 0; /* as many tries as steps */
    in.tries = 3;
    ck_assert_int_eq(delay_of(h, &in), 30);
    in.tries = 4;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    fakehost_destroy(h);
}
END_TEST

START_TEST(no_strategy_and_no_jitter_passes_the_cap)
{
    static const char *const strategies[] = {"fixed", "linear", "exponential",
                                             "fibonacci"};
    static const char *const jitters[] = {"none", "full", "equal",
                                          "decorrelated", "proportional"};
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.max = INT32_MAX;
    in.cap_ms = 7000;
    for (int s = 0; s < 4; s++) {
        for (int j = 0; j < 5; j++) {
            in.strategy = haft_text(strategies[s]);
            in.jitter = haft_text(jitters[j]);
            for (in.tries = 1; in.tries < 200; in.tries += 7) {
                in.seed = in.tries * UINT64_C(7919) + (uint64_t)j;
                in.previous_delay_ms = in.tries * 100;
                ck_assert_int_le(delay_of(h, &in), 7000);
            }
        }
    }
    fakehost_destroy(h);
}
END_TEST

START_TEST(nothing_overflows_at_the_edges_of_numbers)
{
    static const char *const strategies[] = {"fixed", "linear", "exponential",
                                             "fibonacci"};
    static const char *const jitters[] = {"none", "full", "equal",
                                          "decorrelated", "proportional"};
    static const uint32_t tries[] = {1,  2,  62,      63,       64,
                                     91, 92, 1000000, INT32_MAX};
    const char *const settings[] = {"cap=0", NULL};
    struct fakehost *h = open_with(settings);
    struct haft_retry_decide_in in = question();

    in.max = INT32_MAX;
    in.base_ms = INT64_MAX / 2;
    in.cap_ms = 0;
    in.previous_delay_ms = INT64_MAX - 1;
    for (int s = 0; s < 4; s++) {
        for (int j = 0; j < 5; j++) {
            for (int t = 0; t < 9; t++) {
                in.strategy = haft_text(strategies[s]);
                in.jitter = haft_text(jitters[j]);
                in.tries = tries[t];
                in.seed = (uint64_t)t * 977 + (uint64_t)j;
                delay_of(h, &in); /* asserts that it is not negative */
            }
        }
    }
    in.elapsed_ms = INT64_MAX - 5;
    in.limit_ms = INT64_MAX - 1;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    fakehost_destroy(h);
}
END_TEST

START_TEST(delays_without_jitter_never_shrink)
{
    static const char *const strategies[] = {"fixed", "linear", "exponential",
                                             "fibonacci"};
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.max = INT32_MAX;
    in.cap_ms = INT64_MAX;
    for (int s = 0; s < 4; s++) {
        int64_t before = 0;

        in.strategy = haft_text(strategies[s]);
        for (in.tries = 1; in.tries < 150; in.tries++) {
            int64_t delay_ms = delay_of(h, &in);

            ck_assert_int_ge(delay_ms, before);
            before = delay_ms;
        }
    }
    fakehost_destroy(h);
}
END_TEST

START_TEST(the_same_question_gets_the_same_answer)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();
    int64_t first;
    int different = 0;

    in.jitter = haft_text("full");
    first = delay_of(h, &in);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(delay_of(h, &in), first);
    }
    for (in.seed = 0; in.seed < 20; in.seed++) {
        different += delay_of(h, &in) != first;
    }
    ck_assert_int_gt(different, 15);
    fakehost_destroy(h);
}
END_TEST

/* ---- chance ---- */

#define BINS 20
#define DRAWS 4000

/* Draws delays of a fixed strategy and checks that they lie evenly between two
 * bounds: chi-square of 20 bins, whose 0.9999 quantile at 19 degrees of
 * freedom is 50.8. The seeds are fixed, so the test gives one answer for ever.
 * Neighbouring seeds are the hardest case for a generator. */
static void check_even(struct fakehost *h, struct haft_retry_decide_in *in,
                       int64_t low, int64_t high)
{
    int bins[BINS] = {0};
    double expected = (double)DRAWS / BINS;
    double chi = 0;

    for (int i = 0; i < DRAWS; i++) {
        int64_t delay_ms;

        in->seed = (uint64_t)i;
        delay_ms = delay_of(h, in);
        ck_assert_int_ge(delay_ms, low);
        ck_assert_int_le(delay_ms, high);
        bins[(delay_ms - low) * BINS / (high - low + 1)]++;
    }
    for (int i = 0; i < BINS; i++) {
        chi += (bins[i] - expected) * (bins[i] - expected) / expected;
    }
    ck_assert_double_lt(chi, 50.8);
    ck_assert_double_gt(chi, 3.0); /* nor is it too even to be chance */
}

START_TEST(jitter_is_even_within_its_bounds)
{
    static const struct {
        const char *jitter;
        int64_t low;
        int64_t high;
    } rows[] = {
        {"full", 0, 9999},
        {"equal", 5000, 9999},
        {"proportional", 7500, 12498},
        {"decorrelated", 9999, 29997},
    };
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.strategy = haft_text("fixed");
    in.base_ms = 9999;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        in.jitter = haft_text(rows[i].jitter);
        check_even(h, &in, rows[i].low, rows[i].high);
    }
    fakehost_destroy(h);
}
END_TEST

START_TEST(decorrelated_jitter_follows_the_delay_before)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.jitter = haft_text("decorrelated");
    in.cap_ms = 1000000;
    in.previous_delay_ms = 50000;
    check_even(h, &in, 1000, 150000);
    fakehost_destroy(h);
}
END_TEST

/* ---- hints ---- */

START_TEST(a_hint_is_never_undercut_and_only_spread_upwards)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.fault_class = HAFT_THROTTLED;
    in.losses = 1;
    in.retry_after_ms = 20000;
    check_even(h, &in, 20000, 22000);

    in.retry_after_ms = 400; /* below the delay of its own */
    ck_assert_int_eq(delay_of(h, &in), 1000);

    in.retry_after_ms = INT64_MAX; /* nobody silences us for ever */
    in.seed = 1;
    ck_assert_int_ge(delay_of(h, &in), 3600000);
    ck_assert_int_le(delay_of(h, &in), 3960000);
    in.retry_after_ms = -5;
    ck_assert_int_eq(delay_of(h, &in), 1000);
    fakehost_destroy(h);
}
END_TEST

START_TEST(retry_hints_narrow_the_answer)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.retry_hint = HAFT_HINT_NEVER;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.retry_hint = HAFT_HINT_OTHER;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_ELSEWHERE);
    in.fault_class = HAFT_INFRA_LOST;
    in.retry_hint = HAFT_HINT_SAME;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    in.fault_class = HAFT_DENIED; /* a hint widens nothing */
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    fakehost_destroy(h);
}
END_TEST

/* ---- classes, effects, budgets ---- */

/* What may happen to a fault after the given number of tries and losses. */
#define NO HAFT_RETRY_FAIL
#define AGAIN HAFT_RETRY_AGAIN
#define OTHER HAFT_RETRY_ELSEWHERE

static const struct class_row {
    uint32_t first;     /* tries 1, losses 1 */
    uint32_t many;      /* tries 4 of 3, losses 6 of 5 */
    uint32_t no_tries;  /* tries 4 of 3, losses 1 */
    uint32_t unstarted; /* tries 4 of 3, losses 1, effect not_started */
} class_rows[HAFT_CLASSES] = {
    [0] = {OTHER, NO, OTHER, OTHER}, /* reads as INTERNAL */
    [HAFT_CANCELLED] = {NO, NO, NO, NO},
    [HAFT_INVALID] = {NO, NO, NO, NO},
    [HAFT_UNAUTHENTICATED] = {AGAIN, NO, AGAIN, AGAIN},
    [HAFT_DENIED] = {NO, NO, NO, NO},
    [HAFT_NOT_FOUND] = {NO, NO, NO, NO},
    [HAFT_CONFLICT] = {AGAIN, NO, AGAIN, AGAIN},
    [HAFT_USER_FAILURE] = {AGAIN, NO, NO, AGAIN},
    [HAFT_TIMEOUT_RUN] = {AGAIN, NO, NO, AGAIN},
    [HAFT_TIMEOUT_QUEUE] = {AGAIN, NO, AGAIN, AGAIN},
    [HAFT_THROTTLED] = {AGAIN, NO, AGAIN, AGAIN},
    [HAFT_RESOURCE] = {AGAIN, NO, NO, AGAIN},
    [HAFT_TRANSIENT] = {AGAIN, NO, AGAIN, AGAIN},
    [HAFT_BACKEND_DOWN] = {AGAIN, NO, AGAIN, AGAIN},
    [HAFT_INFRA_LOST] = {OTHER, NO, OTHER, OTHER},
    [HAFT_UNKNOWN_OUTCOME] = {AGAIN, NO, AGAIN, AGAIN},
    [HAFT_SHED] = {AGAIN, NO, AGAIN, AGAIN},
    [HAFT_CORRUPT] = {NO, NO, NO, NO},
    [HAFT_PLUGIN_CRASH] = {OTHER, NO, OTHER, OTHER},
    [HAFT_UNIMPLEMENTED] = {NO, NO, NO, NO},
    [HAFT_INTERNAL] = {OTHER, NO, OTHER, OTHER},
};

static void check_verdict(struct fakehost *h, uint32_t fault_class,
                          uint32_t effect, const uint32_t *counts,
                          uint32_t expected)
{
    struct haft_retry_decide_in in = question();
    struct haft_retry_decide_out out;

    in.fault_class = fault_class;
    in.effect = effect;
    in.tries = counts[0];
    in.losses = counts[1];
    out = decide(h, &in);
    ck_assert_msg(out.verdict == expected,
                  "class %u effect %u tries %u losses %u: %u, not %u (%.*s)",
                  fault_class, effect, counts[0], counts[1], out.verdict,
                  expected, (int)out.reason.n, (const char *)out.reason.p);
}

START_TEST(every_class_and_effect_has_its_answer)
{
    static const uint32_t first[] = {1, 1};
    static const uint32_t many[] = {4, 6};
    static const uint32_t no_tries[] = {4, 1};
    struct fakehost *h = open_plain();

    for (uint32_t class = 0; class < HAFT_CLASSES; class ++) {
        const struct class_row *row = &class_rows[class];

        for (uint32_t effect = 0; effect <= HAFT_EFFECT_DONE; effect++) {
            bool is_unstarted = effect == HAFT_EFFECT_NOT_STARTED;

            check_verdict(h, class, effect, first, row->first);
            check_verdict(h, class, effect, many, row->many);
            check_verdict(h, class, effect, no_tries,
                          is_unstarted ? row->unstarted : row->no_tries);
        }
    }
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_wait_that_is_too_long_is_not_begun_again_unless_the_task_says_so)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.fault_class = HAFT_TIMEOUT_QUEUE;
    in.effect = HAFT_EFFECT_NOT_STARTED;
    in.tries = 0;
    in.losses = 1;
    in.max = 0;
    in.strategy = haft_text("none");
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.max = 1;
    in.strategy = haft_text("fixed");
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    in.losses = 2;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_class_unknown_to_us_is_taken_as_internal)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.fault_class = 4000000000u;
    in.losses = 1;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_ELSEWHERE);
    fakehost_destroy(h);
}
END_TEST

START_TEST(tries_are_counted_to_the_last_one)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    for (in.tries = 1; in.tries <= 3; in.tries++) {
        ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    }
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.fault_class = HAFT_PLUGIN_CRASH;
    in.losses = 2;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_ELSEWHERE);
    in.losses = 3;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_task_that_says_nothing_fails_at_its_first_failure)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = {.size = sizeof(in),
                                      .fault_class = HAFT_USER_FAILURE,
                                      .effect = HAFT_EFFECT_DONE,
                                      .tries = 1};

    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.fault_class = HAFT_RESOURCE; /* no process to be had: not its fault */
    in.effect = HAFT_EFFECT_NOT_STARTED;
    in.tries = 0;
    in.losses = 1;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    fakehost_destroy(h);
}
END_TEST

START_TEST(a_task_that_wants_retries_gets_some_without_a_number)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = {.size = sizeof(in),
                                      .fault_class = HAFT_USER_FAILURE,
                                      .effect = HAFT_EFFECT_DONE,
                                      .tries = 3,
                                      .base_ms = 10};

    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    in.tries = 4;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    fakehost_destroy(h);
}
END_TEST

START_TEST(strategy_none_ends_tries_but_not_lost_starts)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.strategy = haft_text("none");
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.fault_class = HAFT_INFRA_LOST;
    in.effect = HAFT_EFFECT_STARTED;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.effect = HAFT_EFFECT_NOT_STARTED;
    in.losses = 1;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_ELSEWHERE);
    ck_assert_int_eq(decide(h, &in).delay_ms, 1000);
    fakehost_destroy(h);
}
END_TEST

START_TEST(the_classes_of_the_task_stand_for_all)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.classes = UINT32_C(1) << HAFT_TIMEOUT_RUN;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.fault_class = HAFT_TIMEOUT_RUN;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    in.classes = UINT32_C(1) << HAFT_NOT_FOUND; /* which is usually final */
    in.fault_class = HAFT_NOT_FOUND;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    in.tries = 4;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.tries = 1;
    in.classes = UINT32_MAX;
    in.fault_class = HAFT_CANCELLED; /* never */
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    fakehost_destroy(h);
}
END_TEST

START_TEST(only_listed_exits_are_tried_again)
{
    const struct haft_retry_exit exits[] = {{75, 0}, {3, 0}};
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.exits = haft_items(exits, 2, sizeof(exits[0]));
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.exit_code = 3;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    in.signal = 11; /* that was no exit */
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    in.fault_class = HAFT_TIMEOUT_RUN; /* exits speak of failures alone */
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    fakehost_destroy(h);
}
END_TEST

/* ---- time ---- */

START_TEST(a_try_that_would_come_too_late_is_none)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.limit_ms = 10000;
    in.elapsed_ms = 9000;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    in.elapsed_ms = 9001;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);

    in.limit_ms = 0;
    in.left_ms = 1000;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_AGAIN);
    in.left_ms = 999;
    ck_assert_uint_eq(decide(h, &in).verdict, HAFT_RETRY_FAIL);
    fakehost_destroy(h);
}
END_TEST

START_TEST(all_tries_together_stay_below_the_limit)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();

    in.jitter = haft_text("full");
    in.max = INT32_MAX;
    in.limit_ms = 100000;
    for (uint64_t seed = 0; seed < 50; seed++) {
        in.tries = 1;
        in.elapsed_ms = 0;
        in.seed = seed;
        for (;;) {
            struct haft_retry_decide_out out = decide(h, &in);

            if (out.verdict == HAFT_RETRY_FAIL) {
                break;
            }
            in.elapsed_ms += out.delay_ms;
            in.tries++;
            in.seed += 1000;
            ck_assert_int_le(in.elapsed_ms, 100000);
            ck_assert_uint_lt(in.tries, 10000);
        }
        ck_assert_uint_gt(in.tries, 2);
    }
    fakehost_destroy(h);
}
END_TEST

/* ---- what cannot be ---- */

START_TEST(unknown_names_are_invalid)
{
    struct fakehost *h = open_plain();
    struct haft_retry_decide_in in = question();
    struct haft_retry_decide_out out;

    in.strategy = haft_text("exponentiel");
    ck_assert_int_eq(
        fakehost_ask(h, &haft_retry_v1, HAFT_RETRY_DECIDE, &in, &out),
        -HAFT_INVALID);
    in = question();
    in.jitter = haft_text("some");
    ck_assert_int_eq(
        fakehost_ask(h, &haft_retry_v1, HAFT_RETRY_DECIDE, &in, &out),
        -HAFT_INVALID);
    in = question();
    in.strategy = haft_text("list");
    ck_assert_int_eq(
        fakehost_ask(h, &haft_retry_v1, HAFT_RETRY_DECIDE, &in, &out),
        -HAFT_INVALID);
    ck_assert(haft_slice_is(fakehost_fault(h)->code, "backoff.steps"));
    fakehost_destroy(h);
}
END_TEST

TEST_MAIN("retry/backoff", each_strategy_grows_as_it_is_called,
          a_list_is_followed_and_its_last_step_stays,
          no_strategy_and_no_jitter_passes_the_cap,
          nothing_overflows_at_the_edges_of_numbers,
          delays_without_jitter_never_shrink,
          the_same_question_gets_the_same_answer,
          jitter_is_even_within_its_bounds,
          decorrelated_jitter_follows_the_delay_before,
          a_hint_is_never_undercut_and_only_spread_upwards,
          retry_hints_narrow_the_answer, every_class_and_effect_has_its_answer,
          a_wait_that_is_too_long_is_not_begun_again_unless_the_task_says_so,
          a_wait_that_is_too_long_is_not_begun_again_unless_the_task_says_so,
          a_class_unknown_to_us_is_taken_as_internal,
          tries_are_counted_to_the_last_one,
          a_task_that_says_nothing_fails_at_its_first_failure,
          a_task_that_wants_retries_gets_some_without_a_number,
          strategy_none_ends_tries_but_not_lost_starts,
          the_classes_of_the_task_stand_for_all,
          only_listed_exits_are_tried_again,
          a_try_that_would_come_too_late_is_none,
          all_tries_together_stay_below_the_limit, unknown_names_are_invalid)
