#include "host/base/check.h"

#include <errno.h>
#include <string.h>

#include "host/base/config.h"
#include "host/base/kind.h"
#include "host/plain/mem.h"
#include "host/plain/nearest.h"

#define NAME_LIMIT 32

static const char untrusted[] =
    "a haft.conf that was merely found in the current folder may name no "
    "modules, no folders of modules and no commands; read the file, and if it "
    "is yours, type: haft trust";

/* ---- keys against rows ---- */

void check_begin_error(const struct config_section *section,
                       const struct config_entry *entry, const char *key,
                       struct str *why)
{
    section_place(why, entry ? entry->file : section->file,
                  entry ? entry->line : section->line);
    str_addf(why, "[%s] %s: ", section->title, key);
}

static const struct config_entry *
find_entry(const struct config_section *section, const char *key)
{
    for (size_t i = 0; i < section->entries_count; i++) {
        if (strcmp(section->entries[i].key, key) == 0) {
            return &section->entries[i];
        }
    }
    return NULL;
}

static const struct setting *find_row(const struct setting *rows, size_t count,
                                      const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].key, key) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Reads what is written, or the default of what is not. */
static bool read_row(const struct config_section *section,
                     const struct config_entry *entry,
                     const struct setting *row, struct setting_value *value,
                     struct str *why)
{
    struct str reason;
    bool is_read = false;

    str_init(&reason, STR_WHY_LIMIT);
    if (entry && section->is_untrusted && (row->flags & SETTING_COMMAND)) {
        str_add_text(&reason, untrusted);
    } else {
        is_read = setting_read(row, entry, value, &reason);
    }
    if (!is_read) {
        check_begin_error(section, entry, row->key, why);
        str_add_text(why, reason.text);
    }
    str_finish(&reason);
    return is_read;
}

static void finish_values(struct setting_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        setting_value_finish(&values[i]);
    }
    mem_free(values);
}

/* The rows that a section is held against. */
struct table {
    const struct setting *rows;
    size_t count;
    bool is_whole; /* what is in neither these nor the general keys is wrong */
};

static void refuse_unknown(const struct config_section *section,
                           const struct config_entry *entry,
                           const struct table *table, struct str *why)
{
    struct nearest near;

    nearest_init(&near, entry->key);
    for (size_t i = 0; i < table->count; i++) {
        nearest_try(&near, table->rows[i].key);
    }
    for (size_t i = 0; i < section->rows_count; i++) {
        nearest_try(&near, section->rows[i].key);
    }
    check_begin_error(section, entry, entry->key, why);
    str_add_text(why, "unknown key");
    nearest_add_hint(&near, why);
}

/* All rows and all entries, in the order of the file. Values that failed stay
 * empty. */
static bool read_rows(const struct config_section *section,
                      const struct table *table, struct setting_value *values,
                      struct str *why)
{
    const struct setting *rows = table->rows;
    bool is_good = true;

    for (size_t i = 0; i < section->entries_count; i++) {
        const struct config_entry *entry = &section->entries[i];
        const struct setting *row = find_row(rows, table->count, entry->key);

        if (row) {
            is_good &= read_row(section, entry, row, &values[row - rows], why);
        } else if (table->is_whole &&
                   !find_row(section->rows, section->rows_count, entry->key)) {
            refuse_unknown(section, entry, table, why);
            is_good = false;
        }
    }
    for (size_t i = 0; i < table->count; i++) {
        if (!find_entry(section, rows[i].key)) {
            is_good &= read_row(section, NULL, &rows[i], &values[i], why);
        }
    }
    return is_good;
}

int config_check_section(const struct config_section *section,
                         const struct setting *rows, size_t count,
                         struct setting_value *values, struct str *why)
{
    struct setting_value *made = mem_new(count, sizeof(*made));
    struct table table = {rows, count, true};

    if (!read_rows(section, &table, made, why)) {
        finish_values(made, count);
        return -EINVAL;
    }
    if (count > 0) {
        memcpy(values, made, count * sizeof(*made));
    }
    mem_free(made);
    return 0;
}

/* ---- sections against kinds ---- */

static bool is_instance_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

    return name[0] && name[0] != '-' && name[0] != '_' &&
           strlen(name) <= NAME_LIMIT && name[strspn(name, letters)] == '\0';
}

/* Half a sentence if the section's name is wrong for its kind. */
static const char *judge_name(const struct kind *kind,
                              const struct config_section *section)
{
    if (kind->is_later) {
        return "not yet carried out by this version of haft";
    }
    if (section->is_named && kind->naming == KIND_UNNAMED) {
        return "this section has no name behind a colon";
    }
    if (!section->is_named && kind->naming == KIND_NAMED) {
        return "this section needs a name: [kind:name]";
    }
    if (section->is_named && !is_instance_name(section->name)) {
        return "a name is of small letters, digits, _ and -, begins with a "
               "letter or digit, and has at most 32 of them";
    }
    return NULL;
}

static bool check_module(const struct config_section *section, struct str *why)
{
    const char *module = section->values[PLUGIN_MODULE].text;
    const char *sha256 = section->values[PLUGIN_SHA256].text;
    bool is_good = true;

    if (module &&
        (module[0] == '\0' || (module[0] != '/' && strchr(module, '/')))) {
        check_begin_error(section, section->values[PLUGIN_MODULE].entry,
                          "module", why);
        str_add_text(why, "expected an absolute path or a bare name, found ");
        str_add_quoted(why, module, strlen(module));
        is_good = false;
    }
    if (sha256 && (strlen(sha256) != 64 ||
                   strspn(sha256, "0123456789abcdefABCDEF") != 64)) {
        check_begin_error(section, section->values[PLUGIN_SHA256].entry,
                          "sha256", why);
        str_add_text(why, "expected 64 hexadecimal digits, found ");
        str_add_quoted(why, sha256, strlen(sha256));
        is_good = false;
    }
    return is_good;
}

static const struct kind *judge_kind(const struct config_section *section,
                                     struct str *why)
{
    const struct kind *kind = kind_find(section->kind);
    const char *wrong = kind ? judge_name(kind, section) : NULL;
    struct nearest near;

    if (kind && !wrong) {
        return kind;
    }
    section_place(why, section->file, section->line);
    str_addf(why, "[%s]: ", section->title);
    if (wrong) {
        str_add_text(why, wrong);
        return NULL;
    }
    nearest_init(&near, section->kind);
    for (size_t i = 0; i < kinds_count; i++) {
        nearest_try(&near, kinds[i].name);
    }
    str_add_text(why, "unknown section");
    nearest_add_hint(&near, why);
    return NULL;
}

bool check_section(struct config_section *section, struct str *why)
{
    const struct kind *kind = judge_kind(section, why);
    struct table table;
    bool is_good;

    if (!kind) {
        return false;
    }
    section->rows = kind->rows;
    section->rows_count = kind->rows_count;
    section->values = mem_new(kind->rows_count, sizeof(*section->values));
    table = (struct table){kind->rows, kind->rows_count, !kind->is_plugin};
    is_good = read_rows(section, &table, section->values, why);
    if (kind->is_plugin) {
        is_good &= check_module(section, why);
    }
    return is_good;
}

void check_finish(struct config_section *section)
{
    if (section->values) {
        finish_values(section->values, section->rows_count);
        section->values = NULL;
    }
}
