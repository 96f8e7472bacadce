/* A dry run: each command is written into its attempt's output, behind a word
 * of the configuration, and the attempt ends well. Where this writes, yours
 * would start something; where it says `ended` at once, yours would say it when
 * the work is over. */
#include <haft/faults.h>

struct executor {
    struct haft_base base; /* first: what the host sees */
    char prefix[256];
};

/* How an attempt went, by an errno. Posts keep their order. */
static haft_status report(struct executor *e, uint64_t attempt, uint64_t fence,
                          int error)
{
    struct haft_native n = haft_from_errno(error);
    HAFT_NEW(haft_attempt_ended_in, ended);
    ended.attempt = attempt;
    ended.fence = fence;
    ended.fault_class = n.fault_class;
    ended.effect = n.effect;
    ended.ended_ms = haft_now(e->base.host).real_ms;
    ended.started_ms = ended.ended_ms;
    ended.code = haft_text(error ? "your_name.output" : "");
    ended.message = haft_text(error ? strerror(error) : "");
    return haft_ask_host(e->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED,
                         &ended, NULL);
}

static haft_status start(struct executor *e, const struct haft_call *call,
                         const struct haft_executor_start_in *in, void *out)
{
    /* Texts in messages are counted; nothing says that they end in a zero. */
    char *path = haft_copy_text(in->stdout_path);
    FILE *file = fopen(path && *path ? path : "/dev/null", "a");
    HAFT_NEW(haft_attempt_started_in, started);
    (void)call;
    (void)out;
    free(path);
    started.attempt = in->attempt;
    started.fence = in->fence;
    haft_ask_host(e->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_STARTED, &started,
                  NULL);
    for (uint32_t i = 0; file && i < in->argv.count; i++) {
        const struct haft_slice *word = haft_item(in->argv, i);
        fprintf(file, "%s %.*s", i == 0 ? e->prefix : "", (int)word->n,
                (const char *)word->p);
    }
    if (file) {
        fputc('\n', file);
    }
    return report(e, in->attempt, in->fence,
                  file && fclose(file) == 0 ? 0 : errno);
}
HAFT_METHOD(start, struct executor, struct haft_executor_start_in, void);

/* Every attempt has ended when start returns: nothing to cancel or to forget. */
static haft_status nothing(void *self, const struct haft_call *call,
                           const void *in, void *out)
{
    (void)self;
    (void)call;
    (void)in;
    (void)out;
    return HAFT_OK;
}

/* After a restart nobody knows whether `ended` was heard: `out` says UNKNOWN,
 * which is zero. A real executor looks for the work by in->token. */
static const haft_method methods[] = {start_method, nothing, nothing, nothing};

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct executor *e = haft_base_create(sizeof(*e), host, NULL);
    struct haft_slice prefix = haft_option_text(with, "prefix");
    if (!e) {
        return -HAFT_RESOURCE;
    }
    snprintf(e->prefix, sizeof(e->prefix), "%.*s", (int)prefix.n,
             (const char *)prefix.p);
    haft_base_offer(&e->base, &haft_executor_v1, methods);
    return haft_base_give(&e->base, out);
}
HAFT_MODULE_OF_ONE(executor_your_name, "1.0.0", HAFT_EXECUTOR_V1, "yourname",
                   create, "your-name.json");
