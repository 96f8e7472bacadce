#include "host/base/entry.h"

#include <stdlib.h>
#include <string.h>

#include "host/plain/mem.h"
#include "host/plain/utf8.h"

/* One pass over a value. */
struct scan {
    const char *p;
    struct str *out;
    struct str *why;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_name(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && c != '_' && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return size > 0;
}

static bool add_variable(struct scan *scan, const char *name, size_t size)
{
    char *copy;
    const char *value;

    if (!is_name(name, size)) {
        str_add_quoted(scan->why, name, size);
        str_add_text(scan->why, " is no name of an environment variable");
        return false;
    }
    copy = mem_text(name, size);
    value = getenv(copy);
    if (!value) {
        str_addf(scan->why, "environment variable %s is not set", copy);
    } else if (!utf8_is_valid(value, strlen(value))) {
        str_addf(scan->why, "environment variable %s is not UTF-8", copy);
        value = NULL;
    } else {
        str_add_text(scan->out, value);
    }
    mem_free(copy);
    return value != NULL;
}

/* At a dollar: a variable, a dollar that was asked for, or just a dollar. */
static bool scan_dollar(struct scan *scan)
{
    const char *end;
    const char *name = scan->p + 2;

    if (strncmp(scan->p, "$${", 3) == 0) {
        str_add_text(scan->out, "${");
        scan->p += 3;
        return true;
    }
    if (scan->p[1] != '{') {
        str_add_char(scan->out, *scan->p++);
        return true;
    }
    end = strchr(name, '}');
    if (!end) {
        str_add_text(scan->why, "${ without a closing }; a dollar before a "
                                "brace is written $${");
        return false;
    }
    scan->p = end + 1;
    return add_variable(scan, name, (size_t)(end - name));
}

/* At the opening quote; leaves behind the closing one. */
static bool scan_quoted(struct scan *scan)
{
    scan->p++;
    while (*scan->p != '"') {
        if (*scan->p == '\0') {
            str_add_text(scan->why, "a quote that is not closed");
            return false;
        }
        if (*scan->p == '$') {
            if (!scan_dollar(scan)) {
                return false;
            }
            continue;
        }
        if (*scan->p == '\\') {
            scan->p++;
            if (*scan->p != '"' && *scan->p != '\\') {
                str_add_text(scan->why,
                             "a backslash in quotes stands before a quote or "
                             "a backslash only; write \\\\ for one");
                return false;
            }
        }
        str_add_char(scan->out, *scan->p++);
    }
    scan->p++;
    return true;
}

static bool check_bare(struct scan *scan, bool is_first)
{
    char c = *scan->p;

    if (c == '"') {
        str_add_text(scan->why, "a quote in the middle; quotes enclose the "
                                "whole value or a whole item of a list, and "
                                "inside them a quote is written \\\"");
        return false;
    }
    if ((c == ';' || c == '#') && (is_first || is_space(scan->p[-1]))) {
        str_addf(scan->why,
                 "\" %c\" may begin a comment or belong to the value; put a "
                 "comment on a line of its own, or quote the value",
                 c);
        return false;
    }
    return true;
}

/* Up to a comma or the end (only the end if `is_whole`), blanks cut off. */
static bool scan_bare(struct scan *scan, bool is_whole)
{
    const char *begin = scan->p;

    while (*scan->p && (is_whole || *scan->p != ',')) {
        if (!check_bare(scan, scan->p == begin)) {
            return false;
        }
        if (*scan->p == '$') {
            if (!scan_dollar(scan)) {
                return false;
            }
        } else {
            str_add_char(scan->out, *scan->p++);
        }
    }
    if (scan->p > begin && is_space(scan->p[-1])) {
        size_t size = scan->out->size;

        while (size > 0 && is_space(scan->out->text[size - 1])) {
            size--;
        }
        str_shorten(scan->out, size);
    }
    return true;
}

static void add_item(struct config_entry *entry, size_t *room, struct str *item)
{
    entry->items = mem_grow(entry->items, room, entry->items_count + 1,
                            sizeof(*entry->items));
    entry->items[entry->items_count++] = str_take(item);
}

static void skip_spaces(struct scan *scan)
{
    while (is_space(*scan->p)) {
        scan->p++;
    }
}

/* One item and what follows it; `*has_quotes` is set, never cleared. */
static bool scan_item(struct scan *scan, bool *has_quotes)
{
    skip_spaces(scan);
    if (*scan->p != '"') {
        return scan_bare(scan, false);
    }
    *has_quotes = true;
    if (!scan_quoted(scan)) {
        return false;
    }
    skip_spaces(scan);
    if (*scan->p && *scan->p != ',') {
        str_add_text(scan->why, "text behind a closing quote; quotes enclose "
                                "the whole value or a whole item of a list");
        return false;
    }
    return true;
}

static bool check_size(struct scan *scan, size_t total)
{
    if (scan->out->is_cut || total > CONFIG_LINE_LIMIT) {
        str_add_text(scan->why, "variables make it longer than 64 KiB");
        return false;
    }
    return true;
}

static bool read_items(struct config_entry *entry, struct scan *scan,
                       bool *has_quotes)
{
    size_t room = 0;
    size_t total = 0;
    bool is_more = *scan->p != '\0';

    while (is_more) {
        const char *begin = scan->p;

        if (!scan_item(scan, has_quotes)) {
            return false;
        }
        entry->has_empty_item |= scan->out->size == 0 &&
                                 !memchr(begin, '"', (size_t)(scan->p - begin));
        total += scan->out->size;
        if (!check_size(scan, total)) {
            return false;
        }
        add_item(entry, &room, scan->out);
        is_more = *scan->p == ',';
        scan->p += is_more;
    }
    return true;
}

bool entry_read(struct config_entry *entry, const char *raw, struct str *why)
{
    struct str out;
    struct scan scan = {raw, &out, why};
    bool has_quotes = false;
    bool is_read;

    entry->raw = mem_text(raw, strlen(raw));
    str_init(&out, CONFIG_LINE_LIMIT);
    is_read = read_items(entry, &scan, &has_quotes);
    if (is_read && entry->items_count == 1 && !entry->has_empty_item) {
        str_add_text(&out, entry->items[0]);
    } else if (is_read && !has_quotes) {
        scan.p = raw;
        is_read = scan_bare(&scan, true) && check_size(&scan, 0);
    }
    if (is_read && (entry->items_count <= 1 || !has_quotes)) {
        entry->value = str_take(&out);
    }
    str_finish(&out);
    return is_read;
}

void entry_finish(struct config_entry *entry)
{
    for (size_t i = 0; i < entry->items_count; i++) {
        mem_free(entry->items[i]);
    }
    mem_free(entry->items);
    mem_free(entry->key);
    mem_free(entry->raw);
    mem_free(entry->value);
    *entry = (struct config_entry){0};
}
