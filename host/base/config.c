#include "host/base/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sha256.h>

#include "host/base/check.h"
#include "host/base/fill.h"
#include "host/base/kind.h"
#include "host/base/source.h"
#include "host/base/trust.h"
#include "host/plain/mem.h"

/* ---- files ---- */

/* While the files are read: the config, what is hashed, what is wrong. */
struct loading {
    struct config *config;
    SHA2_CTX hash;
    bool is_bad;
    struct str *why;
};

static const char *keep_file(struct config *config, const char *file)
{
    config->files = mem_grow(config->files, &config->files_room,
                             config->files_count + 1, sizeof(*config->files));
    config->files[config->files_count] = mem_text(file, strlen(file));
    return config->files[config->files_count++];
}

/* The size goes in too, so that bytes cannot move between files unseen. */
static void add_text(struct loading *load, const char *text, size_t size,
                     const char *file)
{
    uint64_t bytes = size;

    SHA256Update(&load->hash, (const uint8_t *)&bytes, sizeof(bytes));
    SHA256Update(&load->hash, (const uint8_t *)text, size);
    load->is_bad |=
        sections_read(&load->config->sections, text, size, file, load->why) < 0;
}

/* Reads one file; the place where it was named is said in an error. */
static void add_file(struct loading *load, const char *path,
                     const struct config_entry *named_by)
{
    const char *file = keep_file(load->config, path);
    struct str reason;
    size_t size;
    char *text;

    str_init(&reason, STR_WHY_LIMIT);
    text = source_read(file, &size, &reason);
    if (text) {
        add_text(load, text, size, file);
    } else {
        load->is_bad = true;
        section_place(load->why, named_by ? named_by->file : file,
                      named_by ? named_by->line : 0);
        str_addf(load->why, "%s%s%s", named_by ? file : "",
                 named_by ? ": " : "", reason.text);
    }
    mem_free(text);
    str_finish(&reason);
}

static void add_matches(struct loading *load, const struct config_entry *entry,
                        const char *pattern)
{
    struct str reason;
    size_t count = 0;
    char **paths;

    str_init(&reason, STR_WHY_LIMIT);
    paths = source_list(pattern, entry->file, &count, &reason);
    if (!paths) {
        load->is_bad = true;
        section_place(load->why, entry->file, entry->line);
        str_addf(load->why, "include: %s", reason.text);
    }
    for (size_t i = 0; paths && i < count; i++) {
        add_file(load, paths[i], entry);
        mem_free(paths[i]);
    }
    mem_free(paths);
    str_finish(&reason);
}

/* Follows the `include` of the first file. Its entry is copied, since reading
 * more sections moves the array it is in. */
static void add_includes(struct loading *load)
{
    const struct config_section *head = &load->config->sections.items[0];
    struct config_entry include;

    for (size_t i = 0; i < head->entries_count; i++) {
        include = head->entries[i];
        if (strcmp(include.key, "include") == 0) {
            for (size_t k = 0; k < include.items_count; k++) {
                add_matches(load, &include, include.items[k]);
            }
            return;
        }
    }
}

/* Keys before the first section of one text. */
static void check_head(struct loading *load, const struct config_section *head,
                       bool may_include)
{
    for (size_t i = 0; i < head->entries_count; i++) {
        const struct config_entry *entry = &head->entries[i];

        if (may_include && strcmp(entry->key, "include") == 0) {
            continue;
        }
        section_place(load->why, entry->file, entry->line);
        str_addf(load->why,
                 "%s: before the first [section] stands nothing but include, "
                 "and that in the first file alone",
                 entry->key);
        load->is_bad = true;
    }
}

static void check_heads(struct loading *load, bool may_include)
{
    const struct sections *s = &load->config->sections;

    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].title[0] == '\0') {
            check_head(load, &s->items[i], may_include && i == 0);
        }
    }
}

static void end_hash(struct loading *load)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char *out = load->config->fingerprint;

    SHA256Final(digest, &load->hash);
    for (size_t i = 0; i < sizeof(digest); i++) {
        *out++ = digits[digest[i] >> 4];
        *out++ = digits[digest[i] & 15];
    }
    *out = '\0';
}

/* ---- life ---- */

static bool check_sections(struct config *config, struct str *why)
{
    bool is_good = true;

    for (size_t i = 0; i < config->sections.count; i++) {
        struct config_section *section = &config->sections.items[i];

        if (section->title[0]) {
            section->is_untrusted = !config->is_trusted;
            is_good &= check_section(section, why);
        }
    }
    return is_good;
}

