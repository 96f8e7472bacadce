#include "tests/host/core/store.h"

/* Random workflows, random answers and owners that die at any turn: whatever
 * happens, the tables agree (core_check, every turn), what is on record is
 * what comes back, and every run comes to an end. A seed that fails says so,
 * and fails again. */

#define SEEDS 400
#define STEPS 120

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static const char *const conditions[] = {
    NULL,          NULL,
    NULL,          "success()",
    "failure()",   "always()",
    "false",       "tasks.t0.status == succeeded",
    "cancelled()", "json('{') == 1",
};

static struct workflow_policy draw_policy(void)
{
    return (struct workflow_policy){
        .queue_ms = draw(4) ? 0 : 500,
        .run_ms = draw(4) ? 0 : 700,
        .silence_ms = draw(4) ? 0 : 400,
        .total_ms = draw(4) ? 0 : 3000,
        .priority = (int32_t)draw(3) * 100,
        .max_parallel = draw(3),
        .on_unknown = draw(3),
        .on_fail = draw(2),
        .is_idempotent = draw(2),
    };
}

static void draw_needs(char needs[64], uint32_t from, uint32_t to)
{
    needs[0] = '\0';
    for (uint32_t i = from; i < to; i++) {
        if (draw(3) == 0 && strlen(needs) < 48) {
            snprintf(needs + strlen(needs), 8, "%st%u", needs[0] ? " " : "", i);
        }
    }
}

static void build(struct world *w, uint64_t seed)
{
    uint32_t main_count;
    uint32_t count;

    state = seed;
    main_count = 1 + draw(8);
    count = main_count + draw(4);
    flow(w);
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        char needs[64];
        uint32_t task;
        bool is_main = i < main_count;

        snprintf(name, sizeof(name), "t%u", i);
        draw_needs(needs, is_main ? 0 : main_count, i);
        task = task_made(w, name,
                         (struct made){
                             .needs = needs,
                             .policy = policy(w, draw_policy()),
                             .flags = is_main ? 0 : WORKFLOW_FINALLY,
                             .condition = conditions[draw(10)],
                         });
        if (draw(4) == 0) {
            workflow_build_each(w->build, task, "x", cJSON_Parse("[1,2,3]"),
                                NULL);
        } else if (draw(8) == 0) {
            workflow_build_each(w->build, task, "x", cJSON_Parse("[]"), NULL);
        }
    }
}

static uint32_t draw_class(void)
{
    return draw(2) ? FAULT_NONE : draw(FAULT_CLASSES);
}

static void answer_open(struct world *w, const struct task *t)
{
    struct core_outcome outcome = {
        .attempt = t->attempt,
        .fence = t->fence + (draw(20) == 0),
        .fault = {.fault_class = draw_class(), .effect = draw(4)},
        .started_ms = w->now_ms - 1,
        .ended_ms = w->now_ms,
    };

    switch (draw(5)) {
    case 0:
        core_ask_started(w->core, t->attempt, t->fence, w->now_ms);
        break;
    case 1:
        core_ask_found(w->core, t->attempt, t->fence, draw(4));
        break;
    case 2:
        core_ask_heard(w->core, t->attempt, t->fence, draw(600));
        break;
    default:
        outcome.outputs = draw(2) ? NULL : cJSON_CreateObject();
        core_ask_ended(w->core, &outcome);
        break;
    }
}

static void answer(struct world *w, uint32_t task)
{
    struct task room;
    const struct task *t = core_task(w->core, w->run, task, &room);

    switch (t->state) {
    case TASK_DECIDING:
        core_ask_verdict(w->core, t->attempt, t->fence, draw(4), draw(300));
        break;
    case TASK_HELD:
        core_ask_resolve(w->core, 1, w->run, task, draw(3));
        break;
    case TASK_HANDED:
    case TASK_RUNNING:
        answer_open(w, t);
        break;
    default:
        core_ask_ended(w->core, &(struct core_outcome){
                                    .attempt = t->attempt,
                                    .fence = t->fence,
                                });
        break;
    }
}

static bool is_over(const struct world *w)
{
    return run_state_is_ended(run_state_of(w));
}

static void ck_recorded(const struct world *w, const struct store *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct task *was = &s->tasks[i].task;
        struct task is = seen(w, s->tasks[i].name);

        if (task_state_is_ended(was->state)) {
            ck_assert_int_eq(is.state, was->state);
            ck_assert_int_eq(is.reason, was->reason);
        }
        ck_assert_uint_ge(is.fence, was->fence);
        ck_assert_int_eq(is.ready_ms, was->ready_ms);
    }
}

static void live(struct world *w, struct store *s, uint64_t seed)
{
    for (int step = 0; step < STEPS && !is_over(w); step++) {
        for (uint32_t n = draw(3); n > 0; n--) {
            answer(w, draw(core_tasks_count(w->core, w->run)));
        }
        if (draw(60) == 0) {
            core_ask_cancel(w->core, 2, w->run);
        }
        wait_ms(w, draw(3) ? 0 : draw(400));
        if (draw(15) == 0 && !is_over(w)) {
            uint64_t kept = state;

            build(w, seed);
            state = kept;
            store_reopen(s, w);
            ck_recorded(w, s);
        }
    }
}

/* Everyone answers at once, so there is nothing left to wait for. */
static void end_well(struct world *w)
{
    for (int step = 0; step < 400 && !is_over(w); step++) {
        uint32_t count = core_tasks_count(w->core, w->run);
        int64_t next_ms = core_next_ms(w->core);

        for (uint32_t i = 0; i < count; i++) {
            struct task room;
            const struct task *t = core_task(w->core, w->run, i, &room);

            if (t->state == TASK_HELD) {
                core_ask_resolve(w->core, 1, w->run, i, RESOLVE_SUCCESS);
            } else if (t->state == TASK_DECIDING) {
                core_ask_verdict(w->core, t->attempt, t->fence, VERDICT_FAIL,
                                 0);
            } else if (t->attempt && !task_state_is_ended(t->state) &&
                       t->state != TASK_READY) {
                core_ask_ended(w->core, &(struct core_outcome){
                                            .attempt = t->attempt,
                                            .fence = t->fence,
                                        });
            }
        }
        wait_ms(w, next_ms == INT64_MAX || next_ms < w->now_ms
                       ? 0
                       : next_ms - w->now_ms);
    }
}

static void ck_over(struct world *w)
{
    size_t count = core_tasks_count(w->core, w->run);

    ck_assert(is_over(w));
    ck_assert_int_eq(core_next_ms(w->core), INT64_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct task room;

        core_task(w->core, w->run, i, &room);
        ck_assert(task_state_is_ended(room.state));
    }
    core_forget(w->core, w->run);
    w->keep = NULL;
    turn(w);
    ck_assert_uint_eq(core_count(w->core).runs_live, 0);
}

START_TEST(a_life_of_answers_and_deaths_always_comes_to_an_end)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;
        struct store s;

        world_init(&w, 1);
        store_open(&s, &w);
        build(&w, seed * 7919);
        submit(&w);
        live(&w, &s, seed * 7919);
        end_well(&w);
        ck_assert_msg(is_over(&w), "seed %u", (unsigned)seed);
        ck_over(&w);
        world_finish(&w);
        store_finish(&s);
    }
}
END_TEST

TEST_MAIN("life", a_life_of_answers_and_deaths_always_comes_to_an_end)
