#include "host/base/setting.h"

#include <inttypes.h>
#include <string.h>

#include "host/plain/mem.h"
#include "host/plain/nearest.h"
#include "host/plain/units.h"

#define COMMENT_COLUMNS 78

static const char *const forms[] = {
    [SETTING_TEXT] = "text",
    [SETTING_INT] = "a whole number",
    [SETTING_SIZE] = UNITS_SIZE_FORM,
    [SETTING_DURATION] = UNITS_DURATION_FORM,
    [SETTING_BOOL] = "yes or no",
    [SETTING_LIST] = "a list, separated by commas",
    [SETTING_PATH] = "a path",
    [SETTING_PATHS] = "a list of paths, separated by commas",
};

static bool is_number(enum setting_type type)
{
    return type == SETTING_INT || type == SETTING_SIZE ||
           type == SETTING_DURATION;
}

static bool is_list(enum setting_type type)
{
    return type == SETTING_LIST || type == SETTING_PATHS;
}

static void add_number(enum setting_type type, int64_t number, struct str *out)
{
    if (type == SETTING_DURATION) {
        units_add_duration(out, number);
    } else if (type == SETTING_SIZE) {
        units_add_size(out, number);
    } else {
        str_addf(out, "%" PRId64, number);
    }
}

static void add_choices(const struct setting *row, struct str *out)
{
    str_add_text(out, row->choices[1] ? "one of " : "");
    for (size_t i = 0; row->choices[i]; i++) {
        str_addf(out, "%s%s", i ? ", " : "", row->choices[i]);
    }
    if (!row->choices[1]) {
        str_add_text(out, ", the only one so far");
    }
}

void setting_add_form(const struct setting *row, struct str *out)
{
    if (row->type == SETTING_ENUM) {
        add_choices(row, out);
        return;
    }
    str_add_text(out, forms[row->type]);
    if (is_number(row->type) && (row->least || row->most)) {
        str_add_text(out, ", ");
        add_number(row->type, row->least, out);
        str_add_text(out, " to ");
        add_number(row->type, row->most, out);
    }
}

/* ---- reading ---- */

/* "expected ..., found ..."; what is shown is what was written, so that no
 * variable's content gets into a log. */
static bool refuse(const struct setting *row, const struct config_entry *entry,
                   struct str *why)
{
    str_add_text(why, "expected ");
    setting_add_form(row, why);
    str_add_text(why, ", found ");
    str_add_quoted(why, entry->raw, strlen(entry->raw));
    return false;
}

static bool read_bool(const char *text, int64_t *number)
{
    static const char *const words[] = {"no", "yes", "false", "true"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0) {
            *number = (int64_t)(i % 2);
            return true;
        }
    }
    return false;
}

static bool read_number(const struct setting *row, const char *text,
                        int64_t *number)
{
    bool is_read = false;

    if (row->type == SETTING_BOOL) {
        return read_bool(text, number);
    }
    if (row->type == SETTING_INT) {
        is_read = units_int(text, number);
    } else if (row->type == SETTING_SIZE) {
        is_read = units_size(text, number);
    } else {
        is_read = units_duration(text, number);
    }
    return is_read && ((!row->least && !row->most) ||
                       (*number >= row->least && *number <= row->most));
}

static bool is_choice(const struct setting *row, const char *text,
                      struct nearest *near)
{
    for (size_t i = 0; row->choices[i]; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            return true;
        }
        nearest_try(near, row->choices[i]);
    }
    return false;
}

/* A path as the process sees it: relative ones stand beside the file. */
static char *resolve(const char *path, const char *file)
{
    const char *slash = strrchr(file, '/');
    struct str joined;

    str_init(&joined, SIZE_MAX);
    if (path[0] != '/' && slash) {
        str_add(&joined, file, (size_t)(slash - file) + 1);
    }
    str_add_text(&joined, path);
    return str_take(&joined);
}

static void copy_items(const struct setting *row,
                       const struct config_entry *entry,
                       struct setting_value *value)
{
    value->items = mem_new(entry->items_count, sizeof(*value->items));
    value->items_count = entry->items_count;
    for (size_t i = 0; i < entry->items_count; i++) {
        const char *item = entry->items[i];

        value->items[i] = row->type == SETTING_PATHS
                              ? resolve(item, entry->file)
                              : mem_text(item, strlen(item));
    }
}

static bool read_list(const struct setting *row,
                      const struct config_entry *entry,
                      struct setting_value *value, struct str *why)
{
    bool is_bad = entry->has_empty_item;

    for (size_t i = 0; i < entry->items_count; i++) {
        is_bad |= row->type == SETTING_PATHS && entry->items[i][0] == '\0';
    }
    if (is_bad) {
        str_add_text(why, "an empty item in a list");
        return false;
    }
    copy_items(row, entry, value);
    return true;
}

