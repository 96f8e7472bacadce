/* A small plugin of every kind, right but for the one way in which it is wrong:
 * -DMUTANT=NAME says which. Each is to be found by the case that was made for
 * it, and by no other (tests/e2e/plugin_check). */
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <haft/auth.h>
#include <haft/executor.h>
#include <haft/notify.h>
#include <haft/retry.h>
#include <haft/sdk.h>
#include <haft/storage.h>

enum mutant {
    NONE,
    /* the module, its options, its instances */
    WRONG_VERSION,
    NO_INTERFACE,
    REFUSES_DEFAULTS,
    FEARS_MOST,
    TRUSTS_TYPES,
    LEAKS_MEMORY,
    LEAKS_DESCRIPTOR,
    LEAKS_THREAD,
    SHARES_STATE,
    /* what belongs to the process */
    CATCHES_SIGNAL,
    CHANGES_FOLDER,
    SETS_LOCALE,
    SETS_UMASK,
    SETS_ENVIRONMENT,
    SETS_LIMIT,
    INHERITS_DESCRIPTOR,
    /* messages */
    READS_ON,
    STEPS_BY_SIZEOF,
    WANTS_ITS_SIZE,
    FEARS_NUL,
    FIXED_ROOM,
    FEARS_EMPTY,
    WRITES_NO_UTF8,
    /* the host */
    IGNORES_REFUSAL,
    IGNORES_NO_MEMORY,
    TRUSTS_DISK,
    FAILS_CANCELLED,
    STAYS_CANCELLED,
    HANGS_LATE,
    BAD_ORDER,
    CAGES_DIFFER,
    /* the kinds */
    REFUSES_BATCH,
    REFUSES_AGAIN,
    APPLIES_AGAIN,
    GUARDS_LATE,
    CUTS_AT_NUL,
    NO_ORDER,
    DROPS_MANY,
    LOSES_ALL,
    WRITES_LATE,
    ENDS_TWICE,
    WRONG_FENCE,
    STARTS_TWICE,
    NO_UNKNOWN_CANCEL,
    FORGETS_END,
    NEVER_FORGETS,
    NOT_PURE,
    NOT_BOUNDED,
    TRIES_ON,
    NOT_MONOTONE,
    TAKES_FOREIGN,
    ONE_NAME
};

static const enum mutant wrong = MUTANT;

#define ENTRIES 64
#define TEXT_LIMIT 256

struct entry {
    uint64_t version;
    size_t key_size, value_size;
    char key[TEXT_LIMIT], value[TEXT_LIMIT];
};

struct attempt {
    uint64_t id, fence;
    int is_ended;
};

struct instance {
    struct haft_base base;
    int fd;
    char path[4096];      /* storage */
    int32_t is_cancelled; /* retry */
    uint64_t seen;        /* notify */
    uint64_t last;        /* storage */
    struct entry entries[ENTRIES];
    struct haft_storage_record records[ENTRIES];
    size_t count;
    struct attempt attempts[ENTRIES]; /* executor */
    size_t starts;
};

static int is_shut;          /* of SHARES_STATE */
static uint64_t last_of_all; /* of LOSES_ALL */
static int64_t questions;

/* ---- notify ---- */

static void look(const struct haft_notify_event *e)
{
    if (wrong == READS_ON && e->json.n > 0 &&
        strlen((const char *)e->json.p) == SIZE_MAX) {
        abort();
    }
    if (wrong == FIXED_ROOM && e->json.n > 65536) {
        abort();
    }
    if (wrong == FEARS_EMPTY && *(const volatile char *)e->kind.p == '\n') {
        abort();
    }
}

static void write_down(uint32_t count)
{
    FILE *file = tmpfile();

    if (!file || fprintf(file, "%u events have come\n", count) < 0 ||
        fclose(file) != 0) {
        abort();
    }
}

