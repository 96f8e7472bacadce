/* The one session of an instance: begun when somebody needs it, by starting the
 * Dagger CLI or at a port that was given, and ready once the engine behind it
 * has said its version. Dropped when it is of no use any more; the next who
 * needs one gets a new one. */
#ifndef PLUGINS_EXECUTOR_DAGGER_SESSION_H
#define PLUGINS_EXECUTOR_DAGGER_SESSION_H

#include "plugins/executor/dagger/dialect.h"
#include "plugins/executor/dagger/http.h"

/* Of its timer, in haft.loop/1. */
#define SESSION_TOKEN 1

struct session;

/* Told once for every session_need that did not answer at once: of NULL, it is
 * ready, or why it is not. May be called within session_need. */
typedef void session_told(void *ctx, const struct outcome *trouble);

/* Reads the options; -HAFT_INVALID with the host told, -HAFT_RESOURCE. */
haft_status session_create(const struct haft_host *host,
                           const struct haft_create *with, struct http *http,
                           struct session **out);
void session_on_told(struct session *s, session_told *told, void *ctx);
void session_destroy(struct session *s); /* or NULL */

/* True: it is ready now. False: `told` is called. */
bool session_need(struct session *s);

/* How often it was begun: what was got from an earlier one is of no use. */
uint64_t session_number(const struct session *s);
const struct dialect *session_dialect(const struct session *s);

/* Posts `body`, which may be NULL; as http_send. */
struct http_request *session_ask(struct session *s, const char *body,
                                 void (*done)(void *, const struct answer *),
                                 void *ctx);

/* The session of that number is of no use any more. */
void session_drop(struct session *s, uint64_t number);

void session_on_timer(struct session *s);

/* A token of cli.h. */
void session_on_ready(struct session *s, const struct haft_ready_on_in *in);

#endif
