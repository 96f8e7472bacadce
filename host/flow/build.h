/* The inside of a workflow that is being made, for the reader of files, which
 * puts texts straight into the arena instead of having them copied. */
#ifndef HOST_FLOW_BUILD_H
#define HOST_FLOW_BUILD_H

#include "host/flow/arena.h"
#include "host/flow/workflow.h"

/* What workflow_destroy really ends. */
struct workflow_whole {
    struct workflow workflow; /* first: its address is the whole's */
    struct arena arena;       /* every text and small array of it */
};

struct workflow_build {
    struct workflow_whole *whole;
    char *names;
    size_t names_size;
    size_t names_room;
    struct workflow_task *tasks;
    size_t tasks_room;
    uint32_t *needs;
    size_t needs_room;
    struct workflow_policy *policies;
    size_t policies_room;
    struct workflow_job *jobs;
    size_t jobs_room;
    struct expr **conditions;
    size_t conditions_room;
    struct workflow_each *eaches;
    size_t eaches_room;
};

/* As without `_kept`, but every pointer in it lives in the arena already. */
uint32_t build_policy_kept(struct workflow_build *b,
                           const struct workflow_policy *policy);
uint32_t build_job_kept(struct workflow_build *b,
                        const struct workflow_job *job);

#endif
