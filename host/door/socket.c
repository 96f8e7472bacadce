#include "host/door/socket.h"

#include <errno.h>
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
    int fd;
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

static int bind_in(int fd, int folder_fd)
{
    struct sockaddr_un address;
    int status = address_unix(folder_fd, SOCKET_NAME, &address);
    mode_t mask;

    if (status < 0) {
        return status;
    }
    unlinkat(folder_fd, SOCKET_NAME, 0);
    mask = umask(0177); /* until chmod there must be no gap */
    status = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    status = status < 0 ? -errno : 0;
    umask(mask);
    if (status == 0 && fchmodat(folder_fd, SOCKET_NAME, 0666, 0) < 0) {
        status = -errno; /* who may pass is for the auth plugins to say */
    }
    if (status == 0 && listen(fd, 64) < 0) {
        status = -errno;
    }
    return status;
}

struct socket_door *socket_door_open(const struct socket_door_options *options,
                                     struct str *why)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int status = fd < 0 ? -errno : bind_in(fd, options->folder_fd);
    struct socket_door *door;

    if (status < 0) {
        str_addf(why, "cannot listen on %s: %s", SOCKET_NAME,
                 strerror(-status));
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    door = mem_new(1, sizeof(*door));
    door->options = *options;
    door->fd = fd;
    door->peers = (struct peers){
        .loop = options->loop, .ops = options->ops, .guests = options->guests};
    loop_add(options->loop, fd, LOOP_READ, on_connection, door);
    return door;
}

void socket_door_close(struct socket_door *door)
{
    if (!door) {
        return;
    }
    loop_remove(door->options.loop, door->fd);
    close(door->fd);
    unlinkat(door->options.folder_fd, SOCKET_NAME, 0);
    while (door->peers.first) {
        peer_remove(door->peers.first);
    }
    mem_free(door);
}
