/* Requests to a session, by libcurl's multi interface over the host's loop. */
#ifndef PLUGINS_EXECUTOR_DAGGER_HTTP_H
#define PLUGINS_EXECUTOR_DAGGER_HTTP_H

#include <haft/sdk.h>

#include "plugins/executor/dagger/outcome.h"

/* Tokens of haft.loop/1 with this bit are of http; others are the caller's. */
#define HTTP_TOKEN (UINT64_C(1) << 63)

#define HTTP_ANSWER_LIMIT (256u << 20) /* bytes of one answer */

struct http;
struct http_request;

/* NULL without memory. Asks no service before the first request. */
struct http *http_create(const struct haft_host *host);
void http_destroy(struct http *h); /* drops what is on its way; or NULL */

/* What is posted: to 127.0.0.1, as user `token` without a password. */
struct http_post {
    unsigned port;
    const char *token;
    const char *body;   /* JSON; copied */
    int64_t timeout_ms; /* 0: none */
    /* The answer is borrowed; the request is gone when this is called. */
    void (*done)(void *ctx, const struct answer *answer);
    void *ctx;
};

/* NULL without memory. `done` is never called before this returns. */
struct http_request *http_send(struct http *h, const struct http_post *post);

/* Closes its connection, which ends what it asked for; `done` is not called. */
void http_drop(struct http_request *r);

/* Hears of a descriptor or a timer whose token is of http. */
void http_on_ready(struct http *h, const struct haft_ready_on_in *in);

#endif
