#include "host/plain/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/plain/mem.h"
#include "host/plain/utf8.h"

/* ---- writing ---- */

static void separate(struct str *out)
{
    char last = out->size ? out->text[out->size - 1] : '[';

    if (last != '{' && last != '[' && last != ':' && last != '\n') {
        str_add_char(out, ',');
    }
}

void json_open(struct str *out, char bracket)
{
    separate(out);
    str_add_char(out, bracket);
}

void json_close(struct str *out, char bracket)
{
    str_add_char(out, bracket);
}

static void add_escaped(struct str *out, unsigned char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    for (const char *l = letters; *l; l += 2) {
        if ((unsigned char)*l == c) {
            str_add_char(out, '\\');
            str_add_char(out, l[1]);
            return;
        }
    }
    str_addf(out, "\\u%04x", c);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Bytes that are no UTF-8 become U+FFFD: JSON can hold nothing else. */
static void add_quoted(struct str *out, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    size_t i = 0;

    str_add_char(out, '"');
    while (i < size) {
        size_t run = 0;

        while (i + run < size && is_plain(p[i + run])) {
            run++;
        }
        str_add(out, p + i, run);
        i += run;
        if (i < size) {
            size_t step = utf8_step(p + i, size - i);

            if (step > 1) {
                str_add(out, p + i, step);
            } else if (step == 1) {
                add_escaped(out, p[i]);
            } else {
                str_add_text(out, "\xef\xbf\xbd");
                step = 1;
            }
            i += step;
        }
    }
    str_add_char(out, '"');
}

void json_text(struct str *out, const void *bytes, size_t size)
{
    separate(out);
    add_quoted(out, bytes, size);
}

void json_key(struct str *out, const char *key)
{
    json_text(out, key, strlen(key));
    str_add_char(out, ':');
}

void json_int(struct str *out, int64_t value)
{
    separate(out);
    str_add_int(out, value);
}

void json_number(struct str *out, double value)
{
    char text[32];

    separate(out);
    if (!isfinite(value)) {
        str_add_text(out, "null");
        return;
    }
    /* The shortest of the two forms that reads back as the same double. */
    snprintf(text, sizeof(text), "%.15g", value);
    if (strtod(text, NULL) != value) {
        snprintf(text, sizeof(text), "%.17g", value);
    }
    str_add_text(out, text);
}

void json_bool(struct str *out, bool value)
{
    separate(out);
    str_add_text(out, value ? "true" : "false");
}

void json_null(struct str *out)
{
    separate(out);
    str_add_text(out, "null");
}

void json_raw(struct str *out, const char *json, size_t size)
{
    separate(out);
    str_add(out, json, size);
}

void json_put_text(struct str *out, const char *key, const char *text)
{
    if (text) {
        json_key(out, key);
        json_text(out, text, strlen(text));
    }
}

void json_put_int(struct str *out, const char *key, int64_t value)
{
    json_key(out, key);
    json_int(out, value);
}

void json_put_bool(struct str *out, const char *key, bool value)
{
    json_key(out, key);
    json_bool(out, value);
}

/* Depth is bounded by JSON_DEPTH_LIMIT for all that json_read returned. */
void json_value(struct str *out, const cJSON *value)
{
    const cJSON *item;

    if (cJSON_IsString(value)) {
        json_text(out, value->valuestring, strlen(value->valuestring));
    } else if (cJSON_IsNumber(value)) {
        json_number(out, value->valuedouble);
    } else if (cJSON_IsBool(value)) {
        json_bool(out, cJSON_IsTrue(value));
    } else if (cJSON_IsArray(value)) {
        json_open(out, '[');
        cJSON_ArrayForEach(item, value)
        {
            json_value(out, item);
        }
        json_close(out, ']');
    } else if (cJSON_IsObject(value)) {
        json_open(out, '{');
        cJSON_ArrayForEach(item, value)
        {
            json_key(out, item->string);
            json_value(out, item);
        }
        json_close(out, '}');
    } else {
        json_null(out);
    }
}

/* ---- reading ---- */

/* cJSON allows 1000 levels and recurses; count before it does. */
static bool is_shallow(const char *text, size_t size)
{
    int depth = 0;
    bool is_inside = false;

    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (is_inside) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                is_inside = false;
            }
        } else if (c == '"') {
            is_inside = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
        if (depth > JSON_DEPTH_LIMIT) {
            return false;
        }
    }
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A key that the object holds twice, or NULL. */
static const char *find_twice(const cJSON *object)
{
    size_t count = (size_t)cJSON_GetArraySize(object);
    const char **keys = mem_new(count, sizeof(*keys));
    const char *twice = NULL;
    const cJSON *item;
    size_t i = 0;

    cJSON_ArrayForEach(item, object)
    {
        keys[i++] = item->string;
    }
    qsort(keys, count, sizeof(*keys), compare_keys);
    for (i = 1; i < count && !twice; i++) {
        twice = strcmp(keys[i - 1], keys[i]) == 0 ? keys[i] : NULL;
    }
    mem_free(keys);
    return twice;
}

