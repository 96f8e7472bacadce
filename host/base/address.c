#include "host/base/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "host/plain/mem.h"

int address_folder(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    char *folder;
    int fd;

    if (!last[0]) {
        return -EISDIR;
    }
    /* "/name" lies in "/", "name" in "." */
    folder = slash ? mem_text(path, (size_t)(last - path)) : mem_text(".", 1);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        fd = -errno;
    } else {
        *name = last;
    }
    mem_free(folder);
    return fd;
}

int address_unix(int folder_fd, const char *name, struct sockaddr_un *address)
{
    int size;

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    size = snprintf(address->sun_path, sizeof(address->sun_path),
                    "/proc/self/fd/%d/%s", folder_fd, name);
    return (size_t)size < sizeof(address->sun_path) ? 0 : -ENAMETOOLONG;
}
