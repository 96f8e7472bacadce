/* Two executors: one that runs as many attempts as it has slots, and one that
 * queues by itself. They live on when the host dies. */
#include <string.h>

#include "host/plain/mem.h"
#include "tests/sim/sim.h"

/* An attempt that hangs would end by itself after so long. */
#define HANG_MS 600000

static struct sim_attempt *find(struct sim *s, uint64_t id)
{
    for (size_t i = s->attempts_count; i > 0; i--) {
        if (s->attempts[i - 1].id == id) {
            return &s->attempts[i - 1];
        }
    }
    return NULL;
}

static struct fault fault_of(uint32_t fault_class, uint32_t effect)
{
    return (struct fault){.fault_class = fault_class,
                          .effect = effect,
                          .origin = HAFT_ORIGIN_USER,
                          .code = fault_class ? "sim.fault" : "",
                          .message = ""};
}

static void wake(struct sim_host *h)
{
    h->is_wanted = true;
}

/* ---- reports ---- */

static void report(struct sim *s, struct sim_host *h,
                   const struct sim_attempt *a, uint64_t fence)
{
    struct core_outcome outcome = {
        .attempt = a->id,
        .fence = fence,
        .fault = fault_of(a->fault_class, a->effect),
        .started_ms = a->effect == HAFT_EFFECT_NOT_STARTED ? 0 : a->begin_ms,
        .ended_ms = a->end_ms,
        .executor = a->executor,
    };

    if (a->fault_class == 0) {
        outcome.outputs = cJSON_CreateObject();
        cJSON_AddStringToObject(outcome.outputs, "list", "[\"a\",\"b\",\"c\"]");
    }
    if (s->plant == PLANT_SLOT_LEAKED && a->executor == 0 &&
        s->leaked < s->slots[0] && sim_chance(s, 2)) {
        s->leaked++;
        core_add_executor(h->core, sim_executors[0], s->slots[0] - s->leaked,
                          false);
    }
    core_ask_ended(h->core, &outcome);
    wake(h);
}

static void deliver_end(struct sim *s, struct sim_event *e)
{
    struct sim_host *h = sim_host_of(s, e->life);
    struct sim_attempt *a = find(s, e->number);
    struct task room;
    const struct task *t;
    uint32_t run;
    uint32_t task;

    if (!h->core || h->is_zombie) {
        return;
    }
    sim_trace(s, "executor: %s/%s attempt %llx ended class %u fence %llu",
              a->run, a->task, (unsigned long long)a->id, a->fault_class,
              (unsigned long long)e->other);
    run = core_find_run(h->core, a->run);
    task = run == CORE_NONE ? CORE_NONE : core_find_task(h->core, run, a->task);
    if (s->plant == PLANT_NO_FENCE && task != CORE_NONE) {
        struct core_outcome outcome = {
            .fault = fault_of(a->fault_class, a->effect),
            .ended_ms = a->end_ms,
            .executor = a->executor,
        };

        t = core_task(h->core, run, task, &room);
        outcome.attempt = t->attempt;
        outcome.fence = t->fence;
        core_ask_ended(h->core, &outcome);
        wake(h);
        return;
    }
    report(s, h, a, e->other);
}

static void say_end(struct sim *s, const struct sim_attempt *a)
{
    struct sim_event e = {
        .fn = deliver_end, .number = a->id, .other = a->fence};

    if (!s->host) {
        return; /* the next one will ask */
    }
    e.life = s->host->life;
    if (sim_misfortune(s, 8)) {
        struct sim_event wrong = e;

        wrong.other += sim_chance(s, 2) ? 1 : (uint64_t)-1;
        sim_at(s, sim_below(s, 50), &wrong);
    }
    sim_at(s, sim_below(s, 5), &e);
    if (sim_misfortune(s, 4)) {
        sim_at(s, sim_below(s, 4000), &e);
    }
}

static void end(struct sim *s, struct sim_event *e)
{
    struct sim_attempt *a = find(s, e->number);

    if (a->has_ended || a->is_lost) {
        return;
    }
    a->has_ended = true;
    a->end_ms = s->now_ms;
    say_end(s, a);
}

