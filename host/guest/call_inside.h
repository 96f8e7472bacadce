/* The inside of calls, for their two files: call.c makes them, hold.c keeps those
 * that wait for another instance. */
#ifndef HOST_GUEST_CALL_INSIDE_H
#define HOST_GUEST_CALL_INSIDE_H

#include <stdatomic.h>

#include "host/guest/call.h"
#include "host/guest/instance.h"

/* An id, from its lowest bit: place of the slot, number of the guest,
 * generation. A slot whose generations are used up is not used again. */
#define PLACE_BITS 20
#define GUEST_BITS 9
#define GENERATION_SHIFT (PLACE_BITS + GUEST_BITS)
#define GENERATION_LIMIT ((UINT64_C(1) << (64 - GENERATION_SHIFT)) - 1)

/* States of a slot, in the low bits of its word. */
enum {
    FREE = 0,
    QUEUED = 1,  /* waits for the guest's thread, or for the next turn */
    RUNNING = 2, /* the method has been entered */
    WAITING = 3, /* it has answered PENDING */
    ENDED = 4,   /* the answer is under way to `done` */
    STATES = 7   /* mask */
};
#define STATE_BITS 3

struct slot {
    _Atomic uint64_t word;      /* generation and state */
    _Atomic uint64_t cancelled; /* the id that is no longer wanted */
    uint32_t place;
    struct calls *calls;
    struct slot *next_free;
    struct guest *guest;
    const struct face_method *method; /* NULL: there is none */
    guest_done done;
    void *ctx;
    bool is_begun; /* it is one of the guest's open calls */
    struct loop_timer timer;

    /* Of whoever ended it, until it is handled: */
    struct queue_item item;
    haft_status status;
    const void *out;
    const struct haft_fault *fault;
    struct scratch *mem; /* of both; kept; NULL: none was needed yet */
};

/* What is asked. */
struct asked_call {
    const struct haft_interface *interface;
    uint32_t method;
    const void *in;
    int64_t deadline_ms;
};

/* Makes the call, or says why not. */
void call_begin(struct slot *s, uint64_t id, const struct asked_call *asked);
void call_set_timer(struct slot *s, int64_t deadline_ms);

/* Whether a call of this interface waits while its guest's calls do. */
bool call_waits(const struct guest *guest, const struct haft_interface *i);
void call_hold(struct slot *s, uint64_t id, const struct asked_call *asked);

#endif
