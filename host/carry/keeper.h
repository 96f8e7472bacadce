/* The host's end of the keeper, the small program that outlives the host and
 * starts, holds and kills attempts for it (host/keeper/wire.h has the words).
 *
 * Nothing here blocks the loop. A keeper is looked for when this is created
 * and only if an earlier one may have left something; otherwise it is started
 * by the first job. If it dies, another is started and told again what it had
 * not begun; what it had begun is reported LOST, after everything of it has
 * been killed. Calls are collected and leave together in the next turn of the
 * loop, or at keeper_flush().
 *
 * An attempt is known to the keeper, and counts against its table, until it
 * is released: whoever handles reports releases what has come to its end once
 * that is durable, and what it does not know. */
#ifndef HOST_CARRY_KEEPER_H
#define HOST_CARRY_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/loop.h"
#include "host/carry/keeper_launch.h"
#include "host/keeper/wire.h"
#include "host/plain/str.h"

struct keeper;

/* Called on the loop, never from inside a call to this module. */
struct keeper_calls {
    /* Something changed, or is told again after a reconnection. Borrowed. */
    void (*report)(void *ctx, const struct wire_report *report);

    /* Once: all that an earlier host left has been reported, so that an
     * attempt that was handed over then and has not been reported was never
     * begun and may be spawned again. `boot` is the machine's boot id, 16
     * bytes, borrowed. */
    void (*ready)(void *ctx, const uint8_t *boot);

    /* No keeper can be had, and none is tried again before the next call to
     * keeper_spawn(): the program cannot be started, or a newer host owns the
     * directory (`is_refused`: stop then, nothing works any more). Jobs that
     * were not reported are forgotten here; a keeper may still know them, so
     * they must keep their ids if they are spawned again. */
    void (*lost)(void *ctx, bool is_refused, const char *why);
};

struct keeper_options {
    int state_fd;        /* the state directory; borrowed until destroyed */
    const char *program; /* path of haft-keeper; copied */
    uint64_t epoch;      /* of this host; higher than any before it */
    uint32_t slots;
    struct launch *launch; /* a keeper that is connected already, or NULL;
                              taken over */
    const struct keeper_calls *calls; /* must live as long */
    void *ctx;
};

struct keeper *keeper_create(struct loop *loop,
                             const struct keeper_options *options);

/* Detaches: what runs goes on, and so does what could be sent. Not from a
 * callback. */
void keeper_destroy(struct keeper *keeper);

/* Whether one has died that may have begun what it had not told of yet. */
bool keeper_has_died(const struct keeper *keeper);

/* Hands a job over; copied. Spawning an id twice starts one attempt. 0, or
 * -EINVAL with the reason in `why` if it is too large or incomplete; the
 * answer comes as reports. */
int keeper_spawn(struct keeper *keeper, const struct wire_job *job,
                 struct str *why);

/* Answered by a report: WITHDRAWN, or the state that made it too late. */
void keeper_withdraw(struct keeper *keeper, uint64_t id);

/* Signals all of a started attempt; nothing happens to others. SIGKILL also
 * ends what has left the group. */
void keeper_kill(struct keeper *keeper, uint64_t id, int signal);

/* Forgets an attempt that has come to its end. */
void keeper_release(struct keeper *keeper, uint64_t id);

void keeper_slots(struct keeper *keeper, uint32_t slots);

/* Sends now what has been collected, as far as the socket takes it. */
void keeper_flush(struct keeper *keeper);

/* Its process, 0 if there is none. */
int32_t keeper_pid(const struct keeper *keeper);

#endif