static void deliver_begin(struct sim *s, struct sim_event *e)
{
    struct sim_host *h = sim_host_of(s, e->life);
    const struct sim_attempt *a = find(s, e->number);

    if (h->core && !h->is_zombie) {
        core_ask_started(h->core, a->id, e->other, a->begin_ms);
        wake(h);
    }
}

static void begin(struct sim *s, struct sim_event *e)
{
    struct sim_attempt *a = find(s, e->number);
    struct sim_event told = {
        .fn = deliver_begin, .number = a->id, .other = a->fence};

    if (a->has_ended || a->is_lost || a->has_begun) {
        return;
    }
    a->has_begun = true;
    a->begin_ms = s->now_ms;
    a->wrote_ms = s->now_ms;
    if (s->host) {
        told.life = s->host->life;
        /* Some say so late, after the end, or never. */
        if (!sim_misfortune(s, 6)) {
            sim_at(s, sim_below(s, 20), &told);
        }
    }
}

/* ---- what the host asks ---- */

static const uint32_t classes[] = {
    HAFT_USER_FAILURE, HAFT_USER_FAILURE, HAFT_TRANSIENT, HAFT_INFRA_LOST,
    HAFT_BACKEND_DOWN, HAFT_THROTTLED,    HAFT_RESOURCE,  HAFT_INVALID,
    HAFT_NOT_FOUND,    HAFT_PLUGIN_CRASH, HAFT_CORRUPT,   HAFT_UNKNOWN_OUTCOME,
};

static void decide_end(struct sim *s, struct sim_attempt *a)
{
    static const uint32_t effects[] = {HAFT_EFFECT_MAYBE, HAFT_EFFECT_STARTED,
                                       HAFT_EFFECT_DONE};
    struct sim_event e = {.fn = end, .number = a->id};
    struct sim_event b = {.fn = begin, .number = a->id};
    int64_t begin_ms = sim_below(s, 30);
    int64_t run_ms = sim_below(s, sim_chance(s, 4) ? 20000 : 500);

    a->effect = HAFT_EFFECT_DONE;
    if (sim_misfortune(s, 3)) {
        a->fault_class =
            classes[sim_below(s, sizeof(classes) / sizeof(classes[0]))];
        a->effect = effects[sim_below(s, 3)];
    }
    if (sim_misfortune(s, 12)) {
        run_ms = HANG_MS;
    }
    sim_at(s, begin_ms, &b);
    sim_at(s, begin_ms + run_ms, &e);
}

static void refuse(struct sim *s, struct sim_event *e)
{
    struct sim_host *h = sim_host_of(s, e->life);
    const struct core_outcome outcome = {
        .attempt = e->number,
        .fence = e->other,
        .fault = fault_of(HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED),
        .ended_ms = s->now_ms,
        .executor = e->choice,
    };

    core_ask_ended(h->core, &outcome);
    wake(h);
}

static void check_slots(struct sim *s, uint32_t executor)
{
    uint32_t busy = 0;

    for (size_t i = 0; i < s->attempts_count; i++) {
        const struct sim_attempt *a = &s->attempts[i];

        busy += a->executor == executor && !a->has_ended && !a->is_lost;
    }
    if (executor == 0 && busy > s->slots[0]) {
        sim_fail(s, "%u attempts on %u slots", busy, s->slots[0]);
    }
}

void sim_start(struct sim *s, struct sim_host *h, const struct effect *effect)
{
    struct sim_attempt *a = find(s, effect->attempt);

    if (a) {
        sim_fail(s, "attempt %llx of %s/%s was started twice",
                 (unsigned long long)a->id, a->run, a->task);
        return;
    }
    if (sim_misfortune(s, 15)) {
        sim_at(s, sim_below(s, 10),
               &(struct sim_event){.fn = refuse,
                                   .life = h->life,
                                   .number = effect->attempt,
                                   .other = effect->fence,
                                   .choice = effect->executor});
        return;
    }
    s->attempts = mem_grow(s->attempts, &s->attempts_room,
                           s->attempts_count + 1, sizeof(*s->attempts));
    a = &s->attempts[s->attempts_count++];
    *a = (struct sim_attempt){.id = effect->attempt,
                              .fence = effect->fence,
                              .executor = effect->executor};
    memcpy(a->run, core_run(h->core, effect->run)->id, sizeof(a->run));
    core_task_name(h->core, effect->run, effect->task, a->task);
    sim_trace(s, "start %s/%s attempt %llx fence %llu", a->run, a->task,
              (unsigned long long)a->id, (unsigned long long)a->fence);
    sim_check_start(s, effect, a->run, a->task);
    check_slots(s, effect->executor);
    decide_end(s, a);
}

