/* Calls that wait for another instance: a part of call. */
#include <haft/host.h>

#include "host/guest/call_inside.h"
#include "host/guest/codec.h"
#include "host/plain/mem.h"

struct held_call {
    struct held_call *next;
    struct slot *slot;
    uint64_t id;
    struct asked_call asked; /* its message is in `mem` */
    struct scratch mem;
};

/* What an instance waits for itself, and the ends of its children, are told to
 * it as long as it is there: what it has begun may need them to end. */
bool call_waits(const struct guest *guest, const struct haft_interface *i)
{
    return i != &haft_ready_v1 && (i != &haft_child_v1 || !guest->instance);
}

void call_hold(struct slot *s, uint64_t id, const struct asked_call *asked)
{
    const struct haft_record *in = asked->interface->methods[asked->method].in;
    struct guest *g = s->guest;
    struct held_call *held = mem_new(1, sizeof(*held));

    held->slot = s;
    held->id = id;
    held->asked = *asked;
    scratch_init(&held->mem);
    held->asked.in = codec_copy(&held->mem, in, in, asked->in);
    call_set_timer(s, asked->deadline_ms);
    *g->last = held;
    g->last = &held->next;
}

void calls_hold(struct guest *guest)
{
    guest->is_held = true;
    guest->held = NULL;
    guest->last = &guest->held;
}

/* Calls that are made meanwhile go behind them. */
void calls_release(struct guest *guest)
{
    while (guest->held) {
        struct held_call *held = guest->held;
        struct slot *s = held->slot;
        uint64_t open = held->id >> GENERATION_SHIFT << STATE_BITS | QUEUED;

        guest->held = held->next;
        guest->last = guest->held ? guest->last : &guest->held;
        if (atomic_load(&s->word) == open) {
            if (s->timer.place) {
                loop_timer_clear(calls_loop(guest->calls), &s->timer);
            }
            call_begin(s, held->id, &held->asked);
        }
        scratch_finish(&held->mem);
        mem_free(held);
    }
    guest->is_held = false;
}
