#include "host/carry/attempt.h"

#include <stddef.h>

#include "host/plain/mem.h"

/* More than a clock that is slewed moves between two looks an hour apart (at
 * most 500 ppm, adjtimex(2)): someone has set it. */
#define CLOCK_SET_MS 5000

static size_t bucket(uint64_t id)
{
    return (size_t)(id & (ATTEMPT_BUCKETS - 1));
}

struct attempt *attempts_find(const struct attempts *all, uint64_t id)
{
    struct attempt *attempt = all->buckets[bucket(id)];

    while (attempt && attempt->id != id) {
        attempt = attempt->next;
    }
    return attempt;
}

struct attempt *attempts_add(struct attempts *all, uint64_t id)
{
    struct attempt *attempt = mem_new(1, sizeof(*attempt));

    attempt->id = id;
    attempt->next = all->buckets[bucket(id)];
    all->buckets[bucket(id)] = attempt;
    return attempt;
}

void attempts_remove(struct attempts *all, struct attempt *attempt)
{
    struct attempt **at = &all->buckets[bucket(attempt->id)];

    while (*at != attempt) {
        at = &(*at)->next;
    }
    *at = attempt->next;
    mem_free(attempt);
}

bool attempts_visit(const struct attempts *all,
                    void (*visit)(void *ctx, const struct attempt *attempt),
                    void *ctx)
{
    bool has_any = false;

    for (size_t i = 0; i < ATTEMPT_BUCKETS; i++) {
        for (const struct attempt *a = all->buckets[i]; a; a = a->next) {
            has_any = true;
            visit(ctx, a);
        }
    }
    return has_any;
}

int64_t attempt_silent_ms(struct attempt *attempt, int64_t wrote_ms,
                          int64_t wall_ms, int64_t tick_ms)
{
    int64_t moved_ms = wall_ms - tick_ms - attempt->gap_ms;
    bool is_set = moved_ms > CLOCK_SET_MS || moved_ms < -CLOCK_SET_MS;

    attempt->gap_ms = wall_ms - tick_ms;
    if (is_set || wrote_ms > wall_ms) {
        return 0;
    }
    return wrote_ms ? wall_ms - wrote_ms : INT64_MAX;
}

void attempts_finish(struct attempts *all)
{
    for (size_t i = 0; i < ATTEMPT_BUCKETS; i++) {
        while (all->buckets[i]) {
            struct attempt *next = all->buckets[i]->next;

            mem_free(all->buckets[i]);
            all->buckets[i] = next;
        }
    }
}
