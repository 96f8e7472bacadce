#include "host/guest/guest.h"

#include <assert.h>
#include <string.h>

#include <haft/host.h>

#include "host/base/log.h"
#include "host/guest/builtin.h"
#include "host/guest/cage.h"
#include "host/guest/instance.h"
#include "host/guest/options.h"
#include "host/guest/swap.h"
#include "host/plain/mem.h"

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

void guests_scan(struct guests *g)
{
    g->modules.folders = 0;
    for (size_t i = 0; i < g->config->host.modules_count; i++) {
        modules_scan(&g->modules, g->config->host.modules[i], false);
    }
    modules_scan(&g->modules, HAFT_PLUGIN_DIR, true);
}

/* The state that is filled in late is no part of what `g` says. */
struct modules *guests_modules(const struct guests *g)
{
    struct guests *own = (struct guests *)g;

    if (!own->is_scanned) {
        own->is_scanned = true;
        guests_scan(own);
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
    return guest->losses;
}

bool guest_is_given_up(const struct guest *guest)
{
    return guest->cage && cage_look(guest->cage).is_given_up;
}

/* ---- ending ---- */

void guests_stop(struct guests *g)
{
    calls_stop(g->calls);
    queue_drain(calls_queue(g->calls));
    for (size_t i = 0; i < g->count; i++) {
        while (g->items[i]->swap) {
            swap_stop(g->items[i]->swap);
        }
    }
    guests_stop_reload(g);
    for (size_t i = g->count; i-- > 0;) {
        if (g->items[i]->instance) {
            guest_end(g->items[i]);
        } else if (g->items[i]->cage) { /* it has not come yet */
            cage_close(g->items[i]->cage, GUEST_DESTROY_MS);
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
            guest_free(g->items[i]);
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
