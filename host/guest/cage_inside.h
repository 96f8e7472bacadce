/* The inside of a cage, for its two files: cage.c is the life of the worker,
 * cage_talk.c what is said to it and what it says. */
#ifndef HOST_GUEST_CAGE_INSIDE_H
#define HOST_GUEST_CAGE_INSIDE_H

#include "host/guest/cage.h"
#include "host/guest/entry.h"
#include "host/guest/frame.h"
#include "host/guest/instance.h"
#include "host/guest/spawn.h"

/* One interface of the instance. */
struct gate {
    struct entry entry;
    struct haft_object object;
    struct cage *cage;
};

enum cage_state {
    CAGE_NONE,     /* no process; the next one is due, or there is none */
    CAGE_REACHING, /* it has been asked for, and does not listen yet */
    CAGE_MAKING,   /* it has been told to make its instance */
    CAGE_MADE,
    CAGE_LEAVING, /* it has been told to end */
};

struct cage {
    struct haft_instance instance;
    struct guest *guest;
    struct str create; /* the frame's message, for each worker anew */
    int64_t limit_ms;  /* for an instance to be made */
    struct str path;   /* where a worker that survives listens */
    enum cage_state state;
    struct spawned worker;
    struct link link;
    bool is_watched;  /* socket and process are, by the loop */
    bool is_to_write; /* the socket is full; the loop tells when it is not */
    bool is_given_up;
    unsigned deaths; /* in a row */
    uint32_t fences; /* of the last worker */
    int64_t born_ms;
    struct loop_timer timer; /* what is due next in this state */
    struct loop_timer write_timer;
    struct str why;
    struct gate gates[GUEST_OBJECTS_LIMIT];
    const struct haft_object *objects[GUEST_OBJECTS_LIMIT + 1];
    size_t count;
};

static inline struct loop *cage_loop(const struct cage *cage)
{
    return calls_loop(cage->guest->calls);
}

static inline struct haft_slice cage_slice(const char *text)
{
    return (struct haft_slice){text, strlen(text)};
}

/* What CREATE says. */
void cage_fill_create(struct cage *cage, const struct haft_create *with);

/* Writes what waits for a cage, `ctx`, as far as its socket takes it. */
void cage_write(void *ctx);

/* Handles all that has come; false with the reason, "" at the end. */
bool cage_handle_all(struct cage *cage, struct str *why);

#endif
