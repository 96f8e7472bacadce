/* The core: what runs next. Tables in memory and a pure function over them.
 *
 * It has no clock, no random numbers, no I/O, no threads, and calls nobody.
 * What comes from outside is asked (the core_ask functions queue, in order);
 * core_decide drains the queue at a time that it is given and lists what came
 * of it, three times over: changes (which records are to be written), events
 * (the story of them) and effects (what is to be done once the records are on
 * disk, and never before). Same asks, same times, same answers: so the whole
 * can be simulated, replayed and asked why.
 *
 * Runs and tasks are named by index: a run's slot, and a task's place in its
 * run, where the items of an `each` follow behind the tasks of the workflow.
 * Attempts have ids that are never used again. A late answer names an attempt
 * that is not there any more: it is counted, and changes nothing.
 *
 * Times are milliseconds since 1970, from one clock that never runs backwards
 * while the host lives. */
#ifndef HOST_CORE_CORE_H
#define HOST_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "host/core/fault.h"
#include "host/flow/workflow.h"

#define CORE_NONE UINT32_MAX

/* Ended states come last. Order and names are stored: append only. */
enum task_state {
    TASK_WAITING,  /* for its needs */
    TASK_READY,    /* for a slot, or until due_ms */
    TASK_HANDED,   /* to the executor; shown as "ready" */
    TASK_RUNNING,  /* or an `each` whose items are on their way */
    TASK_DECIDING, /* the retry plugin is being asked */
    TASK_HELD,     /* a person decides: task.resolve */
    TASK_SUCCEEDED,
    TASK_FAILED,
    TASK_CANCELLED,
    TASK_SKIPPED,
    TASK_STATES
};

enum run_state {
    RUN_RUNNING,
    RUN_CANCELLING,
    RUN_SUCCEEDED,
    RUN_FAILED,
    RUN_CANCELLED,
    RUN_STATES
};

const char *task_state_name(enum task_state state);
const char *run_state_name(enum run_state state);
bool task_state_is_ended(enum task_state state);
bool run_state_is_ended(enum run_state state);

/* Why a task was skipped or cancelled. Stored by name. */
enum task_reason {
    REASON_NONE,
    REASON_NEED_FAILED, /* a need failed, was cancelled or lost its own */
    REASON_CONDITION,   /* its own `if`; counts as done for its children */
    REASON_EMPTY_EACH,  /* nothing to do; likewise */
    REASON_RUN_STOPPED, /* a task failed, and its on_fail is stop */
    REASON_RUN_CANCELLED,
    REASON_RESOLVED, /* by a person */
    REASONS
};
const char *task_reason_name(enum task_reason reason);

/* What the core knows of a task once it has left WAITING. */
struct task {
    enum task_state state;
    enum task_reason reason;
    uint32_t item;  /* of an `each`: 0, 1 ...; else CORE_NONE */
    uint32_t owner; /* of an item: the task with the `each`; else CORE_NONE */
    uint32_t first_item, items_count; /* of a task with an `each` */
    uint32_t executor;  /* index of core_add_executor, once handed */
    uint32_t tries;     /* attempts that count */
    uint32_t losses;    /* attempts that never started, or were lost */
    uint64_t attempt;   /* the last one's id; 0: none yet */
    uint64_t fence;     /* grows with every attempt of this task */
    bool is_cancelling; /* a cancel has been sent for the attempt */
    enum fault_class cancel_class; /* as what its end counts then */
    int64_t ready_ms;              /* first became ready */
    int64_t due_ms;    /* not before; of a READY task after a failure */
    int64_t handed_ms; /* the last attempt's */
    int64_t started_ms;
    int64_t ended_ms;
    int64_t delay_ms;   /* that preceded the last attempt */
    uint64_t seed;      /* drawn for the retry question; 0: none */
    struct fault fault; /* of the last attempt that ended badly */
    cJSON *outputs;     /* object of strings; NULL: none */
    cJSON *value;       /* an item's each value, borrowed from its owner */
};

struct run {
    char id[32];
    char key[129];       /* idempotency key, or "" */
    char principal[128]; /* who asked */
    char space[64];      /* namespace: "default" */
    const struct workflow *workflow;
    cJSON *params;     /* complete */
    uint32_t executor; /* of tasks that name none */
    enum run_state state;
    bool is_stopped;              /* a failure with on_fail: stop */
    bool is_finishing;            /* the finally tasks are on */
    uint32_t tasks_count;         /* of the workflow, items not counted */
    uint32_t counts[TASK_STATES]; /* of those */
    int64_t created_ms;
    int64_t ended_ms;
};

struct core;

struct core_options {
    uint32_t epoch;   /* of the owner: attempt ids are epoch << 32 | count */
    uint64_t seed;    /* for the seeds of retry questions */
    int64_t grace_ms; /* between a polite cancel and force */
    const char *container; /* executor of tasks with an image; borrowed */
};

struct core *core_create(const struct core_options *options);
void core_destroy(struct core *c);

