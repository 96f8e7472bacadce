#include "host/core/turn.h"

#include "host/plain/mem.h"

#define KEPT 4096 /* entries of a list that stays allocated */

static void free_left(struct turn *t)
{
    for (size_t i = 0; i < t->left_count; i++) {
        mem_free(t->left[i]);
    }
    t->left_count = 0;
}

void turn_finish(struct turn *t)
{
    free_left(t);
    mem_free(t->left);
    mem_free(t->changes);
    mem_free(t->events);
    mem_free(t->effects);
    *t = (struct turn){0};
}

void turn_clear(struct turn *t)
{
    free_left(t);
    t->changes_count = 0;
    t->events_count = 0;
    t->effects_count = 0;
    if (t->changes_room > KEPT || t->events_room > KEPT ||
        t->effects_room > KEPT || t->left_room > KEPT) {
        turn_finish(t);
    }
}

struct change *turn_change(struct turn *t, enum change_kind kind)
{
    struct change *change;

    t->changes = mem_grow(t->changes, &t->changes_room, t->changes_count + 1,
                          sizeof(*t->changes));
    change = &t->changes[t->changes_count++];
    *change = (struct change){.kind = kind, .task = CORE_NONE};
    return change;
}

struct event *turn_event(struct turn *t, enum event_kind kind)
{
    struct event *event;

    t->events = mem_grow(t->events, &t->events_room, t->events_count + 1,
                         sizeof(*t->events));
    event = &t->events[t->events_count++];
    *event = (struct event){
        .kind = kind,
        .task = CORE_NONE,
        .fault = {.code = "", .message = ""},
    };
    return event;
}

struct effect *turn_effect(struct turn *t, enum effect_kind kind)
{
    struct effect *effect;

    t->effects = mem_grow(t->effects, &t->effects_room, t->effects_count + 1,
                          sizeof(*t->effects));
    effect = &t->effects[t->effects_count++];
    *effect = (struct effect){
        .kind = kind,
        .run = CORE_NONE,
        .task = CORE_NONE,
        .executor = CORE_NONE,
    };
    return effect;
}

void turn_leave(struct turn *t, void *memory)
{
    if (!memory) {
        return;
    }
    t->left =
        mem_grow(t->left, &t->left_room, t->left_count + 1, sizeof(*t->left));
    t->left[t->left_count++] = memory;
}
