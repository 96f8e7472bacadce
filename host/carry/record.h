/* Records: how the core's tables look on disk. One version byte (0x01), then
 * flat JSON, so that SQL views can read them; old versions are read for ever.
 *
 *   d/HASH           a definition: the canonical document; one for many runs.
 *                    The first of all: it may be megabytes long, and a store
 *                    that looks for a key may read what stands beside it
 *   h/owner          who owns the store: epoch, seq, and what the host says of
 *                    itself (pid, boot, since)
 *   h/restoring      being restored: tries, run, run_tries (journal.h)
 *   h/notify/NAME    how far an instance was told: seq
 *   l/RUN            a run that is live (empty object)
 *   q/RUN            a run that could not be restored: reason
 *   r/RUN            the run
 *   t/RUN/TASK       a task, once it has left WAITING; items are TASK[n]
 *   k/PRINCIPAL/KEY  the run that an idempotency key made: run, hash
 *   e/BATCH          the events of one batch, an array; BATCH as 16 hex digits
 *   o/RUN/TASK.TRY.1 folded standard output (2: standard error) of an attempt:
 *                    bytes as they are, no version byte
 *
 * Runs and tasks have families of their own, so that a list of runs is one
 * scan of r/ and reads no task and no definition. In PRINCIPAL, % and / are
 * written as %25 and %2F.
 *
 * Members; what is 0, empty or false is left out.
 *
 *   run    state (of run_state_name), id, workflow (its name), hash (of its
 *          definition), directory, principal, key, space, executor (of tasks
 *          that name none), stopped, finishing, tasks (how many), counts (by
 *          state, as of the writing), created_ms, ended_ms, params
 *   task   state (of task_state_name, "handed" while handed over), reason,
 *          executor, tries, losses, attempt, fence, cancelling, cancel_class,
 *          ready_ms, due_ms, handed_ms, started_ms, ended_ms, delay_ms, seed,
 *          item, items (how many), fault, outputs
 *   event  seq, time_ms, kind, run, workflow, task (not in events of the run),
 *          state, items (of task.expanded), reason, attempt, fence, tries,
 *          due_ms, started_ms, ended_ms, seed, fault
 *   fault  class, effect, origin, hint, code, message, exit_code, signal,
 *          retry_after_ms
 *
 * Classes, effects, origins, states and reasons are names. Seeds are decimal
 * text, and so is any other number beyond 2^53. */
#ifndef HOST_CARRY_RECORD_H
#define HOST_CARRY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <haft/types.h>

#include "host/core/core.h"
#include "host/plain/str.h"

#define RECORD_VERSION 1

/* Values, version byte included, added to `out`. */
void record_add_run(struct str *out, const struct core *c, uint32_t run);
void record_add_task(struct str *out, const struct core *c, uint32_t run,
                     uint32_t task);
void record_add_workflow(struct str *out, const struct core *c, uint32_t run);
void record_add_key(struct str *out, const struct core *c, uint32_t run);

/* One event as a JSON object. */
void record_add_event(struct str *out, const struct core *c,
                      const struct event *event, uint64_t seq, int64_t time_ms);

/* The path of an idempotency key: k/PRINCIPAL/KEY. */
void record_add_key_path(struct str *out, const char *principal,
                         const char *key);

/* The core that records are put back into, and the index in it of an executor
 * that one of them names. */
struct record_target {
    struct core *core;
    uint32_t (*executor)(void *ctx, const char *name);
    void *ctx;
};

/* The hash of a run's definition, for the path of it: 64 hex digits and a NUL
 * in `hash`. */
bool record_find_hash(const void *value, size_t size, char hash[65],
                      struct str *why);

/* Puts a run, with its definition (`document`, the value of d/HASH), or a task
 * back into the core. False with the reason in `why`; a record that cannot be
 * read must not stop the others. */
struct record_run {
    const void *value;
    size_t size;
    const void *document;
    size_t document_size;
};
bool record_restore_run(const struct record_target *target,
                        const struct record_run *record, uint32_t *run,
                        struct str *why);
bool record_restore_task(const struct record_target *target, uint32_t run,
                         const char *name, const struct haft_slice *value,
                         struct str *why);

#endif
