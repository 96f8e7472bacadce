#include "host/carry/attempt.h"

#include <stddef.h>

#include "host/plain/mem.h"

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
