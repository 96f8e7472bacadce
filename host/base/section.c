#include "host/base/section.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ini.h>

#include "host/plain/mem.h"
#include "host/plain/utf8.h"

/* The key behind each section's line, and the value of every key. A key as
 * people write them begins with a letter. */
#define SECTION_MARK "@"
#define STAND_IN "v"

struct reader {
    const char *p;
    const char *end;
    const char *file;
    int line;
    bool is_mark_due; /* the last line given was a section's */
    bool is_skipping; /* its section was refused, so its keys are not read */
    bool is_bad;
    struct str value; /* of the pair just given */
    struct sections *sections;
    struct str *why;
};

void section_place(struct str *why, const char *file, int line)
{
    if (why->size > 0 && why->text[why->size - 1] != '\n') {
        str_add_char(why, '\n');
    }
    if (line > 0) {
        str_addf(why, "%s:%d: ", file, line);
    } else {
        str_addf(why, "%s: ", file);
    }
}

static bool refuse(struct reader *r, const char *what)
{
    section_place(r->why, r->file, r->line);
    str_add_text(r->why, what);
    r->is_bad = true;
    return false;
}

/* ---- the list ---- */

const struct config_section *sections_find(const struct sections *s,
                                           const char *title)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->items[i].title, title) == 0) {
            return &s->items[i];
        }
    }
    return NULL;
}

void sections_take(struct sections *s, struct config_section *section)
{
    s->items = mem_grow(s->items, &s->room, s->count + 1, sizeof(*s->items));
    s->items[s->count++] = *section;
    *section = (struct config_section){0};
}

static void add_section(struct sections *s, const char *title, const char *file,
                        int line)
{
    size_t kind = strcspn(title, ":");
    bool is_named = title[kind] == ':';
    const char *name = is_named ? title + kind + 1 : title;
    struct config_section section = {
        .title = mem_text(title, strlen(title)),
        .kind = mem_text(title, kind),
        .name = mem_text(name, strlen(name)),
        .is_named = is_named,
        .file = file,
        .line = line,
    };

    sections_take(s, &section);
}

static void finish_section(struct config_section *section)
{
    for (size_t i = 0; i < section->entries_count; i++) {
        entry_finish(&section->entries[i]);
    }
    mem_free(section->entries);
    mem_free(section->title);
    mem_free(section->kind);
    mem_free(section->name);
    *section = (struct config_section){0};
}

void sections_finish(struct sections *s)
{
    for (size_t i = 0; i < s->count; i++) {
        finish_section(&s->items[i]);
    }
    mem_free(s->items);
    *s = (struct sections){0};
}

/* ---- lines: what inih may see ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static bool check_bytes(struct reader *r, const char *line, size_t size)
{
    if (size > CONFIG_LINE_LIMIT) {
        return refuse(r, "a line longer than 64 KiB");
    }
    if (!utf8_is_valid(line, size)) {
        return refuse(r, "bytes that are not UTF-8");
    }
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') ||
            line[i] == 0x7f) {
            return refuse(r, "a control character");
        }
    }
    return true;
}

/* `[title]`, nothing behind it. */
static bool check_title(struct reader *r, const char *line, size_t size)
{
    const char *end = memchr(line, ']', size);
    size_t length = end ? (size_t)(end - line) - 1 : 0;

    if (!end || end != line + size - 1) {
        return refuse(r, "a section is [kind] or [kind:name] and nothing else "
                         "on its line");
    }
    if (length == 0 || length > CONFIG_TITLE_LIMIT) {
        return refuse(r, "a section's name has 1 to 48 letters");
    }
    for (size_t i = 1; i <= length; i++) {
        if (!is_word_char(line[i]) && line[i] != ':') {
            return refuse(r, "a section's name is of letters, digits, _ - . "
                             "and one colon between kind and name");
        }
    }
    return true;
}

/* Copies `key = v` for inih, keeps the value. */
static bool give_pair(struct reader *r, const char *line, size_t size,
                      char *out, int room)
{
    const char *equals = memchr(line, '=', size);
    size_t key = 0;
    size_t begin;

    while (key < size && is_word_char(line[key])) {
        key++;
    }
    begin = key;
    while (begin < size && is_space(line[begin])) {
        begin++;
    }
    if (!equals || line + begin != equals || key == 0 ||
        !((line[0] | 0x20) >= 'a' && (line[0] | 0x20) <= 'z')) {
        return refuse(r, "expected `key = value`; a key begins with a letter "
                         "and is of letters, digits, _ - and .");
    }
    if (key > CONFIG_KEY_LIMIT) {
        return refuse(r, "a key longer than 64 letters");
    }
    begin++;
    while (begin < size && is_space(line[begin])) {
        begin++;
    }
    str_reset(&r->value);
    str_add(&r->value, line + begin, size - begin);
    snprintf(out, (size_t)room, "%.*s = " STAND_IN, (int)key, line);
    return true;
}

