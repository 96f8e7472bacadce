/* A batch: the records and events of one or more turns, to be stored as one,
 * and the effects that wait for it. It is filled, closed (gets its number, and
 * with it the versions and the key of its events), asked for as the message of
 * a commit as often as need be, and emptied for the next one. */
#ifndef HOST_CARRY_BATCH_H
#define HOST_CARRY_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <haft/storage.h>

#include "host/core/core.h"
#include "host/plain/str.h"

struct batch_op; /* keys and values as places in `bytes` */

struct batch {
    struct batch *next; /* in whose list it is */
    uint64_t number;    /* 0: not closed yet */
    struct str bytes;   /* of all keys and values */
    struct batch_op *ops;
    size_t ops_count, ops_room;
    struct haft_storage_op *message; /* the ops once more, for a commit */
    size_t message_room;
    struct str events; /* version byte, [, events, and ] once closed */
    size_t events_count;
    uint64_t first_seq;
    struct effect *effects;
    size_t effects_count, effects_room;
};

struct batch *batch_create(void);
void batch_destroy(struct batch *b);
void batch_reset(struct batch *b); /* empty, and keeps its room */

/* A put in two steps: what is added to the text returned, after the key, is
 * its value, until batch_put_end. */
struct str *batch_put_begin(struct batch *b, const char *key);
void batch_put_end(struct batch *b);

void batch_put(struct batch *b, const char *key, const void *value,
               size_t size);
void batch_delete(struct batch *b, const char *key);

/* A guard: on the put just added, or alone. */
void batch_guard(struct batch *b, uint32_t guard, uint64_t expected);
void batch_check(struct batch *b, const char *key, uint64_t expected);

/* The text to which one event is added. */
struct str *batch_event(struct batch *b, uint64_t seq);

void batch_add_effects(struct batch *b, const struct effect *effects,
                       size_t count);

bool batch_is_empty(const struct batch *b); /* no effects either */
bool batch_is_full(const struct batch *b);

void batch_close(struct batch *b, uint64_t number);

/* Of a closed one; what it points at lives until the batch is reset. */
void batch_message(struct batch *b, struct haft_storage_commit_in *in);

#endif
