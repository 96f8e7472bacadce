/* The bus: tells the events of committed batches to whoever follows them: the
 * followers at the doors, and the notify plugins, whose places in the stream
 * are records (h/notify/NAME) and survive.
 *
 * Whoever is behind reads from the store, a page at a time, until it has come
 * so close that what was told meanwhile closes the gap; from then on it hears
 * each batch as it is told. A notify instance always reads from the store, so
 * a slow one costs no memory: it is asked to deliver one piece at a time, in
 * order, and the same piece again, later, if it could not. */
#ifndef HOST_CARRY_BUS_H
#define HOST_CARRY_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/loop.h"
#include "host/carry/journal.h"
#include "host/guest/guest.h"

struct bus;

struct bus *bus_create(struct loop *loop, struct guests *guests,
                       struct journal *journal);

/* Calls to guests and to the store are over: after guests_stop. */
void bus_destroy(struct bus *b);

/* Called when a turn is wanted: a place in the stream has moved. */
void bus_on_turn(struct bus *b, void (*wake)(void *ctx), void *ctx);

/* Finds the places of all notify instances and begins to deliver. An instance
 * that is new begins with what happens from now on. */
void bus_start(struct bus *b);

/* Whether each notify instance has been told all there is, or has failed to
 * take it at its last try. */
bool bus_is_idle(const struct bus *b);

/* The journal's `tell`. */
void bus_tell(struct bus *b, uint64_t first_seq, size_t count, const char *json,
              size_t size);

/* A follower hears every event from `after` on, those on disk first, in order
 * and without a gap: one JSON object a call, never inside bus_follow. `run`
 * NULL: of all runs. Ended by bus_unfollow, also from inside `fn`. */
struct bus_follower;
typedef void (*bus_fn)(void *ctx, uint64_t seq, const char *json, size_t size);
struct bus_follower *bus_follow(struct bus *b, uint64_t after, const char *run,
                                bus_fn fn, void *ctx);
void bus_unfollow(struct bus *b, struct bus_follower *follower);

#endif
