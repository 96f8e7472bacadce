/* Addresses of unix sockets. sockaddr_un holds 107 bytes; a longer path is
 * reached through its folder's descriptor: /proc/self/fd/DIR/NAME. */
#ifndef HOST_BASE_ADDRESS_H
#define HOST_BASE_ADDRESS_H

#include <sys/un.h>

/* Opens the folder that the last part of a path lies in. The descriptor, and
 * in `name` that last part, within `path`; or -errno. */
int address_folder(const char *path, const char **name);

/* The address of `name` in the open folder; valid while the folder is open.
 * 0, or -ENAMETOOLONG if even the name is too long. */
int address_unix(int folder_fd, const char *name, struct sockaddr_un *address);

#endif
