/* haft plugin reload: a part of guest.
 *
 * All that can be checked is checked before anything is touched: the config as a
 * whole, the new files, and that they can be loaded. Then one instance after
 * another is put in the place of what it was. */
#include <string.h>

#include "host/base/log.h"
#include "host/guest/instance.h"
#include "host/guest/swap.h"
#include "host/guest/trial.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

/* A file that was taken anew. */
struct renewed {
    struct module *now;
    struct module *old;
};

/* An instance that is to be another. */
struct change {
    struct guest *guest;
    struct guest_origin to;
};

struct reload {
    struct guests *guests;
    const struct config *before;
    char *name; /* NULL: whatever has changed */
    struct renewed *files;
    size_t files_count, files_room, files_tried;
    struct change *changes;
    size_t count, room, at;
    struct trial *trial;
    struct str result;
    struct str why; /* nothing is done */
    guests_reloaded done;
    void *ctx;
};

static void end(struct reload *r)
{
    struct guests *g = r->guests;

    g->reload = NULL;
    json_close(&r->result, ']');
    r->done(r->ctx, r->why.text, r->result.text, r->result.size);
    str_finish(&r->why);
    str_finish(&r->result);
    mem_free(r->files);
    mem_free(r->changes);
    mem_free(r->name);
    mem_free(r);
}

/* What was to be is not. */
static void undo(struct reload *r)
{
    r->guests->config = r->before;
    for (size_t i = r->files_count; i-- > 0;) {
        modules_restore(&r->guests->modules, r->files[i].now, r->files[i].old);
    }
    end(r);
}

/* ---- files ---- */

/* "executor:local", as a section's title. */
static bool is_instance(const struct guest *guest, const char *name)
{
    size_t n = strlen(guest->kind);

    return strncmp(name, guest->kind, n) == 0 && name[n] == ':' &&
           strcmp(name + n + 1, guest->name) == 0;
}

static bool is_named(const struct reload *r, const struct guest *guest)
{
    return r->name && (is_instance(guest, r->name) ||
                       guests_means(guest->module, r->name));
}

static bool is_used(const struct guests *g, const struct module *m)
{
    for (size_t i = 0; i < g->count; i++) {
        if (g->items[i]->module == m) {
            return true;
        }
    }
    return false;
}

/* A file that is named is taken anew even if it is the same. */
static bool is_wanted(const struct reload *r, const struct module *m)
{
    const struct guests *g = r->guests;
    bool is_meant = !r->name;

    if (m->file[0] != '/') {
        return false; /* it is linked in */
    }
    if (r->name && guests_means(m, r->name)) {
        return true;
    }
    for (size_t i = 0; i < g->count; i++) {
        is_meant |= g->items[i]->module == m && is_named(r, g->items[i]);
    }
    return is_meant && module_has_changed(m);
}

/* One that nobody uses may be as bad as it likes. */
static void renew(struct reload *r, struct module *m)
{
    struct guests *g = r->guests;
    struct log_room room = {0};
    struct module *now;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    now = modules_renew(&g->modules, m, r->before->host.state, &why);
    if (now) {
        r->files = mem_grow(r->files, &r->files_room, r->files_count + 1,
                            sizeof(*r->files));
        r->files[r->files_count++] = (struct renewed){now, m};
    } else if (r->name || is_used(g, m)) {
        str_addf(&r->why, "%s%s: %s", r->why.size > 0 ? "\n" : "", m->file,
                 why.text);
    } else {
        log_warn("guest", "not taken anew file=%s why=%s", m->file,
                 log_quoted(&room, why.text));
    }
    str_finish(&why);
}

static void renew_all(struct reload *r)
{
    struct modules *modules = guests_modules(r->guests);
    size_t count = modules->count;

    for (size_t i = 0; i < count; i++) {
        if (is_wanted(r, modules->items[i])) {
            renew(r, modules->items[i]);
        }
    }
    guests_scan(r->guests); /* what has come since */
}

/* ---- instances ---- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_entry(const struct config_entry *a,
                          const struct config_entry *b)
{
    if (strcmp(a->key, b->key) != 0 || !is_same_text(a->value, b->value) ||
        a->items_count != b->items_count) {
        return false;
    }
    for (size_t i = 0; i < a->items_count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* What the host itself reads in a section shows in where it leads. */
static bool is_same_section(const struct config_section *a,
                            const struct config_section *b)
{
    size_t count = a ? a->entries_count : 0;

    if (count != (b ? b->entries_count : 0)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_same_entry(&a->entries[i], &b->entries[i])) {
            return false;
        }
    }
    return true;
}

static bool is_to_change(const struct reload *r, const struct guest *guest,
                         const struct guest_origin *to)
{
    return is_named(r, guest) || to->module != guest->module ||
           to->class != guest->class || to->survives != guest->survives ||
           to->is_caged != (guest->cage != NULL) ||
           !is_same_section(guest->section, to->section);
}

static void add_change(struct reload *r, struct guest *guest,
                       const struct guest_origin *to)
{
    r->changes =
        mem_grow(r->changes, &r->room, r->count + 1, sizeof(*r->changes));
    r->changes[r->count++] = (struct change){guest, *to};
}

