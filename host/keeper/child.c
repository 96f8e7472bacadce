#include "host/keeper/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/keeper/cgroup.h"

/* Everything here runs in the child, on memory it shares with us: it changes
 * nothing but `child`, allocates nothing and takes no lock. Each function
 * returns 0 or an errno. */

static bool is_given(const char *path)
{
    return path[0] != 0;
}

/* Descriptors 0, 1 and 2 are /dev/null to begin with. */
static int open_as(const char *path, int flags, int fd)
{
    int opened = open(path, flags | O_NOCTTY | O_CLOEXEC, 0600);
    if (opened < 0) {
        return errno;
    }
    return dup2(opened, fd) < 0 ? errno : 0; /* the other closes at exec */
}

static int open_input(const struct child *child)
{
    const struct wire_job *job = child->job;
    return is_given(job->input) ? open_as(job->input, O_RDONLY, 0) : 0;
}

#define APPEND (O_WRONLY | O_CREAT | O_APPEND)

static int open_output(const struct child *child)
{
    const struct wire_job *job = child->job;
    if (child->lent[0] >= 0 || !is_given(job->output)) {
        return 0;
    }
    return open_as(job->output, APPEND, 1);
}

static int open_errors(const struct child *child)
{
    const struct wire_job *job = child->job;
    if (child->lent[1] >= 0 || !is_given(job->errors)) {
        return 0;
    }
    if (strcmp(job->errors, job->output) == 0) {
        return dup2(1, 2) < 0 ? errno : 0;
    }
    return open_as(job->errors, APPEND, 2);
}

static int enter(const struct child *child)
{
    const struct wire_job *job = child->job;
    if (job->umask != CHILD_UMASK) {
        umask(job->umask & 0777);
    }
    return is_given(job->cwd) && chdir(job->cwd) != 0 ? errno : 0;
}

static int join(const struct child *child)
{
    const struct wire_job *job = child->job;
    return is_given(job->cgroup) ? cgroup_join(job->cgroup) : 0;
}

static int be_nice(const struct child *child)
{
    const struct wire_job *job = child->job;
    if (job->nice == 0) {
        return 0;
    }
    return setpriority(PRIO_PROCESS, 0, job->nice) != 0 ? errno : 0;
}

static int limit(const struct child *child)
{
    const struct wire_job *job = child->job;
    for (uint32_t i = 0; i < job->limit_count; i++) {
        struct rlimit limit = {.rlim_cur = job->limits[i].soft,
                               .rlim_max = job->limits[i].hard};
        if (setrlimit((__rlimit_resource_t)job->limits[i].resource, &limit) !=
            0) {
            return errno;
        }
    }
    return 0;
}

static const char *find_path(const char *const *env)
{
    for (; *env != NULL; env++) {
        if (strncmp(*env, "PATH=", 5) == 0) {
            return *env + 5;
        }
    }
    return "/usr/local/bin:/usr/bin:/bin";
}

static int run_at(const char *path, const struct wire_job *job)
{
    execve(path, (char *const *)job->argv, (char *const *)job->env);
    return errno;
}

/* As a shell does it: the first that can be run; else "denied" says more than
 * "not found". */
static int run(const struct wire_job *job)
{
    const char *name = job->argv[0];
    size_t name_size = strlen(name) + 1;
    if (strchr(name, '/') != NULL || name_size == 1) {
        return run_at(name, job);
    }
    char path[PATH_MAX];
    bool is_denied = false;
    const char *at = find_path(job->env);
    for (;;) {
        size_t size = strcspn(at, ":");
        if (size + 1 + name_size <= sizeof(path)) {
            memcpy(path, at, size);
            path[size] = '/';
            /* An empty place in PATH is the current directory. */
            memcpy(path + size + (size > 0), name, name_size);
            int error = run_at(path, job);
            is_denied |= error == EACCES;
            if (error != ENOENT && error != ENOTDIR && error != EACCES) {
                return error;
            }
        }
        if (at[size] == 0) {
            return is_denied ? EACCES : ENOENT;
        }
        at += size + 1;
    }
}

static int become(const struct child *child)
{
    const struct wire_job *job = child->job;
    sigset_t none;
    if ((job->flags & WIRE_NO_NEW_PRIVS) != 0 &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return errno;
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return run(job);
}

/* Limits come late: they may leave no room to open a file. */
static const struct {
    int (*prepare)(const struct child *child);
    enum wire_step step;
} preparations[] = {
    {join, WIRE_STEP_CGROUP},        {open_input, WIRE_STEP_INPUT},
    {open_output, WIRE_STEP_OUTPUT}, {open_errors, WIRE_STEP_ERRORS},
    {enter, WIRE_STEP_CWD},          {be_nice, WIRE_STEP_NICE},
    {limit, WIRE_STEP_LIMIT},        {become, WIRE_STEP_EXEC},
};

static int live(void *ctx)
{
    struct child *child = ctx;
    setsid();
    for (int i = 0; i < 2; i++) {
        if (child->lent[i] >= 0) {
            dup2(child->lent[i], i + 1);
        }
    }
    close_range(WIRE_FD_LISTEN, UINT_MAX, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (size_t i = 0; i < sizeof(preparations) / sizeof(*preparations); i++) {
        int error = preparations[i].prepare(child);
        if (error != 0) {
            child->step = preparations[i].step;
            child->error = error;
            break;
        }
    }
    return 127;
}

void child_start(struct child *child, void *stack, _Atomic int32_t *pid)
{
    child->error = 0;
    char *top = (char *)stack + CHILD_STACK_SIZE;
    int flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD;
    if (clone(live, top, flags, child, (pid_t *)pid) < 0) {
        child->step = WIRE_STEP_FORK;
        child->error = errno;
        atomic_store(pid, 0);
    }
}
