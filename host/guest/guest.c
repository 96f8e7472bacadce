#include "host/guest/guest.h"

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
#include "host/guest/instance.h"
#include "host/guest/options.h"
#include "host/plain/mem.h"

#define CREATE_LIMIT_MS 10000 /* create waits for nothing outside */
#define DESTROY_LIMIT_MS 5000 /* it joins the plugin's own threads */
#define CONCURRENT_THREADS 4
#define GUESTS_LIMIT 511 /* numbers that fit into an id, from 1 */

/* What the host asks: whatever an instance offers of these must agree with the
 * host's own tables, or the instance is refused before it is used. */
static const struct haft_interface *const known[] = {
    &haft_storage_v1, &haft_executor_v1, &haft_slots_v1, &haft_retry_v1,
    &haft_auth_v1,    &haft_notify_v1,   &haft_ready_v1, &haft_child_v1,
};

/* Kinds of sections that make guests. */
static const char *const kinds_of_guests[] = {
    "storage", "executor", "retry", "auth", "notify", "secret", "service",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- all of them ---- */

static void add_service(struct guests *g, const struct border_service *s)
{
    g->services = mem_grow(g->services, &g->services_room,
                           g->services_count + 1, sizeof(*g->services));
    g->services[g->services_count++] = *s;
}

struct guests *guests_create(struct loop *loop, const struct config *config)
{
    struct guests *g = mem_new(1, sizeof(*g));

    g->loop = loop;
    g->config = config;
    g->calls = calls_create(loop);
    modules_init(&g->modules);
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        add_service(g, &builtin_services[i]);
    }
    return g;
}

void guests_serve(struct guests *g, const struct guest_service *service)
{
    assert(g->count == 0);
    add_service(g, &(struct border_service){.service = service});
}

/* The state that is filled in late is no part of what `g` says. */
struct modules *guests_modules(const struct guests *g)
{
    struct guests *own = (struct guests *)g;

    if (!own->is_scanned) {
        own->is_scanned = true;
        for (size_t i = 0; i < g->config->host.modules_count; i++) {
            modules_scan(&own->modules, g->config->host.modules[i], false);
        }
        modules_scan(&own->modules, HAFT_PLUGIN_DIR, true);
    }
    return &own->modules;
}

bool guests_is_kind(const char *kind)
{
    for (size_t i = 0; i < COUNT(kinds_of_guests); i++) {
        if (strcmp(kinds_of_guests[i], kind) == 0) {
            return true;
        }
    }
    return false;
}

void guests_on_restart(struct guests *g, guest_restarted fn, void *ctx)
{
    g->restarted = fn;
    g->restarted_ctx = ctx;
}