static haft_status deliver(struct instance *m, const struct haft_call *call,
                           const struct haft_notify_deliver_in *in, void *out)
{
    (void)out;
    if (wrong == SHARES_STATE && is_shut) {
        return haft_fail(m->base.host, call, HAFT_INTERNAL, "mutant.shut",
                         "what is shared has been shut");
    }
    if (wrong == WANTS_ITS_SIZE && in->size != sizeof(*in)) {
        return -HAFT_INVALID;
    }
    if (wrong == REFUSES_BATCH && in->events.count > 1) {
        return -HAFT_INVALID;
    }
    if (wrong == TRUSTS_DISK) {
        write_down(in->events.count);
    }
    for (uint32_t i = 0; i < in->events.count; i++) {
        const struct haft_notify_event *e = haft_item(in->events, i);

        if (wrong == STEPS_BY_SIZEOF) {
            e = (const struct haft_notify_event *)in->events.p + i;
        }
        look(e);
        if (wrong == STEPS_BY_SIZEOF && e->seq > UINT32_MAX) {
            abort();
        }
        if (wrong == REFUSES_AGAIN && e->seq <= m->seen) {
            return -HAFT_CONFLICT;
        }
        m->seen = e->seq;
    }
    return HAFT_OK;
}
HAFT_METHOD(deliver, struct instance, struct haft_notify_deliver_in, void);
static const haft_method notify_methods[] = {deliver_method};

/* ---- storage ---- */

static size_t size_of(struct haft_slice s)
{
    size_t n = s.n < TEXT_LIMIT ? s.n : TEXT_LIMIT;

    return wrong == CUTS_AT_NUL && n > 0 ? strnlen(s.p, n) : n;
}

static struct entry *find(struct instance *m, struct haft_slice key)
{
    size_t n = size_of(key);

