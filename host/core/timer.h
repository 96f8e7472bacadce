/* What is due when: a heap of times, one for each id at most. Ids are small
 * numbers of the caller's, and what is removed is gone, so that the host never
 * wakes up for something that is over. Equal times come by id. */
#ifndef HOST_CORE_TIMER_H
#define HOST_CORE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMER_NEVER INT64_MAX

struct timer_entry {
    int64_t due_ms;
    uint32_t id;
};

/* A zeroed timer is an empty one. */
struct timer {
    struct timer_entry *heap;
    size_t heap_room;
    size_t count;
    uint32_t *places; /* of each id in the heap, plus one; 0: not there */
    size_t places_room;
};

void timer_finish(struct timer *t);

/* Sets, moves or, with TIMER_NEVER, removes the time of an id. */
void timer_set(struct timer *t, uint32_t id, int64_t due_ms);

int64_t timer_next(const struct timer *t);                      /* or NEVER */
int64_t timer_due(const struct timer *t, uint32_t id);          /* likewise */
bool timer_take(struct timer *t, int64_t now_ms, uint32_t *id); /* one due */

/* Whether every entry is where it should be. */
bool timer_is_sound(const struct timer *t);

#endif
