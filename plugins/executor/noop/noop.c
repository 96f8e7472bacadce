/* executor/noop: runs nothing. Every attempt succeeds at its start, so what is
 * left is the cost of the host itself, and a workflow can be tried dry.
 *
 * It remembers nothing: an attempt whose end was not heard, because the host
 * died, has never been started, and may be started again. */
#include <haft/executor.h>
#include <haft/sdk.h>

struct noop {
    struct haft_instance instance;
    const struct haft_object *attempt; /* haft.attempt/1 */
    struct haft_object executor;
    const struct haft_object *objects[2];
};

static haft_status start(struct noop *n, const struct haft_call *call,
                         const struct haft_executor_start_in *in,
                         struct haft_empty *out)
{
    HAFT_NEW(haft_attempt_ended_in, ended);

    (void)out;
    ended.attempt = in->attempt;
    ended.fence = in->fence;
    ended.effect = HAFT_EFFECT_DONE;
    return haft_ask(n->attempt, HAFT_ATTEMPT_ENDED, call, &ended, NULL);
}
HAFT_METHOD(start, struct noop, struct haft_executor_start_in,
            struct haft_empty);

static haft_status cancel(struct noop *n, const struct haft_call *call,
                          const struct haft_executor_cancel_in *in,
                          struct haft_empty *out)
{
    (void)n;
    (void)call;
    (void)in;
    (void)out;
    return HAFT_OK; /* whatever it was, it has ended */
}
HAFT_METHOD(cancel, struct noop, struct haft_executor_cancel_in,
            struct haft_empty);

static haft_status recover(struct noop *n, const struct haft_call *call,
                           const struct haft_executor_recover_in *in,
                           struct haft_executor_recover_out *out)
{
    (void)n;
    (void)call;
    (void)in;
    out->state = HAFT_RECOVER_NEVER_STARTED;
    return HAFT_OK;
}
HAFT_METHOD(recover, struct noop, struct haft_executor_recover_in,
            struct haft_executor_recover_out);

static haft_status release(struct noop *n, const struct haft_call *call,
                           const struct haft_executor_release_in *in,
                           struct haft_empty *out)
{
    (void)n;
    (void)call;
    (void)in;
    (void)out;
    return HAFT_OK;
}
HAFT_METHOD(release, struct noop, struct haft_executor_release_in,
            struct haft_empty);

static const haft_method executor_methods[] = {
    [HAFT_EXECUTOR_START] = start_method,
    [HAFT_EXECUTOR_CANCEL] = cancel_method,
    [HAFT_EXECUTOR_RECOVER] = recover_method,
    [HAFT_EXECUTOR_RELEASE] = release_method,
};

static void destroy(struct haft_instance *instance)
{
    free(instance);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct noop *n = (struct noop *)calloc(1, sizeof(*n));

    (void)with;
    if (!n) {
        return -HAFT_RESOURCE;
    }
    n->attempt = host->query(host->self, HAFT_ATTEMPT_V1);
    n->executor = (struct haft_object){
        sizeof(n->executor), sizeof(executor_methods) / sizeof(haft_method),
        &haft_executor_v1, executor_methods, n};
    n->objects[0] = &n->executor;
    n->instance =
        (struct haft_instance){sizeof(n->instance), 0, n->objects, destroy};
    *out = &n->instance;
    return HAFT_OK;
}

static const struct haft_class noop_class = {sizeof(struct haft_class), 0,
                                             "haft.executor/1", "noop", create};
static const struct haft_class *const classes[] = {&noop_class, NULL};

HAFT_MODULE(executor_noop, "0.1.0", classes,
            "plugins/executor/noop/manifest.json");
