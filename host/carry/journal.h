/* The journal: what a turn of the core decided becomes durable here, and only
 * then has consequences.
 *
 * Each turn's changes and events are added to the open batch, its effects wait
 * behind it. While one batch is being written the next one fills (group
 * commit). Batches are numbered; each one checks that this host still owns the
 * store. A commit that is known to have failed is sent again and nothing
 * overtakes it; one whose outcome is unknown is settled by the store's own
 * number. A lost ownership stops the host.
 *
 * Nothing here waits or knows the loop: the store is asked through a port, so
 * that tests and the simulator can stand behind it. */
#ifndef HOST_CARRY_JOURNAL_H
#define HOST_CARRY_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <haft/storage.h>

#include "host/core/core.h"
#include "host/plain/str.h"

typedef void (*journal_answer)(void *ctx, haft_status status, const void *out,
                               const struct haft_fault *fault);

/* Asks a method of haft.storage/1; the answer may come at once or later, and
 * `in` is borrowed until `ask` returns. */
struct journal_store {
    void (*ask)(void *ctx, uint32_t method, const void *in,
                journal_answer answer, void *answer_ctx);
    void *ctx;
};

struct journal_client {
    /* A batch is on disk: carry out its effects, in order. */
    void (*act)(void *ctx, const struct effect *effects, size_t count);
    /* The events of a batch that is on disk: a JSON array, the first one's
     * sequence number, how many. Called before `act` of the same batch. */
    void (*tell)(void *ctx, uint64_t first_seq, size_t count, const char *json,
                 size_t size);
    /* journal_open has ended: 0, or minus a fault class with the reason. */
    void (*opened)(void *ctx, int status, const char *why);
    /* Ownership is lost, or the store is beyond repair: stop now. */
    void (*lost)(void *ctx, const char *why);
    void *ctx;
    /* The index in the core of an executor that a run which comes back names,
     * or CORE_NONE if there is none any more. NULL: of those that `make` has
     * added. */
    uint32_t (*executor)(void *ctx, const char *name);
};

struct journal;

struct journal *journal_create(const struct journal_store *store,
                               const struct journal_client *client);
void journal_destroy(struct journal *j);

/* Becomes the owner (epoch + 1, under a guard) and then restores all live
 * runs into the core that `make` returns (its context is the client's) once
 * the epoch is known. Ends with `opened`; the next core_decide lists what
 * follows. `owner` describes this process: a JSON object for `h/owner`.
 *
 * A run that cannot be restored is set aside (q/RUN instead of l/RUN, with the
 * reason) and the others go on. If two owners in a row have died restoring
 * (h/restoring counts), the third notes each run before it touches it, and
 * sets aside the one on which an owner has died twice. */
void journal_open(struct journal *j, const char *owner,
                  struct core *(*make)(void *ctx, uint32_t epoch));
uint32_t journal_epoch(const struct journal *j);

/* After each core_decide: takes what it listed into the open batch, clears the
 * lists, and sends the batch if none is on its way. Effects of a turn that
 * changed nothing act at once if nothing is open or on its way. */
void journal_turn(struct journal *j, int64_t now_ms);

/* Adds a record of the caller's own to the open batch (a folded log, a
 * cursor); NULL value: deletes it. Sent with the next turn. */
void journal_put(struct journal *j, const char *key, const void *value,
                 size_t size);

/* When to call journal_turn though nothing else happened (a commit that is to
 * be tried again); INT64_MAX: never. */
int64_t journal_next_ms(const struct journal *j);

/* Nothing open or on its way, the opening included. */
bool journal_is_idle(const struct journal *j);

/* The store refuses: shed. */
bool journal_is_stuck(const struct journal *j);

struct journal_counts {
    uint64_t restored;  /* runs, by journal_open */
    uint64_t set_aside; /* runs that could not be */
    uint64_t batches;
    uint64_t operations;
    uint64_t failures;
    uint64_t next_seq; /* of events */
};
struct journal_counts journal_count(const struct journal *j);

/* Reads past the journal, of what is on disk. */
void journal_get(struct journal *j, const char *key, journal_answer answer,
                 void *ctx);
void journal_scan(struct journal *j, const struct haft_storage_scan_in *in,
                  journal_answer answer, void *ctx);

#endif
