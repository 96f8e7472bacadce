#include "host/keeper/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define MEMBERS 512 /* killed in one round */
#define ROUNDS 64

/* "DIRECTORY/name" of the directory at *at, which moves on to the next one;
 * an errno if it is too long. */
static int next_path(const char **at, const char *name, char path[PATH_MAX])
{
    size_t size = strcspn(*at, ":");
    size_t name_size = strlen(name) + 1;
    if (size + 1 + name_size > PATH_MAX) {
        return ENAMETOOLONG;
    }
    memcpy(path, *at, size);
    path[size] = '/';
    memcpy(path + size + 1, name, name_size);
    *at += size;
    *at += **at == ':';
    return 0;
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int failed = write(fd, text, strlen(text)) < 0 ? errno : 0;
    close(fd);
    return failed;
}

int cgroup_join(const char *directories)
{
    char path[PATH_MAX];
    while (*directories != 0) {
        int failed = next_path(&directories, "cgroup.procs", path);
        if (failed == 0) {
            failed = write_file(path, "0");
        }
        if (failed != 0) {
            return failed;
        }
    }
    return 0;
}

/* A missing member is only found again in the next round. */
static int read_members(const char *path, pid_t pids[MEMBERS])
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    int count = 0;
    while (count < MEMBERS && fscanf(file, "%d", &pids[count]) == 1) {
        count++;
    }
    fclose(file);
    return count;
}

static bool is_among(const pid_t *pids, int count, pid_t pid)
{
    for (int i = 0; i < count; i++) {
        if (pids[i] == pid) {
            return true;
        }
    }
    return false;
}

/* What is named by a pidfd and is a member after that was opened is the
 * member, whatever the number meant before. */
static int kill_members(const char *path)
{
    pid_t before[MEMBERS];
    pid_t after[MEMBERS];
    int pidfds[MEMBERS];
    int count = read_members(path, before);
    for (int i = 0; i < count; i++) {
        pidfds[i] = (int)syscall(SYS_pidfd_open, before[i], 0);
    }
    int still = read_members(path, after);
    for (int i = 0; i < count; i++) {
        if (pidfds[i] < 0) {
            continue;
        }
        if (is_among(after, still, before[i])) {
            syscall(SYS_pidfd_send_signal, pidfds[i], SIGKILL, NULL, 0);
        }
        close(pidfds[i]);
    }
    return count;
}

void cgroup_kill(const char *directories)
{
    char path[PATH_MAX];
    const char *at = directories;
    if (next_path(&at, "cgroup.kill", path) != 0 ||
        write_file(path, "1") == 0) {
        return;
    }
    /* Version 1, or a kernel before 5.14. */
    at = directories;
    if (next_path(&at, "cgroup.procs", path) != 0) {
        return;
    }
    for (int i = 0; i < ROUNDS && kill_members(path) > 0; i++) {
    }
}
