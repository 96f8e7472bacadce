/* The last lines of what failed. */
#ifndef HOST_CLI_TAILS_H
#define HOST_CLI_TAILS_H

#include "host/cli/client.h"

/* For each failed task of the run (as run.get shows it) the last lines of its
 * standard error, or of its standard output if it wrote none. */
void tails_print(struct client *client, const cJSON *run);

#endif
