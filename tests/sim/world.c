/* Chance, time, and what goes wrong. */
#include <stdarg.h>
#include <string.h>

#include "host/plain/mem.h"
#include "tests/sim/sim.h"

#define FAILURE_LIMIT 2000

/* splitmix64 */
uint64_t sim_draw(struct sim *s)
{
    uint64_t x = s->random += 0x9E3779B97F4A7C15u;

    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

uint32_t sim_below(struct sim *s, uint32_t limit)
{
    return (uint32_t)(sim_draw(s) % limit);
}

bool sim_chance(struct sim *s, uint32_t one_in)
{
    return sim_below(s, one_in) == 0;
}

bool sim_misfortune(struct sim *s, uint32_t one_in)
{
    return !s->is_calm && sim_chance(s, one_in);
}

void sim_fail(struct sim *s, const char *format, ...)
{
    va_list args;

    if (s->failure.size) {
        return; /* what follows from the first is of no use */
    }
    va_start(args, format);
    str_addv(&s->failure, format, args);
    va_end(args);
    str_addf(&s->failure, " (at %lld ms, life %u)", (long long)s->now_ms,
             s->lives);
    sim_trace(s, "BROKEN: %s", s->failure.text);
}

void sim_trace(const struct sim *s, const char *format, ...)
{
    va_list args;

    if (!s->is_traced) {
        return;
    }
    printf("%8lld  ", (long long)s->now_ms);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* ---- what will happen: a heap by time, and by order at one time ---- */

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct sim *s, size_t i, size_t j)
{
    struct sim_event event = s->heap[i];

    s->heap[i] = s->heap[j];
    s->heap[j] = event;
}

void sim_at(struct sim *s, int64_t after_ms, const struct sim_event *event)
{
    size_t i = s->heap_count++;

    s->heap = mem_grow(s->heap, &s->heap_room, s->heap_count, sizeof(*s->heap));
    s->heap[i] = *event;
    s->heap[i].at_ms = s->now_ms + after_ms;
    s->heap[i].order = s->order++;
    while (i > 0 && is_before(&s->heap[i], &s->heap[(i - 1) / 2])) {
        swap(s, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void sink(struct sim *s, size_t i)
{
    for (;;) {
        size_t least = i;
        size_t child = 2 * i + 1;

        for (size_t c = child; c < child + 2 && c < s->heap_count; c++) {
            if (is_before(&s->heap[c], &s->heap[least])) {
                least = c;
            }
        }
        if (least == i) {
            return;
        }
        swap(s, i, least);
        i = least;
    }
}

bool sim_pop(struct sim *s, struct sim_event *event)
{
    if (s->heap_count == 0) {
        return false;
    }
    *event = s->heap[0];
    s->heap[0] = s->heap[--s->heap_count];
    sink(s, 0);
    return true;
}

int64_t sim_next_ms(const struct sim *s)
{
    return s->heap_count ? s->heap[0].at_ms : INT64_MAX;
}

void sim_finish(struct sim *s)
{
    struct sim_event event;

    while (sim_pop(s, &event)) {
        mem_free(event.data);
    }
    mem_free(s->heap);
    mem_free(s->attempts);
    mem_free(s->tasks);
}

/* ---- the whole ---- */

#define STEPS_LIMIT 15000
#define STORM_MS 60000 /* so long things go wrong */

static const char *const plants[PLANTS] = {
    [PLANT_NONE] = "none",
    [PLANT_ANSWER_EARLY] = "answer-early",
    [PLANT_START_EARLY] = "start-early",
    [PLANT_NO_FENCE] = "no-fence",
    [PLANT_END_TWICE] = "end-twice",
    [PLANT_JITTER_REDRAWN] = "jitter-redrawn",
    [PLANT_SLOT_LEAKED] = "slot-leaked",
    [PLANT_EFFECTS_LOST] = "effects-lost",
    [PLANT_NO_GUARD] = "no-guard",
    [PLANT_APPLIED_TWICE] = "applied-twice",
    [PLANT_CANCEL_LOST] = "cancel-lost",
    [PLANT_COMMIT_LOST] = "commit-lost",
    [PLANT_RELEASED_EARLY] = "released-early",
};

const char *sim_plant_name(enum sim_plant plant)
{
    return plants[plant];
}

static void calm_down(struct sim *s, struct sim_event *e)
{
    (void)e;
    sim_trace(s, "the storm is over");
    s->is_calm = true;
}

static void die(struct sim *s, struct sim_event *e)
{
    (void)e;
    s->is_dying = s->host != NULL && !s->is_calm;
}

static void begin(struct sim *s)
{
    const struct sim_event calm = {.fn = calm_down};
    const struct sim_event death = {.fn = die};
    uint32_t deaths = sim_below(s, 5);

    s->now_ms = 1000000;
    for (uint32_t i = 0; i < SIM_EXECUTORS; i++) {
        s->slots[i] = 1 + sim_below(s, 4);
    }
    sim_at(s, STORM_MS, &calm);
    for (uint32_t i = 0; i < deaths; i++) {
        sim_at(s, sim_below(s, STORM_MS), &death);
    }
    sim_clients_start(s);
    sim_host_open(s);
}

static bool happen(struct sim *s)
{
    struct sim_event event;

    if (!sim_pop(s, &event)) {
        return false;
    }
    s->now_ms = event.at_ms > s->now_ms ? event.at_ms : s->now_ms;
    if (event.life == 0 || sim_host_of(s, event.life)) {
        event.fn(s, &event);
    }
    mem_free(event.data);
    return true;
}

static bool step(struct sim *s)
{
    int64_t event_ms = sim_next_ms(s);
    int64_t turn_ms = s->host ? sim_host_next_ms(s->host) : INT64_MAX;

    if (s->is_dying && s->host && !s->host->is_open && !s->host->is_refused) {
        /* A run that kills every host that restores it is set aside: here it
         * is not the run. */
        s->is_dying = ++s->deaths_opening <= 3;
    }
    if (s->is_dying && !s->host) {
        s->is_dying = false; /* it was an old owner's commit: nobody is left */
    }
    if (s->is_dying) {
        s->is_dying = false;
        sim_host_die(s);
        return true;
    }
    if (event_ms == INT64_MAX && turn_ms == INT64_MAX) {
        return false;
    }
    if (event_ms <= turn_ms) {
        return happen(s);
    }
    s->now_ms = turn_ms > s->now_ms ? turn_ms : s->now_ms;
    sim_host_turn(s->host);
    return true;
}

bool sim_run(uint64_t seed, enum sim_plant plant, bool is_traced,
             struct str *failure)
{
    struct sim s = {.seed = seed,
                    .random = seed * 0x2545F4914F6CDD1Du + 1,
                    .plant = plant,
                    .is_traced = is_traced};
    bool is_moving = true;
    bool is_whole;

    str_init(&s.failure, FAILURE_LIMIT);
    begin(&s);
    while (is_moving && !s.failure.size) {
        is_moving = step(&s);
        if (++s.steps > STEPS_LIMIT) {
            sim_fail(&s, "there is no end to it");
        }
    }
    if (!s.failure.size) {
        sim_check_end(&s);
    }
    is_whole = s.failure.size == 0;
    str_add(failure, s.failure.text, s.failure.size);
    sim_host_destroy(s.host);
    sim_host_destroy(s.zombie);
    sim_clients_finish(&s);
    sim_store_finish(&s);
    sim_finish(&s);
    str_finish(&s.failure);
    return is_whole;
}
