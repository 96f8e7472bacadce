/* The keeper's end of the socket: one host at a time, its requests, and
 * reports of what has changed.
 *
 * Reports are not kept as messages: an attempt that has changed hangs in a
 * list, and its report is written from the table when it leaves. So a host
 * that does not read costs no memory, and an attempt that has begun and ended
 * meanwhile is one report. Any thread may send, with the pool's lock held.
 *
 * A report waits at most `hold_us`, so that a host with enough to do is woken
 * for many at once. An end leaves at once when at most half of what was last
 * handed over is still queued: then the host must know.
 *
 * HELLO hands over: before it is answered, older connections are closed and
 * what they still held unread is gone with them; a lower epoch than any
 * before is refused. Else a dead host's buffered SPAWN could start a task a
 * second time. */
#ifndef HOST_KEEPER_LINK_H
#define HOST_KEEPER_LINK_H

#include "host/keeper/table.h"

/* Serves until nothing is connected, live or unreleased, and returns 0; or a
 * negative errno if it could not begin. For the calling thread for good: the
 * caller exits afterwards. */
int link_serve(const struct table *table);

#endif
