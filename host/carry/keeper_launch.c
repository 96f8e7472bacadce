#include "host/carry/keeper_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/keeper/wire.h"

#define BACKLOG 8
#define HIGH_FD 16 /* above all that a keeper is born with */

/* Through /proc, so that the length of the directory's path does not
 * matter. */
static void name_socket(int state_fd, struct sockaddr_un *name)
{
    memset(name, 0, sizeof(*name));
    name->sun_family = AF_UNIX;
    snprintf(name->sun_path, sizeof(name->sun_path), "/proc/self/fd/%d/%s",
             state_fd, WIRE_SOCKET_NAME);
}

static int new_socket(int flags)
{
    return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
}

/* A listening socket in the directory, made anew, or -errno. */
static int listen_anew(int state_fd)
{
    struct sockaddr_un name;
    name_socket(state_fd, &name);
    unlinkat(state_fd, WIRE_SOCKET_NAME, 0);
    int fd = new_socket(0);
    if (fd < 0) {
        return -errno;
    }
    if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        int failed = -errno;
        close(fd);
        return failed;
    }
    return fd;
}

/* A connection, or -errno. */
static int join(int state_fd)
{
    struct sockaddr_un name;
    name_socket(state_fd, &name);
    int fd = new_socket(SOCK_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) != 0) {
        int failed = -errno;
        close(fd);
        return failed;
    }
    return fd;
}

/* Starts the program; -errno or a pidfd. The descriptors are moved out of the
 * way first, so that putting one in its place does not overwrite another. */
static int run_program(const char *program, const int from[3])
{
    int high[] = {-1, -1, -1};
    int failed = 0;
    pid_t pid = 0;
    char name[] = "haft-keeper";
    char *const argv[] = {name, NULL};
    char *const env[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++) {
        high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, HIGH_FD);
        if (high[i] < 0) {
            failed = errno;
            break;
        }
        posix_spawn_file_actions_adddup2(&actions, high[i], WIRE_FD_LISTEN + i);
    }
    if (failed == 0) {
        failed = posix_spawn(&pid, program, &actions, NULL, argv, env);
    }
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 3 && high[i] >= 0; i++) {
        close(high[i]);
    }
    if (failed != 0) {
        return -failed;
    }
    /* Exact: a child that nobody has waited for. */
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pidfd < 0 ? -errno : pidfd;
}

/* With the lock, so there is no keeper. */
static int start(int state_fd, int lock_fd, const char *program,
                 struct launch *launch, struct str *why)
{
    int listen_fd = listen_anew(state_fd);
    if (listen_fd < 0) {
        str_addf(why, "cannot make %s in the state directory: %s",
                 WIRE_SOCKET_NAME, strerror(-listen_fd));
        return listen_fd;
    }
    int from[] = {listen_fd, lock_fd, state_fd};
    int fd = join(state_fd);
    int guard_fd = fd < 0 ? fd : run_program(program, from);
    close(listen_fd);
    if (guard_fd < 0) {
        str_addf(why, "cannot start %s: %s", program, strerror(-guard_fd));
        if (fd >= 0) {
            close(fd);
        }
        return guard_fd == -EAGAIN ? -ENOMEM : guard_fd;
    }
    launch->fd = fd;
    launch->guard_fd = guard_fd;
    return 0;
}

static int find(int state_fd, struct launch *launch, struct str *why)
{
    int fd = join(state_fd);
    if (fd >= 0) {
        launch->fd = fd;
        launch->guard_fd = -1;
        return 0;
    }
    if (fd == -ECONNREFUSED || fd == -ENOENT || fd == -EAGAIN || fd == -EINTR) {
        return -EAGAIN;
    }
    str_addf(why, "cannot connect to %s in the state directory: %s",
             WIRE_SOCKET_NAME, strerror(-fd));
    return fd;
}

int keeper_launch(int state_fd, const char *program, struct launch *launch,
                  struct str *why)
{
    int lock_fd = openat(state_fd, WIRE_LOCK_NAME,
                         O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock_fd < 0) {
        int failed = -errno;
        str_addf(why, "cannot open %s in the state directory: %s",
                 WIRE_LOCK_NAME, strerror(-failed));
        return failed;
    }
    int result = 0;
    if (flock(lock_fd, LOCK_EX | LOCK_NB) == 0) {
        result = start(state_fd, lock_fd, program, launch, why);
    } else if (errno == EWOULDBLOCK || errno == EINTR) {
        result = find(state_fd, launch, why);
    } else {
        result = -errno;
        str_addf(why, "cannot lock %s in the state directory: %s",
                 WIRE_LOCK_NAME, strerror(-result));
    }
    close(lock_fd);
    return result;
}

bool keeper_left_something(int state_fd)
{
    return faccessat(state_fd, WIRE_TABLE_NAME, F_OK, 0) == 0;
}

const char *keeper_bury(int guard_fd, bool has_served, bool *is_gone)
{
    siginfo_t info = {0};
    *is_gone = waitid(P_PIDFD, (id_t)guard_fd, &info, WEXITED | WNOHANG) == 0 &&
               info.si_pid != 0;
    if (!*is_gone || has_served || info.si_code != CLD_EXITED ||
        info.si_status == WIRE_EXIT_KILLED) {
        return NULL;
    }
    switch (info.si_status) {
    case WIRE_EXIT_SYSTEM:
        return "haft-keeper could not prepare itself: no memory, no room in "
               "the state directory, or no /proc";
    case WIRE_EXIT_TABLE:
        return "keeper.table in the state directory is not a table of this "
               "version of haft-keeper";
    default:
        return "the program that was started as haft-keeper is not one";
    }
}
