/* The attempts that the runner has handed over or found again, by id: what
 * their files are called, who runs them, what is left to be done at the end. */
#ifndef HOST_CARRY_ATTEMPT_H
#define HOST_CARRY_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/guest/guest.h"

#define ATTEMPT_BUCKETS 512 /* a power of two */

struct attempt {
    struct attempt *next; /* in its bucket */
    uint64_t id;
    uint64_t fence;
    uint32_t run;
    uint32_t task;
    uint32_t executor;
    struct guest *guest; /* NULL: its executor is gone */
    char run_id[32];
    char task_name[96];
    uint32_t files;  /* to be removed at its release: bits 1 << logs_file */
    bool is_handed;  /* so it is to be released */
    bool has_files;  /* it may have written */
    bool has_output; /* that its executor has sent */
    bool has_ended;
    bool has_token; /* in the store, for its recovery */
    int64_t gap_ms; /* from the monotonic clock to the wall's, when last seen */
};

struct attempts { /* all zeros is an empty one */
    struct attempt *buckets[ATTEMPT_BUCKETS];
};

struct attempt *attempts_find(const struct attempts *all, uint64_t id);
struct attempt *attempts_add(struct attempts *all, uint64_t id);
void attempts_remove(struct attempts *all, struct attempt *attempt);
void attempts_finish(struct attempts *all);

/* Calls `visit` for each, in no order; false if there is none. It adds and
 * removes none. */
bool attempts_visit(const struct attempts *all,
                    void (*visit)(void *ctx, const struct attempt *attempt),
                    void *ctx);

/* For how long it has been silent, if by the wall's clock it last wrote at
 * `wrote_ms` (0: never, INT64_MAX), and it is now `wall_ms` there and `tick_ms`
 * by the monotonic one. If the wall's clock has been set since the last look,
 * nobody knows: 0, so that a whole span is waited for once more. */
int64_t attempt_silent_ms(struct attempt *attempt, int64_t wrote_ms,
                          int64_t wall_ms, int64_t tick_ms);

#endif
