/* Executors: what is said of an attempt, how often, and until when. */
#include <stdio.h>
#include <string.h>

#include <haft/executor.h>

#include "host/check/kinds.h"
#include "host/check/subject.h"

#define ATTEMPT UINT64_C(70001)
#define FENCE UINT64_C(3)
#define GRACE_MS 100

/* ---- the questions of every executor ---- */

static struct haft_executor_start_in *start_of(uint64_t attempt,
                                               const char *folder)
{
    static const struct haft_slice argv[] = {{"true", 4}};
    static const struct haft_pair env[] = {
        {{"PATH", 4}, {"/usr/bin:/bin", 13}}};
    static struct haft_executor_start_in in;
    static char path[4096];

    snprintf(path, sizeof(path), "%s/out", folder);
    in = (struct haft_executor_start_in){
        .size = sizeof(in),
        .tries = 1,
        .attempt = attempt,
        .fence = FENCE,
        .sort = {HAFT_SORT_PROCESS, sizeof(HAFT_SORT_PROCESS) - 1},
        .run = {"check", 5},
        .task = {"task", 4},
        .argv = {argv, 1, sizeof(argv[0])},
        .env = {env, 1, sizeof(env[0])},
        .workdir = {folder, strlen(folder)},
        .stdout_path = {path, strlen(path)},
        .stderr_path = {path, strlen(path)},
    };
    return &in;
}

static const struct haft_executor_cancel_in cancel_in = {
    .size = sizeof(cancel_in),
    .attempt = ATTEMPT,
    .fence = FENCE,
    .grace_ms = GRACE_MS,
};
static const struct haft_executor_recover_in recover_in = {
    .size = sizeof(recover_in), .attempt = ATTEMPT, .fence = FENCE};
static const struct haft_executor_release_in release_in = {
    .size = sizeof(release_in), .attempt = ATTEMPT, .fence = FENCE};

static size_t questions(struct kit_question *q, const char *folder)
{
    q[0] =
        (struct kit_question){HAFT_EXECUTOR_START, start_of(ATTEMPT, folder)};
    q[1] = (struct kit_question){HAFT_EXECUTOR_CANCEL, &cancel_in};
    q[2] = (struct kit_question){HAFT_EXECUTOR_RECOVER, &recover_in};
    q[3] = (struct kit_question){HAFT_EXECUTOR_RELEASE, &release_in};
    return 4;
}

const struct kit_kind kind_executor = {
    .name = "executor", .interface = &haft_executor_v1, .questions = questions};

/* ---- small questions ---- */

/* Starts it; false if it was refused, which skips what would come after. */
static bool start(struct subject *s, uint64_t attempt)
{
    struct reply r;
    haft_status status;

    if (!manifest_has(s->kit->target->class->sorts, HAFT_SORT_PROCESS)) {
        kit_skip(s->kit, "it takes no jobs of processes");
        return false;
    }
    status = subject_ask(s, HAFT_EXECUTOR_START,
                         start_of(attempt, s->kit->folder), &r);
    if (status != HAFT_OK && !subject_is_out_of_reach(s->kit, &r)) {
        kit_fail(s->kit,
                 "start: wanted an attempt of `true` taken, found %s: "
                 "%s",
                 r.code, r.message);
    }
    reply_finish(&r);
    return status == HAFT_OK;
}

/* That the end has been said so often, at least. */
static void expect_end(struct subject *s, uint64_t attempt, unsigned times)
{
    if (!subject_wait(s, HAFT_ATTEMPT_ENDED, attempt, times)) {
        kit_fail(s->kit, "wanted `ended` %u times, found %u", times,
                 stage_count(&s->stage, HAFT_ATTEMPT_ENDED, attempt));
    }
}

/* All that was posted has been heard: an answer comes behind it. */
static void settle(struct subject *s)
{
    subject_tell(s, HAFT_EXECUTOR_CANCEL, &cancel_in);
}

/* The state that recover says; HAFT_RECOVER_UNKNOWN where it fails. */
static uint32_t recover(struct subject *s, uint64_t attempt)
{
    struct haft_executor_recover_in in = recover_in;
    struct reply r;
    uint32_t state = HAFT_RECOVER_UNKNOWN;

    in.attempt = attempt;
    if (subject_ask(s, HAFT_EXECUTOR_RECOVER, &in, &r) == HAFT_OK) {
        state = ((const struct haft_executor_recover_out *)r.out)->state;
    }
    if (state > HAFT_RECOVER_NEVER_STARTED) {
        kit_fail(s->kit, "recover: wanted a state up to %d, found %u",
                 HAFT_RECOVER_NEVER_STARTED, state);
    }
    kit_say(s->kit, "recover: state %u", state);
    reply_finish(&r);
    return state;
}

/* ---- the cases ---- */