static void plan(struct reload *r, struct guest *guest)
{
    const struct guests *g = r->guests;
    struct guest_origin to = {
        .section = config_find(g->config, guest->kind, guest->name),
        .kind = guest->kind,
        .name = guest->name};
    struct str why;

    if (!to.section && guest->section) {
        log_warn("guest",
                 "its section is gone; it stays until the host is restarted "
                 "kind=%s name=%s",
                 guest->kind, guest->name);
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (!guests_resolve(g, &to, &why)) {
        str_addf(&r->why, "%s%s %s: %s", r->why.size > 0 ? "\n" : "",
                 guest->kind, guest->name, why.text);
    } else if (is_to_change(r, guest, &to)) {
        add_change(r, guest, &to);
    }
    str_finish(&why);
}

/* Why it cannot be done now, or NULL. */
static const char *hindrance(const struct guest *guest)
{
    const struct guest_launcher *l = guest->all->launcher;

    if (guest->class->is_volatile && guest->instance) {
        return "what it holds is in its memory, and would be lost";
    }
    if (guest->survives && l && l->is_busy(l->ctx, guest->name)) {
        return "its process holds work that is not over";
    }
    if (guest->swap || (guest->cage && !guest->instance)) {
        return "it is just being started";
    }
    if (guest->lane && !guest->instance) {
        return "a thread of it never came back: the host must be restarted";
    }
    return NULL;
}

/* ---- one after another ---- */

static void next(struct reload *r);

static void add_row(struct reload *r, const struct change *c, const char *why,
                    int64_t pause_ms)
{
    const struct guest *guest = c->guest;
    struct str *out = &r->result;

    json_open(out, '{');
    json_put_text(out, "kind", guest->kind);
    json_put_text(out, "name", guest->name);
    json_put_text(out, "module", guest->module->manifest.id);
    json_put_text(out, "version", guest->module->manifest.version);
    json_put_text(out, "cage", guest->cage ? "process" : "none");
    json_put_int(out, "pause_ms", pause_ms);
    if (*why) {
        json_put_text(out, "refused", why);
    }
    json_close(out, '}');
}

static void on_swapped(void *ctx, const char *why, int64_t pause_ms)
{
    struct reload *r = ctx;

    add_row(r, &r->changes[r->at - 1], why, pause_ms);
    next(r);
}

/* A file that nobody came to use is not the one that others shall find. */
static void settle(struct reload *r)
{
    for (size_t i = 0; i < r->files_count; i++) {
        if (is_used(r->guests, r->files[i].old) &&
            !is_used(r->guests, r->files[i].now)) {
            modules_restore(&r->guests->modules, r->files[i].now,
                            r->files[i].old);
        }
    }
    end(r);
}

static void next(struct reload *r)
{
    const struct change *c;
    const char *why;

    while (r->at < r->count && !calls_are_stopped(r->guests->calls)) {
        c = &r->changes[r->at++];
        why = hindrance(c->guest);
        if (!why) {
            swap_begin(c->guest, &c->to, on_swapped, r);
            return;
        }
        add_row(r, c, why, 0);
    }
    settle(r);
}

static void try_next(struct reload *r);

static void on_tried(void *ctx, const char *why)
{
    struct reload *r = ctx;

    r->trial = NULL;
    if (*why) {
        str_addf(&r->why, "%s: %s", r->files[r->files_tried - 1].now->file,
                 why);
        undo(r);
    } else {
        try_next(r);
    }
}

/* A program is no module: it is tried by being used. */
static void try_next(struct reload *r)
{
    while (r->files_tried < r->files_count) {
        const struct module *m = r->files[r->files_tried++].now;

        if (!m->is_program) {
            r->trial = trial_begin(r->guests->loop, m, on_tried, r, &r->why);
            if (!r->trial) {
                undo(r);
            }
            return;
        }
    }
    next(r);
}

/* ---- all of it ---- */

static bool check(struct reload *r)
{
    struct guests *g = r->guests;

    for (size_t i = 0; i < g->count; i++) {
        plan(r, g->items[i]);
    }
    if (r->why.size == 0 && r->name && r->count == 0 && r->files_count == 0) {
        str_addf(&r->why,
                 "there is no plugin, and no instance in use, called ");
        str_add_quoted(&r->why, r->name, strlen(r->name));
    }
    return r->why.size == 0;
}

void guests_reload(struct guests *g, const struct config *config,
                   const char *name, guests_reloaded done, void *ctx)
{
    struct reload *r;

    if (g->reload) {
        done(ctx, "a reload is under way", "[]", 2);
        return;
    }
    r = mem_new(1, sizeof(*r));
    g->reload = r;
    r->guests = g;
    r->before = g->config;
    r->name = name ? mem_text(name, strlen(name)) : NULL;
    r->done = done;
    r->ctx = ctx;
    str_init(&r->why, 1 << 20);
    str_init(&r->result, 1 << 20);
    json_open(&r->result, '[');
    g->config = config;
    renew_all(r);
    if (r->why.size > 0 || !guests_check(g, &r->why) || !check(r)) {
        undo(r);
    } else {
        try_next(r);
    }
}

/* Behind the swaps, which have ended. */
void guests_stop_reload(struct guests *g)
{
    struct reload *r = g->reload;

    if (r) {
        trial_stop(r->trial);
        str_add_text(&r->why, "the host is stopping");
        undo(r);
    }
}
