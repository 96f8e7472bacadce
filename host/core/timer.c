#include "host/core/timer.h"

#include <string.h>

#include "host/plain/mem.h"

void timer_finish(struct timer *t)
{
    mem_free(t->heap);
    mem_free(t->places);
    *t = (struct timer){0};
}

static bool is_before(struct timer_entry a, struct timer_entry b)
{
    return a.due_ms < b.due_ms || (a.due_ms == b.due_ms && a.id < b.id);
}

static void put(struct timer *t, size_t at, struct timer_entry entry)
{
    t->heap[at] = entry;
    t->places[entry.id] = (uint32_t)at + 1;
}

static void sift_up(struct timer *t, size_t at)
{
    struct timer_entry entry = t->heap[at];

    while (at > 0 && is_before(entry, t->heap[(at - 1) / 2])) {
        put(t, at, t->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(t, at, entry);
}

static void sift_down(struct timer *t, size_t at)
{
    struct timer_entry entry = t->heap[at];

    while (2 * at + 1 < t->count) {
        size_t child = 2 * at + 1;

        if (child + 1 < t->count &&
            is_before(t->heap[child + 1], t->heap[child])) {
            child++;
        }
        if (!is_before(t->heap[child], entry)) {
            break;
        }
        put(t, at, t->heap[child]);
        at = child;
    }
    put(t, at, entry);
}

static void make_place(struct timer *t, uint32_t id)
{
    size_t old = t->places_room;

    t->places = mem_grow(t->places, &t->places_room, (size_t)id + 1,
                         sizeof(*t->places));
    if (t->places_room > old) {
        memset(t->places + old, 0, (t->places_room - old) * sizeof(*t->places));
    }
}

static void remove_at(struct timer *t, size_t at)
{
    t->places[t->heap[at].id] = 0;
    t->count--;
    if (at == t->count) {
        return;
    }
    put(t, at, t->heap[t->count]);
    sift_up(t, at);
    sift_down(t, t->places[t->heap[at].id] - 1);
}

void timer_set(struct timer *t, uint32_t id, int64_t due_ms)
{
    size_t place = id < t->places_room ? t->places[id] : 0;
    size_t at = place ? place - 1 : t->count;

    if (due_ms == TIMER_NEVER) {
        if (place) {
            remove_at(t, at);
        }
        return;
    }
    if (!place) {
        make_place(t, id);
        t->heap =
            mem_grow(t->heap, &t->heap_room, t->count + 1, sizeof(*t->heap));
        t->count++;
    }
    put(t, at, (struct timer_entry){.due_ms = due_ms, .id = id});
    sift_up(t, at);
    sift_down(t, t->places[id] - 1);
}

int64_t timer_next(const struct timer *t)
{
    return t->count ? t->heap[0].due_ms : TIMER_NEVER;
}

int64_t timer_due(const struct timer *t, uint32_t id)
{
    if (id >= t->places_room || !t->places[id]) {
        return TIMER_NEVER;
    }
    return t->heap[t->places[id] - 1].due_ms;
}

bool timer_take(struct timer *t, int64_t now_ms, uint32_t *id)
{
    if (!t->count || t->heap[0].due_ms > now_ms) {
        return false;
    }
    *id = t->heap[0].id;
    remove_at(t, 0);
    return true;
}

bool timer_is_sound(const struct timer *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->places[t->heap[i].id] != i + 1 ||
            (i && is_before(t->heap[i], t->heap[(i - 1) / 2]))) {
            return false;
        }
    }
    return true;
}