void executor_ends(struct kit *kit)
{
    struct subject s;

    if (!subject_open(&s, kit)) {
        return;
    }
    if (start(&s, ATTEMPT)) {
        const struct stage_report *end;
        unsigned found;

        expect_end(&s, ATTEMPT, 1);
        settle(&s);
        end = stage_end(&s.stage, ATTEMPT);
        found = stage_count(&s.stage, HAFT_ATTEMPT_ENDED, ATTEMPT);
        if (found != 1) {
            kit_fail(kit, "wanted `ended` once, found %u times", found);
        } else if (end->fence != FENCE) {
            kit_fail(kit, "ended: wanted fence %llu, found %llu",
                     (unsigned long long)FENCE, (unsigned long long)end->fence);
        }
    }
    subject_close(&s);
}

/* A second question with the id of an attempt that runs starts nothing. */
void executor_twice(struct kit *kit)
{
    struct subject s;
    unsigned found;

    if (!subject_open(&s, kit)) {
        return;
    }
    s.stage.holds = true;
    if (start(&s, ATTEMPT) &&
        stage_count(&s.stage, HAFT_ATTEMPT_ENDED, ATTEMPT) == 0) {
        start(&s, ATTEMPT);
        subject_tell(&s, HAFT_EXECUTOR_CANCEL, &cancel_in);
        expect_end(&s, ATTEMPT, 1);
        found = stage_count(&s.stage, HAFT_ATTEMPT_STARTED, ATTEMPT);
        if (found > 1) {
            kit_fail(kit,
                     "asked twice with one id: wanted it started once, "
                     "found %u times",
                     found);
        }
    }
    subject_close(&s);
}

void executor_cancel(struct kit *kit)
{
    struct haft_executor_cancel_in unknown = cancel_in;
    struct subject s;
    haft_status status;

    if (!subject_open(&s, kit)) {
        return;
    }
    unknown.attempt = ATTEMPT + 100;
    status = subject_tell(&s, HAFT_EXECUTOR_CANCEL, &unknown);
    if (status != HAFT_OK) {
        kit_fail(kit, "cancel of an unknown attempt: wanted 0, found %d",
                 status);
    }
    s.stage.holds = true;
    if (kit_is_well(kit) && start(&s, ATTEMPT)) {
        status = subject_tell(&s, HAFT_EXECUTOR_CANCEL, &cancel_in);
        if (status != HAFT_OK) {
            kit_fail(kit, "cancel: wanted 0, found %d", status);
        }
        expect_end(&s, ATTEMPT, 1);
        status = subject_tell(&s, HAFT_EXECUTOR_CANCEL, &cancel_in);
        if (status != HAFT_OK) {
            kit_fail(kit, "cancel of an ended attempt: wanted 0, found %d",
                     status);
        }
    }
    subject_close(&s);
}

/* Asks what became of it after a restart. What it says has ended is said to have
 * ended once more. */
static uint32_t recover_again(struct subject *s, unsigned *ends)
{
    uint32_t state = HAFT_RECOVER_UNKNOWN;

    if (subject_restart(s)) {
        state = recover(s, ATTEMPT);
        *ends += state == HAFT_RECOVER_ENDED || state == HAFT_RECOVER_RUNNING;
        expect_end(s, ATTEMPT, *ends);
    }
    return state;
}

void executor_recover(struct kit *kit)
{
    struct subject s;
    uint32_t state;
    unsigned ends = 1;

    if (!subject_open(&s, kit)) {
        return;
    }
    state = recover(&s, ATTEMPT + 200);
    if (state == HAFT_RECOVER_RUNNING || state == HAFT_RECOVER_ENDED) {
        kit_fail(kit,
                 "recover of an attempt that it never had: wanted "
                 "unknown or never started, found state %u",
                 state);
    }
    if (kit_is_well(kit) && start(&s, ATTEMPT)) {
        expect_end(&s, ATTEMPT, ends);
        state = recover_again(&s, &ends);
        if (kit_is_well(kit)) {
            uint32_t again = recover_again(&s, &ends);

            if (again != state) {
                kit_fail(kit,
                         "recover of an attempt that was not released: "
                         "wanted state %u as before, found %u",
                         state, again);
            }
        }
    }
    subject_close(&s);
}

void executor_release(struct kit *kit)
{
    struct subject s;
    uint32_t state;

    if (!subject_open(&s, kit)) {
        return;
    }
    if (start(&s, ATTEMPT)) {
        expect_end(&s, ATTEMPT, 1);
        subject_tell(&s, HAFT_EXECUTOR_RELEASE, &release_in);
        subject_tell(&s, HAFT_EXECUTOR_RELEASE, &release_in);
        settle(&s);
        state = subject_restart(&s) ? recover(&s, ATTEMPT) : 0;
        if (state == HAFT_RECOVER_RUNNING || state == HAFT_RECOVER_ENDED) {
            kit_fail(kit,
                     "recover of a released attempt: wanted it forgotten, "
                     "found state %u",
                     state);
        }
    }
    subject_close(&s);
}
