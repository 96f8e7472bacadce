/* haft-keeper: starts, holds and kills attempts, and outlives the host.
 *
 * Two processes. The first, the guardian, does nothing but wait for the
 * second, the keeper, which does the work. Both are subreapers: whatever
 * falls off an attempt falls to the keeper, and when the keeper dies, all
 * that it held falls to the guardian, which kills it, a daemon with its own
 * session and an empty environment included. The lock on the state directory
 * is theirs together, so that no new keeper begins before that is done.
 *
 * The host makes the socket and connects to it before it starts this, and
 * hands it down with the lock: nobody waits for anybody to be ready. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/keeper/child.h"
#include "host/keeper/link.h"
#include "host/keeper/table.h"
#include "host/keeper/tree.h"
#include "host/keeper/wire.h"

static bool is_listening(int fd)
{
    int is_on = 0;
    socklen_t size = sizeof(is_on);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_on, &size) == 0 &&
           is_on != 0;
}

static bool is_directory(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode);
}

/* Nothing of whoever started us stays: no descriptor, no terminal, no signal
 * disposition. Only SIGKILL and SIGSTOP reach us. */
static bool cut_loose(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) {
        return false;
    }
    for (int fd = 0; fd <= 2; fd++) {
        dup2(null, fd);
    }
    close_range(WIRE_FD_LISTEN, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    close_range(WIRE_FD_STATE + 1, UINT_MAX, 0);
    setsid();
    umask(CHILD_UMASK);
    if (chdir("/") != 0) {
        return false;
    }

    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, &plain, NULL); /* fails for two, rightly */
    }
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static int keep(void)
{
    struct table table;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 ||
        fchdir(WIRE_FD_STATE) != 0 ||
        fcntl(WIRE_FD_LISTEN, F_SETFL, O_NONBLOCK) != 0) {
        return WIRE_EXIT_SYSTEM;
    }
    int failed = table_open(&table, WIRE_FD_STATE);
    if (failed != 0) {
        return failed == -EINVAL ? WIRE_EXIT_TABLE : WIRE_EXIT_SYSTEM;
    }
    if (link_serve(&table) != 0) {
        return WIRE_EXIT_SYSTEM;
    }
    close(WIRE_FD_LISTEN);
    unlinkat(WIRE_FD_STATE, WIRE_SOCKET_NAME, 0);
    table_remove(WIRE_FD_STATE);
    return WIRE_EXIT_IDLE;
}

/* Waits for the keeper and clears up after it. */
static int guard(pid_t keeper)
{
    close(WIRE_FD_LISTEN); /* else connections would go to nobody */
    close(WIRE_FD_STATE);
    int status = 0;
    while (waitpid(keeper, &status, 0) < 0 && errno == EINTR) {
    }
    tree_kill_all();
    return WIFEXITED(status) ? WEXITSTATUS(status) : WIRE_EXIT_KILLED;
}

int main(void)
{
    if (!is_listening(WIRE_FD_LISTEN) || !is_directory(WIRE_FD_STATE)) {
        fputs("haft-keeper: this is started by haft, not by hand\n", stderr);
        return WIRE_EXIT_USAGE;
    }
    if (!cut_loose()) {
        return WIRE_EXIT_SYSTEM;
    }
    pid_t keeper = fork();
    if (keeper < 0) {
        return WIRE_EXIT_SYSTEM;
    }
    if (keeper > 0) {
        return guard(keeper);
    }
    return keep();
}
