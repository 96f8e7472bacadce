/* haft: the command line, and the host behind it. */
#include <signal.h>
#include <stddef.h>

#include "host/cli/command.h"

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigaction(SIGPIPE, &ignore, NULL); /* a reader that left fails the write */
    return command_main(argc, argv);
}
