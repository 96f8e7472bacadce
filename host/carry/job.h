/* The job of an attempt: what the workflow says, with its expressions
 * rendered, as the message that starts it.
 *
 * The environment is all there is: PATH, HOME, LANG, TZ and USER of the host,
 * then what the workflow says, then HAFT_RUN_ID, HAFT_TASK, HAFT_ATTEMPT,
 * HAFT_FENCE, HAFT_TRIES, HAFT_RUN_DIR, HAFT_OUTPUT, HAFT_PARAM_NAME for each
 * parameter that is no list or object, and HAFT_EACH_NAME for an item's value;
 * in NAME letters are capitals and - is _. */
#ifndef HOST_CARRY_JOB_H
#define HOST_CARRY_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <haft/executor.h>

#include "host/carry/logs.h"
#include "host/core/core.h"
#include "host/plain/str.h"

struct job; /* its texts live in it */

struct job *job_create(void);
void job_destroy(struct job *job);

/* Makes the job of the attempt that `effect` starts; what was made before is
 * gone. The message lives until the next one is made. NULL with the reason in
 * `why` if an expression has no value, or the script cannot be written. */
const struct haft_executor_start_in *
job_make(struct job *job, const struct logs *logs, const struct core *core,
         const struct effect *effect, struct str *why);

/* Whether the last one made has its script in a file: LOGS_SCRIPT. */
bool job_has_script(const struct job *job);

#endif
