#include "host/check/bare.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "host/base/config.h"
#include "host/check/edge.h"
#include "host/guest/codec.h"
#include "host/guest/entry.h"
#include "host/guest/options.h"
#include "host/guest/wire.h"

#define PENDING_LIMIT_MS 1000 /* for an answer from a thread of its own */
#define TURN_MS 2             /* while others may not come in */
#define VALUES_LIMIT 65536

/* ---- the host, as the instance sees it ---- */

static haft_status serve(struct bare_service *s, uint32_t method,
                         const void *in, void *out)
{
    haft_status status;

    pthread_mutex_lock(&s->bare->lock);
    status = stage_serve(&s->bare->stage, s->interface, method, in, out);
    pthread_cond_broadcast(&s->bare->changed);
    pthread_mutex_unlock(&s->bare->lock);
    return status;
}

#define SERVE(n)                                                               \
    static haft_status serve_##n(void *self, const struct haft_call *call,     \
                                 const void *in, void *out)                    \
    {                                                                          \
        (void)call;                                                            \
        return serve(self, n, in, out);                                        \
    }
SERVE(0)
SERVE(1)
SERVE(2)
SERVE(3)
SERVE(4)

static const haft_method methods[] = {serve_0, serve_1, serve_2, serve_3,
                                      serve_4};

static const struct haft_object *query(void *self, const char *id)
{
    struct bare *b = self;

    for (size_t i = 0; i < STAGE_SERVICES && !b->stage.hides; i++) {
        if (strcmp(b->services[i].interface->id, id) == 0) {
            return &b->services[i].object;
        }
    }
    return NULL;
}

static void *alloc(void *self, uint64_t call, uint64_t size_bytes)
{
    struct bare *b = self;
    void *room = NULL;

    pthread_mutex_lock(&b->lock);
    if (!b->has_no_memory && call == b->call && call != 0 &&
        size_bytes <= CODEC_BYTES_LIMIT) {
        room = scratch_take(&b->mem, size_bytes);
    }
    pthread_mutex_unlock(&b->lock);
    return room;
}

static void take_fault(struct bare *b, const struct haft_fault *fault)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    str_reset(&b->reason);
    if (codec_check(&haft_fault_record, fault, &why)) {
        str_add(&b->reason, fault->message.p, fault->message.n);
    } else if (b->wrong) {
        str_addf(b->wrong, "a fault: %s", why.text);
    }
    str_finish(&why);
}

static haft_status fault(void *self, uint64_t call,
                         const struct haft_fault *fault)
{
    struct bare *b = self;

    (void)call;
    pthread_mutex_lock(&b->lock);
    take_fault(b, fault);
    pthread_mutex_unlock(&b->lock);
    return HAFT_OK;
}

