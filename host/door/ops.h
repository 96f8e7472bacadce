/* Operations: what the host can be asked, as one table of rows.
 *
 * Everything at a door follows from it: the command line, the socket, later
 * the REST routes and the tools; names, parameters, help, permissions. A door
 * translates its wire format to ops_call and knows no business.
 *
 * Reads come from the store, so that nobody hears of anything that is not on
 * disk; writes are asked of the core and answered when their batch is. */
#ifndef HOST_DOOR_OPS_H
#define HOST_DOOR_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "host/carry/bus.h"
#include "host/carry/runner.h"

/* What an operation does to the world; also what roles are granted by. */
enum {
    OP_READ = 1,
    OP_WRITE = 2,
    OP_DESTRUCTIVE = 4,
    OP_IDEMPOTENT = 8, /* asked twice it does no more than once */
    OP_STREAM = 16,    /* events before the result */
    OP_STORELESS = 32  /* what it writes is not in the store, nor needs it */
};

struct op_param {
    const char *name;
    const char *type; /* string boolean object any; integer: from 0 */
    bool is_required;
    const char *help;
};

struct op_call;

struct op {
    const char *name; /* "run.submit" */
    const char *summary;
    uint32_t access;
    const struct op_param *params; /* ends with a NULL name */
    const char *result;            /* a sentence: what comes back */
    /* One of the two: `go` begins once the parameter `run` names a run that
     * exists, `handle` at once. With both, `run` may be absent. */
    void (*handle)(struct op_call *call);
    void (*go)(struct op_call *call);
};

/* The rows in order; NULL behind the last. */
const struct op *ops_row(size_t index);
const struct op *ops_find(const char *name);

/* How an asker hears. `error` and `result` are the last word, and exactly one
 * of them comes; texts are borrowed until the return. */
struct op_answer {
    void (*event)(void *ctx, const char *json, size_t size);
    void (*result)(void *ctx, const char *json, size_t size);
    void (*error)(void *ctx, const struct fault *fault);
    void *ctx;
};

struct ops;

struct ops_options {
    struct loop *loop;
    struct guests *guests;
    struct journal *journal;
    struct runner *runner;
    struct bus *bus;      /* NULL: passive, nothing can be followed */
    const char *executor; /* [route] process */
    const char *state;    /* directory, for host.status */

    /* As guests_reload, with the config as it now is; `reload_ctx` comes first.
     * NULL: passive. */
    void (*reload)(void *ctx, const char *name, guests_reloaded done,
                   void *done_ctx);
    void *reload_ctx;
};

struct ops *ops_create(const struct ops_options *options);
void ops_destroy(struct ops *o);

/* Once there is one: writes are refused before, and while it is NULL. */
void ops_attach(struct ops *o, struct core *core);

/* Asks. `params`, an object, is taken, NULL: none. The last word may come before it
 * returns: then it returns 0, else an id for ops_drop. */
uint64_t ops_call(struct ops *o, const char *name, const char *principal,
                  cJSON *params, const struct op_answer *answer);

/* Nobody listens any more: the answer goes nowhere, a stream ends. */
void ops_drop(struct ops *o, uint64_t id);

/* An EFFECT_ANSWER of the core. */
void ops_act(struct ops *o, const struct effect *effect);

#endif
