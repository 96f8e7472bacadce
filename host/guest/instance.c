/* One instance, from create to destroy: a part of guest. */
#include "host/guest/instance.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <haft/auth.h>
#include <haft/executor.h>
#include <haft/host.h>
#include <haft/notify.h>
#include <haft/retry.h>
#include <haft/storage.h>

#include "host/base/log.h"
#include "host/guest/builtin.h"
#include "host/guest/cage.h"
#include "host/guest/codec.h"
#include "host/guest/frame.h"
#include "host/plain/mem.h"

#define CREATE_LIMIT_MS 10000 /* create waits for nothing outside */
#define CONCURRENT_THREADS 4
#define GUESTS_LIMIT 511 /* numbers that fit into an id, from 1 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the host asks: whatever an instance offers of these must agree with the
 * host's own tables, or the instance is refused before it is used. */
static const struct haft_interface *const known[] = {
    &haft_storage_v1, &haft_executor_v1, &haft_slots_v1, &haft_retry_v1,
    &haft_auth_v1,    &haft_notify_v1,   &haft_ready_v1, &haft_child_v1,
};

/* Work for the guest's own thread. */
struct making {
    struct guest *guest;
    const struct haft_class *class;
    struct haft_create with;
    struct call_job job;
    haft_status status;
    struct haft_instance *instance;
};

static void create(void *ctx)
{
    struct making *m = ctx;
    struct call_job *before = call_enter(&m->job);

    m->status = m->class->create(&m->guest->host, &m->with, &m->instance);
    call_enter(before);
}

static void destroy(void *ctx)
{
    struct guest *guest = ctx;

    guest->instance->destroy(guest->instance);
}

/* Runs it where the instance lives. */
static bool run_there(struct guest *guest, void (*fn)(void *ctx), void *ctx,
                      int64_t limit_ms)
{
    if (guest->lane) {
        return lane_run(guest->lane, fn, ctx, limit_ms);
    }
    fn(ctx);
    return true;
}

const struct haft_interface *guest_known(const void *id, size_t size)
{
    for (size_t i = 0; i < COUNT(known); i++) {
        if (strlen(known[i]->id) == size &&
            memcmp(known[i]->id, id, size) == 0) {
            return known[i];
        }
    }
    return NULL;
}

static bool bind_known(struct face *f, struct str *why)
{
    const struct haft_interface *i =
        guest_known(face_id(f), strlen(face_id(f)));

    return !i || face_bind(f, i, why);
}

static void free_faces(struct guest *guest)
{
    for (size_t i = 0; i < guest->faces_count; i++) {
        face_finish(&guest->faces[i]);
    }
    mem_free(guest->faces);
    guest->faces = NULL;
    guest->faces_count = 0;
}

static bool look_at(struct guest *guest, struct str *why)
{
    const struct haft_instance *i = guest->instance;
    size_t count = 0;
    bool has_kind = false;

    if (i->size < sizeof(*i) || !i->objects || !i->destroy) {
        str_addf(why,
                 "instance size: wanted at least %zu with objects and "
                 "destroy, found %u",
                 sizeof(*i), i->size);
        return false;
    }
    while (count < GUEST_OBJECTS_LIMIT && i->objects[count]) {
        count++;
    }
    free_faces(guest);
    guest->faces = mem_new(count + 1, sizeof(*guest->faces));
    for (size_t k = 0; k < count; k++) {
        struct face *f = &guest->faces[guest->faces_count];

        if (!face_init(f, i->objects[k], why)) {
            return false;
        }
        guest->faces_count++;
        if (!bind_known(f, why)) {
            return false;
        }
        has_kind |= strcmp(face_id(f), guest->class->kind) == 0;
    }
    if (!has_kind) {
        str_addf(why, "objects: wanted %s, which its class is of, found none",
                 guest->class->kind);
    }
    return has_kind;
}

bool guest_take(struct guest *guest, struct haft_instance *instance,
                struct str *why)
{
    guest->instance = instance;
    if (!look_at(guest, why)) {
        return false;
    }
    atomic_store(&guest->is_made, true);
    return true;
}

static void add_reason(const struct making *m, struct str *why)
{
    const struct haft_fault *f = m->job.fault;

    if (f && f->message.n > 0) {
        str_add(why, f->message.p, f->message.n);
    } else {
        str_addf(why, "create answered %d and did not say why", m->status);
    }
}

static bool create_here(struct guest *guest, struct making *m, struct str *why)
{
    m->class = module_class(guest->module, guest->class);
    if (!run_there(guest, create, m, CREATE_LIMIT_MS)) {
        str_addf(why, "create did not return within %d s",
                 CREATE_LIMIT_MS / 1000);
        return false;
    }
    if (m->status != HAFT_OK || !m->instance) {
        add_reason(m, why);
        return false;
    }
    return true;
}

static bool make_instance(struct guest *guest, struct making *m,
                          enum guest_cage cage, struct str *why)
{
    if (cage == GUEST_CAGED_LATER) {
        return cage_begin(guest, &m->with, CREATE_LIMIT_MS, why);
    }
    if (!(cage == GUEST_CAGED
              ? cage_open(guest, &m->with, CREATE_LIMIT_MS, &m->instance, why)
              : create_here(guest, m, why))) {
        return false;
    }
    if (!guest_take(guest, m->instance, why)) {
        if (guest->instance->size >= sizeof(*guest->instance) &&
            guest->instance->destroy) {
            run_there(guest, destroy, guest, GUEST_DESTROY_MS);
        }
        guest->instance = NULL;
        return false;
    }
    return true;
}

