/* The inside of the runner, for its files: runner.c carries out effects,
 * runner_executor.c knows the executors, runner_attempt.c hears them,
 * runner_recover.c finds again what an
 * earlier host had handed over, runner_read.c reads logs. */
#ifndef HOST_CARRY_RUNNER_INSIDE_H
#define HOST_CARRY_RUNNER_INSIDE_H

#include "host/carry/attempt.h"
#include "host/carry/job.h"
#include "host/carry/logs.h"
#include "host/carry/process.h"
#include "host/carry/runner.h"

#define RUNNER_EXECUTORS_LIMIT 64

/* Between the first turn and the look for what no attempt has claimed. */
#define RUNNER_SETTLE_MS 1000

/* Between two looks at how much the attempts have written. */
#define RUNNER_CAP_MS 2000

struct executor {
    char *name;
    struct guest *guest; /* NULL: it cannot be had now */
    uint32_t waiting;    /* recoveries that wait for it */
};

struct runner {
    struct loop *loop;
    struct guests *guests;
    struct journal *journal;
    struct core *core;
    char *state;
    char *retry;
    char *keeper;
    uint32_t slots;
    struct logs logs;
    struct job *job;
    struct process *process;
    struct attempts attempts;
    struct executor executors[RUNNER_EXECUTORS_LIMIT];
    uint32_t executors_count;
    struct guest_service service;
    struct guest_launcher launcher;
    struct loop_timer settle_timer;
    struct loop_timer cap_timer; /* set while there are attempts */
    char made_run[32];           /* whose folders were made last */
    uint32_t recovering;         /* answers awaited */
    bool is_settled;             /* all that was open has been recovered */
    struct effect *parked;       /* recoveries that wait for the keeper */
    size_t parked_count, parked_room;
    struct effect *undecided; /* questions whose retry plugin is not there */
    size_t undecided_count, undecided_room;
    void (*wake)(void *ctx);
    void *wake_ctx;
};

/* One question to a guest, until it is answered. */
struct asked {
    struct runner *runner;
    struct guest *guest;  /* who was asked, where that is not the executor */
    struct effect effect; /* why, if it may be asked again */
    uint64_t attempt;
    uint64_t fence;
    uint32_t losses; /* of the guest, before it was asked */
};

void runner_wake(struct runner *r);
struct asked *runner_ask(struct runner *r, uint64_t attempt, uint64_t fence);

/* Whether the answer is that the guest's process was lost with the question:
 * the next one is then asked for all attempts. */
bool runner_is_lost_with(const struct asked *asked, const struct guest *guest,
                         const struct haft_fault *fault);
int64_t runner_deadline_ms(const struct runner *r);
struct logs_of runner_files(const struct attempt *a);
struct attempt *runner_add(struct runner *r, const struct effect *effect);

/* Texts go into `texts`, which must have nothing in it and holds two of
 * STR_WHY_LIMIT; what is longer than a sentence is cut. */
void runner_copy_fault(struct fault *to, const struct haft_fault *from,
                       struct str *texts);

/* The attempt has ended, or never began: files, then the core. Once. */
void runner_end(struct runner *r, struct attempt *a,
                struct core_outcome *outcome);

/* NULL: there is none, or it cannot be had now. */
struct guest *runner_guest(const struct runner *r, uint32_t executor);

/* Of the launcher: see guest.h. */
bool runner_start_worker(void *ctx, const char *name, const char *const argv[],
                         const char *const env[], struct str *why);
bool runner_is_busy(void *ctx, const char *name);

/* Whether there is nobody to be asked for its attempts now. */
bool runner_must_wait(const struct runner *r, uint32_t executor);

/* An executor whose process died has forgotten what it was handed. */
void runner_on_restarted(void *ctx, struct guest *guest);

/* Tells a guest to forget an attempt. */
void runner_release(struct guest *guest, uint64_t attempt, uint64_t fence);

/* The key of what an executor gave for recovery. */
void runner_token_key(char key[32], uint64_t attempt);

/* EFFECT_RETRY. A plugin that dies of the question, or of another, is asked
 * again; one that is not there now, once it is. */
void runner_ask_retry(struct runner *r, const struct effect *effect);
void runner_ask_undecided(struct runner *r);

/* EFFECT_RECOVER; once the keeper has said what it has. */
void runner_recover(struct runner *r, const struct effect *effect);
void runner_on_keeper(void *ctx);
void runner_on_settle(void *ctx);

extern const guest_serve runner_attempt_methods[];

#endif
