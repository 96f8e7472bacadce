/* The client: asks operations of whoever owns the state directory, over its
 * socket; or, where nobody does, of a host in this very process. The answers
 * are the same. */
#ifndef HOST_CLI_CLIENT_H
#define HOST_CLI_CLIENT_H

#include <stdbool.h>

#include "host/base/config.h"
#include "host/base/loop.h"
#include "host/door/ops.h"
#include "host/plain/str.h"

enum client_mode {
    CLIENT_READ, /* the owner, else what is on disk */
    CLIENT_RUN,  /* the owner, else become it */
    CLIENT_OWNER /* the owner alone */
};

struct client;

/* NULL with the reason in `why`. `config` is borrowed until client_close. */
struct client *client_open(const struct config *config, enum client_mode mode,
                           struct str *why);
void client_close(struct client *c);

/* Asks, as ops_call does: `params` is taken, the answer comes in a turn. */
void client_ask(struct client *c, const char *op, cJSON *params,
                const struct op_answer *answer);

/* One turn. False: the host is gone, or has stopped; see client_why. */
bool client_turn(struct client *c);
const char *client_why(const struct client *c);

/* Turns until all that was decided here is on disk and carried out, for a
 * process that is the owner and about to leave. */
void client_settle(struct client *c);

/* For signals and timers of the caller's own. */
struct loop *client_loop(struct client *c);

/* Who hears the events of an answer. */
struct client_listener {
    void (*event)(void *ctx, const char *json, size_t size);
    void *ctx;
};

/* Asks and turns until the last word. The result is owned; NULL: the fault,
 * whose texts live until the next call, is in `*fault`. */
cJSON *client_call(struct client *c, const char *op, cJSON *params,
                   const struct client_listener *listener, /* or NULL */
                   struct fault *fault);

#endif
