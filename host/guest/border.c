#include "host/guest/border.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "host/base/log.h"
#include "host/guest/codec.h"
#include "host/guest/entry.h"
#include "host/guest/instance.h"
#include "host/plain/mem.h"
#include "host/plain/nearest.h"

struct port {
    struct entry entry;
    struct haft_object object;
    struct guest *guest;
    struct border_service of;
};

/* What was posted, on its way to the loop. */
struct post {
    struct queue_item item;
    struct port *port;
    uint32_t method;
    const void *in;
    struct scratch mem;
};

/* What a thread of a plugin asked, and waits for. */
struct ask {
    struct queue_item item;
    struct port *port;
    uint32_t method;
    const struct haft_call *call;
    const void *in;
    void *out;
    haft_status status;
    bool is_done;
    pthread_mutex_t lock;
    pthread_cond_t done;
};

static const struct haft_signature *signature(const struct port *port,
                                              uint32_t method)
{
    return &port->of.service->interface->methods[method];
}

static haft_status serve(struct port *port, uint32_t method,
                         const struct haft_call *call, const void *in,
                         void *out)
{
    const struct guest_service *s = port->of.service;

    return s->any ? s->any(s->ctx, method, call, in, out)
                  : s->methods[method](s->ctx, port->guest, call, in, out);
}

/* ---- posts ---- */

static void on_post(struct queue_item *item)
{
    struct post *p = (struct post *)item;
    const struct haft_call none = {.size = sizeof(none),
                                   .deadline_ms = INT64_MAX};

    if (!calls_are_stopped(p->port->guest->calls)) {
        serve(p->port, p->method, &none, p->in, NULL);
    }
    scratch_finish(&p->mem);
    mem_free(p);
}

static void post(struct port *port, uint32_t method, const void *in)
{
    const struct haft_record *record = signature(port, method)->in;
    struct post *p = mem_new(1, sizeof(*p));

    scratch_init(&p->mem);
    p->item.handle = on_post;
    p->port = port;
    p->method = method;
    p->in = codec_copy(&p->mem, record, record, in);
    queue_add(calls_queue(port->guest->calls), &p->item);
}

/* ---- questions ---- */

/* Into the asker's message, which may be shorter or longer than ours. What
 * slices point at is copied to the visit, which ends after the asker's use. */
static haft_status give(const struct haft_record *record, const void *ours,
                        struct call_job *job, void *out)
{
    uint32_t size;

    if (!job && !codec_is_flat(record)) {
        return -HAFT_UNIMPLEMENTED; /* nothing could keep it for the asker */
    }
    memcpy(&size, out, sizeof(size));
    if (job) {
        ours = codec_copy(&job->mem, record, record, ours);
    }
    memcpy((char *)out + sizeof(size), (const char *)ours + sizeof(size),
           (size < record->size ? size : record->size) - sizeof(size));
    return HAFT_OK;
}

static haft_status ask_here(struct port *port, uint32_t method,
                            const struct haft_call *call, const void *in,
                            void *out)
{
    const struct haft_signature *s = signature(port, method);
    struct call_job *job = call_now();
    struct scratch mem;
    haft_status status;

    scratch_init(&mem);

    const void *ours_in = codec_adapt(&mem, s->in, s->in, in);
    void *ours_out = s->out ? scratch_take(&mem, s->out->size) : NULL;

    if (ours_out) {
        memcpy(ours_out, &s->out->size, sizeof(s->out->size));
    }
    status = serve(port, method, call, ours_in, ours_out);
    if (status == HAFT_OK && ours_out) {
        status = give(s->out, ours_out, job, out);
    }
    scratch_finish(&mem);
    return status == HAFT_PENDING ? -HAFT_INTERNAL : status;
}

static void on_ask(struct queue_item *item)
{
    struct ask *a = (struct ask *)item;
    haft_status status =
        calls_are_stopped(a->port->guest->calls)
            ? -HAFT_CANCELLED
            : ask_here(a->port, a->method, a->call, a->in, a->out);

    pthread_mutex_lock(&a->lock);
    a->status = status;
    a->is_done = true;
    pthread_cond_signal(&a->done);
    pthread_mutex_unlock(&a->lock);
}

