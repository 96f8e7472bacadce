/* One question on its way through the operations: who asked, what, and how it
 * goes on when the store or the core has answered. Private to host/door. */
#ifndef HOST_DOOR_CALL_H
#define HOST_DOOR_CALL_H

#include "host/door/ops.h"

#define CALL_ANSWER_LIMIT (256u * 1024 * 1024) /* bytes of one result */

typedef void (*call_step)(struct op_call *call);
/* One record of a scan: its key behind the prefix, its value. False: enough. */
typedef bool (*call_record)(struct op_call *call, const char *rest,
                            const char *value, size_t size);

struct op_call {
    struct ops *ops;
    const struct op *op;
    uint64_t id;
    char *principal;
    cJSON *params;
    struct op_answer answer;
    bool is_dropped;

    /* What the steps keep. */
    char run[32];              /* resolved id of the run */
    cJSON *tree;               /* the result, or part of it */
    struct workflow *workflow; /* read for the result, or to be submitted */
    char hash[65];             /* of the one to be submitted */
    struct bus_follower *follower;
    struct loop_timer timer;
    uint64_t offset;
    uint32_t try;  /* whose log is read; 0: the task's last */
    bool is_timed; /* the timer is initialized */

    /* The store, while it is asked. */
    char prefix[256];
    char after[256];
    uint32_t scan_flags;
    uint32_t left; /* records still wanted of a scan */
    call_record record;
    call_step then;

    struct op_call *next, *previous; /* of all that are open */
};

struct core *call_core(const struct op_call *call); /* or NULL */
const struct ops_options *call_host(const struct op_call *call);

/* Parameters. */
const char *call_text(const struct op_call *call, const char *name);
int64_t call_int(const struct op_call *call, const char *name,
                 int64_t fallback);
bool call_bool(const struct op_call *call, const char *name);

/* The last word: ends the call. */
void call_result(struct op_call *call, const char *json, size_t size);
void call_tree(struct op_call *call, const cJSON *tree);
void call_fail(struct op_call *call, uint32_t fault_class, const char *code,
               const char *format, ...) __attribute__((format(printf, 4, 5)));
void call_event(struct op_call *call, const char *json, size_t size);

/* Resolves the parameter `run` (an id, the beginning of one, or "last") into
 * call->run and goes on with the row's `go`; fails the call if there is none,
 * or several. */
void call_find_run(struct op_call *call);

/* Reads one record as JSON into call->tree (NULL: there is none). */
void call_get(struct op_call *call, const char *key, call_step then);

/* Hands records under a prefix to call->record, at most `limit`, in the order
 * of `flags`; then goes on with call->then. `after`: beyond that key, or NULL. */
void call_scan(struct op_call *call, const char *prefix, const char *after,
               uint32_t flags, uint32_t limit);

/* The number to ask the core with: its answer continues with `then`, which
 * finds the effect's status in `status`. */
uint64_t call_ask(struct op_call *call,
                  void (*then)(struct op_call *call, int status));

#endif
