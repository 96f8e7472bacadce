#include "host/guest/module.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ltdl.h>
#include <sha256.h>

#include "host/guest/note.h"
#include "host/guest/script.h"
#include "host/guest/seal.h"
#include "host/guest/trusted.h"
#include "host/plain/mem.h"
#include "host/plain/nearest.h"

#define LINKED_IN "(linked in)"
#define ENTRY "haft_module_v1"
#define FOLDER_LIMIT 4096 /* files of one folder */
#define FILE_LIMIT (INT64_C(1) << 30)

/* What libtool's -dlpreopen makes of a program with plugins linked in. */
extern const lt_dlsymlist lt__PROGRAM__LTX_preloaded_symbols[]
    __attribute__((weak));

/* ---- the loader ---- */

/* dlerror() is left for module_load to read. */
static lt_module open_now(lt_user_data data, const char *file, lt_dladvise how)
{
    (void)data;
    (void)how;
    return dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

static int close_never(lt_user_data data, lt_module module)
{
    (void)data;
    (void)module;
    return 0;
}

static void *find_symbol(lt_user_data data, lt_module module, const char *name)
{
    (void)data;
    return dlsym(module, name);
}

static const lt_dlvtable loader = {
    .name = "haft",
    .module_open = open_now,
    .module_close = close_never,
    .find_sym = find_symbol,
    .priority = LT_DLLOADER_PREPEND,
};

static void register_loader(void)
{
    unsetenv("LTDL_LIBRARY_PATH");
    lt_dlinit();
    if (!lt_dlloader_find("haft")) {
        free(lt_dlloader_remove("lt_dlopen")); /* ours from here on */
        lt_dlloader_add(&loader);
    }
}

/* ---- opening ---- */

static struct module *add(struct modules *ms, char *file)
{
    ms->items =
        mem_grow(ms->items, &ms->room, ms->count + 1, sizeof(*ms->items));

    struct module *m = mem_new(1, sizeof(*m));

    m->file = file;
    m->fd = -1;
    m->folder = ms->folders;
    ms->items[ms->count++] = m;
    return m;
}

static bool abi_is_in_range(const struct manifest *f, struct str *why)
{
    if (f->abi_built < HAFT_ABI_LEAST) {
        str_addf(why,
                 "manifest: abi.built: wanted at least %d, found %u; "
                 "build it against this host's headers",
                 HAFT_ABI_LEAST, f->abi_built);
        return false;
    }
    if (f->abi_least > HAFT_ABI) {
        str_addf(why,
                 "manifest: abi.least: wanted at most %d, found %u; it "
                 "needs a newer host",
                 HAFT_ABI, f->abi_least);
        return false;
    }
    return true;
}

static bool take_manifest(struct module *m, const char *json, size_t size,
                          struct str *why)
{
    return manifest_read(&m->manifest, json, size, why) &&
           abi_is_in_range(&m->manifest, why);
}

static bool read_manifest(struct module *m, struct str *why)
{
    struct str json;

    str_init(&json, NOTE_LIMIT);

    m->is_program = script_is(m->fd);

    bool is_good = (m->is_program ? script_read(m->fd, &json, why)
                                  : note_read(m->fd, &json, why)) &&
                   take_manifest(m, json.text, json.size, why);

    str_finish(&json);
    return is_good;
}

static bool open_file(struct module *m, struct str *why)
{
    m->fd = trusted_open(m->file, why);
    return m->fd >= 0 && fstat(m->fd, &m->seen) == 0 && read_manifest(m, why);
}

static struct module *add_file(struct modules *ms, char *file)
{
    struct module *m = add(ms, file);
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (!open_file(m, &why)) {
        m->reason = str_take(&why);
    }
    str_finish(&why);
    return m;
}

struct module *modules_add_open(struct modules *ms, int fd, const char *file,
                                struct str *why)
{
    struct module *m = add(ms, mem_text(file, strlen(file)));

    m->fd = fd;
    return read_manifest(m, why) ? m : NULL;
}

/* The address behind `ID_LTX_what` among the symbols linked in. */
static void *linked_symbol(const char *id, size_t size, const char *what)
{
    for (const lt_dlsymlist *s = lt__PROGRAM__LTX_preloaded_symbols; s->name;
         s++) {
        if (strncmp(s->name, id, size) == 0 &&
            strcmp(s->name + size, what) == 0) {
            return s->address;
        }
    }
    return NULL;
}

static void add_linked(struct modules *ms)
{
    const char *end = "_LTX_" ENTRY;
    const lt_dlsymlist *s = lt__PROGRAM__LTX_preloaded_symbols;

    for (; s && s->name; s++) {
        size_t n = strlen(s->name);

        if (n <= strlen(end) || strcmp(s->name + n - strlen(end), end) != 0) {
            continue;
        }

        size_t id = n - strlen(end);
        const char *json = linked_symbol(s->name, id, "_LTX_haft_manifest");
        struct module *m = add(ms, mem_text(LINKED_IN, strlen(LINKED_IN)));
        struct str why;

        m->is_bundled = true;
        memcpy(&m->entry, &s->address, sizeof(m->entry));
        str_init(&why, STR_WHY_LIMIT);
        if (!json || !take_manifest(m, json, strlen(json), &why)) {
            m->reason = json ? str_take(&why)
                             : mem_text("no manifest is linked in", 24);
        }
        str_finish(&why);
    }
}

void modules_init(struct modules *ms)
{
    *ms = (struct modules){0};
    register_loader();
    add_linked(ms);
}

static void free_module(struct module *m)
{
    /* A number that is used again would find the old code: see dlopen. */
    if (m->fd >= 0 && !m->is_open) {
        close(m->fd);
    }
    manifest_finish(&m->manifest);
    mem_free(m->file);
    mem_free(m->reason);
    mem_free(m);
}

void modules_finish(struct modules *ms)
{
    for (size_t i = 0; i < ms->count; i++) {
        free_module(ms->items[i]);
    }
    for (size_t i = 0; i < ms->past_count; i++) {
        free_module(ms->past[i]);
    }
    mem_free(ms->items);
    mem_free(ms->past);
    *ms = (struct modules){0};
}

/* ---- generations ---- */

bool module_has_changed(const struct module *m)
{
    const struct stat *then = &m->seen;
    struct stat now;

    return m->file[0] == '/' && stat(m->file, &now) == 0 &&
           (m->fd < 0 || now.st_dev != then->st_dev ||
            now.st_ino != then->st_ino || now.st_size != then->st_size ||
            now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != then->st_mtim.tv_nsec);
}

static bool open_copy(struct module *m, const char *folder, struct str *why)
{
    int fd = trusted_open(m->file, why);

    if (fd >= 0 && fstat(fd, &m->seen) == 0) {
        m->fd = seal_copy(fd, strrchr(m->file, '/') + 1, folder, why);
    }
    if (fd >= 0) {
        close(fd);
    }
    return m->fd >= 0 && read_manifest(m, why);
}

/* The other one is kept aside. */
static void replace(struct modules *ms, struct module *old, struct module *now)
{
    for (size_t i = 0; i < ms->count; i++) {
        if (ms->items[i] == old) {
            ms->items[i] = now;
        }
    }
    for (size_t i = 0; i < ms->past_count; i++) {
        if (ms->past[i] == now) {
            ms->past[i] = old;
            return;
        }
    }
    ms->past =
        mem_grow(ms->past, &ms->past_room, ms->past_count + 1, sizeof(old));
    ms->past[ms->past_count++] = old;
}

struct module *modules_renew(struct modules *ms, struct module *old,
                             const char *folder, struct str *why)
{
    struct module *m = mem_new(1, sizeof(*m));

    m->file = mem_text(old->file, strlen(old->file));
    m->fd = -1;
    m->folder = old->folder;
    m->is_bundled = old->is_bundled;
    m->generation = old->generation + 1;
    if (!open_copy(m, folder, why)) {
        free_module(m);
        return NULL;
    }
    replace(ms, old, m);
    return m;
}

void modules_restore(struct modules *ms, struct module *now, struct module *old)
{
    replace(ms, now, old);
}

/* ---- finding ---- */

static struct module *known(const struct modules *ms, const char *file)
{
    for (size_t i = 0; i < ms->count; i++) {
        if (strcmp(ms->items[i]->file, file) == 0) {
            return ms->items[i];
        }
    }
    return NULL;
}

static bool is_ending(const char *text)
{
    return strcmp(text, ".so") == 0 || strcmp(text, ".haft") == 0;
}

static int is_module(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && dot > entry->d_name && entry->d_name[0] != '.' &&
           is_ending(dot);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void modules_scan(struct modules *ms, const char *folder, bool is_bundled)
{
    struct dirent **names = NULL;
    char *whole = realpath(folder, NULL);
    int count = whole ? scandir(whole, &names, is_module, by_bytes) : 0;

    ms->folders++;
    for (int i = 0; i < count; i++) {
        struct str file;

        str_init(&file, STR_WHY_LIMIT);
        str_addf(&file, "%s/%s", whole, names[i]->d_name);
        if (i < FOLDER_LIMIT && !file.is_cut) {
            struct module *m = known(ms, file.text);

            m = m ? m : add_file(ms, str_take(&file));
            m->is_bundled |= is_bundled;
        }
        str_finish(&file);
        free(names[i]);
    }
    free(names);
    free(whole);
}

/* Whether it is called NAME, or so with its ending: by its file, or by its id where it is
 * linked in, with _ for -. */
static bool is_called(const struct module *m, const char *name)
{
    const char *slash = strrchr(m->file, '/');
    const char *base = slash ? slash + 1 : m->manifest.id;

    for (; base && *base && *name; base++, name++) {
        if (*base != *name && !(*base == '_' && *name == '-')) {
            return false;
        }
    }
    return base && *name == '\0' && (*base == '\0' || is_ending(base));
}

struct module *modules_find(struct modules *ms, const char *name,
                            struct str *why)
{
    if (name[0] == '/') {
        struct module *m = known(ms, name);

        return m ? m : add_file(ms, mem_text(name, strlen(name)));
    }
    if (strchr(name, '/')) {
        str_addf(why, "module: wanted an absolute path, or the bare name of a "
                      "file in the folders of [host] modules, found ");
        str_add_quoted(why, name, strlen(name));
        return NULL;
    }
    for (size_t i = 0; i < ms->count; i++) {
        if (is_called(ms->items[i], name)) {
            return ms->items[i];
        }
    }
    str_add_text(why, "no module called ");
    str_add_quoted(why, name, strlen(name));
    str_add_text(why, " in the folders of [host] modules");
    return NULL;
}

/* A file that could not even be read is known by its name alone: KIND-NAME. */
static bool could_offer(const struct module *m, const char *kind,
                        const char *class_name)
{
    struct str name;

    str_init(&name, STR_WHY_LIMIT);
    str_addf(&name, "%s-%s", kind, class_name);

    bool is_it = m->manifest.tree
                     ? manifest_find(&m->manifest, kind, class_name) != NULL
                     : is_called(m, name.text);

    str_finish(&name);
    return is_it;
}

/* What a module may have got wrong: the name, or the kind. */
static void add_hint(const struct modules *ms, const char *kind,
                     const char *class_name, struct str *why)
{
    struct nearest near;

    nearest_init(&near, class_name);
    for (size_t i = 0; i < ms->count; i++) {
        const struct manifest *f = &ms->items[i]->manifest;

        for (size_t k = 0; k < f->classes_count; k++) {
            const struct manifest_class *c = &f->classes[k];

            if (strcmp(c->name, class_name) == 0) {
                str_addf(why, "; there is one of that name in %s, of kind %s",
                         ms->items[i]->file, c->kind);
            } else if (manifest_find(f, kind, c->name)) {
                nearest_try(&near, c->name);
            }
        }
    }
    nearest_add_hint(&near, why);
}

struct module *modules_offering(const struct modules *ms, const char *kind,
                                const char *class_name, struct str *why)
{
    struct module *found = NULL;
    const struct module *refused = NULL;

    for (size_t i = 0; i < ms->count; i++) {
        struct module *m = ms->items[i];

        if (!could_offer(m, kind, class_name)) {
            continue;
        }
        if (m->reason) {
            refused = m;
            continue;
        }
        if (found && found->folder < m->folder) {
            continue;
        }
        if (found) {
            str_addf(why, "both %s and %s offer %s %s; say which by module =",
                     found->file, m->file, kind, class_name);
            return NULL;
        }
        found = m;
    }
    if (!found && refused) {
        str_addf(why, "module %s was refused: %s", refused->file,
                 refused->reason);
    } else if (!found) {
        str_addf(why,
                 "no module offers %s %s; is its folder in [host] "
                 "modules?",
                 kind, class_name);
        add_hint(ms, kind, class_name, why);
    }
    return found;
}

/* ---- loading ---- */

static bool says(struct str *why, const char *field, const char *wanted,
                 const char *found)
{
    if (found && strcmp(wanted, found) == 0) {
        return true;
    }
    str_addf(why, "module and manifest differ: %s: wanted %s, found %s", field,
             wanted, found ? found : "nothing");
    return false;
}

static const struct haft_class *find_class(const struct haft_module *loaded,
                                           const struct manifest_class *class)
{
    for (size_t i = 0; i < MANIFEST_CLASSES_LIMIT && loaded->classes[i]; i++) {
        const struct haft_class *c = loaded->classes[i];

        if (c->kind && c->name && strcmp(c->kind, class->kind) == 0 &&
            strcmp(c->name, class->name) == 0) {
            return c;
        }
    }
    return NULL;
}

static bool check_class(const struct haft_module *loaded,
                        const struct manifest_class *class, struct str *why)
{
    const struct haft_class *c = find_class(loaded, class);

    if (!c) {
        str_addf(why,
                 "module and manifest differ: class: wanted %s %s, found "
                 "nothing",
                 class->kind, class->name);
        return false;
    }
    if (c->size < sizeof(*c) || !c->create) {
        str_addf(why,
                 "class %s: size: wanted at least %zu with create, found "
                 "%u%s",
                 class->name, sizeof(*c), c->size,
                 c->create ? "" : " without it");
        return false;
    }
    return true;
}

static bool check_loaded(const struct manifest *f,
                         const struct haft_module *loaded, struct str *why)
{
    size_t count = 0;
    char built[16];
    char abi[16];

    if (!loaded) {
        str_add_text(why, ENTRY " answered NULL");
        return false;
    }
    if (loaded->size < sizeof(*loaded) || !loaded->classes) {
        str_addf(why, "module size: wanted at least %zu with classes, found %u",
                 sizeof(*loaded), loaded->size);
        return false;
    }
    snprintf(built, sizeof(built), "%u", f->abi_built);
    snprintf(abi, sizeof(abi), "%u", loaded->abi);
    if (!says(why, "id", f->id, loaded->id) ||
        !says(why, "version", f->version, loaded->version) ||
        !says(why, "abi", built, abi)) {
        return false;
    }
    for (size_t i = 0; i < f->classes_count; i++) {
        if (!check_class(loaded, &f->classes[i], why)) {
            return false;
        }
    }
    while (count <= MANIFEST_CLASSES_LIMIT && loaded->classes[count]) {
        count++;
    }
    if (count != f->classes_count) {
        str_addf(why,
                 "module and manifest differ: classes: wanted %zu, found "
                 "%zu",
                 f->classes_count, count);
        return false;
    }
    return true;
}

static bool find_entry(struct module *m, struct str *why)
{
    char path[64];
    lt_dlhandle handle;
    void *symbol;

    if (m->entry) {
        return true;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", m->fd);
    handle = lt_dlopen(path);
    if (!handle) {
        const char *cause = dlerror();

        str_addf(why, "cannot be loaded: %s", cause ? cause : lt_dlerror());
        return false;
    }
    m->is_open = true;
    symbol = lt_dlsym(handle, ENTRY);
    if (!symbol) {
        str_add_text(why, "wanted the function " ENTRY ", found none");
        return false;
    }
    memcpy(&m->entry, &symbol, sizeof(m->entry));
    return true;
}

bool module_load(struct module *m, struct str *why)
{
    struct str cause;

    if (m->loaded) {
        return true;
    }
    if (!m->reason) {
        const struct haft_module *loaded = NULL;

        str_init(&cause, STR_WHY_LIMIT);
        if (find_entry(m, &cause)) {
            loaded = m->entry();
        }
        if (cause.size > 0 || !check_loaded(&m->manifest, loaded, &cause)) {
            m->reason = str_take(&cause);
        } else {
            m->loaded = loaded;
        }
        str_finish(&cause);
    }
    if (m->reason) {
        str_addf(why, "module %s was refused: %s", m->file, m->reason);
    }
    return !m->reason;
}

const struct haft_class *module_class(const struct module *m,
                                      const struct manifest_class *class)
{
    return find_class(m->loaded, class);
}

void module_sum(const struct module *m, char sum[MODULE_SUM_SIZE])
{
    unsigned char block[65536];
    SHA2_CTX sha;
    off_t at = 0;

    if (m->fd < 0) {
        snprintf(sum, MODULE_SUM_SIZE, "%s", m->manifest.id);
        return;
    }
    SHA256Init(&sha);
    while (at < FILE_LIMIT) {
        ssize_t n = pread(m->fd, block, sizeof(block), at);

        if (n <= 0) {
            break;
        }
        SHA256Update(&sha, block, (size_t)n);
        at += n;
    }
    SHA256End(&sha, sum);
}

bool module_matches(const struct module *m, const char *hex, struct str *why)
{
    char found[MODULE_SUM_SIZE];

    if (m->fd < 0) {
        str_add_text(why, "sha256: the module is linked in, so it has no file");
        return false;
    }
    module_sum(m, found);
    if (strcasecmp(found, hex) != 0) {
        str_addf(why, "sha256 of %s: wanted %s, found %s", m->file, hex, found);
        return false;
    }
    return true;
}
