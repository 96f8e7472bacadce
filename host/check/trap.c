#include "host/check/trap.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void add_signals(struct str *out)
{
    for (int i = 1; i < NSIG; i++) {
        struct sigaction action;
        uintptr_t handler = 0;

        if (sigaction(i, NULL, &action) == 0) {
            memcpy(&handler, &action.sa_handler, sizeof(handler));
            str_addf(out, "signal %d: handler %#lx flags %#x\n", i,
                     (unsigned long)handler, (unsigned)action.sa_flags);
        }
    }
}

static void add_folder(struct str *out)
{
    char *folder = getcwd(NULL, 0);

    str_addf(out, "%s\n", folder ? folder : "?");
    free(folder);
}

static void add_locale(struct str *out)
{
    const char *locale = setlocale(LC_ALL, NULL);

    str_addf(out, "%s\n", locale ? locale : "?");
}

static void add_umask(struct str *out)
{
    mode_t mask = umask(0);

    umask(mask);
    str_addf(out, "%03o\n", (unsigned)mask);
}

static void add_environment(struct str *out)
{
    for (char **e = environ; e && *e; e++) {
        str_addf(out, "%s\n", *e);
    }
}

static void add_limits(struct str *out)
{
    for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
        struct rlimit limit;

        if (getrlimit((__rlimit_resource_t)i, &limit) == 0) {
            str_addf(out, "limit %d: %llu of %llu\n", i,
                     (unsigned long long)limit.rlim_cur,
                     (unsigned long long)limit.rlim_max);
        }
    }
}

static unsigned count(const char *folder)
{
    DIR *dir = opendir(folder);
    unsigned found = 0;

    while (dir && readdir(dir)) {
        found++;
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

static void add_inherited(struct str *out)
{
    long most = sysconf(_SC_OPEN_MAX);

    for (int fd = 0; fd < most && fd < 4096; fd++) {
        int flags = fcntl(fd, F_GETFD);

        if (flags >= 0 && !(flags & FD_CLOEXEC)) {
            str_addf(out, "descriptor %d without close-on-exec\n", fd);
        }
    }
}

static void (*const looks[])(struct str *out) = {
    [TRAP_SIGNALS] = add_signals,         [TRAP_FOLDER] = add_folder,
    [TRAP_LOCALE] = add_locale,           [TRAP_UMASK] = add_umask,
    [TRAP_ENVIRONMENT] = add_environment, [TRAP_LIMITS] = add_limits,
    [TRAP_EXEC] = add_inherited,
};

void trap_look(enum trap trap, struct str *out)
{
    looks[trap](out);
}

unsigned trap_threads(void)
{
    return count("/proc/self/task") - 2; /* . and .. */
}

unsigned trap_descriptors(void)
{
    return count("/proc/self/fd") - 3; /* and the one that counts */
}
