#include "host/guest/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC /* Linux 6.3: without it some kernels warn, and some refuse */
#    define MFD_EXEC 0x0010U
#endif

#define PIECE (1 << 20)

/* 0 or -errno. */
static int copy(int from, int to)
{
    struct stat status;
    off_t at = 0;

    if (fstat(from, &status) != 0) {
        return -errno;
    }
    if (status.st_size > SEAL_LIMIT) {
        return -EFBIG;
    }
    while (at < status.st_size) {
        ssize_t n = sendfile(to, from, &at, PIECE);

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            return -EIO; /* it became shorter meanwhile */
        }
    }
    return 0;
}

static int refuse(int fd, int error)
{
    close(fd);
    return error;
}

int seal_in_memory(int from, const char *name)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | MFD_EXEC);
    int error;

    if (fd < 0 && errno == EINVAL) {
        fd = memfd_create(name, flags);
    }
    if (fd < 0) {
        return -errno;
    }
    error = copy(from, fd);
    if (error == 0 &&
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
        error = -errno;
    }
    return error ? refuse(fd, error) : fd;
}

int seal_in_folder(int from, const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0500);
    char path[32];
    int error;
    int sealed;

    if (fd < 0) {
        return -errno;
    }
    error = copy(from, fd);
    if (error) {
        return refuse(fd, error);
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    sealed = open(path, O_RDONLY | O_CLOEXEC);
    return refuse(fd, sealed < 0 ? -errno : sealed);
}

int seal_copy(int from, const char *name, const char *folder, struct str *why)
{
    int fd = seal_in_memory(from, name);

    if (fd < 0) {
        int error = fd;

        fd = seal_in_folder(from, folder);
        if (fd < 0) {
            str_addf(why, "cannot be copied: into memory: %s; into %s: %s",
                     strerror(-error), folder, strerror(-fd));
        }
    }
    return fd < 0 ? -1 : fd;
}