/* Takes the next line off the text, without its end and trailing blanks. */
static const char *take_line(struct reader *r, size_t *size)
{
    const char *line = r->p;
    const char *end = memchr(line, '\n', (size_t)(r->end - line));
    size_t length = (size_t)((end ? end : r->end) - line);

    r->p = end ? end + 1 : r->end;
    r->line++;
    if (length > 0 && line[length - 1] == '\r') {
        length--;
    }
    while (length > 0 && is_space(line[length - 1])) {
        length--;
    }
    *size = length;
    return line;
}

/* True if the line went to inih. */
static bool give_line(struct reader *r, char *out, int room)
{
    size_t size;
    const char *line = take_line(r, &size);
    size_t indent = 0;

    if (!check_bytes(r, line, size)) {
        return false;
    }
    while (indent < size && is_space(line[indent])) {
        indent++;
    }
    if (indent == size || line[indent] == '#' || line[indent] == ';') {
        return false;
    }
    if (indent > 0) {
        return refuse(r, "an indented line; keys and sections begin at the "
                         "left, and a value ends with its line");
    }
    if (line[0] != '[') {
        return !r->is_skipping && give_pair(r, line, size, out, room);
    }
    r->is_skipping = !check_title(r, line, size);
    r->is_mark_due = !r->is_skipping;
    if (r->is_mark_due) {
        snprintf(out, (size_t)room, "%.*s", (int)size, line);
    }
    return r->is_mark_due;
}

/* inih's fgets. */
static char *read_line(char *out, int room, void *stream)
{
    struct reader *r = stream;

    if (r->is_mark_due) {
        r->is_mark_due = false;
        snprintf(out, (size_t)room, SECTION_MARK " = " STAND_IN);
        return out;
    }
    while (r->p < r->end) {
        if (give_line(r, out, room)) {
            return out;
        }
    }
    return NULL;
}

/* ---- what inih reports ---- */

static void begin_section(struct reader *r, const char *title)
{
    const struct config_section *old = sections_find(r->sections, title);

    r->is_skipping = true;
    if (old) {
        section_place(r->why, r->file, r->line);
        str_addf(r->why, "section [%s] stands at %s:%d already", title,
                 old->file, old->line);
        r->is_bad = true;
    } else if (r->sections->count >= CONFIG_SECTIONS_LIMIT) {
        refuse(r, "more than 1000 sections");
        r->p = r->end;
    } else {
        add_section(r->sections, title, r->file, r->line);
        r->is_skipping = false;
    }
}

static bool is_known(struct reader *r, const struct config_section *section,
                     const char *key)
{
    for (size_t i = 0; i < section->entries_count; i++) {
        if (strcmp(section->entries[i].key, key) == 0) {
            section_place(r->why, r->file, r->line);
            str_addf(r->why, "%s stands on line %d already", key,
                     section->entries[i].line);
            r->is_bad = true;
            return true;
        }
    }
    return false;
}

static bool read_value(struct reader *r, const char *key,
                       struct config_entry *entry)
{
    struct str reason;
    bool is_read;

    str_init(&reason, STR_WHY_LIMIT);
    is_read = entry_read(entry, r->value.text, &reason);
    if (!is_read) {
        section_place(r->why, r->file, r->line);
        str_addf(r->why, "%s: %s", key, reason.text);
        r->is_bad = true;
        entry_finish(entry);
    }
    str_finish(&reason);
    return is_read;
}

static void add_pair(struct reader *r, const char *key)
{
    struct config_section *section =
        &r->sections->items[r->sections->count - 1];
    struct config_entry entry = {.file = r->file, .line = r->line};

    if (is_known(r, section, key)) {
        return;
    }
    if (section->entries_count >= CONFIG_ENTRIES_LIMIT) {
        refuse(r, "more than 1000 keys in a section");
        r->is_skipping = true;
        return;
    }
    if (!read_value(r, key, &entry)) {
        return;
    }
    entry.key = mem_text(key, strlen(key));
    section->entries =
        mem_grow(section->entries, &section->entries_room,
                 section->entries_count + 1, sizeof(*section->entries));
    section->entries[section->entries_count++] = entry;
}

static int take_report(void *user, const char *title, const char *key,
                       const char *value)
{
    struct reader *r = user;

    assert(strcmp(value, STAND_IN) == 0);
    (void)value;
    if (strcmp(key, SECTION_MARK) == 0) {
        begin_section(r, title);
    } else {
        add_pair(r, key);
    }
    return 1;
}

int sections_read(struct sections *s, const char *text, size_t size,
                  const char *file, struct str *why)
{
    struct reader r = {
        .p = text, .end = text + size, .file = file, .sections = s, .why = why};

    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        r.p += 3;
    }
    str_init(&r.value, CONFIG_LINE_LIMIT);
    add_section(s, "", file, 0);
    if (ini_parse_stream(read_line, &r, take_report, &r) != 0) {
        refuse(&r, "not understood");
    }
    str_finish(&r.value);
    return r.is_bad ? -EINVAL : 0;
}
