/* worker: the process of an isolated plugin, started by the host alone. */
#include "host/guest/worker.h"

#include <string.h>

#include "host/cli/command.h"

static int run_worker(struct cli *cli, const struct given *given)
{
    const char *word = given->words_count > 0 ? given->words[0] : NULL;

    (void)cli;
    return word && strcmp(word, WORKER_PROGRAM) == 0 ? worker_become()
                                                     : worker_main(word);
}

const struct command command_worker = {
    .name = "worker",
    .words = "[SOCKET]",
    .most = 1,
    .summary = "hold an isolated plugin; haft starts this itself",
    .run = run_worker,
};