static void obey(struct sim *s, struct sim_event *e)
{
    struct sim_attempt *a = find(s, e->number);

    if (!a->has_ended && !a->is_lost) {
        a->fault_class = HAFT_CANCELLED;
        a->effect =
            a->has_begun ? HAFT_EFFECT_STARTED : HAFT_EFFECT_NOT_STARTED;
        end(s, e);
    }
}

void sim_cancel(struct sim *s, const struct effect *effect)
{
    const struct sim_attempt *a = find(s, effect->attempt);

    /* The polite request may be ignored; force is not. */
    if (a && !a->has_ended &&
        (effect->grace_ms == 0 || !sim_misfortune(s, 4))) {
        sim_at(s, sim_below(s, 200),
               &(struct sim_event){.fn = obey, .number = effect->attempt});
    }
}

void sim_release(struct sim *s, const struct effect *effect)
{
    struct sim_attempt *a = find(s, effect->attempt);

    if (!a) {
        return;
    }
    if (!a->has_ended && !a->is_lost) {
        sim_fail(s, "attempt %llx was released before its end",
                 (unsigned long long)a->id);
    }
    a->is_released = true;
}

static void deliver_found(struct sim *s, struct sim_event *e)
{
    struct sim_host *h = sim_host_of(s, e->life);
    const struct sim_attempt *a = find(s, e->number);

    core_ask_found(h->core, e->number, e->other, (enum core_found)e->choice);
    wake(h);
    if (e->choice == FOUND_ENDED) {
        say_end(s, a);
    }
}

/* What it has released it knows no longer: it says that it never was. */
static enum core_found look(struct sim *s, struct sim_attempt *a)
{
    if (!a || a->is_released) {
        return FOUND_NEVER_STARTED;
    }
    if (a->is_lost || sim_misfortune(s, 15)) {
        a->is_lost = true;
        return FOUND_UNKNOWN;
    }
    return a->has_ended ? FOUND_ENDED : FOUND_RUNNING;
}

void sim_recover(struct sim *s, struct sim_host *h, const struct effect *effect)
{
    struct sim_attempt *a = find(s, effect->attempt);
    struct sim_event e = {.fn = deliver_found,
                          .life = h->life,
                          .number = effect->attempt,
                          .other = effect->fence};

    if (s->plant == PLANT_EFFECTS_LOST && !h->is_effect_lost) {
        h->is_effect_lost = true;
        return;
    }
    e.choice = look(s, a);
    sim_trace(s, "recover attempt %llx: %u", (unsigned long long)e.number,
              e.choice);
    sim_at(s, sim_below(s, 40), &e);
}

static void deliver_heard(struct sim *s, struct sim_event *e)
{
    struct sim_host *h = sim_host_of(s, e->life);

    int64_t wrote_ms = (int64_t)e->choice * 10;

    core_ask_heard(h->core, e->number, e->other,
                   e->choice ? s->now_ms - wrote_ms : INT64_MAX);
    wake(h);
}

void sim_listen(struct sim *s, struct sim_host *h, const struct effect *effect)
{
    struct sim_attempt *a = find(s, effect->attempt);

    if (a && sim_chance(s, 2)) {
        a->wrote_ms = s->now_ms;
    }
    sim_at(s, sim_below(s, 5),
           &(struct sim_event){
               .fn = deliver_heard,
               .life = h->life,
               .number = effect->attempt,
               .other = effect->fence,
               .choice = a ? (uint32_t)(a->wrote_ms / 10) : 0,
           });
}
