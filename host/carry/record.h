/* Records: how the core's tables look on disk. One version byte (0x01), then
 * flat JSON, so that SQL views can read them; old versions are read for ever.
 *
 *   h/owner          who owns the store: epoch, pid, boot, since
 *   l/RUN            a run that is live (empty object)
 *   r/RUN            the run: workflow (canonical document), params, principal,
 *                    key, space, state, times
 *   r/RUN/TASK       a task, once it has left WAITING; items are TASK[n]
 *   e/BATCH          the events of one batch, an array; BATCH as 16 hex digits
 *   o/RUN/TASK.TRY.1 folded standard output (2: standard error) of an attempt
 */
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

/* Puts a run or a task back into the core. False with the reason in `why`; a
 * record that cannot be read must not stop the others. */
bool record_restore_run(struct core *c, const void *value, size_t size,
                        uint32_t *run, struct str *why);
bool record_restore_task(struct core *c, uint32_t run, const char *name,
                         const void *value, size_t size, struct str *why);

/* What the doors show, without the version byte: live runs from the core,
 * ended ones from their record. */
void record_show_run(struct str *out, const struct core *c, uint32_t run);
void record_show_task(struct str *out, const struct core *c, uint32_t run,
                      uint32_t task);

#endif