void guest_free(struct guest *guest)
{
    free_faces(guest);
    builtin_close(guest);
    border_close(guest);
    mem_free(guest->kind);
    mem_free(guest->name);
    mem_free(guest);
}

/* Ends its threads; false if one is left behind, and with it the guest. */
static bool end_lane(struct guest *guest)
{
    if (guest->lane && !lane_destroy(guest->lane, GUEST_DESTROY_MS)) {
        log_error("guest", "thread left behind kind=%s name=%s", guest->kind,
                  guest->name);
        return false;
    }
    guest->lane = NULL;
    return true;
}

static void on_restart(struct queue_item *item)
{
    struct guest *guest =
        (struct guest *)((char *)item - offsetof(struct guest, restart));
    const struct guests *g = guest->all;

    guest->is_restarting = false;
    if (g->restarted && !calls_are_stopped(guest->calls)) {
        g->restarted(g->restarted_ctx, guest);
    }
}

void guest_tell_restarted(struct guest *guest)
{
    if (!guest->is_restarting) {
        guest->is_restarting = true;
        queue_add(calls_queue(guest->calls), &guest->restart);
    }
}

void guest_become(struct guest *guest, const struct guest_origin *origin)
{
    border_close(guest);
    guest->section = origin->section;
    guest->module = origin->module;
    guest->survives = origin->survives;
    guest->class = origin->class;
    border_open(guest, guest->all->services, guest->all->services_count);
}

static struct guest *new_guest(struct guests *g,
                               const struct guest_origin *origin)
{
    struct guest *guest = mem_new(1, sizeof(*guest));

    guest->all = g;
    guest->calls = g->calls;
    guest->restart.handle = on_restart;
    guest->number = ++g->made;
    guest->kind = mem_text(origin->kind, strlen(origin->kind));
    guest->name = mem_text(origin->name, strlen(origin->name));
    guest_become(guest, origin);
    return guest;
}

static const unsigned threads_of[MANIFEST_THREADS] = {
    [MANIFEST_SERIAL] = 1,
    [MANIFEST_CONCURRENT] = CONCURRENT_THREADS,
};

static bool start_lane(struct guest *guest, struct str *why)
{
    unsigned threads = threads_of[guest->class->thread];

    if (threads == 0) {
        return true;
    }
    guest->lane = lane_create(threads, guest->name);
    if (!guest->lane) {
        str_addf(why, "cannot start a thread: %s", strerror(errno));
    }
    return guest->lane != NULL;
}

/* The values, copied to where they live as long as create may look at them. */
static struct making *plan(struct guest *guest, struct haft_array values)
{
    struct making *m = mem_new(1, sizeof(*m));
    struct haft_create with = {.size = sizeof(with), .values = values};

    scratch_init(&m->job.mem);
    m->guest = guest;
    m->job.guest = guest;
    with.name = (struct haft_slice){guest->name, strlen(guest->name)};
    m->with = *(struct haft_create *)codec_copy(&m->job.mem, &frame_with_record,
                                                &frame_with_record, &with);
    return m;
}

/* A thread that never left create still uses what was made for it: all of that
 * is then left behind. */
bool guest_make(struct guest *guest, struct haft_array values,
                enum guest_cage cage, struct str *why)
{
    struct making *m = plan(guest, values);
    bool is_made = (cage != GUEST_INSIDE || (module_load(guest->module, why) &&
                                             start_lane(guest, why))) &&
                   make_instance(guest, m, cage, why);

    if (!is_made && !end_lane(guest)) {
        guest->all->has_left_one = true;
        return false;
    }
    scratch_finish(&m->job.mem);
    mem_free(m);
    return is_made;
}

struct guest *guests_make(struct guests *g, const struct guest_origin *origin,
                          struct haft_array values, struct str *why)
{
    enum guest_cage cage = origin->survives   ? GUEST_CAGED_LATER
                           : origin->is_caged ? GUEST_CAGED
                                              : GUEST_INSIDE;
    struct guest *guest;

    if (g->made >= GUESTS_LIMIT) {
        str_addf(why, "there are %d instances already", GUESTS_LIMIT);
        return NULL;
    }
    guest = new_guest(g, origin);
    if (!guest_make(guest, values, cage, why)) {
        if (!guest->lane) {
            guest_free(guest);
        }
        return NULL;
    }
    g->items = mem_grow(g->items, &g->room, g->count + 1, sizeof(guest));
    g->items[g->count++] = guest;
    return guest;
}

bool guest_end(struct guest *guest)
{
    builtin_close(guest);
    if (!run_there(guest, destroy, guest, GUEST_DESTROY_MS)) {
        log_error("guest", "left behind kind=%s name=%s: it does not come back",
                  guest->kind, guest->name);
        return false;
    }
    atomic_store(&guest->is_made, false);
    guest->instance = NULL;
    return end_lane(guest);
}