    for (size_t i = 0; i < m->count; i++) {
        if (m->entries[i].key_size == n &&
            (n == 0 || memcmp(m->entries[i].key, key.p, n) == 0)) {
            return &m->entries[i];
        }
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    size_t n = x->key_size < y->key_size ? x->key_size : y->key_size;
    int order = memcmp(x->key, y->key, n);

    return order ? order : (x->key_size > y->key_size) * 2 - 1;
}

static void set(struct instance *m, const struct haft_storage_op *op)
{
    struct entry *e = find(m, op->key);

    if (op->op == HAFT_STORAGE_DELETE && e) {
        *e = m->entries[--m->count];
    } else if (op->op == HAFT_STORAGE_PUT && (e || m->count < ENTRIES)) {
        e = e ? e : &m->entries[m->count++];
        e->version = op->version;
        e->key_size = size_of(op->key);
        e->value_size = op->value.n < TEXT_LIMIT ? op->value.n : TEXT_LIMIT;
        memcpy(e->key, op->key.n ? op->key.p : "", e->key_size);
        memcpy(e->value, op->value.n ? op->value.p : "", e->value_size);
    }
    if (wrong == DROPS_MANY && m->count > 9) {
        m->count--;
    }
    if (wrong != NO_ORDER) {
        qsort(m->entries, m->count, sizeof(m->entries[0]), compare);
    }
}

/* Of WRITES_LATE: the number at once, the entries at the end. */
struct kept {
    uint64_t last;
    size_t count;
    struct entry entries[ENTRIES];
};

static void read_kept(struct instance *m)
{
    static struct kept kept;
    FILE *file = fopen(m->path, "r");

    if (file && fread(&kept, 1, sizeof(kept), file) > 0) {
        m->last = kept.last;
        m->count = kept.count;
        memcpy(m->entries, kept.entries, sizeof(kept.entries));
    }
    if (file) {
        fclose(file);
    }
}

static void write_kept(const struct instance *m, int is_end)
{
    static struct kept kept;
    FILE *file = fopen(m->path, "w");

    kept.last = m->last;
    kept.count = is_end ? m->count : 0;
    memcpy(kept.entries, m->entries, sizeof(kept.entries));
    if (file) {
        fwrite(&kept, 1, sizeof(kept), file);
        fclose(file);
    }
}

/* One after the other; what was done is undone by the copy of before. */
static haft_status commit(struct instance *m,
                          const struct haft_storage_commit_in *in)
{
    static struct entry before[ENTRIES];
    size_t count = m->count;

    if (in->batch <= m->last && wrong != APPLIES_AGAIN) {
        return HAFT_OK;
    }
    if (in->batch > m->last + 1) {
        return -HAFT_INVALID;
    }
    memcpy(before, m->entries, sizeof(before));
    for (uint32_t i = 0; i < in->ops.count; i++) {
        const struct haft_storage_op *op = haft_item(in->ops, i);
        const struct entry *e = find(m, op->key);

        if ((op->guard == HAFT_STORAGE_ABSENT && e) ||
            (op->guard == HAFT_STORAGE_EQUAL &&
             (!e || e->version != op->expected))) {
            if (wrong != GUARDS_LATE) {
                memcpy(m->entries, before, sizeof(before));
                m->count = count;
            }
            return -HAFT_CONFLICT;
        }
        set(m, op);
    }
    m->last = in->batch;
    last_of_all = m->last;
    if (wrong == WRITES_LATE) {
        write_kept(m, 0);
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(commit, struct instance, struct haft_storage_commit_in);

static haft_status last(struct instance *m, const struct haft_call *call,
                        const struct haft_storage_last_in *in,
                        struct haft_storage_last_out *out)
{
    (void)call;
    (void)in;
    out->batch = wrong == LOSES_ALL && m->last == 0 ? last_of_all : m->last;
    return HAFT_OK;
}
HAFT_METHOD(last, struct instance, struct haft_storage_last_in,
            struct haft_storage_last_out);

static haft_status get(struct instance *m, const struct haft_call *call,
                       const struct haft_storage_get_in *in,
                       struct haft_storage_get_out *out)
{
    const struct entry *e = find(m, in->key);

    (void)call;
    if (e) {
        out->is_found = 1;
        out->version = e->version;
        out->value = haft_bytes(e->value, e->value_size);
    }
    return HAFT_OK;
}
HAFT_METHOD(get, struct instance, struct haft_storage_get_in,
            struct haft_storage_get_out);

/* Whether a key is one that a scan is for. */
static int is_wanted(const struct entry *e,
                     const struct haft_storage_scan_in *in)
{
    struct entry after = {.key_size =
                              in->after.n < TEXT_LIMIT ? in->after.n : 0};

    if (in->prefix.n > e->key_size ||
        (in->prefix.n && memcmp(e->key, in->prefix.p, in->prefix.n) != 0)) {
        return 0;
    }
    if (in->after.n == 0) {
        return 1;
    }
    memcpy(after.key, in->after.p, after.key_size);
    if (after.key_size == e->key_size &&
        memcmp(after.key, e->key, e->key_size) == 0) {
        return 0;
    }
    return (compare(e, &after) > 0) == !(in->flags & HAFT_STORAGE_REVERSE);
}

static haft_status scan(struct instance *m, const struct haft_call *call,
                        const struct haft_storage_scan_in *in,
                        struct haft_storage_scan_out *out)
{
    uint32_t count = 0;

    (void)call;
    for (size_t i = 0; i < m->count; i++) {
        int is_back = (in->flags & HAFT_STORAGE_REVERSE) != 0;
        const struct entry *e = &m->entries[is_back ? m->count - 1 - i : i];

        if (!is_wanted(e, in)) {
            continue;
        }
        if (in->limit && count == in->limit) {
            out->has_more = 1;
            break;
        }
        m->records[count].version = e->version;
        m->records[count].key = haft_bytes(e->key, e->key_size);
        m->records[count].value = haft_bytes(
            e->value, in->flags & HAFT_STORAGE_KEYS_ONLY ? 0 : e->value_size);
        count++;
    }
    out->records = haft_items(m->records, count, sizeof(m->records[0]));
    return HAFT_OK;
}
HAFT_METHOD(scan, struct instance, struct haft_storage_scan_in,
            struct haft_storage_scan_out);
static const haft_method storage_methods[] = {commit_method, last_method,
                                              get_method, scan_method};

/* ---- retry ---- */

/* By the name of the program: haft worker, or haft plugin check. */
static int is_caged(void)
{
    char line[256] = "";
    FILE *file = fopen("/proc/self/cmdline", "r");
    size_t size = file ? fread(line, 1, sizeof(line) - 1, file) : 0;

    if (file) {
        fclose(file);
    }
    return size > 0 && strcmp(line + strlen(line) + 1, "worker") == 0;
}

static haft_status decide(struct instance *m, const struct haft_call *call,
                          const struct haft_retry_decide_in *in,
                          struct haft_retry_decide_out *out)
{
    int64_t most = in->max > 0 ? in->max : 3;

    m->is_cancelled |= m->base.host->cancelled(m->base.host->self, call->id);
    if (wrong == STAYS_CANCELLED && m->is_cancelled) {
        return -HAFT_CANCELLED;
    }
    if (wrong == FAILS_CANCELLED &&
        m->base.host->cancelled(m->base.host->self, call->id)) {
        return -HAFT_INTERNAL;
    }
    if (wrong == HANGS_LATE &&
        call->deadline_ms < haft_now(m->base.host).monotonic_ms) {
        for (;;) {
            pause();
        }
    }
    if (in->tries > most && wrong != TRIES_ON) {
        return HAFT_OK; /* the verdict is zero, HAFT_RETRY_FAIL */
    }
    out->verdict = HAFT_RETRY_AGAIN;
    out->delay_ms = 1000 * (in->tries % 100);
    out->reason = haft_text("hope");
    if (wrong == NOT_PURE) {
        out->delay_ms += questions++;
    }
    if (wrong == NOT_BOUNDED && in->tries == 4) {
        out->delay_ms = INT64_MAX;
    }
    if (wrong == NOT_MONOTONE && in->tries == 2) {
        out->verdict = HAFT_RETRY_FAIL;
    }
    if (wrong == CAGES_DIFFER) {
        out->reason = haft_text(is_caged() ? "caged hope" : "free hope");
    }
    return HAFT_OK;
}
HAFT_METHOD(decide, struct instance, struct haft_retry_decide_in,
            struct haft_retry_decide_out);
static const haft_method retry_methods[] = {decide_method};

/* ---- auth ---- */

static haft_status authenticate(struct instance *m,
                                const struct haft_call *call,
                                const struct haft_auth_authenticate_in *in,
                                struct haft_auth_authenticate_out *out)
{
    const struct haft_host *host = m->base.host;
    int is_peer = haft_slice_is(in->scheme, HAFT_SCHEME_PEER);
    char *name;

    if (wrong == FEARS_NUL && in->credential.n > 0 &&
        memchr(in->credential.p, 0, in->credential.n)) {
        abort();
    }
    if (wrong == WRITES_NO_UTF8) {
        haft_log(host, HAFT_LOG_INFO, "not \xff text", NULL, haft_text(NULL));
    }
    if (wrong == TAKES_FOREIGN && !is_peer &&
        !haft_slice_is(in->scheme, HAFT_SCHEME_BEARER)) {
        out->verdict = HAFT_AUTH_KNOWN;
        out->principal = haft_text("anybody");
        return HAFT_OK;
    }
    if (!is_peer || (in->uid != in->owner_uid && wrong != ONE_NAME)) {
        return HAFT_OK; /* the verdict is zero, HAFT_AUTH_ABSTAIN */
    }
    name = host->alloc(host->self, call->id, 32);
    if (!name && wrong != IGNORES_NO_MEMORY) {
        return -HAFT_RESOURCE;
    }
    memcpy(name, "user:owner", 11);
    out->verdict = HAFT_AUTH_KNOWN;
    out->principal = haft_text(name);
    return HAFT_OK;
}
HAFT_METHOD(authenticate, struct instance, struct haft_auth_authenticate_in,
            struct haft_auth_authenticate_out);
static const haft_method auth_methods[] = {authenticate_method};

/* ---- executor ---- */

static haft_status ask_process(struct instance *m, uint32_t method,
                               const void *in, void *out)
{
    return haft_ask_host(m->base.host, HAFT_PROCESS_V1, method, in, out);
}

/* Its place, or a free one; NULL if there is none. */
static struct attempt *attempt_of(struct instance *m, uint64_t id)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        if (m->attempts[i].id == id) {
            return &m->attempts[i];
        }
    }
    return id ? attempt_of(m, 0) : NULL;
}

static void say_started(struct instance *m, const struct attempt *a)
{
    HAFT_NEW(haft_attempt_started_in, started);

    started.attempt = a->id;
    started.fence = a->fence;
    haft_ask_host(m->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_STARTED, &started,
                  NULL);
}

static haft_status start(struct instance *m, const struct haft_call *call,
                         const struct haft_executor_start_in *in, void *out)
{
    struct attempt *a = attempt_of(m, in->attempt);
    haft_status status;
    HAFT_NEW(haft_process_start_in, child);
    HAFT_NEW(haft_process_start_out, started);

    (void)call;
    (void)out;
    m->starts++;
    if (!a) {
        return -HAFT_RESOURCE;
    }
    if (a->id) {
        if (wrong == STARTS_TWICE) {
            say_started(m, a);
        }
        return HAFT_OK;
    }
    child.id = in->attempt;
    child.fence = in->fence;
    child.argv = in->argv;
    child.env = in->env;
    status = ask_process(m, HAFT_PROCESS_START, &child, &started);
    if (wrong == IGNORES_REFUSAL && status != HAFT_OK) {
        abort();
    }
    if (status == HAFT_OK) {
        a->id = in->attempt;
        a->fence = in->fence;
        a->is_ended = 0;
    }
    return status;
}
HAFT_METHOD(start, struct instance, struct haft_executor_start_in, void);

static haft_status cancel(struct instance *m,
                          const struct haft_executor_cancel_in *in)
{
    const struct attempt *a = attempt_of(m, in->attempt);
    HAFT_NEW(haft_process_signal_in, kill);

    if (wrong == NO_UNKNOWN_CANCEL && (!a || !a->id)) {
        return -HAFT_NOT_FOUND;
    }
    kill.id = in->attempt;
    kill.signal = SIGKILL;
    ask_process(m, HAFT_PROCESS_SIGNAL, &kill, NULL);
    return HAFT_OK;
}
HAFT_METHOD_IN(cancel, struct instance, struct haft_executor_cancel_in);

static haft_status recover(struct instance *m, const struct haft_call *call,
                           const struct haft_executor_recover_in *in,
                           struct haft_executor_recover_out *out)
{
    struct attempt *a = attempt_of(m, in->attempt);
    haft_status status;
    HAFT_NEW(haft_process_id_in, id);
    HAFT_NEW(haft_process_find_out, found);

