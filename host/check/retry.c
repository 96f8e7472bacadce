/* Retry: the same answer to the same question, within bounds, and no more hope
 * once it was given up. */
#include <string.h>

#include <haft/retry.h>

#include "host/check/kinds.h"
#include "host/check/subject.h"

#define DELAY_MOST_MS (INT64_C(366) * 24 * 3600 * 1000)
#define TRIES 60
#define MAX 5 /* what the task says */

/* ---- the questions ---- */

static struct haft_retry_decide_in question(uint32_t fault_class,
                                            uint32_t tries)
{
    return (struct haft_retry_decide_in){
        .size = sizeof(struct haft_retry_decide_in),
        .fault_class = fault_class,
        .effect = HAFT_EFFECT_STARTED,
        .origin = HAFT_ORIGIN_USER,
        .exit_code = 1,
        .tries = tries,
        .seed = UINT64_C(0x123456789abcdef0),
        .elapsed_ms = 1000 * (int64_t)tries,
        .max = MAX,
        .code = {"check.fault", 11},
    };
}

static size_t questions(struct kit_question *q, const char *folder)
{
    static struct haft_retry_decide_in first;
    static struct haft_retry_decide_in last;

    (void)folder;
    first = question(HAFT_USER_FAILURE, 1);
    last = question(HAFT_TRANSIENT, 1000);
    q[0] = (struct kit_question){HAFT_RETRY_DECIDE, &first};
    q[1] = (struct kit_question){HAFT_RETRY_DECIDE, &last};
    return 2;
}

const struct kit_kind kind_retry = {
    .name = "retry", .interface = &haft_retry_v1, .questions = questions};

struct decision {
    uint32_t verdict;
    int64_t delay_ms;
};

/* Checks that it is one, too. */
static struct decision decide(struct subject *s,
                              const struct haft_retry_decide_in *in)
{
    const struct haft_retry_decide_out *out;
    struct decision d = {0};
    struct reply r;

    if (subject_ask(s, HAFT_RETRY_DECIDE, in, &r) != HAFT_OK) {
        kit_fail(s->kit, "decide: wanted a decision, found %s: %s", r.code,
                 r.message);
        reply_finish(&r);
        return d;
    }
    out = r.out;
    d = (struct decision){out->verdict, out->delay_ms};
    kit_say(s->kit, "decide: verdict %u after %lld ms", d.verdict,
            (long long)d.delay_ms);
    reply_finish(&r);
    return d;
}

static bool is_hopeful(struct decision d)
{
    return d.verdict == HAFT_RETRY_AGAIN || d.verdict == HAFT_RETRY_ELSEWHERE;
}

/* ---- the cases ---- */

void retry_pure(struct kit *kit)
{
    struct decision first[TRIES];
    struct subject s;

    if (!subject_open(&s, kit)) {
        return;
    }
    for (uint32_t i = 0; i < TRIES; i++) {
        struct haft_retry_decide_in in =
            question(i % (HAFT_CLASSES - 1) + 1, i / 4 + 1);

        first[i] = decide(&s, &in);
    }
    for (uint32_t i = TRIES; i-- > 0 && kit_is_well(kit);) {
        struct haft_retry_decide_in in =
            question(i % (HAFT_CLASSES - 1) + 1, i / 4 + 1);
        struct decision again = decide(&s, &in);

        if (again.verdict != first[i].verdict ||
            again.delay_ms != first[i].delay_ms) {
            kit_fail(kit,
                     "one question, asked twice: wanted verdict %u after "
                     "%lld ms, found verdict %u after %lld ms",
                     first[i].verdict, (long long)first[i].delay_ms,
                     again.verdict, (long long)again.delay_ms);
        }
    }
    subject_close(&s);
}

void retry_bounded(struct kit *kit)
{
    struct subject s;

    if (!subject_open(&s, kit)) {
        return;
    }
    for (uint32_t i = 1; i < TRIES && kit_is_well(kit); i++) {
        struct haft_retry_decide_in in = question(HAFT_USER_FAILURE, i);
        struct decision d = decide(&s, &in);

        if (d.verdict > HAFT_RETRY_HOLD) {
            kit_fail(kit, "wanted a verdict up to %d, found %u",
                     HAFT_RETRY_HOLD, d.verdict);
        }
        if (d.delay_ms < 0 || d.delay_ms > DELAY_MOST_MS) {
            kit_fail(kit, "wanted a delay from 0 to %lld ms, found %lld",
                     (long long)DELAY_MOST_MS, (long long)d.delay_ms);
        }
        if (i > MAX && is_hopeful(d)) {
            kit_fail(kit,
                     "wanted no more than the task's %d tries after the "
                     "first, found another after %u",
                     MAX, i);
        }
    }
    subject_close(&s);
}

/* Once it has given up at a number of tries, or at a time, it does not begin
 * again at a later one. */
void retry_monotone(struct kit *kit)
{
    struct subject s;
    bool has_given_up = false;

    if (!subject_open(&s, kit)) {
        return;
    }
    for (uint32_t i = 1; i <= MAX && kit_is_well(kit); i++) {
        struct haft_retry_decide_in in = question(HAFT_USER_FAILURE, i);
        bool is_again = is_hopeful(decide(&s, &in));

        if (has_given_up && is_again) {
            kit_fail(kit,
                     "wanted it given up at %u tries, as at fewer of "
                     "them, found hope",
                     i);
        }
        has_given_up |= !is_again;
    }
    has_given_up = false;
    for (int64_t ms = 1; ms < DELAY_MOST_MS && kit_is_well(kit); ms *= 4) {
        struct haft_retry_decide_in in = question(HAFT_USER_FAILURE, 1);
        bool is_again;

        in.elapsed_ms = ms;
        in.limit_ms = 60000;
        is_again = is_hopeful(decide(&s, &in));
        if (has_given_up && is_again) {
            kit_fail(kit,
                     "wanted it given up after %lld ms, as after fewer "
                     "of them, found hope",
                     (long long)ms);
        }
        has_given_up |= !is_again;
    }
    subject_close(&s);
}