static void take_answer(struct bare *b, const void *out)
{
    struct str why;

    if (!b->answer || !out) {
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (codec_check(b->answer, out, &why)) {
        wire_encode(b->answer, out, b->text);
    } else {
        str_addf(b->wrong, "an answer: %s", why.text);
    }
    str_finish(&why);
}

static haft_status complete(void *self, uint64_t call, haft_status status,
                            const void *out, const struct haft_fault *fault)
{
    struct bare *b = self;
    haft_status said = HAFT_STALE;

    pthread_mutex_lock(&b->lock);
    if (call == b->call && call != 0 && !b->is_ended) {
        b->is_ended = true;
        b->ended = status;
        if (fault) {
            take_fault(b, fault);
        }
        if (status == HAFT_OK) {
            take_answer(b, out);
        }
        said = HAFT_OK;
        pthread_cond_broadcast(&b->changed);
    }
    pthread_mutex_unlock(&b->lock);
    return said;
}

static int32_t cancelled(void *self, uint64_t call)
{
    const struct bare *b = self;

    (void)call;
    return b->is_cancelled;
}

/* ---- the module ---- */

static void init_host(struct bare *b)
{
    b->host = (struct haft_host){
        .size = sizeof(b->host),
        .abi = HAFT_ABI,
        .self = b,
        .query = query,
        .alloc = alloc,
        .fault = fault,
        .complete = complete,
        .cancelled = cancelled,
    };
    for (size_t i = 0; i < STAGE_SERVICES; i++) {
        struct bare_service *s = &b->services[i];

        s->bare = b;
        s->interface = stage_services[i];
        s->object = (struct haft_object){
            .size = sizeof(s->object),
            .count = s->interface->count,
            .interface = s->interface,
            .methods = methods,
            .self = s,
        };
    }
}

bool bare_load(struct bare *b, struct kit *kit)
{
    struct str why;
    bool is_good;

    *b = (struct bare){.kit = kit, .deadline_ms = INT64_MAX};
    stage_init(&b->stage);
    scratch_init(&b->mem);
    str_init(&b->reason, STR_WHY_LIMIT);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    init_host(b);
    modules_init(&b->modules);
    str_init(&why, STR_WHY_LIMIT);
    b->module = modules_find(&b->modules, kit->target->file, &why);
    if (b->module && b->module->reason) {
        str_add_text(&why, b->module->reason);
    }
    is_good = b->module && !b->module->reason && module_load(b->module, &why);
    if (is_good) {
        b->class =
            module_class(b->module, manifest_find(&b->module->manifest,
                                                  kit->target->kind->name,
                                                  kit->target->class->name));
    } else {
        kit_fail(kit, "%s", why.text);
        bare_unload(b);
    }
    str_finish(&why);
    return is_good;
}

void bare_unload(struct bare *b)
{
    modules_finish(&b->modules);
    stage_finish(&b->stage);
    scratch_finish(&b->mem);
    str_finish(&b->reason);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
}

static const struct haft_object *find_object(const struct bare *b)
{
    const char *id = b->kit->target->kind->interface->id;
    const struct haft_object *const *o = b->instance->objects;

    while (o && *o && strcmp((*o)->interface->id, id) != 0) {
        o++;
    }
    return o ? *o : NULL;
}

haft_status bare_create(struct bare *b, const char *name,
                        struct haft_array values)
{
    struct haft_create with = {
        .size = sizeof(with),
        .name = {name, strlen(name)},
        .values = values,
    };
    haft_status status;

    b->instance = NULL;
    str_reset(&b->reason);
    status = b->class->create(&b->host, &with, &b->instance);
    b->object = b->instance ? find_object(b) : NULL;
    return status;
}

void bare_destroy(struct bare *b)
{
    if (b->instance) {
        b->instance->destroy(b->instance);
        b->instance = NULL;
    }
}

struct haft_array bare_values(struct kit *kit, const char *name,
                              struct scratch *mem)
{
    struct haft_array values = {0};
    struct config *config;
    struct options options;
    struct str text;
    struct str why;

    str_init(&text, VALUES_LIMIT);
    str_init(&why, STR_WHY_LIMIT);
    kit_add_section(kit, name, NULL, NULL, &text);
    config = config_read(text.text, text.size, "check.conf", true, &why);
    if (config &&
        options_read(&options, kit->target->class,
                     config_find(config, kit->target->kind->name, name),
                     &why)) {
        values = options_give(&options, kit->folder, mem);
        options_finish(&options);
    } else {
        kit_fail(kit, "%s", why.text);
    }
    config_destroy(config);
    str_finish(&text);
    str_finish(&why);
    return values;
}

bool bare_open(struct bare *b, struct kit *kit, const char *name)
{
    struct scratch mem;
    haft_status status;

    if (!bare_load(b, kit)) {
        return false;
    }
    scratch_init(&mem);
    status = bare_create(b, name, bare_values(kit, name, &mem));
    scratch_finish(&mem);
    if (status == HAFT_OK && b->object) {
        return true;
    }
    kit_fail(kit, "wanted an instance that offers %s, found status %d%s%s",
             kit->target->kind->interface->id, status,
             b->reason.size ? ": " : "", b->reason.text);
    bare_close(b);
    return false;
}

void bare_close(struct bare *b)
{
    bare_destroy(b);
    bare_unload(b);
}

/* ---- asking it ---- */

static void tell_news(struct bare *b)
{
    struct stage_news news;

    while (stage_take(&b->stage, &news)) {
        const struct haft_object *const *o = b->instance->objects;
        struct haft_call call = {.size = sizeof(call),
                                 .id = ++b->last_call,
                                 .deadline_ms = INT64_MAX};

        while (*o && strcmp((*o)->interface->id, news.interface->id) != 0) {
            o++;
        }
        pthread_mutex_unlock(&b->lock);
        haft_ask(*o, news.method, &call, &news.in, NULL);
        pthread_mutex_lock(&b->lock);
    }
}

static bool is_past(const struct timespec *until)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec > until->tv_sec ||
           (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

/* A method that answers later does so from a thread, or when it is told. */
static void wait_for_end(struct bare *b)
{
    struct timespec until;
    int late = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PENDING_LIMIT_MS / 1000;
    while (!b->is_ended && late != ETIMEDOUT) {
        tell_news(b);
        if (!b->is_ended && stage_waits(&b->stage)) {
            stage_wait(&b->stage, TURN_MS);
            late = is_past(&until) ? ETIMEDOUT : 0;
        } else if (!b->is_ended) {
            late = pthread_cond_timedwait(&b->changed, &b->lock, &until);
        }
    }
}

haft_status bare_ask(struct bare *b, uint32_t method, const void *in,
                     struct bare_reply *r)
{
    const struct haft_signature *m =
        &b->kit->target->kind->interface->methods[method];
    struct haft_call call = {.size = sizeof(call),
                             .id = ++b->last_call,
                             .deadline_ms = b->deadline_ms};
    struct edge edge;
    void *out = NULL;

    str_init(&r->text, KIT_SAID_LIMIT);
    str_init(&r->wrong, STR_WHY_LIMIT);
    edge_init(&edge);
    if (m->out) {
        out = edge_take(&edge, m->out->size);
        memcpy(out, &m->out->size, sizeof(m->out->size));
    }
    b->answer = m->out;
    b->text = &r->text;
    b->wrong = &r->wrong;
    b->is_ended = false;
    b->call = call.id;
    r->status = haft_ask(b->object, method, &call, in, out);
    pthread_mutex_lock(&b->lock);
    if (r->status == HAFT_PENDING) {
        wait_for_end(b);
        r->status = b->is_ended ? b->ended : HAFT_PENDING;
    } else if (r->status == HAFT_OK) {
        take_answer(b, out);
    }
    tell_news(b);
    b->call = 0;
    b->wrong = NULL;
    pthread_mutex_unlock(&b->lock);
    edge_finish(&edge);
    return r->status;
}

void bare_reply_finish(struct bare_reply *r)
{
    str_finish(&r->text);
    str_finish(&r->wrong);
}

bool bare_is_status(haft_status status)
{
    return (status <= 0 && status > -HAFT_CLASSES) || status == HAFT_PENDING ||
           status == HAFT_AGAIN || status == HAFT_STALE;
}
