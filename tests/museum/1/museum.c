/* A plugin of each kind, written against the headers of ABI 0.1 that lie beside
 * it. Frozen: a host that cannot run it any more has broken its word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <haft/auth.h>
#include <haft/executor.h>
#include <haft/notify.h>
#include <haft/retry.h>
#include <haft/sdk.h>
#include <haft/storage.h>

/* ---- executor ---- */

struct executor {
    struct haft_base base;
};

static void say(struct executor *e, const struct haft_executor_start_in *job)
{
    HAFT_NEW(haft_attempt_output_in, in);
    uint64_t offset = 0;

    for (uint32_t i = 0; i < job->argv.count; i++) {
        const struct haft_slice *word = haft_item(job->argv, i);

        in.attempt = job->attempt;
        in.fence = job->fence;
        in.stream = 1;
        in.offset = offset;
        in.data = *word;
        haft_ask_host(e->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_OUTPUT, &in,
                      NULL);
        offset += word->n;
    }
}

static haft_status start(struct executor *e, const struct haft_call *call,
                         const struct haft_executor_start_in *in, void *out)
{
    HAFT_NEW(haft_attempt_started_in, started);
    HAFT_NEW(haft_attempt_ended_in, ended);
    const struct haft_slice *last = haft_item(in->argv, in->argv.count - 1);

    (void)call;
    (void)out;
    started.attempt = ended.attempt = in->attempt;
    started.fence = ended.fence = in->fence;
    haft_ask_host(e->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_STARTED, &started,
                  NULL);
    say(e, in);
    if (haft_slice_is(*last, "twice") && in->tries == 1) {
        ended.fault_class = HAFT_USER_FAILURE;
        ended.effect = HAFT_EFFECT_DONE;
        ended.code = haft_text("exhibit.first");
    }
    haft_ask_host(e->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, &ended,
                  NULL);
    return HAFT_OK;
}
HAFT_METHOD(start, struct executor, struct haft_executor_start_in, void);

static haft_status cancel(struct executor *e, const struct haft_call *call,
                          const struct haft_executor_cancel_in *in, void *out)
{
    (void)e;
    (void)call;
    (void)in;
    (void)out;
    return HAFT_OK;
}
HAFT_METHOD(cancel, struct executor, struct haft_executor_cancel_in, void);

static haft_status recover(struct executor *e, const struct haft_call *call,
                           const struct haft_executor_recover_in *in,
                           struct haft_executor_recover_out *out)
{
    (void)e;
    (void)call;
    (void)in;
    out->state = HAFT_RECOVER_UNKNOWN;
    return HAFT_OK;
}
HAFT_METHOD(recover, struct executor, struct haft_executor_recover_in,
            struct haft_executor_recover_out);

static haft_status release(struct executor *e, const struct haft_call *call,
                           const struct haft_executor_release_in *in, void *out)
{
    (void)e;
    (void)call;
    (void)in;
    (void)out;
    return HAFT_OK;
}
HAFT_METHOD(release, struct executor, struct haft_executor_release_in, void);

/* ---- notify ---- */

struct notify {
    struct haft_base base;
    char *file;
};

static haft_status deliver(struct notify *n, const struct haft_call *call,
                           const struct haft_notify_deliver_in *in, void *out)
{
    FILE *f = fopen(n->file, "ae");

    (void)out;
    if (!f) {
        return haft_fail(n->base.host, call, HAFT_BACKEND_DOWN, "exhibit.file",
                         "cannot write %s", n->file);
    }
    for (uint32_t i = 0; i < in->events.count; i++) {
        const struct haft_notify_event *e = haft_item(in->events, i);

        fprintf(f, "%.*s\n", (int)e->kind.n, (const char *)e->kind.p);
    }
    fclose(f);
    return HAFT_OK;
}
HAFT_METHOD(deliver, struct notify, struct haft_notify_deliver_in, void);

static void end_notify(struct haft_instance *instance)
{
    free(((struct notify *)instance)->file);
    haft_base_free(instance);
}

/* ---- retry ---- */

struct retry {
    struct haft_base base;
};

static haft_status decide(struct retry *r, const struct haft_call *call,
                          const struct haft_retry_decide_in *in,
                          struct haft_retry_decide_out *out)
{
    (void)r;
    (void)call;
    out->verdict = in->tries < 2 ? HAFT_RETRY_AGAIN : HAFT_RETRY_FAIL;
    out->reason = haft_text("once more");
    return HAFT_OK;
}
HAFT_METHOD(decide, struct retry, struct haft_retry_decide_in,
            struct haft_retry_decide_out);

/* ---- auth ---- */

