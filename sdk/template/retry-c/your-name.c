/* Tries again a few times, after pauses that grow evenly. The answer follows
 * from the question and the options alone: no clock, no log, no memory of what
 * was asked before ("pure" in the manifest). */
#include <haft/retry.h>
#include <haft/sdk.h>

struct retry {
    struct haft_base base; /* first: what the host sees */
    int64_t tries;
    int64_t pause_ms;
};

static haft_status decide(struct retry *r, const struct haft_call *call,
                          const struct haft_retry_decide_in *in,
                          struct haft_retry_decide_out *out)
{
    int64_t most = in->max > 0 ? in->max : r->tries;
    (void)call;
    /* A failure of the task itself, or one that is likely gone next time. */
    if ((in->fault_class == HAFT_USER_FAILURE ||
         in->fault_class == HAFT_TRANSIENT) &&
        in->tries <= most) {
        out->verdict = HAFT_RETRY_AGAIN;
        out->delay_ms = r->pause_ms * in->tries;
        out->reason = haft_text("yourname has hope");
    } else {
        out->verdict = HAFT_RETRY_FAIL;
        out->reason = haft_text("yourname gives up");
    }
    return HAFT_OK;
}
HAFT_METHOD(decide, struct retry, struct haft_retry_decide_in,
            struct haft_retry_decide_out);
static const haft_method methods[] = {decide_method};

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct retry *r = haft_base_create(sizeof(*r), host, NULL);
    if (!r) {
        return -HAFT_RESOURCE;
    }
    r->tries = haft_option_number(with, "tries");
    r->pause_ms = haft_option_number(with, "pause");
    haft_base_offer(&r->base, &haft_retry_v1, methods);
    return haft_base_give(&r->base, out);
}
HAFT_MODULE_OF_ONE(retry_your_name, "1.0.0", HAFT_RETRY_V1, "yourname", create,
                   "your-name.json");
