/* The owner's socket: operations over lines of JSON, for the command line and
 * for whoever speaks it.
 *
 *   host:   {"v":1,"principal":"user:anna"}         once the peer is known
 *   asker:  {"v":1,"id":1,"op":"run.get","params":{"run":"last"}}
 *   host:   {"id":1,"event":{...}}                  any number, of a stream
 *   host:   {"id":1,"result":{...}} or {"id":1,"error":{...}}    exactly one
 *   asker:  {"v":1,"id":1,"drop":true}              stop telling me
 *
 * An id is the asker's own, unique among its open ones. An error has class,
 * effect, origin, code, component, message, time_ms and see, the place in the
 * documents that says more. A line that is not of this form ends the
 * connection, after an error with id 0. */
#ifndef HOST_DOOR_SOCKET_H
#define HOST_DOOR_SOCKET_H

#include "host/base/loop.h"
#include "host/door/ops.h"
#include "host/guest/guest.h"

#define SOCKET_LINE_LIMIT (80u << 20)     /* bytes of one line asked */
#define SOCKET_BACKLOG_LIMIT (512u << 20) /* bytes not yet read by a peer */
#define SOCKET_CONNECTIONS_LIMIT 256
#define SOCKET_CALLS_LIMIT 1024 /* open at once on one connection */

struct socket_door;

struct socket_door_options {
    struct loop *loop;
    struct ops *ops;
    struct guests *guests; /* for those of kind auth, asked in their order */
    const char *path;      /* borrowed while the door is open */
};

/* Connects to the socket at `path`, however long that is: the descriptor, or
 * -errno; ENOENT or ECONNREFUSED where nobody listens. */
int socket_connect(const char *path);

/* Listens; NULL with the reason in `why`. A socket that nobody listens on any
 * more is replaced; anything else that lies at the path stays there. */
struct socket_door *socket_door_open(const struct socket_door_options *options,
                                     struct str *why);
void socket_door_close(struct socket_door *door);

#endif
