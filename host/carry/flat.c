#include "host/carry/flat.h"

#include <string.h>

#include "host/plain/json.h"
#include "host/plain/utf8.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct flat *f)
{
    while (f->at < f->end && is_blank(*f->at)) {
        f->at++;
    }
}

static bool take(struct flat *f, char c)
{
    skip_blanks(f);
    if (f->at < f->end && *f->at == c) {
        f->at++;
        return true;
    }
    return false;
}

void flat_start(struct flat *f, const void *json, size_t size)
{
    *f = (struct flat){.at = json, .is_first = true};
    f->end = f->at + size;
    f->is_broken = !utf8_is_valid(json, size) || !take(f, '{');
}

/* Behind the closing quote of a text that begins at `p`, or NULL. */
static const char *text_end(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        if (*p == '\\' && ++p == end) {
            return NULL;
        }
        if ((unsigned char)*p < 0x20) {
            return NULL;
        }
    }
    return p < end ? p + 1 : NULL;
}

/* Behind a nested value. Brackets are only counted: json_read looks closer
 * at what is used. */
static const char *nested_end(const char *p, const char *end)
{
    int depth = 0;

    while (p && p < end) {
        if (*p == '"') {
            p = text_end(p, end);
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
        if (depth == 0) {
            return p;
        }
    }
    return NULL;
}

/* Of a number, true, false or null. */
static bool is_plain(char c)
{
    static const char others[] = "+-.aeflnrstuE";

    return (c >= '0' && c <= '9') || memchr(others, c, sizeof(others) - 1);
}

static const char *value_end(const char *p, const char *end)
{
    const char *start = p;

    if (p < end && *p == '"') {
        return text_end(p, end);
    }
    if (p < end && (*p == '{' || *p == '[')) {
        return nested_end(p, end);
    }
    while (p < end && is_plain(*p)) {
        p++;
    }
    return p > start ? p : NULL;
}

static bool take_member(struct flat *f, struct flat_member *m)
{
    const char *key = f->at;
    const char *end;

    if (key >= f->end || *key != '"') {
        return false;
    }
    end = text_end(key, f->end);
    if (!end) {
        return false;
    }
    m->key = key + 1;
    m->key_size = (size_t)(end - key) - 2;
    f->at = end;
    if (!take(f, ':')) {
        return false;
    }
    skip_blanks(f);
    m->value = f->at;
    end = value_end(f->at, f->end);
    if (!end) {
        return false;
    }
    m->size = (size_t)(end - m->value);
    f->at = end;
    return true;
}

bool flat_next(struct flat *f, struct flat_member *m)
{
    bool is_first = f->is_first;

    if (f->is_broken || f->at == f->end) {
        return false;
    }
    f->is_first = false;
    if (take(f, '}')) {
        skip_blanks(f);
        f->is_broken = f->at != f->end;
        return false;
    }
    if (!is_first && !take(f, ',')) {
        f->is_broken = true;
        return false;
    }
    skip_blanks(f);
    f->is_broken = !take_member(f, m) || f->at == f->end;
    return !f->is_broken;
}

bool flat_number(const struct flat_member *m, uint64_t *value)
{
    const char *p = m->value;
    const char *end = m->value + m->size;
    uint64_t n = 0;

    if (*p == '"') {
        p++;
        end--;
    }
    if (p == end || end - p > 20) {
        return false;
    }
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');

        if (digit > 9 || n > (UINT64_MAX - digit) / 10) {
            return false;
        }
        n = n * 10 + digit;
    }
    *value = n;
    return true;
}

bool flat_bool(const struct flat_member *m, bool *value)
{
    bool is_true = m->size == 4 && memcmp(m->value, "true", 4) == 0;
    bool is_false = m->size == 5 && memcmp(m->value, "false", 5) == 0;

    if (is_true || is_false) {
        *value = is_true;
    }
    return is_true || is_false;
}

/* The few texts with an escape in them go the long way. */
static bool escaped_text(const struct flat_member *m, char *room, size_t size)
{
    cJSON *tree = flat_tree(m);
    size_t length = cJSON_IsString(tree) ? strlen(tree->valuestring) : size;

    if (length < size) {
        memcpy(room, tree->valuestring, length + 1);
    }
    cJSON_Delete(tree);
    return length < size;
}

bool flat_text(const struct flat_member *m, char *room, size_t size)
{
    if (*m->value != '"') {
        return false;
    }
    if (memchr(m->value, '\\', m->size)) {
        return escaped_text(m, room, size);
    }
    if (m->size - 2 >= size) {
        return false;
    }
    memcpy(room, m->value + 1, m->size - 2);
    room[m->size - 2] = '\0';
    return true;
}

cJSON *flat_tree(const struct flat_member *m)
{
    struct str why;
    cJSON *tree;

    str_init(&why, STR_WHY_LIMIT);
    tree = json_read(m->value, m->size, &why);
    str_finish(&why);
    return tree;
}
