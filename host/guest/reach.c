#include "host/guest/reach.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/address.h"

#define GREETING 'h'
#define GREETING_LIMIT_MS 1000 /* for its byte; it is sent at once */

/* bind() or connect() at a path of any length. 0 or -errno. */
static int at_path(int fd, const char *path,
                   int (*act)(int fd, const struct sockaddr *address,
                              socklen_t size))
{
    const char *name;
    int folder = address_folder(path, &name);
    struct sockaddr_un address;
    int status;

    if (folder < 0) {
        return folder;
    }
    status = address_unix(folder, name, &address);
    if (status == 0 &&
        act(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        status = -errno;
    }
    close(folder);
    return status;
}

static int greet(int fd, int module)
{
    char byte = GREETING;
    struct iovec bytes = {&byte, 1};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

    if (module >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control.room);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &module, sizeof(int));
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* Who listens, so that its end is seen. The number is still its own if it can be
 * greeted afterwards. */
static int find_process(int fd, struct spawned *to)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return -errno;
    }
    if (peer.uid != geteuid()) {
        return -EPERM;
    }
    to->pid_fd = pidfd_open(peer.pid, 0);
    to->pid = peer.pid;
    return to->pid_fd < 0 ? -errno : 0;
}

int reach_connect(const char *path, int module, struct spawned *to)
{
    int status;

    *to = (struct spawned){.pid_fd = -1, .is_adopted = true};
    to->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (to->fd < 0) {
        return -errno;
    }
    status = at_path(to->fd, path, connect);
    if (status == 0) {
        status = find_process(to->fd, to);
    }
    if (status == 0) {
        status = greet(to->fd, module);
    }
    if (status < 0) {
        close(to->fd);
        if (to->pid_fd >= 0) {
            close(to->pid_fd);
        }
        *to = (struct spawned){.pid_fd = -1, .fd = -1};
    }
    return status;
}

/* A name that nobody answers for any more. */
static int clear_place(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int status = fd < 0 ? -errno : at_path(fd, path, connect);

    if (fd >= 0) {
        close(fd);
    }
    if (status == -ENOENT) {
        return 0;
    }
    if (status != -ECONNREFUSED) {
        return status < 0 && status != -EAGAIN ? status : -EADDRINUSE;
    }
    return unlink(path) == 0 ? 0 : -errno;
}

int reach_listen(const char *path)
{
    int status = clear_place(path);
    mode_t mask;
    int fd;

    if (status < 0) {
        return status;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    mask = umask(0177);
    status = at_path(fd, path, bind);
    umask(mask);
    if (status == 0 && listen(fd, 8) != 0) {
        status = -errno;
    }
    if (status < 0) {
        close(fd);
    }
    return status < 0 ? status : fd;
}

/* The descriptor that came with the greeting, or -1 if it had none. */
static int take_greeting(int fd, int *module)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char byte = 0;
    struct iovec bytes = {&byte, 1};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control.room)};
    const struct cmsghdr *head;

    *module = -1;
    if (poll(&ready, 1, GREETING_LIMIT_MS) != 1 ||
        recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1) {
        return -EPROTO;
    }
    head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_level == SOL_SOCKET &&
        head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(module, CMSG_DATA(head), sizeof(int));
    }
    return byte == GREETING ? 0 : -EPROTO;
}

int reach_accept(int fd, int *module)
{
    int host = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred peer;
    socklen_t size = sizeof(peer);
    int status;

    if (host < 0) {
        return -errno;
    }
    *module = -1;
    if (getsockopt(host, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
        (peer.uid != geteuid() && peer.uid != 0)) {
        status = -EPERM;
    } else {
        status = take_greeting(host, module);
    }
    if (status < 0) {
        close(host);
        if (*module >= 0) {
            close(*module);
        }
    }
    return status < 0 ? status : host;
}

bool reach_is_there(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0;
}
