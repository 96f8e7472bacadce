/* haft: the command line, and the host behind it. */
#include <signal.h>

#include "host/cli/command.h"

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a reader that left is an error of write */
    return command_main(argc, argv);
}
