#include "host/guest/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The host's own group may write: that is how many people's files are. */
static bool is_safe(const struct stat *st, const char *path, struct str *why)
{
    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        str_addf(why, "owner of %s: wanted root or user %u, found user %u",
                 path, geteuid(), st->st_uid);
        return false;
    }
    if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) && st->st_uid == 0) {
        return true;
    }

    mode_t others = S_IWOTH;

    if (st->st_gid != 0 && st->st_gid != getegid()) {
        others |= S_IWGRP;
    }
    if (st->st_mode & others) {
        str_addf(why, "mode of %s: wanted nobody else to write, found %04o",
                 path, st->st_mode & 07777);
        return false;
    }
    return true;
}

/* `path` has no links in it: realpath has seen to that. */
static bool folders_are_safe(char *path, struct str *why)
{
    for (char *end = strrchr(path, '/'); end; end = strrchr(path, '/')) {
        struct stat st;
        const char *folder = end == path ? "/" : path;

        *end = '\0';
        if (lstat(folder, &st) < 0) {
            str_addf(why, "cannot look at %s: %s", folder, strerror(errno));
            return false;
        }
        if (!is_safe(&st, folder, why)) {
            return false;
        }
    }
    return true;
}

int trusted_open(const char *path, struct str *why)
{
    struct stat st;
    char *whole = realpath(path, NULL);
    int fd = whole ? open(whole, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                   : -1;

    if (fd < 0 || fstat(fd, &st) < 0) {
        str_addf(why, "cannot open %s: %s", path, strerror(errno));
        goto fail;
    }
    if (!S_ISREG(st.st_mode)) {
        str_addf(why, "%s: wanted a regular file, found something else", path);
        goto fail;
    }
    if (!is_safe(&st, whole, why) || !folders_are_safe(whole, why)) {
        goto fail;
    }
    free(whole);
    return fd;
fail:
    if (fd >= 0) {
        close(fd);
    }
    free(whole);
    return -1;
}
