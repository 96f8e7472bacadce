/* The core's tables, as its own files see them. Each noun has one writer:
 * task.c for cells, briefs and details, run.c for runs, pool.c for executors.
 *
 * A task costs twelve bytes while it waits (its cell), and its brief, which is
 * touched when it leaves WAITING, thirty-two more. What an attempt needs (its
 * detail) is there from hand-over to the end, and stays only where something
 * is left to tell that does not fit into the brief: a fault, outputs. */
#ifndef HOST_CORE_TABLES_H
#define HOST_CORE_TABLES_H

#include <assert.h>

#include "host/core/ask.h"
#include "host/core/core.h"
#include "host/core/graph.h"
#include "host/core/index.h"
#include "host/core/pool.h"
#include "host/core/timer.h"
#include "host/core/turn.h"

enum {
    CELL_DIRTY = 1,       /* its change is listed */
    CELL_QUEUED = 2,      /* `place` is the stamp of its entry */
    CELL_NEED_BAD = 4,    /* a need skips it */
    CELL_NEED_FAILED = 8, /* a need failed, or one above a skipped need */
    CELL_FED = 16         /* an item that counts as open */
};

struct task_cell {
    uint8_t state;
    uint8_t reason;
    uint16_t flags;
    uint32_t left;   /* WAITING: needs that have not ended. READY: the stamp.
                        Of an `each` after that: its place in `eaches` */
    uint32_t detail; /* plus one; 0: none */
};
static_assert(sizeof(struct task_cell) == 12, "a waiting task is small");

#define BRIEF_NEVER UINT32_MAX
#define BRIEF_NONE UINT8_MAX

/* A task without a detail: READY for the first time (then only at_ms), or
 * ended with nothing to tell but times. The ages are before at_ms. */
struct task_brief {
    int64_t at_ms; /* ended; of a READY one: ready */
    uint64_t attempt;
    uint32_t ready_age;
    uint32_t handed_age;
    uint32_t started_age;
    uint8_t fence;
    uint8_t tries;
    uint8_t losses;
    uint8_t executor;
};
static_assert(sizeof(struct task_brief) == 32, "an ended task is small");

struct task_detail {
    uint32_t run;
    uint32_t task; /* CORE_NONE: the detail is free */
    uint32_t executor;
    uint32_t tries;
    uint32_t losses;
    enum fault_class cancel_class;
    uint64_t attempt;
    uint64_t fence;
    uint64_t seed;
    int64_t ready_ms;
    int64_t due_ms;
    int64_t handed_ms;
    int64_t started_ms;
    int64_t ended_ms;
    int64_t delay_ms;
    int64_t heard_ms; /* when it last wrote, as far as is known */
    int64_t force_ms; /* when a cancel is repeated by force */
    bool is_cancelling;
    bool is_listening;    /* EFFECT_LISTEN is out */
    bool is_recovering;   /* EFFECT_RECOVER is out: no time counts */
    uint8_t cancel_limit; /* the enum limit that has passed, or LIMITS */
    struct fault fault;   /* texts in `texts`, or constants */
    char *texts;
    cJSON *outputs;
};

/* Details stay where they are, so that a pointer lives until the task ends. */
#define DETAILS_CHUNK 64u
struct details {
    struct task_detail **chunks;
    size_t chunks_room;
    uint32_t count; /* ever made */
    uint32_t *free;
    size_t free_room;
    uint32_t free_count;
};

/* The items of one task with an `each`. */
struct run_each {
    uint32_t owner;
    uint32_t first; /* their index as tasks */
    uint32_t count;
    uint32_t next; /* to become READY */
    uint32_t open; /* became READY, have not ended */
    uint32_t ended;
    uint32_t failed;
    uint32_t cancelled;
    uint32_t skipped; /* with the run */
    bool is_stopped;  /* an item failed, and on_fail is stop */
    cJSON *array;     /* owned; NULL: the workflow's own */
    cJSON **values;
};

struct run_row {
    struct run run;
    struct workflow *workflow;
    uint32_t index;

    struct task_cell *cells;
    size_t cells_room;
    struct task_brief *briefs;
    size_t briefs_room;
    uint32_t cells_count; /* of both: tasks, then items */
    struct graph graph;
    struct run_each *eaches;
    size_t eaches_room;
    uint32_t eaches_count;
    uint32_t *items; /* of each item, its place in `eaches` */
    size_t items_room;
    struct index names; /* empty until someone looks */

    uint32_t live[TASK_STATES]; /* as in core_counts: items too */
    uint32_t main_left; /* tasks that have not ended, items not counted */
    uint32_t finally_left;
    uint32_t main_failed;
    uint32_t main_cancelled;
    uint32_t cancels; /* asked so far */
    bool is_stop_due; /* the tasks that have not started are to be skipped */
    bool is_new;      /* CHANGE_RUN_NEW is listed */
    bool is_restored; /* to be picked up by the next turn */
    uint32_t change;  /* place of its CHANGE_RUN or _OVER, plus one */
};

struct task_place {
    uint32_t run;
    uint32_t task;
};

struct core {
    struct core_options options;
    int64_t now_ms;
    struct run_row **runs;
    size_t runs_room;
    uint32_t runs_count;
    uint32_t *free_runs; /* may be used again */
    size_t free_runs_room;
    uint32_t free_runs_count;
    uint32_t *left_runs; /* forgotten; free after the next turn */
    size_t left_runs_room;
    uint32_t left_runs_count;
    struct index ids;      /* of runs */
    struct index keys;     /* of runs, by principal and key */
    struct index attempts; /* HANDED, RUNNING, DECIDING */
    struct details details;
    struct timer timer; /* by detail */
    struct pool pool;
    struct turn turn;
    struct asks asks;
    struct task_place *ended; /* that their children have yet to hear of */
    size_t ended_room;
    size_t ended_count;
    size_t ended_head;
    struct run_row **stops; /* runs with is_stop_due */
    size_t stops_room;
    size_t stops_count;
    uint32_t attempts_made; /* in this epoch */
    uint32_t stamp;
    bool is_resuming;
    struct core_counts counts;
    struct scope_place *scope; /* of core_scope */
};

#endif