static haft_status ask_loop(struct port *port, uint32_t method,
                            const struct haft_call *call, const void *in,
                            void *out)
{
    struct ask a = {.item.handle = on_ask,
                    .port = port,
                    .method = method,
                    .call = call,
                    .in = in,
                    .out = out,
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .done = PTHREAD_COND_INITIALIZER};

    if (!calls_add_wait(port->guest->calls, &a.item)) {
        return -HAFT_CANCELLED;
    }
    pthread_mutex_lock(&a.lock);
    while (!a.is_done) {
        pthread_cond_wait(&a.done, &a.lock);
    }
    pthread_mutex_unlock(&a.lock);
    pthread_cond_destroy(&a.done);
    pthread_mutex_destroy(&a.lock);
    return a.status;
}

/* ---- the entry of everything ---- */

static haft_status refuse(struct port *port, uint32_t method, const char *what)
{
    struct guest *g = port->guest;
    uint64_t n = atomic_fetch_add(&g->faulty, 1) + 1;

    if ((n & (n - 1)) == 0) {
        struct log_room room = {0};

        log_warn("guest",
                 "service refused kind=%s name=%s service=%s method=%s "
                 "reason=%s times=%llu",
                 g->kind, g->name, port->of.service->interface->id,
                 signature(port, method)->name, log_quoted(&room, what),
                 (unsigned long long)n);
    }
    return -HAFT_INVALID;
}

/* Whether the message, and the place for the answer, can be worked with. */
static bool check(struct port *port, uint32_t method, const void *in, void *out)
{
    const struct haft_signature *s = signature(port, method);
    uint32_t size;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (!in) {
        str_addf(&why, "%s: wanted a message, found NULL", s->in->name);
    } else if (codec_check(s->in, in, &why) && s->out && !out) {
        str_addf(&why, "%s: wanted room for the answer, found NULL",
                 s->out->name);
    } else if (why.size == 0 && s->out) {
        memcpy(&size, out, sizeof(size));
        if (size < s->out->least || size > CODEC_SIZE_LIMIT) {
            str_addf(&why, "%s.size: wanted at least %u, found %u",
                     s->out->name, s->out->least, size);
        }
    }

    bool is_good = why.size == 0;

    if (!is_good) {
        refuse(port, method, why.text);
    }
    str_finish(&why);
    return is_good;
}

static haft_status enter(struct entry *self, uint32_t method,
                         const struct haft_call *call, const void *in,
                         void *out)
{
    struct port *port = (struct port *)self;
    struct guest *g = port->guest;
    const struct haft_call none = {.size = sizeof(none),
                                   .deadline_ms = INT64_MAX};

    if (!check(port, method, in, out)) {
        return -HAFT_INVALID;
    }
    if (port->of.is_any_thread) {
        return ask_here(port, method, call ? call : &none, in, out);
    }
    if (!atomic_load(&g->is_made)) {
        return -HAFT_DENIED; /* create may ask log and clock alone */
    }
    if (calls_are_stopped(g->calls)) {
        return -HAFT_CANCELLED;
    }
    if (signature(port, method)->flags & HAFT_POST) {
        post(port, method, in);
        return HAFT_OK;
    }
    if (calls_on_loop(g->calls)) {
        return ask_here(port, method, call ? call : &none, in, out);
    }
    return port->of.is_for_loop_only
               ? refuse(port, method, "asked from another thread")
               : ask_loop(port, method, call ? call : &none, in, out);
}

/* ---- haft_host ---- */

static bool may_ask(const struct guest *g, const struct border_service *s)
{
    return s->is_for_all ||
           (manifest_has(g->class->needs, s->service->interface->id) &&
            g->class->thread != MANIFEST_PURE &&
            (!s->is_for_loop_only || g->class->thread == MANIFEST_LOOP));
}

/* Without this line an author would see no more than a task that never ends. */
static void tell_withheld(struct guest *g, const struct border_service *s)
{
    const char *id = s->service->interface->id;
    uint64_t n = atomic_fetch_add(&g->faulty, 1) + 1;
    const char *reason = "the manifest does not list it under needs";

    if (g->class->thread == MANIFEST_PURE) {
        reason = "a class of thread pure asks for nothing";
    } else if (manifest_has(g->class->needs, id)) {
        reason = "it is for classes of thread loop";
    }
    if ((n & (n - 1)) == 0) {
        struct log_room room = {0};

        log_warn("guest",
                 "service withheld kind=%s name=%s service=%s reason=%s "
                 "times=%llu",
                 g->kind, g->name, id, log_quoted(&room, reason),
                 (unsigned long long)n);
    }
}

