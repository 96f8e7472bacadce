/* Records: how the core's tables look on disk. One version byte (0x01), then
 * flat JSON, so that SQL views can read them; old versions are read for ever.
 *
 *   h/owner          who owns the store: epoch, seq, and what the host says of
 *                    itself (pid, boot, since)
 *   h/restoring      being restored: tries, run (journal.h)
 *   h/notify/NAME    how far an instance was told: seq
 *   l/RUN            a run that is live (empty object)
 *   q/RUN            a run that could not be restored: reason, time_ms
 *   r/RUN            the run
 *   r/RUN/TASK       a task, once it has left WAITING; items are TASK[n]
 *   e/BATCH          the events of one batch, an array; BATCH as 16 hex digits
 *   o/RUN/TASK.TRY.1 folded standard output (2: standard error) of an attempt:
 *                    bytes as they are, no version byte
 *
 * Members; what is 0, empty or false is left out.
 *
 *   run    state (of run_state_name), id, workflow (its name), hash, directory,
 *          principal, key, space, executor (of tasks that name none), stopped,
 *          finishing, tasks (how many), counts (by state, as of the writing),
 *          created_ms, ended_ms, params, document (the canonical workflow)
 *   task   state (of task_state_name, "handed" while handed over), reason,
 *          executor, tries, losses, attempt, fence, cancelling, cancel_class,
 *          ready_ms, due_ms, handed_ms, started_ms, ended_ms, delay_ms, seed,
 *          item, items (how many), fault, outputs
 *   event  seq, time_ms, kind, run, workflow (of events of the run), task,
 *          state, reason, attempt, fence, tries, due_ms, started_ms, ended_ms,
 *          seed, fault
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

#include "host/core/core.h"
#include "host/plain/str.h"

#define RECORD_VERSION 1

/* Values, version byte included, added to `out`. */
void record_add_run(struct str *out, const struct core *c, uint32_t run);
void record_add_task(struct str *out, const struct core *c, uint32_t run,
                     uint32_t task);
/* One event as a JSON object: seq, time, kind, run, task, attempt, ... */
void record_add_event(struct str *out, const struct core *c,
                      const struct event *event, uint64_t seq, int64_t time_ms);

/* The core that records are put back into, and the index in it of an executor
 * that one of them names. */
struct record_target {
    struct core *core;
    uint32_t (*executor)(void *ctx, const char *name);
    void *ctx;
};

/* Puts a run or a task back into the core. False with the reason in `why`; a
 * record that cannot be read must not stop the others. */
bool record_restore_run(const struct record_target *target, const void *value,
                        size_t size, uint32_t *run, struct str *why);
bool record_restore_task(const struct record_target *target, uint32_t run,
                         const char *name, const void *value, size_t size,
                         struct str *why);

/* What the doors show, without the version byte: live runs from the core,
 * ended ones from their record. A run without its document. */
void record_show_run(struct str *out, const struct core *c, uint32_t run);
void record_show_task(struct str *out, const struct core *c, uint32_t run,
                      uint32_t task);

#endif