struct auth {
    struct haft_base base;
};

static haft_status authenticate(struct auth *a, const struct haft_call *call,
                                const struct haft_auth_authenticate_in *in,
                                struct haft_auth_authenticate_out *out)
{
    static const struct haft_slice roles[] = {{"admin", 5}};

    (void)a;
    (void)call;
    if (haft_slice_is(in->scheme, HAFT_SCHEME_PEER) &&
        in->uid == in->owner_uid) {
        out->verdict = HAFT_AUTH_KNOWN;
        out->principal = haft_text("exhibit:owner");
        out->roles = haft_items(roles, 1, sizeof(roles[0]));
    }
    return HAFT_OK;
}
HAFT_METHOD(authenticate, struct auth, struct haft_auth_authenticate_in,
            struct haft_auth_authenticate_out);

/* ---- storage ---- */

#define RECORDS 4096

struct record {
    struct haft_slice key;
    struct haft_slice value;
    uint64_t version;
};

struct storage {
    struct haft_base base;
    uint64_t batch;
    uint32_t count;
    struct record records[RECORDS];
};

static struct haft_slice keep(struct haft_slice s)
{
    return haft_bytes(haft_copy_text(s), s.n);
}

static void forget(struct record *r)
{
    free((char *)(uintptr_t)r->key.p);
    free((char *)(uintptr_t)r->value.p);
}

