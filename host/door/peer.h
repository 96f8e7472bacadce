/* One connection of the owner's socket. Private to host/door. */
#ifndef HOST_DOOR_PEER_H
#define HOST_DOOR_PEER_H

#include "host/base/loop.h"
#include "host/door/ops.h"
#include "host/guest/guest.h"

struct peer;

struct peers {
    struct loop *loop;
    struct ops *ops;
    struct guests *guests;
    struct peer *first;
    size_t count;
};

/* Takes the descriptor, asks who it is, then serves it. */
void peer_add(struct peers *peers, int fd);
void peer_remove(struct peer *peer);

#endif
