/* haft plugin list and haft plugin describe: a part of guest. */
#include <string.h>

#include "host/guest/cage.h"
#include "host/guest/deaths.h"
#include "host/guest/fence.h"
#include "host/guest/instance.h"
#include "host/guest/options.h"
#include "host/plain/json.h"
#include "host/plain/nearest.h"

static const char *state_of(const struct module *m)
{
    if (m->reason) {
        return "refused";
    }
    return m->loaded ? "loaded" : "ready";
}

static void add_class(const struct manifest_class *c, struct str *out)
{
    json_open(out, '{');
    json_put_text(out, "kind", c->kind);
    json_put_text(out, "name", c->name);
    json_put_text(out, "thread", manifest_thread_name(c->thread));
    json_put_text(out, "summary", c->summary);
    json_close(out, '}');
}

/* What a file is called where its manifest could not be read. */
static const char *name_of(const struct module *m)
{
    const char *slash = strrchr(m->file, '/');

    if (m->manifest.id) {
        return m->manifest.id;
    }
    return slash ? slash + 1 : m->file;
}

static void add_head(const struct module *m, struct str *out)
{
    json_put_text(out, "id", name_of(m));
    json_put_text(out, "version", m->manifest.version);
    json_put_text(out, "file", m->file);
    json_put_text(out, "state", state_of(m));
    json_put_text(out, "reason", m->reason);
    if (m->generation > 0) {
        json_put_int(out, "generation", m->generation);
    }
}

static void add_module(const struct module *m, struct str *out)
{
    json_open(out, '{');
    add_head(m, out);
    json_key(out, "classes");
    json_open(out, '[');
    for (size_t i = 0; i < m->manifest.classes_count; i++) {
        add_class(&m->manifest.classes[i], out);
    }
    json_close(out, ']');
    json_close(out, '}');
}

void guests_list(const struct guests *g, struct str *out)
{
    const struct modules *modules = guests_modules(g);

    json_open(out, '[');
    for (size_t i = 0; i < modules->count; i++) {
        add_module(modules->items[i], out);
    }
    json_close(out, ']');
}

/* Ids are written with - or _ alike, as the files are. */
static bool is_same_name(const char *a, const char *b)
{
    while (*a &&
           (*a == *b || (*a == '-' && *b == '_') || (*a == '_' && *b == '-'))) {
        a++;
        b++;
    }
    return *a == '\0' && (*b == '\0' || strcmp(b, ".so") == 0);
}

