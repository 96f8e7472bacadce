#include "host/door/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <haft/auth.h>

#include "host/base/address.h"
#include "host/base/log.h"
#include "host/door/peer.h"
#include "host/plain/mem.h"

struct socket_door {
    struct socket_door_options options;
    int folder_fd;
    const char *name; /* within options.path */
    int fd;
    bool is_bound;
    bool is_open;
    struct peers peers;
};

static void refuse_full(int fd)
{
    static const char line[] =
        "{\"id\":0,\"error\":{\"class\":\"RESOURCE\",\"code\":"
        "\"host.connections\",\"message\":\"too many connections\"}}\n";

    if (send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        log_debug("socket", "refusal not sent");
    }
    close(fd);
}

/* One a call: the loop comes back while more are waiting. A failed accept
 * leaves the listener as it is; the next turn tries again. */
static void on_connection(void *ctx, int fd, uint32_t ready)
{
    struct socket_door *door = ctx;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)ready;
    if (peer < 0) {
        return;
    }
    if (door->peers.count >= SOCKET_CONNECTIONS_LIMIT) {
        refuse_full(peer);
    } else {
        peer_add(&door->peers, peer);
    }
}

/* The descriptor, or -errno. */
static int connect_in(int folder_fd, const char *name, int flags)
{
    struct sockaddr_un address;
    int status = address_unix(folder_fd, name, &address);
    int fd;

    if (status < 0) {
        return status;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        status = -errno;
        close(fd);
        return status;
    }
    return fd;
}

int socket_connect(const char *path)
{
    const char *name = NULL;
    int folder_fd = address_folder(path, &name);
    int fd;

    if (folder_fd < 0) {
        return folder_fd;
    }
    fd = connect_in(folder_fd, name, 0);
    close(folder_fd);
    return fd;
}

/* Takes away the socket that an earlier owner left. 0, or -errno: EADDRINUSE
 * if somebody listens, EEXIST if it is no socket. */
static int clear_place(const struct socket_door *door)
{
    struct stat found;
    int fd;

    if (fstatat(door->folder_fd, door->name, &found, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    if (!S_ISSOCK(found.st_mode)) {
        return -EEXIST;
    }
    fd = connect_in(door->folder_fd, door->name, SOCK_NONBLOCK);
    if (fd >= 0) {
        close(fd);
    }
    if (fd >= 0 || fd == -EAGAIN) { /* its queue is full */
        return -EADDRINUSE;
    }
    return unlinkat(door->folder_fd, door->name, 0) < 0 ? -errno : 0;
}

static int listen_there(struct socket_door *door)
{
    struct sockaddr_un address;
    int status = address_unix(door->folder_fd, door->name, &address);
    mode_t mask;

    if (status == 0) {
        status = clear_place(door);
    }
    if (status < 0) {
        return status;
    }
    mask = umask(0177); /* until chmod there must be no gap */
    status = bind(door->fd, (const struct sockaddr *)&address, sizeof(address));
    status = status < 0 ? -errno : 0;
    umask(mask);
    if (status < 0) {
        return status;
    }
    door->is_bound = true;
    /* Who may pass is for the auth plugins to say. */
    if (fchmodat(door->folder_fd, door->name, 0666, 0) < 0 ||
        listen(door->fd, 64) < 0) {
        return -errno;
    }
    return 0;
}

/* Opens the folder and listens in it. */
static int begin(struct socket_door *door)
{
    door->folder_fd = address_folder(door->options.path, &door->name);
    if (door->folder_fd < 0) {
        return door->folder_fd;
    }
    door->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return door->fd < 0 ? -errno : listen_there(door);
}

static const char *reason_of(int status)
{
    if (status == -EEXIST) {
        return "a file that is no socket is there";
    }
    return status == -EADDRINUSE ? "another host listens there"
                                 : strerror(-status);
}

struct socket_door *socket_door_open(const struct socket_door_options *options,
                                     struct str *why)
{
    struct socket_door *door = mem_new(1, sizeof(*door));
    int status;

    door->options = *options;
    door->folder_fd = -1;
    door->fd = -1;
    door->peers = (struct peers){
        .loop = options->loop, .ops = options->ops, .guests = options->guests};
    status = begin(door);
    if (status < 0) {
        str_addf(why, "cannot listen on %s: %s", options->path,
                 reason_of(status));
        socket_door_close(door);
        return NULL;
    }
    loop_add(options->loop, door->fd, LOOP_READ, on_connection, door);
    door->is_open = true;
    return door;
}

void socket_door_close(struct socket_door *door)
{
    if (!door) {
        return;
    }
    if (door->is_open) {
        loop_remove(door->options.loop, door->fd);
    }
    if (door->is_bound) {
        unlinkat(door->folder_fd, door->name, 0);
    }
    if (door->fd >= 0) {
        close(door->fd);
    }
    if (door->folder_fd >= 0) {
        close(door->folder_fd);
    }
    while (door->peers.first) {
        peer_remove(door->peers.first);
    }
    mem_free(door);
}
