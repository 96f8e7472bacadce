/* The host: joins the rooms and turns the loop.
 *
 * One turn: wait, collect (callbacks ask the core), decide, commit, act. An
 * owner holds the state directory's lock, writes, runs, and serves the socket.
 * A passive host only reads what is on disk: for `haft show` where nobody is
 * running. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>

#include "host/base/config.h"
#include "host/base/loop.h"
#include "host/door/ops.h"
#include "host/plain/str.h"

struct host;

enum host_part {
    HOST_OWNER,
    HOST_PASSIVE
};

/* What host_open found. */
enum host_found {
    HOST_OPENED,
    HOST_OWNED, /* another process owns the state directory: ask its socket */
    HOST_FAILED /* with the reason in `why` */
};

/* Takes the state directory (an owner makes it if need be), checks the config
 * against the modules and begins to open the store; host_is_ready tells when
 * it is done. `config` is borrowed until host_close. */
enum host_found host_open(const struct config *config, enum host_part part,
                          struct host **host, struct str *why);

/* Tasks are about to be submitted: what they will need is made ready while the
 * store is being opened. Right after host_open, as the owner. */
void host_expect_tasks(struct host *host);

/* One turn. False: the host must stop (ownership or store lost, or it could
 * not become ready); the reason is in host_why. */
bool host_turn(struct host *host);

bool host_is_ready(const struct host *host);
const char *host_why(const struct host *host);

/* All that was decided is on disk and has been carried out. */
bool host_is_settled(const struct host *host);

/* How many attempts are handed over or running, but for those whose executor is
 * not there. */
uint64_t host_attempts(const struct host *host);

/* Reads haft.conf again and takes plugins' files and sections as they now are:
 * see guests_reload. What else stands there counts from the next start. */
void host_reload(struct host *host, const char *name, guests_reloaded done,
                 void *ctx);

struct loop *host_loop(struct host *host);
struct ops *host_ops(struct host *host);

/* Stops: running attempts go on under their keeper and are found again by the
 * next owner. NULL is fine. */
void host_close(struct host *host);

#endif