/* An executor by name, and how many attempts it runs at once. One that
 * `is_ahead` queues by itself (haft.slots/1): it is handed a few more, the
 * window of docs/architecture.md. Returns its index. */
uint32_t core_add_executor(struct core *c, const char *name, uint32_t slots,
                           bool is_ahead);
const char *core_executor_name(const struct core *c, uint32_t executor);

/* The executor's name of a job: its own, or the one for images if it has one.
 * NULL: the run's. */
const char *core_job_executor(const struct core *c, const struct workflow *w,
                              uint32_t job);

/* ---- asks: each is copied or taken, queued, and decided at the next turn.
 * `ask` is the caller's own number; it comes back in EFFECT_ANSWER. ---- */

struct core_submit {
    const char *id;  /* of the run, new */
    const char *key; /* or NULL */
    const char *principal;
    const char *space;
    struct workflow *workflow; /* taken */
    cJSON *params;             /* taken */
    uint32_t executor;         /* for tasks that name none */
};
/* Answers -HAFT_CONFLICT if the id, or the principal's key, is that of a run
 * which is here. */
void core_ask_submit(struct core *c, uint64_t ask, const struct core_submit *s);

/* Politely once; asked again, by force and the finally tasks with it. */
void core_ask_cancel(struct core *c, uint64_t ask, uint32_t run);

enum core_resolution {
    RESOLVE_SUCCESS,
    RESOLVE_FAILED,
    RESOLVE_SKIP
};
/* Ends a HELD task. Answers -HAFT_CONFLICT if it is not held. */
void core_ask_resolve(struct core *c, uint64_t ask, uint32_t run, uint32_t task,
                      enum core_resolution how);

/* An answer that depends on nothing but on what is decided already: it comes
 * back with the next turn's batch, so reads too are of durable state. */
void core_ask_read(struct core *c, uint64_t ask);

/* ---- answers of the outside ---- */
void core_ask_started(struct core *c, uint64_t attempt, uint64_t fence,
                      int64_t time_ms);

struct core_outcome {
    uint64_t attempt;
    uint64_t fence;
    struct fault fault; /* class FAULT_NONE: success; texts are copied */
    int64_t started_ms; /* 0: unknown */
    int64_t ended_ms;
    cJSON *outputs;    /* taken; NULL: none */
    uint32_t executor; /* that reports: is told to release what is stale */
};
/* One that fits no open attempt is counted, and answered with an
 * EFFECT_RELEASE of no run and no task: whoever still keeps it may forget. */
void core_ask_ended(struct core *c, const struct core_outcome *outcome);

enum core_verdict {
    VERDICT_FAIL,
    VERDICT_AGAIN,
    VERDICT_ELSEWHERE,
    VERDICT_HOLD
};
/* The retry plugin's answer for an attempt. One that cannot say gives
 * VERDICT_FAIL: the task fails with the fault that it had. */
void core_ask_verdict(struct core *c, uint64_t attempt, uint64_t fence,
                      enum core_verdict verdict, int64_t delay_ms);

/* For how long the attempt has written no output, INT64_MAX if it never wrote:
 * answers EFFECT_LISTEN. */
void core_ask_heard(struct core *c, uint64_t attempt, uint64_t fence,
                    int64_t silent_ms);

enum core_found {
    FOUND_UNKNOWN,
    FOUND_RUNNING,
    FOUND_ENDED,
    FOUND_NEVER_STARTED
};
/* Answers EFFECT_RECOVER. ENDED: core_ask_ended follows. NEVER_STARTED: the
 * same attempt is started again. UNKNOWN: it is lost. */
void core_ask_found(struct core *c, uint64_t attempt, uint64_t fence,
                    enum core_found found);

/* The executor has lost all that it knew: EFFECT_RECOVER for each of its
 * attempts. */
void core_ask_adrift(struct core *c, uint32_t executor);

/* ---- the turn ---- */

/* Decides all that was asked, and what is due at `now_ms`. */
void core_decide(struct core *c, int64_t now_ms);

/* When the next thing is due, though nobody asks; INT64_MAX: never. */
int64_t core_next_ms(const struct core *c);

/* One a turn for each run and task, but for a run that is new and over in one
 * turn, which has both. A task that has become READY for the first time and
 * has no limit on its waiting is not listed: it is what a new owner would find
 * by itself, and its next change is. */
enum change_kind {
    CHANGE_RUN_NEW, /* its document too; it is live now */
    CHANGE_RUN,
    CHANGE_RUN_OVER, /* ended: no longer live */
    CHANGE_TASK
};
struct change {
    enum change_kind kind;
    uint32_t run;
    uint32_t task; /* of CHANGE_TASK */
};

