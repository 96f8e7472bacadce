#include "host/base/address.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

int address_unix(int folder_fd, const char *name, struct sockaddr_un *address)
{
    int size;

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    size = snprintf(address->sun_path, sizeof(address->sun_path),
                    "/proc/self/fd/%d/%s", folder_fd, name);
    return (size_t)size < sizeof(address->sun_path) ? 0 : -ENAMETOOLONG;
}