bool guests_means(const struct module *m, const char *name)
{
    if (is_same_name(name, name_of(m)) || strcmp(name, m->file) == 0) {
        return true;
    }
    for (size_t i = 0; i < m->manifest.classes_count; i++) {
        if (strcmp(m->manifest.classes[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct guest *guest_of(const struct guests *g,
                                    const struct config_section *section)
{
    for (size_t i = 0; i < g->count; i++) {
        if (strcmp(g->items[i]->kind, section->kind) == 0 &&
            strcmp(g->items[i]->name, section->name) == 0) {
            return g->items[i];
        }
    }
    return NULL;
}

static void add_counts(const struct guest *guest, struct str *out)
{
    json_put_int(out, "calls", (int64_t)guest->asked);
    json_put_int(out, "stale", (int64_t)atomic_load(&guest->stale));
    json_put_int(out, "faulty", (int64_t)atomic_load(&guest->faulty));
    json_put_bool(out, "quarantined", call_is_shut_off(guest));
}

/* Where it lives, and how often the process that it lived in died. */
static void add_cage(const struct guest *guest, struct str *out)
{
    struct cage_facts facts;

    json_put_text(out, "cage", guest->cage ? "process" : "none");
    if (!guest->cage) {
        return;
    }
    facts = cage_look(guest->cage);
    json_put_int(out, "pid", facts.pid);
    json_key(out, "fences");
    json_open(out, '[');
    for (unsigned i = 0; i < FENCES; i++) {
        if (facts.fences & 1u << i) {
            json_text(out, fence_names[i], strlen(fence_names[i]));
        }
    }
    json_close(out, ']');
    json_put_int(out, "deaths", facts.deaths);
    json_put_bool(out, "given_up", facts.is_given_up);
    if (*facts.why) {
        json_put_text(out, "last_death", facts.why);
    }
}

static void add_instance(const struct guests *g,
                         const struct config_section *section,
                         const struct guest_origin *origin, struct str *out)
{
    const struct guest *guest = guest_of(g, section);
    struct options options;
    struct str why;

    json_open(out, '{');
    json_put_text(out, "kind", section->kind);
    json_put_text(out, "name", section->name);
    json_put_text(out, "plugin", origin->class->name);
    str_init(&why, STR_WHY_LIMIT);
    if (options_read(&options, origin->class, section, &why)) {
        json_key(out, "options");
        options_add_json(&options, out);
        options_finish(&options);
    } else {
        json_put_text(out, "reason", why.text);
    }
    str_finish(&why);
    json_put_bool(out, "in_use", guest != NULL);
    if (guest) {
        add_cage(guest, out);
        add_counts(guest, out);
    }
    json_close(out, '}');
}

static void add_instances(const struct guests *g, const struct module *m,
                          struct str *out)
{
    const struct sections *sections = &g->config->sections;

    json_key(out, "instances");
    json_open(out, '[');
    for (size_t i = 0; i < sections->count; i++) {
        const struct config_section *s = &sections->items[i];
        struct guest_origin origin = {
            .section = s, .kind = s->kind, .name = s->name};
        struct str why;

        str_init(&why, STR_WHY_LIMIT);
        if (s->rows && guests_is_kind(s->kind) &&
            guests_resolve(g, &origin, &why) && origin.module == m) {
            add_instance(g, s, &origin, out);
        }
        str_finish(&why);
    }
    json_close(out, ']');
}

/* NULL with the reason. */
static struct module *find_meant(const struct guests *g, const char *name,
                                 struct str *why)
{
    const struct modules *modules = guests_modules(g);
    struct nearest near;

    nearest_init(&near, name);
    for (size_t i = 0; i < modules->count; i++) {
        struct module *m = modules->items[i];

        if (guests_means(m, name)) {
            return m;
        }
        nearest_try(&near, name_of(m));
    }
    str_add_text(why, "there is no plugin ");
    str_add_quoted(why, name, strlen(name));
    nearest_add_hint(&near, why);
    return NULL;
}

bool guests_describe(const struct guests *g, const char *name, struct str *out,
                     struct str *why)
{
    const struct module *m = find_meant(g, name, why);

    if (!m) {
        return false;
    }
    json_open(out, '{');
    add_head(m, out);
    deaths_add_json(g->config->host.state, m, out);
    if (m->manifest.tree) {
        json_key(out, "manifest");
        json_value(out, m->manifest.tree);
    }
    add_instances(g, m, out);
    json_close(out, '}');
    return true;
}

bool guests_is_quarantined(const struct guests *g, const char *kind,
                           const char *name)
{
    struct guest_origin origin = {.section = config_find(g->config, kind, name),
                                  .kind = kind,
                                  .name = name};
    struct str why;
    bool is_so;

    str_init(&why, STR_WHY_LIMIT);
    is_so = guests_resolve(g, &origin, &why) && origin.is_caged &&
            deaths_are_enough(g->config->host.state, origin.module, &why);
    str_finish(&why);
    return is_so;
}

bool guests_pardon(struct guests *g, const char *name, struct str *why)
{
    const struct module *m = find_meant(g, name, why);

    if (!m || !deaths_pardon(g->config->host.state, m, why)) {
        if (m && why->size == 0) {
            str_addf(why, "%s is not quarantined", name_of(m));
        }
        return false;
    }
    for (size_t i = 0; i < g->count; i++) {
        if (g->items[i]->module == m && g->items[i]->cage) {
            cage_pardon(g->items[i]->cage);
        }
    }
    return true;
}
