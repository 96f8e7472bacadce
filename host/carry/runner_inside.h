/* The inside of the runner, for its files: runner.c carries out effects,
 * runner_attempt.c hears the executors, runner_recover.c finds again what an
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
    struct guest *guest;
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
    struct loop_timer settle_timer;
    struct loop_timer cap_timer; /* set while there are attempts */
    char made_run[32];           /* whose folders were made last */
    uint32_t recovering;         /* answers awaited */
    bool is_settled;             /* all that was open has been recovered */
    struct effect *parked;       /* recoveries that wait for the keeper */
    size_t parked_count, parked_room;
    void (*wake)(void *ctx);
    void *wake_ctx;
};

/* One question to a guest, until it is answered. */
struct asked {
    struct runner *runner;
    uint64_t attempt;
    uint64_t fence;
};

void runner_wake(struct runner *r);
struct asked *runner_ask(struct runner *r, uint64_t attempt, uint64_t fence);
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

/* Tells a guest to forget an attempt. */
void runner_release(struct guest *guest, uint64_t attempt, uint64_t fence);

/* The key of what an executor gave for recovery. */
void runner_token_key(char key[32], uint64_t attempt);

/* EFFECT_RECOVER; once the keeper has said what it has. */
void runner_recover(struct runner *r, const struct effect *effect);
void runner_on_keeper(void *ctx);
void runner_on_settle(void *ctx);

extern const guest_serve runner_attempt_methods[];

#endif
