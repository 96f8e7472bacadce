#include "host/core/queue.h"

#include <string.h>

#include "host/plain/mem.h"

/* Empty levels are kept up to here, so that a ring is not made anew for every
 * task of a chain. */
#define LEVELS_KEPT 4
#define RING_MIN 16

void queue_finish(struct queue *q)
{
    for (size_t i = 0; i < q->levels_count; i++) {
        mem_free(q->levels[i].entries);
    }
    mem_free(q->levels);
    *q = (struct queue){0};
}

/* Where a priority is, or belongs. */
static size_t find(const struct queue *q, int32_t priority)
{
    size_t low = 0;
    size_t high = q->levels_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (q->levels[middle].priority < priority) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct queue_level *level_of(struct queue *q, int32_t priority)
{
    size_t at = find(q, priority);

    if (at < q->levels_count && q->levels[at].priority == priority) {
        return &q->levels[at];
    }
    q->levels = mem_grow(q->levels, &q->levels_room, q->levels_count + 1,
                         sizeof(*q->levels));
    memmove(q->levels + at + 1, q->levels + at,
            (q->levels_count - at) * sizeof(*q->levels));
    q->levels[at] = (struct queue_level){.priority = priority};
    q->levels_count++;
    return &q->levels[at];
}

static void grow(struct queue_level *level)
{
    size_t room = level->room ? level->room * 2 : RING_MIN;
    struct queue_entry *entries = mem_new(room, sizeof(*entries));
    size_t first = level->room - level->head;

    if (level->count) {
        memcpy(entries, level->entries + level->head, first * sizeof(*entries));
        memcpy(entries + first, level->entries, level->head * sizeof(*entries));
    }
    mem_free(level->entries);
    level->entries = entries;
    level->room = room;
    level->head = 0;
}

void queue_push(struct queue *q, int32_t priority, struct queue_entry entry)
{
    struct queue_level *level = level_of(q, priority);

    if (level->count == level->room) {
        grow(level);
    }
    level->entries[(level->head + level->count) & (level->room - 1)] = entry;
    level->count++;
}

static void drop(struct queue *q, size_t at)
{
    struct queue_level *level = &q->levels[at];

    if (q->levels_count <= LEVELS_KEPT && level->room <= RING_MIN) {
        return;
    }
    mem_free(level->entries);
    q->levels_count--;
    memmove(level, level + 1, (q->levels_count - at) * sizeof(*level));
}

bool queue_pop(struct queue *q, struct queue_entry *entry)
{
    for (size_t i = q->levels_count; i > 0; i--) {
        struct queue_level *level = &q->levels[i - 1];

        if (!level->count) {
            continue;
        }
        *entry = level->entries[level->head];
        level->head = (level->head + 1) & (level->room - 1);
        level->count--;
        if (!level->count) {
            drop(q, i - 1);
        }
        return true;
    }
    return false;
}
