#include <stdint.h>
#include <string.h>

#include "host/base/config.h"
#include "host/base/kind.h"

static void show_line(const char *key, const struct str *value,
                      const struct config_entry *entry, struct str *out)
{
    size_t width = strlen(key) + 3 + value->size;

    str_addf(out, "%s = %s", key, value->text);
    str_addf(out, "%*s", width < 40 ? (int)(40 - width) : 1, "");
    if (!entry) {
        str_add_text(out, "# default\n");
    } else if (entry->line == 0 || strcmp(entry->file, CONFIG_BUILTIN) == 0) {
        str_add_text(out, "# built in\n");
    } else {
        str_addf(out, "# %s:%d\n", entry->file, entry->line);
    }
}

static bool is_general(const struct config_section *section,
                       const struct config_entry *entry)
{
    for (size_t i = 0; i < section->rows_count; i++) {
        if (section->values[i].entry == entry) {
            return true;
        }
    }
    return false;
}

static void show_section(const struct config_section *section, struct str *out)
{
    struct str value;

    str_init(&value, SIZE_MAX);
    str_addf(out, "\n[%s]\n", section->title);
    for (size_t i = 0; i < section->rows_count; i++) {
        str_reset(&value);
        setting_add_value(&section->rows[i], &section->values[i], &value);
        if (value.size > 0 && !(section->rows[i].flags & SETTING_LATER)) {
            show_line(section->rows[i].key, &value, section->values[i].entry,
                      out);
        }
    }
    for (size_t i = 0; i < section->entries_count; i++) {
        const struct config_entry *entry = &section->entries[i];

        if (!is_general(section, entry)) {
            str_reset(&value);
            str_add_text(&value, entry->raw);
            show_line(entry->key, &value, entry, out);
        }
    }
    str_finish(&value);
}

void config_show(const struct config *config, struct str *out)
{
    str_addf(out, "# %s%s\n",
             config->file ? config->file : "no file: built-in defaults",
             config->is_trusted ? "" : " (not trusted)");
    for (size_t i = 1; i < config->files_count; i++) {
        str_addf(out, "# %s\n", config->files[i]);
    }
    for (size_t i = 0; i < config->sections.count; i++) {
        if (config->sections.items[i].title[0]) {
            show_section(&config->sections.items[i], out);
        }
    }
}

void config_sample(struct str *out)
{
    kind_add_sample(out);
}
