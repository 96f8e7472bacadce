/* What one turn has to say: changes, events and effects, in order. The texts
 * that an event borrows outlive the rows that held them by being left here. */
#ifndef HOST_CORE_TURN_H
#define HOST_CORE_TURN_H

#include <stddef.h>

#include "host/core/core.h"

struct turn {
    struct change *changes;
    size_t changes_room;
    size_t changes_count;
    struct event *events;
    size_t events_room;
    size_t events_count;
    struct effect *effects;
    size_t effects_room;
    size_t effects_count;
    void **left;
    size_t left_room;
    size_t left_count;
};

void turn_finish(struct turn *t);

/* Empties the lists; gives back what an unusual turn has made them grow to. */
void turn_clear(struct turn *t);

/* Add one; the answers are borrowed until the next is added. */
struct change *turn_change(struct turn *t, enum change_kind kind);
struct event *turn_event(struct turn *t, enum event_kind kind);
struct effect *turn_effect(struct turn *t, enum effect_kind kind);

/* Takes memory of mem_new that someone may still read in this turn. */
void turn_leave(struct turn *t, void *memory);

#endif
