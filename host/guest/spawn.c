#include "host/guest/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/guest/frame.h"
#include "host/guest/worker.h"
#include "host/plain/mem.h"

/* What a plugin may need to find its way; the rest is none of its business. The
 * last four are for builds with sanitizers. */
static const char *const environment[] = {
    "PATH",   "HOME",         "LANG",         "LC_ALL",       "TZ",
    "TMPDIR", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
};

#define END_LIMIT_MS 100 /* a killed process is gone within one */
#define ENVIRONMENT (sizeof(environment) / sizeof(environment[0]))

_Static_assert(ENVIRONMENT < SPAWN_ENVIRONMENT, "one is for the end");

size_t spawn_environment(char *env[SPAWN_ENVIRONMENT])
{
    size_t count = 0;

    for (size_t i = 0; i < ENVIRONMENT; i++) {
        const char *value = getenv(environment[i]);
        struct str row;

        if (value) {
            str_init(&row, SIZE_MAX / 2);
            str_addf(&row, "%s=%s", environment[i], value);
            env[count++] = str_take(&row);
        }
    }
    env[count] = NULL;
    return count;
}

/* Out of the way of the numbers that the worker wants them under. */
static int lift(int fd)
{
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FRAME_FD_MODULE + 1);
}

static void fill_files(posix_spawn_file_actions_t *files, int socket,
                       int module)
{
    posix_spawn_file_actions_init(files);
    posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(files, 2, 1); /* ours is for results */
    posix_spawn_file_actions_adddup2(files, socket, FRAME_FD_SOCKET);
    if (module >= 0) {
        posix_spawn_file_actions_adddup2(files, module, FRAME_FD_MODULE);
    }
    posix_spawn_file_actions_addclosefrom_np(
        files, module >= 0 ? FRAME_FD_MODULE + 1 : FRAME_FD_MODULE);
    posix_spawn_file_actions_addchdir_np(files, "/");
}

static int start(int socket, int module, bool is_program, pid_t *pid)
{
    char name[] = "haft";
    char command[] = "worker";
    char program[] = WORKER_PROGRAM;
    char *argv[] = {name, command, is_program ? program : NULL, NULL};
    char *env[SPAWN_ENVIRONMENT];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t set;
    int error;

    fill_files(&files, socket, module);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                       POSIX_SPAWN_SETSIGDEF);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&how, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&how, &set);
    spawn_environment(env);
    error = posix_spawn(pid, "/proc/self/exe", &files, &how, argv, env);
    for (size_t i = 0; env[i]; i++) {
        mem_free(env[i]);
    }
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static int start_with(int socket, int module, bool is_program,
                      struct spawned *to)
{
    int error = start(socket, module, is_program, &to->pid);

    if (error) {
        to->pid = 0;
        return error;
    }
    to->pid_fd = pidfd_open(to->pid, 0);
    if (to->pid_fd < 0) {
        error = errno;
        kill(to->pid, SIGKILL);
        waitpid(to->pid, NULL, 0);
        to->pid = 0;
    }
    return error;
}

int spawn_worker(int module, bool is_program, struct spawned *to)
{
    int pair[2] = {-1, -1};
    int theirs;
    int lifted;
    int error;

    *to = (struct spawned){.pid_fd = -1, .fd = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return errno;
    }
    theirs = lift(pair[1]);
    lifted = lift(module);
    error = theirs < 0 || (lifted < 0 && module >= 0)
                ? errno
                : start_with(theirs, lifted, is_program, to);
    close(pair[1]);
    close(theirs);
    close(lifted);
    if (error) {
        close(pair[0]);
        return error;
    }
    to->fd = pair[0];
    return 0;
}

static void add_status(const siginfo_t *info, struct str *why)
{
    if (why->size > 0) {
        return; /* it was ended for that */
    }
    if (info->si_code == CLD_EXITED) {
        str_addf(why, "its process ended with status %d", info->si_status);
    } else {
        str_addf(why, "its process was ended by signal %d (%s)",
                 info->si_status, strsignal(info->si_status));
    }
}

/* An adopted one may have been waited for, and its number be another's: its
 * descriptor knows. */
static void stop(const struct spawned *s)
{
    if (!s->is_adopted || pidfd_send_signal(s->pid_fd, SIGKILL, NULL, 0) == 0) {
        kill(-s->pid, SIGKILL);
        kill(s->pid, SIGKILL);
    }
}

static void add_end(const struct spawned *s, bool is_over, struct str *why)
{
    siginfo_t info = {0};

    if (is_over && s->is_adopted) {
        str_add_text(why, why->size > 0 ? "" : "its process ended");
    } else if (is_over &&
               waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG) == 0 &&
               info.si_pid == s->pid) {
        add_status(&info, why);
    } else {
        str_addf(why, "%sits process %d cannot be killed",
                 why->size > 0 ? "; " : "", (int)s->pid);
    }
}

void spawn_end(struct spawned *s, struct str *why)
{
    struct pollfd end = {.fd = s->pid_fd, .events = POLLIN};
    int ready;

    if (s->pid == 0) {
        return;
    }
    stop(s);
    do {
        ready = poll(&end, 1, END_LIMIT_MS);
    } while (ready < 0 && errno == EINTR);
    add_end(s, ready > 0, why);
    spawn_leave(s);
}

void spawn_leave(struct spawned *s)
{
    if (s->pid_fd >= 0) {
        close(s->pid_fd);
    }
    s->pid_fd = -1;
    s->pid = 0;
}
