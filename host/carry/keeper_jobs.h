/* Jobs that were handed over and that no keeper is known to have begun, as
 * the messages that hand them over again. In their order, and by id. */
#ifndef HOST_CARRY_KEEPER_JOBS_H
#define HOST_CARRY_KEEPER_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/keeper/wire.h"

#define KEEPER_JOBS_BUCKETS 256 /* a power of two */

struct keeper_job {
    uint64_t id;
    struct keeper_job *next_same; /* in its bucket */
    struct keeper_job *prev;
    struct keeper_job *next;
    bool is_withdrawn; /* not to be handed over again */
    size_t size;
    char message[]; /* a SPAWN */
};

struct keeper_jobs {
    struct keeper_job *buckets[KEEPER_JOBS_BUCKETS];
    struct keeper_job *first;
    struct keeper_job *last;
};

/* All zeros is an empty one. */
void keeper_jobs_finish(struct keeper_jobs *jobs);

struct keeper_job *keeper_jobs_find(const struct keeper_jobs *jobs,
                                    uint64_t id);

/* `size` is wire_job_size()'s; the id must not be among them. */
struct keeper_job *keeper_jobs_add(struct keeper_jobs *jobs,
                                   const struct wire_job *from, size_t size);

void keeper_jobs_remove(struct keeper_jobs *jobs, struct keeper_job *job);

#endif