static int compare(struct haft_slice a, struct haft_slice b)
{
    uint64_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static uint32_t place(const struct storage *s, struct haft_slice key)
{
    uint32_t i = 0;

    while (i < s->count && compare(key, s->records[i].key) > 0) {
        i++;
    }
    return i;
}

static struct record *find(struct storage *s, struct haft_slice key)
{
    uint32_t i = place(s, key);

    return i < s->count && compare(key, s->records[i].key) == 0 ? &s->records[i]
                                                                : NULL;
}

/* Each operation sees what those before it in the batch will have done. */
static int holds(struct storage *s, struct haft_array ops, uint32_t k)
{
    const struct haft_storage_op *op = haft_item(ops, k);
    const struct record *r = find(s, op->key);
    uint64_t version = r ? r->version : 0;
    int is_there = r != NULL;

    for (uint32_t i = 0; i < k; i++) {
        const struct haft_storage_op *earlier = haft_item(ops, i);

        if (earlier->op != HAFT_STORAGE_CHECK &&
            compare(earlier->key, op->key) == 0) {
            is_there = earlier->op == HAFT_STORAGE_PUT;
            version = earlier->version;
        }
    }
    return op->guard == HAFT_STORAGE_ABSENT ? !is_there
           : op->guard == HAFT_STORAGE_EQUAL
               ? is_there && version == op->expected
               : 1;
}

static void apply(struct storage *s, const struct haft_storage_op *op)
{
    struct record *r = find(s, op->key);

    if (r && op->op != HAFT_STORAGE_CHECK) {
        forget(r);
        memmove(r, r + 1, (size_t)(&s->records[s->count] - r - 1) * sizeof(*r));
        s->count--;
    }
    if (op->op == HAFT_STORAGE_PUT && s->count < RECORDS) {
        r = &s->records[place(s, op->key)];
        memmove(r + 1, r, (size_t)(&s->records[s->count] - r) * sizeof(*r));
        *r = (struct record){keep(op->key), keep(op->value), op->version};
        s->count++;
    }
}

static haft_status commit(struct storage *s, const struct haft_call *call,
                          const struct haft_storage_commit_in *in, void *out)
{
    const struct haft_host *host = s->base.host;

    (void)out;
    if (in->batch <= s->batch) {
        return HAFT_OK;
    }
    if (in->batch > s->batch + 1 || s->count + in->ops.count > RECORDS) {
        return haft_fail(host, call, HAFT_INVALID, "exhibit.batch",
                         "not the next one, or too large");
    }
    for (uint32_t i = 0; i < in->ops.count; i++) {
        if (!holds(s, in->ops, i)) {
            return haft_fail(host, call, HAFT_CONFLICT, "exhibit.guard",
                             "a guard does not hold");
        }
    }
    for (uint32_t i = 0; i < in->ops.count; i++) {
        apply(s, haft_item(in->ops, i));
    }
    s->batch = in->batch;
    return HAFT_OK;
}
HAFT_METHOD(commit, struct storage, struct haft_storage_commit_in, void);

static haft_status last(struct storage *s, const struct haft_call *call,
                        const struct haft_storage_last_in *in,
                        struct haft_storage_last_out *out)
{
    (void)call;
    (void)in;
    out->batch = s->batch;
    return HAFT_OK;
}
HAFT_METHOD(last, struct storage, struct haft_storage_last_in,
            struct haft_storage_last_out);

static haft_status get(struct storage *s, const struct haft_call *call,
                       const struct haft_storage_get_in *in,
                       struct haft_storage_get_out *out)
{
    const struct record *r = find(s, in->key);

    (void)call;
    if (r) {
        out->is_found = 1;
        out->version = r->version;
        out->value = r->value;
    }
    return HAFT_OK;
}
HAFT_METHOD(get, struct storage, struct haft_storage_get_in,
            struct haft_storage_get_out);

static int is_asked_for(const struct haft_storage_scan_in *in,
                        const struct record *r)
{
    int order = in->after.n > 0 ? compare(r->key, in->after) : 0;

    if (in->prefix.n > r->key.n ||
        (in->prefix.n > 0 && memcmp(r->key.p, in->prefix.p, in->prefix.n))) {
        return 0;
    }
    return in->after.n == 0 ||
           (in->flags & HAFT_STORAGE_REVERSE ? order < 0 : order > 0);
}

static haft_status scan(struct storage *s, const struct haft_call *call,
                        const struct haft_storage_scan_in *in,
                        struct haft_storage_scan_out *out)
{
    const struct haft_host *host = s->base.host;
    uint32_t limit = in->limit && in->limit < 1000 ? in->limit : 1000;
    struct haft_storage_record *found =
        host->alloc(host->self, call->id, limit * sizeof(*found));
    uint32_t count = 0;

    if (!found) {
        return -HAFT_RESOURCE;
    }
    for (uint32_t i = 0; i < s->count && !out->has_more; i++) {
        const struct record *r =
            &s->records[in->flags & HAFT_STORAGE_REVERSE ? s->count - 1 - i
                                                         : i];

        if (is_asked_for(in, r) && count == limit) {
            out->has_more = 1;
        } else if (is_asked_for(in, r)) {
            found[count].version = r->version;
            found[count].key = r->key;
            found[count].value = in->flags & HAFT_STORAGE_KEYS_ONLY
                                     ? haft_bytes(NULL, 0)
                                     : r->value;
            count++;
        }
    }
    out->records = haft_items(found, count, sizeof(*found));
    return HAFT_OK;
}
HAFT_METHOD(scan, struct storage, struct haft_storage_scan_in,
            struct haft_storage_scan_out);

static void end_storage(struct haft_instance *instance)
{
    struct storage *s = (struct storage *)instance;

    for (uint32_t i = 0; i < s->count; i++) {
        forget(&s->records[i]);
    }
    haft_base_free(instance);
}

/* ---- the module ---- */

static const haft_method executor_methods[] = {start_method, cancel_method,
                                               recover_method, release_method};
static const haft_method notify_methods[] = {deliver_method};
static const haft_method retry_methods[] = {decide_method};
static const haft_method auth_methods[] = {authenticate_method};
static const haft_method storage_methods[] = {commit_method, last_method,
                                              get_method, scan_method};

#define CREATE(noun, interface, end)                                           \
    static haft_status create_##noun(const struct haft_host *host,             \
                                     const struct haft_create *with,           \
                                     struct haft_instance **out)               \
    {                                                                          \
        struct noun *i = haft_base_create(sizeof(*i), host, end);              \
                                                                               \
        if (!i) {                                                              \
            return -HAFT_RESOURCE;                                             \
        }                                                                      \
        take_##noun(i, with);                                                  \
        haft_base_offer(&i->base, &interface, noun##_methods);                 \
        return haft_base_give(&i->base, out);                                  \
    }                                                                          \
    static const struct haft_class noun##_class = {                            \
        sizeof(noun##_class), 0, "haft." #noun "/1", "exhibit", create_##noun}

static void take_notify(struct notify *n, const struct haft_create *with)
{
    n->file = haft_copy_text(haft_option_text(with, "file"));
}

#define take_executor(i, with) (void)(with)
#define take_retry(i, with) (void)(with)
#define take_auth(i, with) (void)(with)
#define take_storage(i, with) (void)(with)

CREATE(executor, haft_executor_v1, NULL);
CREATE(notify, haft_notify_v1, end_notify);
CREATE(retry, haft_retry_v1, NULL);
CREATE(auth, haft_auth_v1, NULL);
CREATE(storage, haft_storage_v1, end_storage);

static const struct haft_class *const classes[] = {
    &executor_class, &notify_class,  &retry_class,
    &auth_class,     &storage_class, NULL};

HAFT_MODULE(museum_1, "1.0.0", classes, "museum.json");
