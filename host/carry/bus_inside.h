/* The inside of the bus, for its files: bus.c has the followers, teller.c the
 * notify instances. */
#ifndef HOST_CARRY_BUS_INSIDE_H
#define HOST_CARRY_BUS_INSIDE_H

#include "host/carry/bus.h"
#include "host/carry/story.h"

/* A batch that was told while somebody was still reading up to it. */
struct bus_recent {
    struct bus_recent *next;
    uint64_t first_seq;
    uint64_t last_seq;
    size_t size;
    char json[];
};

struct teller;

struct bus {
    struct loop *loop;
    struct guests *guests;
    struct journal *journal;
    void (*wake)(void *ctx);
    void *wake_ctx;
    uint64_t head; /* the last event that is on disk */
    struct bus_follower *followers;
    struct teller *tellers;
    struct bus_recent *first;
    struct bus_recent *last;
    size_t recent_size;
    uint64_t dropped_seq; /* what was in `recent` up to here is not any more */
    int calling; /* depth of loops over followers: the dead stay in the list */
};

void tellers_start(struct bus *b);
void tellers_wake(struct bus *b); /* there is more to tell */
bool tellers_are_idle(const struct bus *b);
void tellers_destroy(struct bus *b);

#endif
