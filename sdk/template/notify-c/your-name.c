/* Appends each event to a file, one line of JSON each. */
#include <haft/notify.h>
#include <haft/sdk.h>

struct notify {
    struct haft_base base; /* first: what the host sees */
    char path[4096];
};

/* On a thread of our own ("serial"), so it may wait for the disk. */
static haft_status deliver(struct notify *n, const struct haft_call *call,
                           const struct haft_notify_deliver_in *in, void *out)
{
    FILE *file = fopen(n->path, "a");
    (void)out;
    for (uint32_t i = 0; file && i < in->events.count; i++) {
        const struct haft_notify_event *e = haft_item(in->events, i);
        fprintf(file, "%.*s\n", (int)e->json.n, (const char *)e->json.p);
    }
    if (!file || fclose(file) != 0) {
        /* The host tells the same events again, later. */
        return haft_fail(n->base.host, call, HAFT_RESOURCE, "your_name.write",
                         "cannot write %s: %s", n->path, strerror(errno));
    }
    return HAFT_OK;
}
HAFT_METHOD(deliver, struct notify, struct haft_notify_deliver_in, void);
static const haft_method methods[] = {deliver_method};

/* Touches nothing outside: what is not there is met by the first delivery. */
static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct notify *n = haft_base_create(sizeof(*n), host, NULL);
    struct haft_slice path = haft_option_text(with, "file");
    if (!n) {
        return -HAFT_RESOURCE;
    }
    snprintf(n->path, sizeof(n->path), "%.*s", (int)path.n,
             (const char *)path.p);
    haft_base_offer(&n->base, &haft_notify_v1, methods);
    return haft_base_give(&n->base, out);
}
HAFT_MODULE_OF_ONE(notify_your_name, "1.0.0", HAFT_NOTIFY_V1, "yourname",
                   create, "your-name.json");
