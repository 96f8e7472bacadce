/* Calls: from the host into a plugin, and the answer back.
 *
 * Each open call has a slot. Its id is the slot's place, the guest's number
 * and the slot's generation; whoever ends the call (the plugin from any
 * thread, the deadline, the host's own end) does so by one compare-and-swap of
 * generation and state, so exactly one of them wins, and an id that was used
 * up can never end a later call. The answer then travels through the queue to
 * the loop, where `done` is called: never inside guest_call.
 *
 * The slot is the host's side of a call; the job is the plugin's: it holds the
 * messages, and lives until the method has returned, however long ago the
 * host stopped waiting. */
#ifndef HOST_GUEST_CALL_H
#define HOST_GUEST_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <haft/plugin.h>

#include "host/base/loop.h"
#include "host/guest/face.h"
#include "host/guest/guest.h"
#include "host/guest/lane.h"
#include "host/guest/queue.h"
#include "host/guest/scratch.h"

#define CALL_UNANSWERED_LIMIT 5 /* in a row, then the instance is shut off */
#define CALL_SHUT_MS 30000      /* for so long; then it is tried again */

struct calls;

/* One visit of a plugin's code, by the thread that makes it. */
struct call_job {
    struct lane_work work;
    struct queue_item item; /* when the loop makes it in a later turn */
    struct guest *guest;
    const struct face_method *method; /* NULL: create or destroy */
    struct haft_call call;
    const void *in;
    void *out;
    const struct haft_fault *fault; /* what the plugin said of it */
    struct scratch mem;
};

struct calls *calls_create(struct loop *loop);
void calls_destroy(struct calls *calls);

/* Ends every open call with HAFT_CANCELLED, and refuses new ones. */
void calls_stop(struct calls *calls);
bool calls_are_stopped(const struct calls *calls); /* [any-thread] */

struct queue *calls_queue(struct calls *calls);

/* Adds an item that a thread is going to wait for. False once the calls are
 * stopped: it was not added. Whatever was added before is still handled, so
 * nobody waits for ever. [any-thread] */
bool calls_add_wait(struct calls *calls, struct queue_item *item);

bool calls_on_loop(const struct calls *calls); /* [any-thread] */
struct loop *calls_loop(const struct calls *calls);

/* The visit that this thread is on, or NULL. */
struct call_job *call_now(void);

/* Makes this thread's visit `job`; returns the one before, to go back to. */
struct call_job *call_enter(struct call_job *job);

/* The three of haft_host that name a call: see there. [any-thread] */
haft_status call_complete(struct guest *guest, uint64_t id, haft_status status,
                          const void *out, const struct haft_fault *fault);
bool call_is_cancelled(struct guest *guest, uint64_t id);

/* The table of the answer that an open call waits for; NULL: none does. */
const struct haft_record *call_answer(const struct guest *guest, uint64_t id);

/* Ends all calls that a guest has not answered, because its process is gone:
 * PLUGIN_CRASH, host.worker_lost. */
void calls_lose(struct guest *guest, const char *why);

/* Calls of a guest wait from here on, until they are let go, in order. Those that
 * are open go on, and what an instance has asked to be told is told to it. */
void calls_hold(struct guest *guest);
void calls_release(struct guest *guest);

/* Somebody else keeps the deadlines of calls: the host of this worker. */
void calls_ignore_deadlines(struct calls *calls);

/* Whether calls are refused because earlier ones were never answered. */
bool call_is_shut_off(const struct guest *guest);

#endif