static struct config *begin(struct loading *load, const char *file,
                            struct str *why)
{
    struct config *config = mem_new(1, sizeof(*config));

    *load = (struct loading){.config = config, .why = why};
    SHA256Init(&load->hash);
    if (file) {
        config->file = keep_file(config, file);
    }
    return config;
}

/* From sections to a config, or to NULL. */
static struct config *finish(struct loading *load)
{
    struct config *config = load->config;
    bool is_good = !load->is_bad;

    fill_builtin(config, load->why);
    is_good &= check_sections(config, load->why);
    if (!is_good || !fill_config(config, load->why)) {
        config_destroy(config);
        return NULL;
    }
    return config;
}

static bool is_remembered(const struct config *config)
{
    char *path = realpath(config->file, NULL);
    bool is_known = path && trust_has(path, config->fingerprint);

    free(path);
    return is_known;
}

/* Reads the file and what it includes. */
static void add_files(struct loading *load, const char *path)
{
    if (path) {
        add_file(load, path, NULL);
        load->config->file = load->config->files[0];
    } else {
        add_text(load, "", 0, CONFIG_BUILTIN);
    }
    if (load->config->sections.count > 0) {
        add_includes(load);
    }
    check_heads(load, true);
    end_hash(load);
}

struct config *config_load(const char *path, struct str *why)
{
    struct loading load;
    bool is_found = false;
    char *file = NULL;

    if (!source_find(path, &file, &is_found, why)) {
        return NULL;
    }
    begin(&load, NULL, why);
    add_files(&load, file);
    load.config->given = path;
    load.config->is_trusted = !is_found || is_remembered(load.config);
    mem_free(file);
    return finish(&load);
}

struct config *config_read(const char *text, size_t size, const char *file,
                           bool is_trusted, struct str *why)
{
    struct loading load;

    begin(&load, file, why);
    load.config->is_trusted = is_trusted;
    add_text(&load, text, size, load.config->file);
    check_heads(&load, false);
    end_hash(&load);
    return finish(&load);
}

int config_trust(struct str *why)
{
    struct loading load;
    struct str syntax;
    char *path = realpath(SOURCE_LOCAL, NULL);
    int status;

    if (!path) {
        status = -errno;
        str_addf(why, "./" SOURCE_LOCAL ": %s", strerror(errno));
        return status;
    }
    str_init(&syntax, STR_WHY_LIMIT);
    begin(&load, NULL, &syntax);
    add_files(&load, SOURCE_LOCAL);
    status = trust_add(path, load.config->fingerprint, why);
    config_destroy(load.config);
    str_finish(&syntax);
    free(path);
    return status;
}

void config_destroy(struct config *config)
{
    if (!config) {
        return;
    }
    for (size_t i = 0; i < config->sections.count; i++) {
        check_finish(&config->sections.items[i]);
    }
    sections_finish(&config->sections);
    for (size_t i = 0; i < config->files_count; i++) {
        mem_free(config->files[i]);
    }
    mem_free(config->files);
    mem_free(config->pools);
    mem_free(config);
}

/* ---- looking ---- */

const struct config_section *config_next(const struct config *config,
                                         const char *kind,
                                         const struct config_section *after)
{
    const struct sections *s = &config->sections;
    size_t i = after ? (size_t)(after - s->items) + 1 : 0;

    while (i < s->count && strcmp(s->items[i].kind, kind) != 0) {
        i++;
    }
    return i < s->count ? &s->items[i] : NULL;
}

const struct config_section *config_find(const struct config *config,
                                         const char *kind, const char *name)
{
    const struct config_section *section = config_next(config, kind, NULL);

    while (section && strcmp(section->name, name) != 0) {
        section = config_next(config, kind, section);
    }
    return section;
}

const char *config_plugin(const struct config_section *section)
{
    return section->values[PLUGIN_CLASS].text;
}

const char *config_module(const struct config_section *section)
{
    return section->values[PLUGIN_MODULE].text;
}

const char *config_sha256(const struct config_section *section)
{
    return section->values[PLUGIN_SHA256].text;
}

bool config_survives(const struct config_section *section)
{
    return section->values[PLUGIN_SURVIVE].number != 0;
}

const char *config_isolation(const struct config *config,
                             const struct config_section *section)
{
    const char *own = section->values[PLUGIN_ISOLATION].text;

    return own ? own : config->host.isolation;
}
