#include "host/carry/outputs.h"

#include <stdbool.h>
#include <string.h>

#include "host/plain/mem.h"
#include "host/plain/utf8.h"

struct reader {
    const char *at;
    const char *end;
    size_t line; /* the number of the last one taken */
    struct str *why;
};

struct line {
    const char *text;
    size_t size;
};

/* The next line without its end; false after the last. */
static bool take_line(struct reader *r, struct line *line)
{
    const char *stop;

    if (r->at == r->end) {
        return false;
    }
    stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    stop = stop ? stop : r->end;
    *line = (struct line){r->at, (size_t)(stop - r->at)};
    r->at = stop < r->end ? stop + 1 : stop;
    r->line++;
    return true;
}

static bool fail(struct reader *r, size_t line, const char *what)
{
    str_addf(r->why, "line %zu of $HAFT_OUTPUT: %s", line, what);
    return false;
}

static bool is_name(const char *p, size_t size)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";

    if (size == 0 || size > OUTPUTS_NAME_LIMIT || *p == '\0' ||
        !strchr(first, *p)) {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (p[i] == '\0' || (!strchr(first, p[i]) && p[i] != '-' &&
                             (p[i] < '0' || p[i] > '9'))) {
            return false;
        }
    }
    return true;
}

static void put(cJSON *object, const struct line *name, const char *value,
                size_t size)
{
    char key[OUTPUTS_NAME_LIMIT + 1];
    char *text = mem_text(value, size);
    cJSON *item = cJSON_CreateString(text);

    memcpy(key, name->text, name->size);
    key[name->size] = '\0';
    if (cJSON_GetObjectItemCaseSensitive(object, key)) {
        cJSON_ReplaceItemInObjectCaseSensitive(object, key, item);
    } else {
        cJSON_AddItemToObject(object, key, item);
    }
    mem_free(text);
}

static bool check_value(struct reader *r, size_t line, const char *p,
                        size_t size)
{
    if (size > OUTPUTS_VALUE_LIMIT) {
        return fail(r, line, "a value longer than 64 KiB");
    }
    if (memchr(p, '\0', size) || !utf8_is_valid(p, size)) {
        return fail(r, line, "a value that is not UTF-8 text");
    }
    return true;
}

/* The lines up to the one that is `mark` and nothing else. */
static bool take_block(struct reader *r, const struct line *mark,
                       struct line *value)
{
    size_t begin = r->line;
    const char *start = r->at;
    struct line line;

    while (take_line(r, &line)) {
        if (line.size == mark->size &&
            memcmp(line.text, mark->text, mark->size) == 0) {
            size_t size = (size_t)(line.text - start);

            *value = (struct line){start, size ? size - 1 : 0};
            return true;
        }
    }
    return fail(r, begin, "its block has no end");
}

static bool take_entry(struct reader *r, const struct line *line, cJSON *object)
{
    size_t number = r->line;
    size_t split = 0;
    struct line name;
    struct line value;

    while (split < line->size && line->text[split] != '=' &&
           line->text[split] != '<') {
        split++;
    }
    name = (struct line){line->text, split};
    if (split == line->size || !is_name(name.text, name.size)) {
        return fail(r, number, "expected name=value or name<<END");
    }
    value = (struct line){line->text + split + 1, line->size - split - 1};
    if (line->text[split] == '<') {
        struct line mark = {value.text + 1, value.size ? value.size - 1 : 0};

        if (mark.size == 0 || *value.text != '<') {
            return fail(r, number, "expected name=value or name<<END");
        }
        if (!take_block(r, &mark, &value)) {
            return false;
        }
    }
    if (!check_value(r, number, value.text, value.size)) {
        return false;
    }
    put(object, &name, value.text, value.size);
    if (cJSON_GetArraySize(object) > OUTPUTS_COUNT_LIMIT) {
        return fail(r, number, "more than 1000 different names");
    }
    return true;
}

cJSON *outputs_read(const char *text, size_t size, struct str *why)
{
    struct reader r = {.at = text, .end = text + size, .why = why};
    cJSON *object;
    struct line line;

    if (size > OUTPUTS_LIMIT) {
        str_add_text(why, "$HAFT_OUTPUT holds more than 1 MiB");
        return NULL;
    }
    object = cJSON_CreateObject();
    while (take_line(&r, &line)) {
        if (line.size > 0 && !take_entry(&r, &line, object)) {
            cJSON_Delete(object);
            return NULL;
        }
    }
    return object;
}
