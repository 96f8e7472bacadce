#include "plugins/executor/dagger/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENV_LIMIT 12

enum pipe {
    PIPE_IN,
    PIPE_OUT,
    PIPE_ERR,
    PIPES
};

struct cli {
    const struct haft_host *host;
    struct cli_client client;
    pid_t pid;
    int end;         /* pidfd, or -1: it is over */
    int ours[PIPES]; /* or -1 */
    char line[CLI_LINE_LIMIT];
    size_t line_size;
    bool has_line;
    bool is_stopped;
    char said[CLI_SAID_LIMIT];
    size_t said_size;
};

static void watch(const struct cli *c, int fd, uint32_t events)
{
    struct haft_loop_watch_in in = {.size = sizeof(in),
                                    .fd = fd,
                                    .events = events,
                                    .token = CLI_TOKEN | (uint64_t)fd};

    haft_ask_host(c->host, HAFT_LOOP_V1, HAFT_LOOP_WATCH, &in, NULL);
}

static void let_go(const struct cli *c, int *fd)
{
    if (*fd >= 0) {
        watch(c, *fd, 0);
        close(*fd);
        *fd = -1;
    }
}

/* ---- the start ---- */

/* What it needs of our environment, and how it is to behave. The rest would
 * make it the client of another session, or report to somebody. */
static void fill_env(char *env[ENV_LIMIT], char *engine)
{
    static const char *const kept[] = {"PATH=", "HOME=", "LANG=", "TMPDIR="};
    static char quiet[][32] = {"DO_NOT_TRACK=1", "DAGGER_NO_UPDATE_CHECK=1",
                               "NO_COLOR=1"};
    size_t count = 0;

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        for (char **p = environ; *p; p++) {
            if (strncmp(*p, kept[i], strlen(kept[i])) == 0) {
                env[count++] = *p;
                break;
            }
        }
    }
    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
        env[count++] = quiet[i];
    }
    env[count++] = engine; /* or NULL */
    env[count] = NULL;
}

/* 0 or an errno. `theirs` become its standard descriptors. */
static int spawn(struct cli *c, char *const *argv, char *const *env,
                 const char *folder, const int theirs[PIPES])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t set;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    for (int i = 0; i < PIPES; i++) {
        posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
    }
    /* libcurl 7.88's own sockets are not close-on-exec. */
    posix_spawn_file_actions_addclosefrom_np(&actions, PIPES);
    error = posix_spawnp(&c->pid, argv[0], &actions, &attributes, argv, env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* False with errno. Both ends are above the standard ones, which dup2 fills. */
static bool open_pipe(int *ours, int *theirs, bool is_input)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return false;
    }
    *ours = ends[is_input];
    *theirs = ends[!is_input];
    return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static int start(struct cli *c, char *const *argv, const char *engine,
                 const char *folder)
{
    static const char name[] = "_EXPERIMENTAL_DAGGER_RUNNER_HOST=";
    size_t room = sizeof(name) + strlen(engine);
    char *setting = malloc(room);
    char *env[ENV_LIMIT];
    int theirs[PIPES] = {-1, -1, -1};
    int error = setting ? 0 : ENOMEM;

    for (int i = 0; !error && i < PIPES; i++) {
        error = open_pipe(&c->ours[i], &theirs[i], i == PIPE_IN) ? 0 : errno;
    }
    if (!error) {
        snprintf(setting, room, "%s%s", name, engine);
        fill_env(env, *engine ? setting : NULL);
        error = spawn(c, argv, env, folder, theirs);
    }
    for (int i = 0; i < PIPES; i++) {
        if (theirs[i] >= 0) {
            close(theirs[i]);
        }
    }
    free(setting);
    if (!error) {
        c->end = pidfd_open(c->pid, 0);
        error = c->end < 0 ? errno : 0;
        if (error) { /* nobody would hear of its end */
            kill(c->pid, SIGKILL);
            waitpid(c->pid, NULL, 0);
        }
    }
    return error;
}

