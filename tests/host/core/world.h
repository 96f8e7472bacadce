/* A core with two executors, a clock, and short words for what tests of the
 * core say over and over. Every turn ends with core_check. */
#ifndef TESTS_HOST_CORE_WORLD_H
#define TESTS_HOST_CORE_WORLD_H

#include <stdio.h>
#include <string.h>

#include <haft/types.h>

#include "host/core/core.h"
#include "tests/check_main.h"

#define WORLD_START_MS 1000000
#define WORLD_GRACE_MS 5000

struct world {
    struct core *core;
    int64_t now_ms;
    struct workflow_build *build;
    uint32_t run; /* the last one submitted */
    /* Called after every turn, to keep what it listed. */
    void (*keep)(struct world *w);
    void *kept;
};

static inline void world_init(struct world *w, uint32_t epoch)
{
    struct core_options options = {
        .epoch = epoch,
        .seed = 42,
        .grace_ms = WORLD_GRACE_MS,
    };

    *w = (struct world){.now_ms = WORLD_START_MS};
    w->core = core_create(&options);
    core_add_executor(w->core, "local", 4, false);
    core_add_executor(w->core, "ahead", 2, true);
}

static inline void world_finish(struct world *w)
{
    core_destroy(w->core);
}

/* A turn: what it listed stays until the next. */
static inline void turn(struct world *w)
{
    const char *wrong;

    core_clear(w->core);
    core_decide(w->core, w->now_ms);
    wrong = core_check(w->core);
    ck_assert_msg(!wrong, "core_check: %s", wrong);
    if (w->keep) {
        w->keep(w);
    }
}

static inline void wait_ms(struct world *w, int64_t ms)
{
    w->now_ms += ms;
    turn(w);
}

/* ---- workflows ---- */

static inline struct workflow_build *flow(struct world *w)
{
    w->build = workflow_build_create("test");
    workflow_build_policy(w->build, &(struct workflow_policy){0});
    workflow_build_job(w->build, &(struct workflow_job){.script = "true"});
    return w->build;
}

/* `needs` by name, separated by spaces. Policy and job by index. */
static inline uint32_t find_built(struct world *w, const char *name,
                                  size_t size);

struct made {
    const char *needs;
    uint32_t policy;
    uint32_t job;
    uint32_t flags;
    const char *condition;
};

static char made_names[64][WORKFLOW_NAME_LIMIT];
static uint32_t made_count;

static inline uint32_t find_built(struct world *w, const char *name,
                                  size_t size)
{
    (void)w;
    for (uint32_t i = 0; i < made_count; i++) {
        if (strlen(made_names[i]) == size &&
            memcmp(made_names[i], name, size) == 0) {
            return i;
        }
    }
    ck_abort_msg("no task %.*s", (int)size, name);
    return 0;
}

static inline struct expr *expression(const char *text)
{
    struct str why;
    size_t at;
    struct expr *e;

    str_init(&why, STR_WHY_LIMIT);
    e = expr_parse(text, strlen(text), &why, &at);
    ck_assert_msg(e != NULL, "%s: %s", text, why.text);
    str_finish(&why);
    return e;
}

static inline uint32_t task_made(struct world *w, const char *name,
                                 struct made made)
{
    uint32_t needs[16] = {0};
    uint32_t count = 0;
    const char *at = made.needs ? made.needs : "";
    uint32_t task;

    while (*at) {
        size_t size = strcspn(at, " ");

        needs[count++] = find_built(w, at, size);
        at += size + strspn(at + size, " ");
    }
    task = workflow_build_task(w->build, name, needs, count, made.policy,
                               made.job, made.flags);
    snprintf(made_names[task], sizeof(made_names[task]), "%s", name);
    made_count = task + 1;
    if (made.condition) {
        workflow_build_condition(w->build, task, expression(made.condition));
    }
    return task;
}

static inline uint32_t task_needs(struct world *w, const char *name,
                                  const char *needs)
{
    return task_made(w, name, (struct made){.needs = needs});
}

static inline uint32_t policy(struct world *w, struct workflow_policy policy)
{
    return workflow_build_policy(w->build, &policy);
}

static inline void ask_submit(struct world *w, const char *id)
{
    struct core_submit submit = {
        .id = id,
        .principal = "me",
        .space = "default",
        .workflow = workflow_build_take(w->build),
        .params = cJSON_CreateObject(),
        .executor = 0,
    };

    core_ask_submit(w->core, 7, &submit);
}

/* Submits what was built and takes the turn. */
static inline uint32_t submit(struct world *w)
{
    static int count;
    char id[32];

    snprintf(id, sizeof(id), "run-%d", ++count);
    ask_submit(w, id);
    turn(w);
    w->run = core_find_run(w->core, id);
    ck_assert_uint_ne(w->run, CORE_NONE);
    return w->run;
}

/* ---- looking ---- */

static inline uint32_t named(const struct world *w, const char *name)
{
    uint32_t task = core_find_task(w->core, w->run, name);

    ck_assert_msg(task != CORE_NONE, "no task %s", name);
    return task;
}

static inline struct task seen(const struct world *w, const char *name)
{
    struct task room;

    ck_assert_ptr_nonnull(core_task(w->core, w->run, named(w, name), &room));
    return room;
}

