/* haft: the command line, and the host behind it. */
#include <signal.h>
#include <stddef.h>

#include "host/cli/command.h"

int main(int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction usual = {.sa_handler = SIG_DFL};

    sigaction(SIGPIPE, &ignore, NULL); /* a reader that left fails the write */
    sigaction(SIGCHLD, &usual, NULL);  /* who is ignored leaves no status */
    return command_main(argc, argv);
}
