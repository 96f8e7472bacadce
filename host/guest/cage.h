/* A cage: the process of its own in which an instance lives, seen from here.
 *
 * To the rest of this room the instance is one like any other: its objects are
 * the cage's, whose methods pass the call on to the worker (worker.h) and
 * answer PENDING. What the worker's plugin asks of the host comes in through
 * the guest's own border. No byte of the module is mapped here.
 *
 * A worker that dies, or that lets a call pass its deadline, or that says what
 * is no message, takes its open calls with it (PLUGIN_CRASH, host.worker_lost)
 * and is followed by another, at once at first, then after longer and longer
 * pauses. Calls made meanwhile wait for it. One that keeps dying is given up:
 * calls are then refused.
 *
 * The worker of a guest that survives is the launcher's child and listens on a
 * socket (reach.h): it is looked for there first, and left there at the end. */
#ifndef HOST_GUEST_CAGE_H
#define HOST_GUEST_CAGE_H

#include <stdbool.h>

#include <haft/plugin.h>

#include "host/plain/str.h"

#define CAGE_DEATHS_LIMIT 6    /* in a row, then it is given up */
#define CAGE_SOUND_MS 60000    /* a life this long ends the row */
#define CAGE_PAUSE_MS 100      /* before the second new one; doubles */
#define CAGE_PAUSE_LIMIT 10000 /* and ends here */

struct guest;
struct cage;

/* Starts the worker and makes the instance in it. Waits for at most `limit_ms`,
 * which later workers have as well. False with the reason. */
bool cage_open(struct guest *guest, const struct haft_create *with,
               int64_t limit_ms, struct haft_instance **instance,
               struct str *why);

/* The same without waiting: the guest takes its instance when it has come. A
 * worker that survives is found, or started by the launcher. */
bool cage_begin(struct guest *guest, const struct haft_create *with,
                int64_t limit_ms, struct str *why);

/* Tells the worker to end, by force at the limit; swap_on_ended comes then.
 * False: there is none. */
bool cage_leave(struct cage *cage, int64_t limit_ms);

/* Ends the worker, by force if it takes longer. One that survives and is busy
 * goes on. */
void cage_close(struct cage *cage, int64_t limit_ms);

/* A call was not answered in time: the worker is ended. */
void cage_hangs(struct cage *cage);

/* One that is given up is started anew. */
void cage_pardon(struct cage *cage);

/* For `haft plugin describe`. */
struct cage_facts {
    int pid;         /* 0: there is none */
    unsigned deaths; /* in a row */
    uint32_t fences; /* FENCE_*: what the kernel refuses it */
    bool is_given_up;
    const char *why; /* the last one died; "" */
};

struct cage_facts cage_look(const struct cage *cage);

#endif
