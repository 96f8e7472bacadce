/* executor/dagger: containers of a Dagger engine. One session stands between,
 * the CLI's or somebody's; an attempt is one query of it, over HTTP. The engine
 * keeps no job that could be found again: an attempt lives as long as its
 * connection, so this belongs into a process that outlives the host
 * (`survive = yes`).
 *
 *   session.c  begins, knows and drops the session; cli.c is the CLI
 *   http.c     requests, by libcurl over the host's loop
 *   query.c    documents and variables; dialect.c what differs by version
 *   outcome.c  what an answer means
 *   attempt.c  from start to release */
#include <haft/executor.h>
#include <haft/sdk.h>

#include "plugins/executor/dagger/attempt.h"
#include "plugins/executor/dagger/cli.h"

struct dagger {
    struct haft_base base; /* first */
    struct http *http;
    struct attempts attempts; /* with the session */
};

static haft_status start(struct dagger *d, const struct haft_call *call,
                         const struct haft_executor_start_in *in, void *out)
{
    (void)out;
    return attempts_start(&d->attempts, call, in);
}
HAFT_METHOD(start, struct dagger, struct haft_executor_start_in, void);

static haft_status cancel(struct dagger *d,
                          const struct haft_executor_cancel_in *in)
{
    attempts_cancel(&d->attempts, in->attempt);
    return HAFT_OK;
}
HAFT_METHOD_IN(cancel, struct dagger, struct haft_executor_cancel_in);

static haft_status recover(struct dagger *d, const struct haft_call *call,
                           const struct haft_executor_recover_in *in,
                           struct haft_executor_recover_out *out)
{
    (void)call;
    out->state = attempts_recover(&d->attempts, in);
    return HAFT_OK;
}
HAFT_METHOD(recover, struct dagger, struct haft_executor_recover_in,
            struct haft_executor_recover_out);

static haft_status release(struct dagger *d,
                           const struct haft_executor_release_in *in)
{
    attempts_release(&d->attempts, in->attempt);
    return HAFT_OK;
}
HAFT_METHOD_IN(release, struct dagger, struct haft_executor_release_in);

static haft_status on_ready(struct dagger *d, const struct haft_ready_on_in *in)
{
    if (in->token & HTTP_TOKEN) {
        http_on_ready(d->http, in);
    } else if (in->token & CLI_TOKEN) {
        session_on_ready(d->attempts.session, in);
    } else if (in->token == SESSION_TOKEN) {
        session_on_timer(d->attempts.session);
    } else {
        attempts_on_timer(&d->attempts);
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(on_ready, struct dagger, struct haft_ready_on_in);

static void destroy(struct haft_instance *instance)
{
    struct dagger *d = (struct dagger *)(void *)instance;

    session_destroy(d->attempts.session);
    http_destroy(d->http);
    attempts_close(&d->attempts);
    free(d);
}

static const haft_method executor_methods[] = {
    [HAFT_EXECUTOR_START] = start_method,
    [HAFT_EXECUTOR_CANCEL] = cancel_method,
    [HAFT_EXECUTOR_RECOVER] = recover_method,
    [HAFT_EXECUTOR_RELEASE] = release_method,
};
static const haft_method ready_methods[] = {on_ready_method};

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct dagger *d = haft_base_create(sizeof(*d), host, destroy);
    haft_status status = -HAFT_RESOURCE;

    if (!d) {
        return status;
    }
    haft_base_offer(&d->base, &haft_executor_v1, executor_methods);
    haft_base_offer(&d->base, &haft_ready_v1, ready_methods);
    d->attempts.host = host;
    d->http = http_create(host);
    if (d->http) {
        status = session_create(host, with, d->http, &d->attempts.session);
    }
    if (status != HAFT_OK) {
        destroy(&d->base.instance);
        return status;
    }
    session_on_told(d->attempts.session, attempts_on_told, &d->attempts);
    return haft_base_give(&d->base, out);
}
HAFT_MODULE_OF_ONE(executor_dagger, "0.1.0", HAFT_EXECUTOR_V1, "dagger", create,
                   "plugins/executor/dagger/manifest.json");