    (void)call;
    id.id = in->attempt;
    status = ask_process(m, HAFT_PROCESS_FIND, &id, &found);
    if (status != HAFT_OK || !a) {
        return a ? status : -HAFT_RESOURCE;
    }
    if (found.state != HAFT_PROCESS_UNKNOWN) {
        a->id = in->attempt;
        a->fence = in->fence;
        out->state = found.state == HAFT_PROCESS_RUNNING ? HAFT_RECOVER_RUNNING
                                                         : HAFT_RECOVER_ENDED;
    }
    if (wrong == FORGETS_END) {
        ask_process(m, HAFT_PROCESS_RELEASE, &id, NULL);
    }
    return HAFT_OK;
}
HAFT_METHOD(recover, struct instance, struct haft_executor_recover_in,
            struct haft_executor_recover_out);

static haft_status release(struct instance *m,
                           const struct haft_executor_release_in *in)
{
    struct attempt *a = attempt_of(m, in->attempt);
    HAFT_NEW(haft_process_id_in, id);

    if (wrong == BAD_ORDER && m->starts == 0) {
        abort();
    }
    id.id = in->attempt;
    if (a) {
        a->id = 0;
    }
    return wrong == NEVER_FORGETS
               ? HAFT_OK
               : ask_process(m, HAFT_PROCESS_RELEASE, &id, NULL);
}
HAFT_METHOD_IN(release, struct instance, struct haft_executor_release_in);

static haft_status on_started(struct instance *m,
                              const struct haft_child_started_in *in)
{
    const struct attempt *a = attempt_of(m, in->id);

    if (a && a->id) {
        say_started(m, a);
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(on_started, struct instance, struct haft_child_started_in);

static haft_status on_ended(struct instance *m,
                            const struct haft_child_ended_in *in)
{
    struct attempt *a = attempt_of(m, in->id);
    int times = wrong == ENDS_TWICE ? 2 : 1;
    HAFT_NEW(haft_attempt_ended_in, ended);

    if (!a || !a->id || a->is_ended) {
        return HAFT_OK;
    }
    a->is_ended = 1;
    ended.attempt = a->id;
    ended.fence = a->fence + (wrong == WRONG_FENCE);
    ended.fault_class = in->signal ? HAFT_CANCELLED : 0;
    ended.signal = in->signal;
    while (times-- > 0) {
        haft_ask_host(m->base.host, HAFT_ATTEMPT_V1, HAFT_ATTEMPT_ENDED, &ended,
                      NULL);
    }
    return HAFT_OK;
}
HAFT_METHOD_IN(on_ended, struct instance, struct haft_child_ended_in);

static const haft_method executor_methods[] = {start_method, cancel_method,
                                               recover_method, release_method};
static const haft_method child_methods[] = {on_started_method, on_ended_method};

/* ---- instances ---- */

static void *wait_for_ever(void *ctx)
{
    for (;;) {
        pause();
    }
    return ctx;
}

static void leak(void)
{
    pthread_t thread;

    if (wrong == LEAKS_MEMORY) {
        memset(malloc(100), 1, 100);
    } else if (wrong == LEAKS_DESCRIPTOR) {
        open("/dev/null", O_RDONLY | O_CLOEXEC);
    } else if (wrong == LEAKS_THREAD) {
        pthread_create(&thread, NULL, wait_for_ever, NULL);
    }
}

static void spoil(struct instance *m)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    struct rlimit limit = {1 << 22, RLIM_INFINITY};

    if (wrong == CATCHES_SIGNAL) {
        sigaction(SIGUSR2, &action, NULL);
    } else if (wrong == CHANGES_FOLDER && chdir("/") != 0) {
        abort();
    } else if (wrong == SETS_LOCALE) {
        setlocale(LC_ALL, "C.UTF-8");
    } else if (wrong == SETS_UMASK) {
        umask(0027);
    } else if (wrong == SETS_ENVIRONMENT) {
        setenv("MUTANT", "1", 1);
    } else if (wrong == SETS_LIMIT) {
        setrlimit(RLIMIT_STACK, &limit);
    } else if (wrong == INHERITS_DESCRIPTOR) {
        m->fd = open("/dev/null", O_RDONLY);
    }
}

static void destroy(struct haft_instance *instance)
{
    struct instance *m = (struct instance *)(void *)instance;

    is_shut = 1;
    if (wrong == WRITES_LATE && m->path[0]) {
        write_kept(m, 1);
    }
    if (m->fd >= 0) {
        close(m->fd);
    }
    free(m);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct instance *m;

    if (wrong == REFUSES_DEFAULTS) {
        return haft_fail(host, NULL, HAFT_INVALID, "mutant.defaults",
                         "the defaults are refused");
    }
    if ((wrong == FEARS_MOST && haft_option_number(with, "room") == 100) ||
        (wrong == TRUSTS_TYPES &&
         *(const volatile char *)haft_option(with, "label", 0)->text.p == 0)) {
        abort();
    }
    m = haft_base_create(sizeof(*m), host, destroy);
    if (!m) {
        return -HAFT_RESOURCE;
    }
    m->fd = -1;
    is_shut = 0;
    snprintf(m->path, sizeof(m->path), "%.*s",
             (int)haft_option_text(with, "file").n,
             (const char *)haft_option_text(with, "file").p);
    if (wrong == WRITES_LATE && m->path[0]) {
        read_kept(m);
    }
    leak();
    spoil(m);
    return haft_base_give(&m->base, out);
}

#define CREATE(kind)                                                           \
    static haft_status create_##kind(const struct haft_host *host,             \
                                     const struct haft_create *with,           \
                                     struct haft_instance **out)               \
    {                                                                          \
        haft_status status = create(host, with, out);                          \
                                                                               \
        if (status == HAFT_OK && wrong != NO_INTERFACE) {                      \
            haft_base_offer((struct haft_base *)(void *)*out,                  \
                            &haft_##kind##_v1, kind##_methods);                \
        }                                                                      \
        return status;                                                         \
    }                                                                          \
    static const struct haft_class kind##_class = {sizeof(struct haft_class),  \
                                                   0, "haft." #kind "/1",      \
                                                   "mutant", create_##kind}
CREATE(notify);
CREATE(storage);
CREATE(retry);
CREATE(auth);

static haft_status create_executor(const struct haft_host *host,
                                   const struct haft_create *with,
                                   struct haft_instance **out)
{
    haft_status status = create(host, with, out);

    if (status == HAFT_OK) {
        struct haft_base *base = (struct haft_base *)(void *)*out;

        haft_base_offer(base, &haft_executor_v1, executor_methods);
        haft_base_offer(base, &haft_child_v1, child_methods);
    }
    return status;
}
static const struct haft_class executor_class = {
    sizeof(struct haft_class), 0, HAFT_EXECUTOR_V1, "mutant", create_executor};

static const struct haft_class *const classes[] = {
    &notify_class, &storage_class,  &retry_class,
    &auth_class,   &executor_class, NULL};
HAFT_MODULE(mutant, MUTANT == WRONG_VERSION ? "2.0.0" : "1.0.0", classes,
            "mutant.json");