void guests_launch_by(struct guests *g, const struct guest_launcher *launcher)
{
    g->launcher = launcher;
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

/* ---- from a section to a class ---- */

/* What nobody wrote depends on where the module is from: what haft was installed
 * with lives inside, what somebody added does not. */
static bool is_caged(const struct guests *g,
                     const struct config_section *section,
                     const struct module *m)
{
    const char *cage = section ? config_isolation(g->config, section)
                               : g->config->host.isolation;

    return cage ? strcmp(cage, "process") == 0 : !m->is_bundled;
}

static struct module *find_module(const struct guests *g,
                                  const struct guest_origin *o,
                                  const char *plugin, struct str *why)
{
    struct modules *modules = guests_modules(g);
    const char *file = o->section ? config_module(o->section) : NULL;
    struct module *m = file ? modules_find(modules, file, why)
                            : modules_offering(modules, o->kind, plugin, why);

    if (m && m->reason) {
        str_addf(why, "module %s was refused: %s", m->file, m->reason);
        m = NULL;
    }
    return m;
}

bool guests_resolve(const struct guests *g, struct guest_origin *origin,
                    struct str *why)
{
    const struct config_section *section = origin->section;
    const char *plugin = section ? config_plugin(section) : origin->name;
    const char *sum = section ? config_sha256(section) : NULL;
    struct module *m = find_module(g, origin, plugin, why);

    if (!m) {
        return false;
    }
    if (g->config->is_safe && !m->is_bundled) {
        str_addf(why, "module %s is left out: --safe runs bundled ones alone",
                 m->file);
        return false;
    }

    const struct manifest_class *class =
        manifest_find(&m->manifest, origin->kind, plugin);

    if (!class) {
        str_addf(why, "module %s: wanted a class %s %s, found none", m->file,
                 origin->kind, plugin);
        return false;
    }
    if (sum && !module_matches(m, sum, why)) {
        return false;
    }
    origin->module = m;
    origin->class = class;
    origin->survives = section && config_survives(section);
    origin->is_caged = origin->survives || is_caged(g, section, m);
    if (m->is_program && (origin->survives || !origin->is_caged)) {
        str_addf(why,
                 "%s is a program: it needs isolation = process, and does "
                 "not survive",
                 m->file);
        return false;
    }
    return true;
}

/* Who survives is of a kind whose work lasts, and does not hold what survives by
 * itself: the keeper's children are claimed by the plugin that a host makes. */
static bool check_survival(const struct guests *g,
                           const struct config_section *section,
                           const struct guest_origin *origin, struct str *why)
{
    const char *cage = config_isolation(g->config, section);

    if (!origin->survives) {
        return true;
    }
    if (strcmp(section->kind, "executor") != 0) {
        str_add_text(why, "survive: only an executor can outlive the host");
    } else if (cage && strcmp(cage, "none") == 0) {
        str_add_text(why, "survive: what runs inside the host (isolation = "
                          "none) ends with it");
    } else if (manifest_has(origin->class->needs, HAFT_PROCESS_V1)) {
        str_add_text(why, "survive: this plugin's processes outlive the host "
                          "as they are (it needs " HAFT_PROCESS_V1 ")");
    }
    return why->size == 0;
}

/* One section against its manifest; errors as `file:line: what`. */
static bool check_section(struct guests *g,
                          const struct config_section *section, struct str *why)
{
    struct guest_origin origin = {
        .section = section, .kind = section->kind, .name = section->name};
    struct options options;
    struct str cause;
    bool is_good = true;

    str_init(&cause, STR_WHY_LIMIT);
    if (!guests_resolve(g, &origin, &cause)) {
        /* What nobody wrote is missed when it is needed, and not before. */
        is_good = strcmp(section->file, CONFIG_BUILTIN) == 0;
        if (g->config->is_safe) {
            is_good = true;
            log_warn("guest", "left out [%s] why=\"%s\"", section->title,
                     cause.text);
        }
        if (!is_good) {
            section_place(why, section->file, section->line);
            str_addf(why, "[%s] %s; see haft plugin list", section->title,
                     cause.text);
        }
    } else if (!check_survival(g, section, &origin, &cause)) {
        section_place(why, section->file, section->line);
        str_addf(why, "[%s] %s", section->title, cause.text);
        is_good = false;
    } else if (options_read(&options, origin.class, section, &cause)) {
        options_finish(&options);
    } else {
        str_addf(why, "%s%s", why->size > 0 ? "\n" : "", cause.text);
        is_good = false;
    }
    str_finish(&cause);
    return is_good;
}

bool guests_check(struct guests *g, struct str *why)
{
    const struct sections *sections = &g->config->sections;
    bool is_good = true;

    for (size_t i = 0; i < sections->count; i++) {
        if (guests_is_kind(sections->items[i].kind)) {
            is_good &= check_section(g, &sections->items[i], why);
        }
    }
    return is_good;
}

/* ---- making one ---- */

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

/* What survives comes later, by guest_take. */
static bool make_instance(struct guest *guest, struct making *m, bool is_caged,
                          struct str *why)
{
    if (guest->survives) {
        return cage_reach(guest, &m->with, CREATE_LIMIT_MS, why);
    }
    if (!(is_caged
              ? cage_open(guest, &m->with, CREATE_LIMIT_MS, &m->instance, why)
              : create_here(guest, m, why))) {
        return false;
    }
    if (!guest_take(guest, m->instance, why)) {
        if (guest->instance->size >= sizeof(*guest->instance) &&
            guest->instance->destroy) {
            run_there(guest, destroy, guest, DESTROY_LIMIT_MS);
        }
        guest->instance = NULL;
        return false;
    }
    return true;
}

static void free_guest(struct guest *guest)
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
    if (guest->lane && !lane_destroy(guest->lane, DESTROY_LIMIT_MS)) {
        log_error("guest", "thread left behind kind=%s name=%s", guest->kind,
                  guest->name);
        return false;
    }
    guest->lane = NULL;
    return true;
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
    guest->section = origin->section;
    guest->module = origin->module;
    guest->survives = origin->survives;
    guest->class = origin->class;
    border_open(guest, g->services, g->services_count);
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

/* A thread that never left create still uses what was made for it: all of that
 * is then left behind. */
static bool fill(struct guests *g, struct guest *guest, struct making *m,
                 bool is_caged, struct str *why)
{
    bool is_made = (is_caged || start_lane(guest, why)) &&
                   make_instance(guest, m, is_caged, why);

    if (!is_made && !end_lane(guest)) {
        g->has_left_one = true;
        return false;
    }
    scratch_finish(&m->job.mem);
    mem_free(m);
    if (!is_made) {
        free_guest(guest);
    }
    return is_made;
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

struct guest *guests_make(struct guests *g, const struct guest_origin *origin,
                          struct haft_array values, struct str *why)
{
    struct guest *guest;

    if (g->made >= GUESTS_LIMIT) {
        str_addf(why, "there are %d instances already", GUESTS_LIMIT);
        return NULL;
    }
    if (!origin->is_caged && !module_load(origin->module, why)) {
        return NULL;
    }
    guest = new_guest(g, origin);
    if (!fill(g, guest, plan(guest, values), origin->is_caged, why)) {
        return NULL;
    }
    g->items = mem_grow(g->items, &g->room, g->count + 1, sizeof(guest));
    g->items[g->count++] = guest;
    return guest;
}

static struct guest *make(struct guests *g, struct guest_origin *origin,
                          struct str *why)
{
    struct options options;
    struct guest *guest;
    struct scratch mem;

    if (!guests_resolve(g, origin, why) ||
        !options_read(&options, origin->class, origin->section, why)) {
        return NULL;
    }
    scratch_init(&mem);
    guest = guests_make(
        g, origin, options_give(&options, g->config->host.state, &mem), why);
    scratch_finish(&mem);
    options_finish(&options);
    return guest;
}

static void add_remedy(const struct guest_origin *o, const char *cause,
                       struct str *why)
{
    str_addf(why, "%s %s cannot be used: %s; see haft plugin list, and [%s:%s]",
             o->kind, o->name, cause, o->kind, o->name);
    if (o->section) {
        str_addf(why, " (%s:%d)", o->section->file, o->section->line);
    }
}

static struct guest *find_made(const struct guests *g, const char *kind,
                               const char *name)
{
    for (size_t i = 0; i < g->count; i++) {
        if (strcmp(g->items[i]->kind, kind) == 0 &&
            strcmp(g->items[i]->name, name) == 0) {
            return g->items[i];
        }
    }
    return NULL;
}

struct guest *guests_find(struct guests *g, const char *kind, const char *name,
                          struct str *why)
{
    struct guest_origin origin = {.section = config_find(g->config, kind, name),
                                  .kind = kind,
                                  .name = name};
    struct guest *guest = find_made(g, kind, name);
    struct str cause;

    if (guest && atomic_load(&guest->is_made)) {
        return guest;
    }
    str_init(&cause, STR_WHY_LIMIT);
    guest = guest ? guest : make(g, &origin, &cause);
    if (guest && !atomic_load(&guest->is_made)) {
        str_addf(why, "the process of %s %s is being started", kind, name);
        guest = NULL;
    } else if (guest) {
        log_info("guest", "ready kind=%s name=%s module=%s version=%s cage=%s",
                 kind, name, guest->module->manifest.id,
                 guest->module->manifest.version,
                 guest->cage ? "process" : "none");
    } else {
        add_remedy(&origin, cause.text, why);
    }
    str_finish(&cause);
    return guest;
}

bool guests_survive(const struct guests *g, const char *kind, const char *name)
{
    const struct config_section *section = config_find(g->config, kind, name);

    return section && config_survives(section);
}

bool guests_is_starting(const struct guests *g, const char *kind,
                        const char *name)
{
    const struct guest *guest = find_made(g, kind, name);

    return guest && !atomic_load(&guest->is_made);
}

bool guest_is_caged(const struct guest *guest)
{
    return guest->cage != NULL;
}

uint32_t guest_losses(const struct guest *guest)
{
    return guest->cage ? cage_look(guest->cage).losses : 0;
}

bool guest_is_given_up(const struct guest *guest)
{
    return guest->cage && cage_look(guest->cage).is_given_up;
}

/* ---- ending ---- */

static void end_guest(struct guest *guest)
{
    builtin_close(guest);
    if (!run_there(guest, destroy, guest, DESTROY_LIMIT_MS)) {
        log_error("guest", "left behind kind=%s name=%s: it does not come back",
                  guest->kind, guest->name);
        return;
    }
    atomic_store(&guest->is_made, false);
    guest->instance = NULL;
    end_lane(guest);
}

void guests_stop(struct guests *g)
{
    calls_stop(g->calls);
    queue_drain(calls_queue(g->calls));
    for (size_t i = g->count; i-- > 0;) {
        if (g->items[i]->instance) {
            end_guest(g->items[i]);
        } else if (g->items[i]->cage) { /* it has not come yet */
            cage_close(g->items[i]->cage, DESTROY_LIMIT_MS);
        }
    }
    queue_drain(calls_queue(g->calls));
}

/* A guest that was left behind keeps the memory that its thread may touch. */
void guests_destroy(struct guests *g)
{
    if (!g) {
        return;
    }

    bool is_clean = !g->has_left_one;

    if (!calls_are_stopped(g->calls)) {
        guests_stop(g);
    }
    for (size_t i = 0; i < g->count; i++) {
        if (g->items[i]->instance || g->items[i]->lane) {
            is_clean = false;
        } else {
            free_guest(g->items[i]);
        }
    }
    mem_free(g->items);
    if (is_clean) {
        mem_free(g->services);
        calls_destroy(g->calls);
        modules_finish(&g->modules);
    }
    mem_free(g);
}

/* ---- questions ---- */

const char *guests_name(const struct guests *g, const char *kind, size_t index)
{
    const struct config_section *section = config_next(g->config, kind, NULL);

    while (section && index-- > 0) {
        section = config_next(g->config, kind, section);
    }
    return section ? section->name : NULL;
}

const char *guest_name(const struct guest *guest)
{
    return guest->name;
}

static struct face *find_face(const struct guest *guest, const char *id)
{
    for (size_t i = 0; i < guest->faces_count; i++) {
        if (strcmp(face_id(&guest->faces[i]), id) == 0) {
            return &guest->faces[i];
        }
    }
    return NULL;
}

bool guest_offers(const struct guest *guest, const char *interface)
{
    return find_face(guest, interface) != NULL;
}

bool guest_needs(const struct guest *guest, const char *interface)
{
    return manifest_has(guest->class->needs, interface);
}

bool guest_takes_sort(const struct guest *guest, const char *sort)
{
    return manifest_has(guest->class->sorts, sort);
}

struct face *guest_bound_face(const struct guest *guest,
                              const struct haft_interface *interface)
{
    struct face *f = find_face(guest, interface->id);
    struct str why;

    if (!f || f->interface) {
        return f;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (!face_bind(f, interface, &why)) {
        log_warn("guest", "refused kind=%s name=%s reason=%s", guest->kind,
                 guest->name, why.text);
        f = NULL;
    }
    str_finish(&why);
    return f;
}
