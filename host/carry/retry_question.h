/* What a retry plugin is asked about a task whose attempt has ended badly. */
#ifndef HOST_CARRY_RETRY_QUESTION_H
#define HOST_CARRY_RETRY_QUESTION_H

#include <stdint.h>

#include <haft/retry.h>

#include "host/core/core.h"

struct retry_question {
    struct haft_retry_decide_in in;
    struct haft_retry_step *steps;
    struct haft_retry_exit *exits;
    const char *use; /* the instance to ask; NULL: the default one */
};

/* Texts are the core's and the workflow's, borrowed. */
void retry_question_init(struct retry_question *q, const struct core *core,
                         uint32_t run, uint32_t task, int64_t now_ms);
void retry_question_finish(struct retry_question *q);

#endif
