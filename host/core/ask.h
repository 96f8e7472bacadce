/* What was asked and answered from outside, in order, until it is decided. */
#ifndef HOST_CORE_ASK_H
#define HOST_CORE_ASK_H

#include <stddef.h>

#include "host/core/core.h"

struct run_row;

enum ask_kind {
    ASK_SUBMIT,
    ASK_CANCEL,
    ASK_RESOLVE,
    ASK_READ,
    ASK_STARTED,
    ASK_ENDED,
    ASK_VERDICT,
    ASK_HEARD,
    ASK_FOUND,
    ASK_ADRIFT,
    ASK_KINDS
};

struct ask {
    enum ask_kind kind;
    uint32_t run;
    uint32_t task;
    uint32_t choice; /* a core_resolution, core_verdict or core_found */
    uint64_t ask;
    uint64_t attempt;
    uint64_t fence;
    int64_t time_ms;
    int64_t started_ms;
    struct run_row *row; /* ASK_SUBMIT; owned */
    uint32_t executor;
    struct fault fault; /* ASK_ENDED; its texts are in `texts`, owned */
    char *texts;
    cJSON *outputs; /* owned */
};

struct asks {
    struct ask *items;
    size_t room;
    size_t count;
    size_t head; /* the next to be decided */
};

void asks_finish(struct asks *a);

/* The next one, or NULL; borrowed until something is asked. */
struct ask *asks_next(struct asks *a);

/* Gives it to the handler of its kind, which may take what it owns; the rest
 * is given back. */
void ask_decide(struct core *c, struct ask *ask);

#endif