static const struct haft_object *query(void *self, const char *id)
{
    struct guest *g = self;

    for (size_t i = 0; id && i < g->ports_count; i++) {
        if (strcmp(g->ports[i].of.service->interface->id, id) == 0) {
            return &g->ports[i].object;
        }
    }
    for (size_t i = 0; id && i < g->services_count; i++) {
        if (strcmp(g->services[i].service->interface->id, id) == 0) {
            tell_withheld(g, &g->services[i]);
        }
    }
    return NULL;
}

/* This thread's visit, if it is the one of that call. */
static struct call_job *visit_of(struct guest *g, uint64_t call)
{
    struct call_job *job = call_now();

    return job && job->guest == g && job->call.id == call ? job : NULL;
}

static void *alloc(void *self, uint64_t call, uint64_t size_bytes)
{
    struct call_job *job = visit_of(self, call);

    if (!job || size_bytes > CODEC_BYTES_LIMIT) {
        return NULL;
    }
    return scratch_take(&job->mem, size_bytes > 0 ? size_bytes : 1);
}

static haft_status fault(void *self, uint64_t call,
                         const struct haft_fault *said)
{
    struct call_job *job = visit_of(self, call);
    struct str why;

    if (!job) {
        return HAFT_STALE;
    }
    str_init(&why, STR_WHY_LIMIT);

    bool is_good = said && codec_check(&haft_fault_record, said, &why);

    if (is_good) {
        job->fault =
            codec_copy(&job->mem, &haft_fault_record, &haft_fault_record, said);
    } else {
        atomic_fetch_add(&job->guest->faulty, 1);
        log_warn("guest", "fault refused kind=%s name=%s reason=%s",
                 job->guest->kind, job->guest->name,
                 log_quoted(&(struct log_room){0}, why.text));
    }
    str_finish(&why);
    return is_good ? HAFT_OK : -HAFT_INVALID;
}

static haft_status complete(void *self, uint64_t call, haft_status status,
                            const void *out, const struct haft_fault *said)
{
    return call_complete(self, call, status, out, said);
}

static int32_t cancelled(void *self, uint64_t call)
{
    return call_is_cancelled(self, call) ? 1 : 0;
}

static void open_port(struct port *port, struct guest *g,
                      const struct border_service *s)
{
    const struct haft_interface *i = s->service->interface;

    assert(i->count <= ENTRIES);
    port->entry.enter = enter;
    port->guest = g;
    port->of = *s;
    port->object = (struct haft_object){
        .size = sizeof(port->object),
        .count = i->count,
        .interface = i,
        .methods = entries,
        .self = port,
    };
}

/* A plugin may do without a service that this host lacks; a slip of the pen is
 * more likely. */
static void check_needs(const struct guest *g)
{
    const cJSON *need;

    cJSON_ArrayForEach(need, g->class->needs)
    {
        struct nearest near;
        bool is_there = false;

        nearest_init(&near, need->valuestring);
        for (size_t i = 0; i < g->services_count; i++) {
            const char *id = g->services[i].service->interface->id;

            nearest_try(&near, id);
            is_there |= strcmp(id, need->valuestring) == 0;
        }
        if (!is_there) {
            struct log_room room = {0};

            log_warn("guest",
                     "service unknown kind=%s name=%s needs=%s nearest=%s",
                     g->kind, g->name, log_quoted(&room, need->valuestring),
                     near.best ? near.best : "none");
        }
    }
}

void border_open(struct guest *guest, const struct border_service *services,
                 size_t count)
{
    guest->services = services;
    guest->services_count = count;
    check_needs(guest);
    guest->ports = mem_new(count, sizeof(*guest->ports));
    for (size_t i = 0; i < count; i++) {
        if (may_ask(guest, &services[i])) {
            open_port(&guest->ports[guest->ports_count++], guest, &services[i]);
        }
    }
    guest->host = (struct haft_host){
        .size = sizeof(guest->host),
        .abi = HAFT_ABI,
        .self = guest,
        .query = query,
        .alloc = alloc,
        .fault = fault,
        .complete = complete,
        .cancelled = cancelled,
    };
}

void border_close(struct guest *guest)
{
    mem_free(guest->ports);
    guest->ports = NULL;
    guest->ports_count = 0;
}