static inline enum task_state state_of(const struct world *w, const char *name)
{
    return seen(w, name).state;
}

static inline enum run_state run_state_of(const struct world *w)
{
    return core_run(w->core, w->run)->state;
}

#define ck_state(w, name, wanted)                                              \
    ck_assert_msg(state_of(w, name) == (wanted), "%s is %s, not %s", name,     \
                  task_state_name(state_of(w, name)), task_state_name(wanted))
#define ck_run(w, wanted)                                                      \
    ck_assert_str_eq(run_state_name(run_state_of(w)), run_state_name(wanted))
#define ck_reason(w, name, wanted)                                             \
    ck_assert_str_eq(task_reason_name(seen(w, name).reason),                   \
                     task_reason_name(wanted))

/* Of this turn; `name` NULL: of any task or of the run. */
static inline size_t count_effects(const struct world *w, enum effect_kind kind,
                                   const char *name)
{
    size_t count;
    size_t found = 0;
    const struct effect *effects = core_effects(w->core, &count);

    for (size_t i = 0; i < count; i++) {
        found += effects[i].kind == kind &&
                 (!name || (effects[i].run == w->run &&
                            effects[i].task == named(w, name)));
    }
    return found;
}

static inline struct effect effect_of(const struct world *w,
                                      enum effect_kind kind, const char *name)
{
    size_t count;
    const struct effect *effects = core_effects(w->core, &count);

    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind == kind &&
            (!name || effects[i].task == named(w, name))) {
            return effects[i];
        }
    }
    ck_abort_msg("no effect %d of %s", (int)kind, name ? name : "any");
    return (struct effect){0};
}

static inline size_t count_events(const struct world *w, enum event_kind kind,
                                  const char *name)
{
    size_t count;
    size_t found = 0;
    const struct event *events = core_events(w->core, &count);

    for (size_t i = 0; i < count; i++) {
        found += events[i].kind == kind &&
                 (!name || events[i].task == named(w, name));
    }
    return found;
}

static inline const struct event *
event_of(const struct world *w, enum event_kind kind, const char *name)
{
    size_t count;
    const struct event *events = core_events(w->core, &count);

    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == kind &&
            (!name || events[i].task == named(w, name))) {
            return &events[i];
        }
    }
    ck_abort_msg("no event %s", event_kind_name(kind));
    return NULL;
}

static inline size_t count_changes(const struct world *w, enum change_kind kind,
                                   const char *name)
{
    size_t count;
    size_t found = 0;
    const struct change *changes = core_changes(w->core, &count);

    for (size_t i = 0; i < count; i++) {
        found += changes[i].kind == kind &&
                 (!name || changes[i].task == named(w, name));
    }
    return found;
}

/* ---- what the outside says ---- */

static inline void start(struct world *w, const char *name)
{
    struct task t = seen(w, name);

    core_ask_started(w->core, t.attempt, t.fence, w->now_ms);
    turn(w);
}

static inline void ask_end(struct world *w, const char *name,
                           uint32_t fault_class, uint32_t effect)
{
    struct task t = seen(w, name);
    struct core_outcome outcome = {
        .attempt = t.attempt,
        .fence = t.fence,
        .fault = {.fault_class = fault_class,
                  .effect = effect,
                  .code = "test.code",
                  .message = "a message"},
        .started_ms = effect == HAFT_EFFECT_NOT_STARTED ? 0 : w->now_ms,
        .ended_ms = w->now_ms,
    };

    core_ask_ended(w->core, &outcome);
}

static inline void end(struct world *w, const char *name)
{
    ask_end(w, name, FAULT_NONE, HAFT_EFFECT_DONE);
    turn(w);
}

static inline void end_badly(struct world *w, const char *name,
                             uint32_t fault_class)
{
    ask_end(w, name, fault_class, HAFT_EFFECT_STARTED);
    turn(w);
}

static inline void end_with(struct world *w, const char *name, const char *key,
                            const char *value)
{
    struct task t = seen(w, name);
    struct core_outcome outcome = {
        .attempt = t.attempt,
        .fence = t.fence,
        .started_ms = w->now_ms,
        .ended_ms = w->now_ms,
        .outputs = cJSON_CreateObject(),
    };

    cJSON_AddStringToObject(outcome.outputs, key, value);
    core_ask_ended(w->core, &outcome);
    turn(w);
}

static inline void verdict(struct world *w, const char *name,
                           enum core_verdict answer, int64_t delay_ms)
{
    struct task t = seen(w, name);

    core_ask_verdict(w->core, t.attempt, t.fence, answer, delay_ms);
    turn(w);
}

/* Fails it, and the retry plugin has nothing to offer. */
static inline void fail_for_good(struct world *w, const char *name)
{
    end_badly(w, name, HAFT_USER_FAILURE);
    verdict(w, name, VERDICT_FAIL, 0);
}

static inline void cancel_run(struct world *w)
{
    core_ask_cancel(w->core, 9, w->run);
    turn(w);
}

static inline void resolve(struct world *w, const char *name,
                           enum core_resolution how)
{
    core_ask_resolve(w->core, 11, w->run, named(w, name), how);
    turn(w);
}

#endif
