#include "host/guest/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/plain/json.h"
#include "host/plain/mem.h"

/* Without a section: every default, and nothing may be required. */
static bool read_defaults(const struct options *o, struct str *why)
{
    bool is_good = true;

    for (size_t i = 0; i < o->class->options_count; i++) {
        struct str cause;

        str_init(&cause, STR_WHY_LIMIT);
        if ((o->rows[i].flags & SETTING_REQUIRED) ||
            !setting_read(&o->rows[i], NULL, &o->values[i], &cause)) {
            str_addf(why, "%s%s must be set: a section is needed",
                     why->size > 0 ? "\n" : "", o->rows[i].key);
            is_good = false;
        }
        str_finish(&cause);
    }
    return is_good;
}

bool options_read(struct options *o, const struct manifest_class *class,
                  const struct config_section *section, struct str *why)
{
    size_t count = class->options_count;

    *o = (struct options){.class = class};
    o->rows = mem_new(count + 1, sizeof(*o->rows));
    o->values = mem_new(count + 1, sizeof(*o->values));
    for (size_t i = 0; i < count; i++) {
        o->rows[i] = class->options[i].row;
    }

    bool is_good = section ? config_check_section(section, o->rows, count,
                                                  o->values, why) == 0
                           : read_defaults(o, why);

    if (!is_good) {
        options_finish(o);
    }
    return is_good;
}

void options_finish(struct options *o)
{
    for (size_t i = 0; o->values && i < o->class->options_count; i++) {
        setting_value_finish(&o->values[i]);
    }
    mem_free(o->values);
    mem_free(o->rows);
    *o = (struct options){0};
}

/* ---- for create ---- */

static struct haft_slice keep(struct scratch *mem, const char *text)
{
    size_t n = strlen(text);
    char *copy = scratch_take(mem, n + 1);

    memcpy(copy, text, n + 1);
    return (struct haft_slice){copy, n};
}

static struct haft_slice keep_path(struct scratch *mem, const char *path,
                                   const char *folder)
{
    struct str whole;

    str_init(&whole, CONFIG_LINE_LIMIT);
    if (path[0] != '/') {
        char *here = folder[0] == '/' ? NULL : getcwd(NULL, 0);

        if (here) {
            str_addf(&whole, "%s/", here);
        }
        str_addf(&whole, "%s/", folder);
        free(here);
    }
    str_add_text(&whole, path);

    struct haft_slice kept = keep(mem, whole.text);

    str_finish(&whole);
    return kept;
}

static bool is_number(uint32_t type)
{
    return type != HAFT_VALUE_TEXT && type != HAFT_VALUE_PATH;
}

/* One value; `text` is what it is of the textual types. */
static struct haft_value give_one(const struct options *o, size_t i,
                                  const char *text, const char *state,
                                  struct scratch *mem)
{
    const struct manifest_option *option = &o->class->options[i];
    const struct setting_value *value = &o->values[i];
    struct haft_value v = {
        .key = keep(mem, option->row.key),
        .type = option->type,
        .is_set = value->entry != NULL,
    };

    if (is_number(option->type)) {
        const char *fallback = option->row.fallback;

        v.number = value->number;
        v.text = keep(mem, value->entry ? value->entry->raw : fallback);
    } else if (option->type == HAFT_VALUE_PATH) {
        v.text = keep_path(mem, text, value->entry ? "." : state);
    } else {
        v.text = keep(mem, text);
    }
    return v;
}

/* How many rows an option gives. */
static size_t rows_of(const struct options *o, size_t i)
{
    const struct manifest_option *option = &o->class->options[i];
    const struct setting_value *value = &o->values[i];

    if (option->is_list) {
        return value->items_count;
    }
    if (!value->entry && !option->row.fallback) {
        return 0;
    }
    return is_number(option->type) || value->text ? 1 : 0;
}

struct haft_array options_give(const struct options *o, const char *state,
                               struct scratch *mem)
{
    size_t count = 0;
    size_t at = 0;

    for (size_t i = 0; i < o->class->options_count; i++) {
        count += rows_of(o, i);
    }

    struct haft_value *values = scratch_take(mem, count * sizeof(*values) + 1);

    for (size_t i = 0; i < o->class->options_count; i++) {
        const struct setting_value *value = &o->values[i];
        size_t rows = rows_of(o, i);

        for (size_t k = 0; k < rows; k++) {
            const char *text =
                o->class->options[i].is_list ? value->items[k] : value->text;

            values[at++] = give_one(o, i, text, state, mem);
        }
    }
    return (struct haft_array){values, (uint32_t)count, sizeof(*values)};
}

void options_add_json(const struct options *o, struct str *out)
{
    json_open(out, '{');
    for (size_t i = 0; i < o->class->options_count; i++) {
        struct str text;

        if (rows_of(o, i) == 0) {
            continue;
        }
        json_key(out, o->rows[i].key);
        if (o->class->options[i].is_secret) {
            json_text(out, "(secret)", 8);
            continue;
        }
        str_init(&text, CONFIG_LINE_LIMIT);
        setting_add_value(&o->rows[i], &o->values[i], &text);
        json_text(out, text.text, text.size);
        str_finish(&text);
    }
    json_close(out, '}');
}