struct cli *cli_start(const struct haft_host *host,
                      const struct cli_client *client, char *const *argv,
                      const char *engine, const char *folder)
{
    struct cli *c = calloc(1, sizeof(*c));
    int error;

    if (!c) {
        return NULL;
    }
    c->host = host;
    c->client = *client;
    c->end = -1;
    for (int i = 0; i < PIPES; i++) {
        c->ours[i] = -1;
    }
    error = start(c, argv, engine, folder);
    if (error) {
        cli_destroy(c);
        errno = error;
        return NULL;
    }
    watch(c, c->ours[PIPE_OUT], HAFT_LOOP_READ);
    watch(c, c->ours[PIPE_ERR], HAFT_LOOP_READ);
    watch(c, c->end, HAFT_LOOP_READ);
    return c;
}

/* ---- what it says ---- */

/* The first line is of interest; what follows is read and forgotten. */
static void keep_line(struct cli *c, const char *bytes, size_t n)
{
    char *newline;

    if (c->has_line) {
        return;
    }
    n = n < sizeof(c->line) - 1 - c->line_size
            ? n
            : sizeof(c->line) - 1 - c->line_size;
    memcpy(c->line + c->line_size, bytes, n);
    c->line_size += n;
    c->line[c->line_size] = '\0';
    newline = strchr(c->line, '\n');
    if (newline || c->line_size == sizeof(c->line) - 1) {
        c->has_line = true;
        if (!c->is_stopped) {
            c->client.line(c->client.ctx, c->line);
        }
        explicit_bzero(c->line, sizeof(c->line)); /* it held a secret */
    }
}

static void keep_said(struct cli *c, const char *bytes, size_t n)
{
    size_t room = sizeof(c->said) - 1;
    size_t kept;

    if (n > room) {
        bytes += n - room;
        n = room;
    }
    kept = c->said_size < room - n ? c->said_size : room - n;
    memmove(c->said, c->said + c->said_size - kept, kept);
    memcpy(c->said + kept, bytes, n);
    c->said_size = kept + n;
    c->said[c->said_size] = '\0';
}

/* One read a turn, so that nobody who writes much takes all the time. */
static void read_some(struct cli *c, enum pipe which)
{
    char bytes[4096];
    ssize_t n = read(c->ours[which], bytes, sizeof(bytes));

    if (n > 0 && which == PIPE_OUT) {
        keep_line(c, bytes, (size_t)n);
    } else if (n > 0) {
        keep_said(c, bytes, (size_t)n);
    } else if (n == 0 || errno != EAGAIN) {
        let_go(c, &c->ours[which]);
    }
}

/* Its last words may still be in the pipe. */
static void reap(struct cli *c)
{
    int status = 0;

    if (waitpid(c->pid, &status, WNOHANG) == 0) {
        return;
    }
    let_go(c, &c->end);
    if (c->ours[PIPE_ERR] >= 0) {
        read_some(c, PIPE_ERR);
    }
    if (!c->is_stopped) {
        c->client.ended(c->client.ctx,
                        WIFEXITED(status) ? WEXITSTATUS(status)
                                          : 128 + WTERMSIG(status),
                        c->said);
    }
}

bool cli_has(const struct cli *c, uint64_t token)
{
    int fd = (int)(token & INT32_MAX);

    return fd == c->end || fd == c->ours[PIPE_OUT] || fd == c->ours[PIPE_ERR];
}

void cli_on_ready(struct cli *c, const struct haft_ready_on_in *in)
{
    int fd = (int)(in->token & INT32_MAX);

    if (fd == c->ours[PIPE_OUT]) {
        read_some(c, PIPE_OUT);
    } else if (fd == c->ours[PIPE_ERR]) {
        read_some(c, PIPE_ERR);
    } else if (fd == c->end) {
        reap(c);
    }
}

/* ---- the end ---- */

const char *cli_said(const struct cli *c)
{
    return c->said;
}

/* The signal is for one that does not heed its input. */
void cli_stop(struct cli *c)
{
    c->is_stopped = true;
    if (c->ours[PIPE_IN] >= 0) {
        close(c->ours[PIPE_IN]);
        c->ours[PIPE_IN] = -1;
    }
    if (c->end >= 0) {
        kill(c->pid, SIGTERM);
    }
}

bool cli_is_over(const struct cli *c)
{
    return c->end < 0;
}

void cli_destroy(struct cli *c)
{
    if (!c) {
        return;
    }
    if (c->end >= 0) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    if (c->ours[PIPE_IN] >= 0) {
        close(c->ours[PIPE_IN]);
    }
    let_go(c, &c->ours[PIPE_OUT]);
    let_go(c, &c->ours[PIPE_ERR]);
    let_go(c, &c->end);
    free(c);
}