static const char *find_twice_below(const cJSON *value)
{
    const char *twice = cJSON_IsObject(value) ? find_twice(value) : NULL;
    const cJSON *item;

    cJSON_ArrayForEach(item, value)
    {
        if (twice) {
            return twice;
        }
        twice = find_twice_below(item);
    }
    return twice;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* Texts of one line, of which most of ours are, need no line. */
static void add_place(struct str *why, const char *text, size_t at)
{
    size_t line = 1;

    for (size_t i = 0; i < at; i++) {
        line += text[i] == '\n';
    }
    str_addf(why, "not JSON at byte %zu", at);
    if (line > 1) {
        str_addf(why, " (line %zu)", line);
    }
}

cJSON *json_read(const char *text, size_t size, struct str *why)
{
    const char *end = NULL;
    const char *twice;
    cJSON *tree = NULL;
    char *copy;

    if (memchr(text, '\0', size) || !utf8_is_valid(text, size)) {
        str_add_text(why, "not UTF-8 text");
        return NULL;
    }
    if (!is_shallow(text, size)) {
        str_addf(why, "nested deeper than %d levels", JSON_DEPTH_LIMIT);
        return NULL;
    }
    /* cJSON wants its NUL, and skips a byte order mark: it is no JSON. */
    copy = mem_text(text, size);
    if (strncmp(copy, "\xef\xbb\xbf", 3) != 0) {
        tree = cJSON_ParseWithOpts(copy, &end, 0);
    }
    if (!tree || !is_blank(end)) {
        add_place(why, copy, end ? (size_t)(end - copy) : 0);
        cJSON_Delete(tree);
        tree = NULL;
    }
    mem_free(copy);
    twice = tree ? find_twice_below(tree) : NULL;
    if (twice) {
        str_add_text(why, "the key ");
        str_add_quoted(why, twice, strlen(twice));
        str_add_text(why, " stands there twice");
        cJSON_Delete(tree);
        tree = NULL;
    }
    return tree;
}

const cJSON *json_get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *json_get_text(const cJSON *object, const char *key,
                          const char *fallback)
{
    const cJSON *item = json_get(object, key);

    return cJSON_IsString(item) ? item->valuestring : fallback;
}

int64_t json_get_int(const cJSON *object, const char *key, int64_t fallback)
{
    const cJSON *item = json_get(object, key);

    if (!cJSON_IsNumber(item) || fabs(item->valuedouble) > 9007199254740992.0) {
        return fallback;
    }
    return (int64_t)item->valuedouble;
}

bool json_get_bool(const cJSON *object, const char *key, bool fallback)
{
    const cJSON *item = json_get(object, key);

    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : fallback;
}
