#include "host/core/pool.h"

#include <assert.h>
#include <string.h>

#include "host/core/core.h"
#include "host/plain/mem.h"

#define WINDOW_MS 16
#define WINDOW_LIMIT 256
#define MEAN_WEIGHT 8 /* a new duration counts as one of so many */

void pool_finish(struct pool *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        mem_free(p->executors[i].name);
        queue_finish(&p->executors[i].queue);
    }
    mem_free(p->executors);
    *p = (struct pool){0};
}

uint32_t pool_add(struct pool *p, const char *name, uint32_t slots,
                  bool is_ahead)
{
    uint32_t index = pool_find(p, name);

    if (index == CORE_NONE) {
        index = p->count++;
        p->executors =
            mem_grow(p->executors, &p->room, p->count, sizeof(*p->executors));
        p->executors[index] =
            (struct executor){.name = mem_text(name, strlen(name))};
    }
    p->executors[index].slots = slots;
    p->executors[index].is_ahead = is_ahead;
    return index;
}

uint32_t pool_find(const struct pool *p, const char *name)
{
    for (uint32_t i = 0; i < p->count; i++) {
        if (strcmp(p->executors[i].name, name) == 0) {
            return i;
        }
    }
    return CORE_NONE;
}

uint32_t pool_window(const struct executor *e)
{
    int64_t slots = e->slots;
    int64_t limit = slots > WINDOW_LIMIT ? slots : WINDOW_LIMIT;
    int64_t window = 2 * slots;

    if (!e->is_ahead) {
        return e->slots;
    }
    if (e->is_measured) {
        int64_t mean16 = e->mean16 > 0 ? e->mean16 : 1;

        window = slots + slots * WINDOW_MS * 16 / mean16;
    }
    return (uint32_t)(window < limit ? window : limit);
}

void pool_take(struct executor *e)
{
    e->used++;
    assert(e->used);
}

void pool_give(struct executor *e)
{
    assert(e->used);
    e->used--;
}

void pool_measure(struct executor *e, int64_t duration_ms)
{
    int64_t duration16;

    if (duration_ms < 0 || duration_ms > INT64_MAX / 16) {
        return;
    }
    duration16 = duration_ms * 16;
    if (e->is_measured) {
        e->mean16 += (duration16 - e->mean16) / MEAN_WEIGHT;
    } else {
        e->mean16 = duration16;
        e->is_measured = true;
    }
}
