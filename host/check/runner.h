/* Runs the cases of the kit: each in a process of its own with a time limit, a
 * few at once, and says what came of them. */
#ifndef HOST_CHECK_RUNNER_H
#define HOST_CHECK_RUNNER_H

#include <stddef.h>
#include <stdint.h>

#include "host/check/kit.h"

struct runner_result {
    const struct kit_case *which;
    enum kit_verdict verdict;
    char *why; /* of a verdict that is no pass; owned */
};

struct runner_results {
    struct runner_result *items; /* in the order of kit_cases */
    size_t count;
};

/* `limit_ms` is of one case in one cage. False with the reason if nothing could
 * be run; otherwise the results are ended by runner_finish. The host's program
 * must be this process's: it is the worker, too. */
bool runner_run(const struct kit_target *target, int64_t limit_ms,
                struct runner_results *results, struct str *why);
void runner_finish(struct runner_results *results);

#endif
