/* The runner: carries out what the core decided, once it is durable, and
 * brings back what came of it.
 *
 * It makes the job of an attempt (expressions rendered, environment, files),
 * hands it to its executor, asks retry plugins, hears haft.attempt/1, keeps
 * the files of an attempt, and folds what is small into the store when the
 * attempt has ended. */
#ifndef HOST_CARRY_RUNNER_H
#define HOST_CARRY_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/loop.h"
#include "host/carry/journal.h"
#include "host/carry/logs.h"
#include "host/core/core.h"
#include "host/guest/guest.h"
#include "host/plain/str.h"

struct runner;

struct runner_options {
    const char *state; /* directory, absolute; has logs/ and runs/ below it */
    const char *retry; /* instance of haft.retry/1 for tasks that name none */
    uint64_t log_limit_bytes;  /* per attempt and stream */
    uint64_t fold_limit_bytes; /* up to this a log goes into the store */
    const char *keeper;        /* path of haft-keeper */
    uint32_t slots;            /* of each executor: attempts at once */
};

struct runner *runner_create(struct loop *loop, struct guests *guests,
                             struct journal *journal,
                             const struct runner_options *options);
void runner_destroy(struct runner *r);

/* The core to report to; before the first effect, and before the journal asks
 * for an executor (journal_client.executor): inside its `make`. The keeper is
 * looked for as the owner of `epoch`. */
void runner_attach(struct runner *r, struct core *core, uint32_t epoch);

/* Carries out one effect, all kinds but EFFECT_ANSWER. */
void runner_act(struct runner *r, const struct effect *effect);

/* The index of an executor for tasks that name `name`, registered with the
 * core at its first use; CORE_NONE with the reason in `why` if no such
 * executor can be had or it takes no process jobs. */
uint32_t runner_executor(struct runner *r, const char *name, struct str *why);

/* Called when a turn is wanted: something was asked of the core. */
void runner_on_turn(struct runner *r, void (*wake)(void *ctx), void *ctx);

/* A log of an attempt: gives at most
 * `limit` bytes from `offset` and says where it ends so far, and whether more
 * may come. From the file while there is one, else asks the store; the answer
 * comes later either way. -HAFT_NOT_FOUND: nothing was written. */
typedef void (*runner_log)(void *ctx, int status, const void *bytes,
                           size_t size, uint64_t end, bool is_complete);
void runner_read_log(struct runner *r, const struct logs_of *of,
                     const struct logs_range *range, runner_log done,
                     void *ctx);

#endif