static bool read_text(const struct setting *row,
                      const struct config_entry *entry,
                      struct setting_value *value, struct str *why)
{
    struct nearest near;

    nearest_init(&near, entry->value);
    if (row->type == SETTING_ENUM && !is_choice(row, entry->value, &near)) {
        refuse(row, entry, why);
        nearest_add_hint(&near, why);
        return false;
    }
    if (row->type == SETTING_PATH) {
        if (entry->value[0] == '\0') {
            return refuse(row, entry, why);
        }
        value->text = resolve(entry->value, entry->file);
    } else {
        value->text = mem_text(entry->value, strlen(entry->value));
    }
    return true;
}

static bool read_entry(const struct setting *row,
                       const struct config_entry *entry,
                       struct setting_value *value, struct str *why)
{
    struct setting_value made = {0};

    if (row->flags & SETTING_LATER) {
        str_add_text(why, "not yet carried out by this version of haft");
        return false;
    }
    if (is_list(row->type)) {
        if (!read_list(row, entry, &made, why)) {
            return false;
        }
    } else if (!entry->value) {
        str_add_text(why, "this is a list, and one text was expected; quote "
                          "it as a whole");
        return false;
    } else if (is_number(row->type) || row->type == SETTING_BOOL) {
        if (!read_number(row, entry->value, &made.number)) {
            return refuse(row, entry, why);
        }
    } else if (!read_text(row, entry, &made, why)) {
        return false;
    }
    *value = made;
    return true;
}

bool setting_read(const struct setting *row, const struct config_entry *entry,
                  struct setting_value *value, struct str *why)
{
    struct config_entry standard = {.file = ""};
    struct setting plain = *row;
    bool is_read;

    if (entry) {
        is_read = read_entry(row, entry, value, why);
        if (is_read) {
            value->entry = entry;
        }
        return is_read;
    }
    if (!row->fallback) {
        if (row->flags & SETTING_REQUIRED) {
            str_add_text(why, "is required: ");
            setting_add_form(row, why);
            return false;
        }
        *value = (struct setting_value){0};
        return true;
    }
    plain.flags &= ~(uint32_t)SETTING_LATER;
    is_read = entry_read(&standard, row->fallback, why) &&
              read_entry(&plain, &standard, value, why);
    entry_finish(&standard);
    return is_read;
}

void setting_value_finish(struct setting_value *value)
{
    for (size_t i = 0; i < value->items_count; i++) {
        mem_free(value->items[i]);
    }
    mem_free(value->items);
    mem_free(value->text);
    *value = (struct setting_value){0};
}

/* ---- printing ---- */

/* A text as it must stand in the file: quoted where it would be misread. */
static void add_written(const char *text, bool is_item, struct str *out)
{
    size_t size = strlen(text);
    bool is_plain = size > 0 && !strpbrk(text, "\"\\;#${") && text[0] != ' ' &&
                    text[size - 1] != ' ' && !(is_item && strchr(text, ','));

    if (is_plain) {
        str_add_text(out, text);
        return;
    }
    str_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            str_add_char(out, '\\');
        }
        if (strncmp(text, "${", 2) == 0) {
            str_add_char(out, '$');
        }
        str_add_char(out, *text);
    }
    str_add_char(out, '"');
}

void setting_add_value(const struct setting *row,
                       const struct setting_value *value, struct str *out)
{
    if (value->entry) {
        str_add_text(out, value->entry->raw);
    } else if (is_list(row->type)) {
        for (size_t i = 0; i < value->items_count; i++) {
            str_add_text(out, i ? ", " : "");
            add_written(value->items[i], true, out);
        }
    } else if (row->type == SETTING_BOOL) {
        str_add_text(out, value->number ? "yes" : "no");
    } else if (is_number(row->type)) {
        add_number(row->type, value->number, out);
    } else if (value->text) {
        add_written(value->text, false, out);
    }
}

void setting_add_comment(const char *text, struct str *out)
{
    size_t column = COMMENT_COLUMNS;
    size_t begin = out->size;

    while (*text) {
        size_t word = strcspn(text, " \n");

        if (column + 1 + word > COMMENT_COLUMNS) {
            str_add_text(out, out->size > begin ? "\n#" : "#");
            column = 1;
        }
        str_add_char(out, ' ');
        str_add(out, text, word);
        column += 1 + word;
        text += word;
        text += strspn(text, " \n");
    }
    str_add_char(out, '\n');
}

void setting_add_sample(const struct setting *row, struct str *out)
{
    struct str comment;

    str_init(&comment, SIZE_MAX);
    str_add_text(&comment, row->help);
    str_add_text(&comment, " (");
    setting_add_form(row, &comment);
    str_add_char(&comment, ')');
    setting_add_comment(comment.text, out);
    str_addf(out, "#%s =%s%s\n", row->key, row->fallback ? " " : "",
             row->fallback ? row->fallback : "");
    str_finish(&comment);
}