enum event_kind {
    EVENT_RUN_SUBMITTED,
    EVENT_RUN_CANCELLING, /* someone asked */
    EVENT_RUN_STOPPING,   /* a failure with on_fail: stop */
    EVENT_RUN_ENDED,
    EVENT_TASK_READY, /* not of those that are so from the submit or expansion */
    EVENT_TASK_EXPANDED, /* an `each` into its items */
    EVENT_TASK_HANDED,
    EVENT_TASK_STARTED,
    EVENT_TASK_ENDED, /* an attempt of it: the outcome, whole */
    EVENT_TASK_RETRY, /* again at due_ms */
    EVENT_TASK_HELD,
    EVENT_TASK_RESOLVED,
    EVENT_TASK_CANCELLING,
    EVENT_TASK_DONE,      /* in an ended state, for good */
    EVENT_TASK_RECOVERED, /* found again by a new owner */
    EVENT_KINDS
};
const char *event_kind_name(enum event_kind kind); /* "task.started" */

/* The tables hold the rest; what may have changed again is kept here. */
struct event {
    enum event_kind kind;
    uint32_t run;
    uint32_t task;         /* CORE_NONE: of the run */
    enum task_state state; /* the task's now */
    enum run_state run_state;
    enum task_reason reason;
    uint64_t attempt;
    uint64_t fence;
    uint32_t tries;
    int64_t due_ms;
    int64_t started_ms;
    int64_t ended_ms;
    uint64_t seed;
    struct fault fault; /* texts borrowed until core_clear */
};

enum effect_kind {
    EFFECT_START,   /* start the task's attempt */
    EFFECT_CANCEL,  /* politely, then after grace_ms by force; 0: by force */
    EFFECT_RELEASE, /* its end is on disk */
    EFFECT_RETRY,   /* ask the retry plugin about its fault */
    EFFECT_LISTEN,  /* when did it last write? */
    EFFECT_RECOVER, /* what became of it? */
    EFFECT_ANSWER,  /* to an ask */
    EFFECT_FORGET   /* nothing refers to the run any more: core_forget it */
};
struct effect {
    enum effect_kind kind;
    uint32_t run;
    uint32_t task;
    uint32_t executor;
    uint64_t attempt;
    uint64_t fence;
    int64_t grace_ms;
    uint64_t ask; /* of an answer */
    int status;   /* HAFT_OK or minus a fault class */
};

/* What the last core_decide listed; borrowed until core_clear. A turn that
 * changes nothing lists no change, but may have effects. */
const struct change *core_changes(const struct core *c, size_t *count);
const struct event *core_events(const struct core *c, size_t *count);
const struct effect *core_effects(const struct core *c, size_t *count);
void core_clear(struct core *c);

/* ---- looking ---- */
const struct run *core_run(const struct core *c, uint32_t run); /* or NULL */
uint32_t core_find_run(const struct core *c, const char *id);
uint32_t core_find_key(const struct core *c, const char *principal,
                       const char *key);
uint32_t core_runs_count(const struct core *c); /* slots; some may be NULL */

/* All that is known of a task, written into `*room`, which is the answer; NULL
 * if there is no such task. What it points at is borrowed until the next
 * core_decide. */
const struct task *core_task(const struct core *c, uint32_t run, uint32_t task,
                             struct task *room);
uint32_t core_tasks_count(const struct core *c, uint32_t run); /* with items */
uint32_t core_find_task(const struct core *c, uint32_t run, const char *name);
/* "build", or "build[3]" for an item; at most 96 bytes. */
void core_task_name(const struct core *c, uint32_t run, uint32_t task,
                    char name[96]);
/* The workflow's row for a task; an item has its owner's. */
const struct workflow_task *core_task_row(const struct core *c, uint32_t run,
                                          uint32_t task);

/* The values that the task's expressions see (docs/workflow.md): params.*,
 * tasks.*, each.*, run.id ...  One at a time: borrowed until it is called
 * again, or core_decide. */
struct expr_scope core_scope(const struct core *c, uint32_t run, uint32_t task);

struct core_counts {
    uint64_t turns;
    uint64_t stale; /* answers for what had ended */
    uint32_t runs_live;
    uint32_t tasks_live[TASK_STATES];
};
struct core_counts core_count(const struct core *c);

/* ---- coming back ---- */

/* Restores a run as the store has it; takes workflow and params. Then each
 * task that has a record, items after their owners; then all of them are
 * picked up by core_resume, whose changes and effects the next core_decide
 * lists (EFFECT_RECOVER for what was handed over or running). */
uint32_t core_restore_run(struct core *c, const struct run *run,
                          struct workflow *workflow, cJSON *params,
                          uint32_t executor);
/* `executor` by name in the record; outputs are taken. False if the record
 * does not fit the run. */
bool core_restore_task(struct core *c, uint32_t run, const char *name,
                       const struct task *task);
/* Takes a run out again that is being restored and cannot be, whole. */
void core_withdraw(struct core *c, uint32_t run);
void core_resume(struct core *c);

/* Drops a run that has ended, after EFFECT_FORGET. */
void core_forget(struct core *c, uint32_t run);

/* Whether all tables agree with each other: NULL, or the first thing that does
 * not, in a few words. Looks at everything: for tests and the simulator, with
 * nothing asked and undecided. */
const char *core_check(const struct core *c);

#endif
