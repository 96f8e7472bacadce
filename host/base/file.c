#include "host/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/plain/mem.h"

void file_read_own(const char *path, struct str *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    char piece[4096];
    ssize_t size;

    if (fd < 0) {
        return;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_uid == geteuid() && !(status.st_mode & (S_IWGRP | S_IWOTH))) {
        size = read(fd, piece, sizeof(piece));
        while (size > 0) {
            str_add(text, piece, (size_t)size);
            size = read(fd, piece, sizeof(piece));
        }
    }
    close(fd);
}

int file_make_folders(const char *folder)
{
    char *path = mem_text(folder, strlen(folder));
    int status = 0;

    for (char *p = path + 1; status == 0; p++) {
        if (*p == '/' || *p == '\0') {
            char kept = *p;

            *p = '\0';
            if (mkdir(path, 0700) < 0 && errno != EEXIST) {
                status = -errno;
            }
            *p = kept;
        }
        if (*p == '\0') {
            break;
        }
    }
    mem_free(path);
    return status;
}

static int write_all(int fd, const struct str *text)
{
    size_t done = 0;

    while (done < text->size) {
        ssize_t size = write(fd, text->text + done, text->size - done);

        if (size < 0 && errno != EINTR) {
            return -errno;
        }
        done += size > 0 ? (size_t)size : 0;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

int file_replace(const char *path, const struct str *text)
{
    struct str fresh;
    int status;
    int fd;

    str_init(&fresh, SIZE_MAX);
    str_addf(&fresh, "%s.XXXXXX", path);
    fd = mkostemp(fresh.text, O_CLOEXEC);
    status = fd < 0 ? -errno : write_all(fd, text);
    if (status == 0 && rename(fresh.text, path) < 0) {
        status = -errno;
    }
    if (fd >= 0) {
        close(fd);
        if (status < 0) {
            unlink(fresh.text);
        }
    }
    str_finish(&fresh);
    return status;
}
