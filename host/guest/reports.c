#include "host/guest/reports.h"

#include <stddef.h>

#include "host/plain/mem.h"

static struct report **place_of(struct reports *all, uint64_t attempt)
{
    struct report **at = &all->first;

    while (*at && (*at)->attempt != attempt) {
        at = &(*at)->next;
    }
    return at;
}

struct report *reports_of(struct reports *all, uint64_t attempt, uint64_t fence)
{
    struct report *r = *place_of(all, attempt);

    if (!r) {
        r = mem_new(1, sizeof(*r));
        *r = (struct report){
            .next = all->first, .attempt = attempt, .fence = fence};
        str_init(&r->started, SIZE_MAX);
        str_init(&r->ended, SIZE_MAX);
        all->first = r;
    } else if (r->fence != fence) {
        r->fence = fence;
        str_reset(&r->started);
        str_reset(&r->ended);
    }
    return r;
}

struct report *reports_find(const struct reports *all, uint64_t attempt,
                            uint64_t fence)
{
    struct report *r = all->first;

    while (r && (r->attempt != attempt || r->fence != fence)) {
        r = r->next;
    }
    return r;
}

void reports_drop(struct reports *all, uint64_t attempt)
{
    struct report **at = place_of(all, attempt);
    struct report *r = *at;

    if (r) {
        *at = r->next;
        str_finish(&r->started);
        str_finish(&r->ended);
        mem_free(r);
    }
}

void reports_finish(struct reports *all)
{
    while (all->first) {
        reports_drop(all, all->first->attempt);
    }
}
