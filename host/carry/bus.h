/* The bus: tells the events of committed batches to whoever follows them: the
 * followers at the doors, and the notify plugins, whose places in the stream
 * are records (h/notify/NAME) and survive. */
#ifndef HOST_CARRY_BUS_H
#define HOST_CARRY_BUS_H

#include <stdint.h>

#include "host/base/loop.h"
#include "host/carry/journal.h"
#include "host/guest/guest.h"

struct bus;

struct bus *bus_create(struct loop *loop, struct guests *guests,
                       struct journal *journal);
void bus_destroy(struct bus *b);

/* Finds the places of all notify instances and begins to deliver. */
void bus_start(struct bus *b);

/* The journal's `tell`. */
void bus_tell(struct bus *b, uint64_t first_seq, size_t count, const char *json,
              size_t size);

/* A follower hears every event from `after` on, those on disk first, in order
 * and without a gap: one JSON object a call. `run` NULL: of all runs. Ended by
 * bus_unfollow, also from inside `fn`. */
struct bus_follower;
typedef void (*bus_fn)(void *ctx, uint64_t seq, const char *json, size_t size);
struct bus_follower *bus_follow(struct bus *b, uint64_t after, const char *run,
                                bus_fn fn, void *ctx);
void bus_unfollow(struct bus *b, struct bus_follower *follower);

#endif
