#include "host/carry/cgroup_left.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/carry/cgroup_find.h"

#define PATH_LIMIT 4096
#define FILE_LIMIT 65536
#define ID_DIGITS 16

#define STATE_NAME "cgroups"
#define STATE_NEW_NAME "cgroups.new"

void cgroup_left_init(struct cgroup_left *left, int state_fd)
{
    struct stat state = {0};

    left->state_fd = state_fd;
    str_init(&left->prefix, PATH_LIMIT);
    str_init(&left->bases, FILE_LIMIT);
    fstat(state_fd, &state);
    str_addf(&left->prefix, "haft-%llx.%llx-", (unsigned long long)state.st_dev,
             (unsigned long long)state.st_ino);
}

void cgroup_left_finish(struct cgroup_left *left)
{
    str_finish(&left->prefix);
    str_finish(&left->bases);
}

void cgroup_left_name(const struct cgroup_left *left, const char *base,
                      uint64_t id, struct str *path)
{
    str_addf(path, "%s/%s%016" PRIx64, base, left->prefix.text, id);
}

static bool read_name(const struct cgroup_left *left, const char *name,
                      uint64_t *id)
{
    const char *digits = name + left->prefix.size;
    uint64_t number;
    int size = 0;

    if (strncmp(name, left->prefix.text, left->prefix.size) != 0 ||
        sscanf(digits, "%16" SCNx64 "%n", &number, &size) != 1 ||
        size != ID_DIGITS || digits[size] != '\0') {
        return false;
    }
    *id = number;
    return true;
}

/* Whether there is one below this directory. */
static bool read_base(const struct cgroup_left *left, const char *base,
                      cgroup_left_fn fn, void *ctx)
{
    DIR *directory = opendir(base);
    const struct dirent *entry = directory ? readdir(directory) : NULL;
    bool is_any = false;
    struct str path;
    uint64_t id;

    str_init(&path, PATH_LIMIT);
    while (entry) {
        if (read_name(left, entry->d_name, &id)) {
            str_reset(&path);
            str_addf(&path, "%s/%s", base, entry->d_name);
            fn(ctx, id, path.text);
            is_any = true;
        }
        entry = readdir(directory);
    }
    if (directory) {
        closedir(directory);
    }
    str_finish(&path);
    return is_any;
}

static int read_state(const struct cgroup_left *left, struct str *text)
{
    struct str path;
    int failed;

    str_init(&path, PATH_LIMIT);
    str_addf(&path, "/proc/self/fd/%d/" STATE_NAME, left->state_fd);
    failed = cgroup_read(path.text, text);
    str_finish(&path);
    return failed;
}

void cgroup_left_read(struct cgroup_left *left, cgroup_left_fn fn, void *ctx)
{
    struct str text;
    struct str base;
    int failed;
    const char *at;

    str_init(&text, FILE_LIMIT);
    str_init(&base, PATH_LIMIT);
    failed = read_state(left, &text);
    if (failed && failed != ENOENT) {
        log_warn("process", "file not read name=" STATE_NAME " why=\"%s\"",
                 strerror(failed));
    }
    for (at = text.text; *at; at += strspn(at, "\n")) {
        str_reset(&base);
        str_add(&base, at, strcspn(at, "\n"));
        at += base.size;
        if (base.text[0] == '/' && read_base(left, base.text, fn, ctx)) {
            str_addf(&left->bases, "%s\n", base.text);
        }
    }
    str_finish(&text);
    str_finish(&base);
}

static bool write_bases(const struct cgroup_left *left)
{
    int fd = openat(left->state_fd, STATE_NEW_NAME,
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_written;

    if (fd < 0) {
        return false;
    }
    is_written = write(fd, left->bases.text, left->bases.size) ==
                 (ssize_t)left->bases.size;
    close(fd);
    return is_written && renameat(left->state_fd, STATE_NEW_NAME,
                                  left->state_fd, STATE_NAME) == 0;
}

void cgroup_left_add(struct cgroup_left *left, const char *base)
{
    if (cgroup_has_word(left->bases.text, left->bases.size, "\n", base)) {
        return;
    }
    str_addf(&left->bases, "%s\n", base);
    if (!write_bases(left)) {
        log_warn("process", "file not written name=" STATE_NAME " why=\"%s\"",
                 strerror(errno));
    }
}
