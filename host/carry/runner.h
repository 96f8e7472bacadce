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
#include "host/core/core.h"
#include "host/guest/guest.h"
#include "host/plain/str.h"

struct runner;

struct runner_options {
    const char *state; /* directory, absolute; has logs/ and runs/ below it */
    const char *retry; /* instance of haft.retry/1 for tasks that name none */
    uint64_t log_limit_bytes;  /* per attempt and stream */
    uint64_t fold_limit_bytes; /* up to this a log goes into the store */
    const char *keeper; /* path of haft-keeper; NULL: beside this program, or
                           where it was installed */
    uint32_t slots;     /* of each executor; 0: one for each processor */
};

struct runner *runner_create(struct loop *loop, struct guests *guests,
                             struct journal *journal,
                             const struct runner_options *options);
void runner_destroy(struct runner *r);

/* Whether all that was to be released has been: with the keeper, too. */
bool runner_is_released(const struct runner *r);

/* Once the guests are stopped: ends what could outlive the host but has nothing
 * to do, and says whether any of it is not gone yet. */
void runner_end_idle_workers(struct runner *r);
bool runner_has_idle_worker(struct runner *r);

/* The core to report to; before the first effect, and before the journal asks
 * for an executor (journal_client.executor): inside its `make`. Looks for the
 * keeper of an earlier host. */
void runner_attach(struct runner *r, struct core *core);

/* Tasks for this executor are to come: gets ready what takes time, as early as
 * before runner_attach. What fails here fails again, and is told, when it is
 * used. */
void runner_prepare(struct runner *r, const char *executor);

/* Carries out one effect, all kinds but EFFECT_ANSWER. */
void runner_act(struct runner *r, const struct effect *effect);

/* The index of an executor for tasks that name `name`, registered with the
 * core at its first use; CORE_NONE with the reason in `why` if no such
 * executor can be had or it takes no jobs. */
uint32_t runner_executor(struct runner *r, const char *name, struct str *why);

/* Whether its manifest lists that sort of job; false with the reason. One that
 * is only being started is asked by its first task. */
bool runner_takes(const struct runner *r, uint32_t executor, const char *sort,
                  struct str *why);

/* As runner_executor, for tasks that are in the store already: one that is
 * configured but cannot be had now is registered all the same, and its tasks
 * wait until it can (runner_look_again). */
uint32_t runner_expect(struct runner *r, const char *name, struct str *why);

/* How many attempts nobody can be asked for, since their executors are not
 * there: they do not end before somebody has made them be. */
uint64_t runner_waiting(const struct runner *r);

/* Those that could not be had may be there now. */
void runner_look_again(struct runner *r);

/* Called when a turn is wanted: something was asked of the core. */
void runner_on_turn(struct runner *r, void (*fn)(void *ctx), void *ctx);

/* A log of an attempt (`try` is its fence; 0: the task's last), `stream` 1 or
 * 2. From the file while there is one, else from the store; the answer comes
 * later either way. */
struct runner_log {
    const char *run;
    const char *task;
    uint32_t try;
    uint32_t stream;
    uint64_t offset;
    size_t limit; /* most bytes to read */
};
struct runner_piece {
    int status; /* -HAFT_NOT_FOUND: no such attempt, or nothing was written */
    const void *bytes; /* borrowed until the return */
    size_t size;
    uint64_t end;     /* of the log, so far */
    uint32_t try;     /* the one it is of; 0: none has begun */
    uint32_t newest;  /* try of the task, as far as is known */
    bool is_complete; /* nothing is added any more */
};
typedef void (*runner_piece_fn)(void *ctx, const struct runner_piece *piece);
void runner_read_log(struct runner *r, const struct runner_log *log,
                     runner_piece_fn done, void *ctx);

#endif
