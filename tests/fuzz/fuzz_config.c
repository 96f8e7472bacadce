/* A text either makes a config or gives a reason; and what was understood,
 * written out again key by key, is understood alike. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *const choices[] = {"one", "two", NULL};

static const struct setting rows[] = {
    {"text", SETTING_TEXT, .help = ""},
    {"int", SETTING_INT, .help = "", .least = -5, .most = 5},
    {"size", SETTING_SIZE, .help = ""},
    {"duration", SETTING_DURATION, .help = ""},
    {"bool", SETTING_BOOL, .help = ""},
    {"list", SETTING_LIST, .help = ""},
    {"enum", SETTING_ENUM, .help = "", .choices = choices},
    {"path", SETTING_PATH, .help = ""},
    {"paths", SETTING_PATHS, .help = ""},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void check_plugins(const struct config *config)
{
    const struct config_section *section = config_next(config, "notify", NULL);

    for (; section; section = config_next(config, "notify", section)) {
        struct setting_value values[ROWS];
        struct str why;

        str_init(&why, STR_WHY_LIMIT);
        if (config_check_section(section, rows, ROWS, values, &why) == 0) {
            for (size_t i = 0; i < ROWS; i++) {
                setting_value_finish(&values[i]);
            }
        } else if (why.size == 0) {
            abort(); /* refused without a reason */
        }
        str_finish(&why);
    }
}

static void write_again(const struct sections *sections, struct str *out)
{
    for (size_t i = 0; i < sections->count; i++) {
        const struct config_section *section = &sections->items[i];

        if (section->title[0]) {
            str_addf(out, "[%s]\n", section->title);
        }
        for (size_t k = 0; k < section->entries_count; k++) {
            str_addf(out, "%s = %s\n", section->entries[k].key,
                     section->entries[k].raw);
        }
    }
}

static void check_entry(const struct config_entry *a,
                        const struct config_entry *b)
{
    if (strcmp(a->key, b->key) != 0 || !a->value != !b->value ||
        (a->value && strcmp(a->value, b->value) != 0) ||
        a->items_count != b->items_count) {
        abort();
    }
    for (size_t i = 0; i < a->items_count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            abort();
        }
    }
}

static void check_same(const struct sections *a, const struct sections *b)
{
    if (a->count != b->count) {
        abort();
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i].title, b->items[i].title) != 0 ||
            a->items[i].entries_count != b->items[i].entries_count) {
            abort();
        }
        for (size_t k = 0; k < a->items[i].entries_count; k++) {
            check_entry(&a->items[i].entries[k], &b->items[i].entries[k]);
        }
    }
}

static void check_sections(const char *text, size_t size)
{
    struct sections first = {0};
    struct sections second = {0};
    struct str again;
    struct str why;

    str_init(&again, SIZE_MAX);
    str_init(&why, STR_WHY_LIMIT);
    if (sections_read(&first, text, size, "first", &why) == 0) {
        write_again(&first, &again);
        if (sections_read(&second, again.text, again.size, "second", &why) <
            0) {
            abort();
        }
        check_same(&first, &second);
    } else if (why.size == 0) {
        abort();
    }
    sections_finish(&first);
    sections_finish(&second);
    str_finish(&again);
    str_finish(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    struct config *config;
    struct str why;
    struct str shown;

    str_init(&why, STR_WHY_LIMIT);
    str_init(&shown, SIZE_MAX);
    check_sections(text, size);
    config = config_read(text, size, "fuzz", size % 2 == 0, &why);
    if (config) {
        config_show(config, &shown);
        check_plugins(config);
    } else if (why.size == 0) {
        abort();
    }
    config_destroy(config);
    str_finish(&shown);
    str_finish(&why);
    return 0;
}
