/* The attempts of an instance: each one query of the session, from its start to
 * its release. */
#ifndef PLUGINS_EXECUTOR_DAGGER_ATTEMPT_H
#define PLUGINS_EXECUTOR_DAGGER_ATTEMPT_H

#include <haft/executor.h>

#include "plugins/executor/dagger/session.h"

/* Of the timer that says output again, in haft.loop/1. */
#define ATTEMPTS_TOKEN 2

struct attempts {
    const struct haft_host *host;
    struct session *session;
    struct attempt *first; /* in no order */
};

void attempts_close(struct attempts *all); /* after the http is gone */

haft_status attempts_start(struct attempts *all, const struct haft_call *call,
                           const struct haft_executor_start_in *in);
void attempts_cancel(struct attempts *all, uint64_t id);

/* HAFT_RECOVER_*; what has ended is told again. */
uint32_t attempts_recover(struct attempts *all,
                          const struct haft_executor_recover_in *in);
void attempts_release(struct attempts *all, uint64_t id);

/* The session is ready (NULL), or why it is not: for all that wait for it. */
void attempts_on_told(void *ctx, const struct outcome *trouble);
void attempts_on_timer(struct attempts *all);

#endif
