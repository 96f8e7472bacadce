#include "host/plain/str.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "host/plain/mem.h"
#include "host/plain/utf8.h"

#define QUOTED_LIMIT 80

static char nothing[1];

void str_init(struct str *s, size_t limit)
{
    *s = (struct str){.text = nothing, .limit = limit};
}

void str_finish(struct str *s)
{
    if (s->room) {
        mem_free(s->text);
    }
    str_init(s, s->limit);
}

void str_reset(struct str *s)
{
    s->size = 0;
    s->is_cut = false;
    if (s->room) {
        s->text[0] = '\0';
    }
}

static void make_room(struct str *s, size_t need)
{
    if (need + 1 > s->room) {
        char *old = s->room ? s->text : NULL;

        s->text = mem_grow(old, &s->room, need + 1, 1);
        s->text[s->size] = '\0';
    }
}

void str_add(struct str *s, const void *bytes, size_t size)
{
    if (size > s->limit - s->size) {
        size = s->limit - s->size;
        s->is_cut = true;
    }
    if (size == 0) {
        return;
    }
    make_room(s, s->size + size);
    memcpy(s->text + s->size, bytes, size);
    s->size += size;
    s->text[s->size] = '\0';
}

void str_add_text(struct str *s, const char *text)
{
    str_add(s, text, strlen(text));
}

void str_add_char(struct str *s, char c)
{
    str_add(s, &c, 1);
}

void str_add_int(struct str *s, int64_t value)
{
    char digits[24];
    char *end = digits + sizeof(digits);
    char *p = end;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        *--p = '-';
    }
    str_add(s, p, (size_t)(end - p));
}

void str_addv(struct str *s, const char *format, va_list args)
{
    char small[256];
    va_list again;
    int size;

    va_copy(again, args);
    size = vsnprintf(small, sizeof(small), format, args);
    assert(size >= 0);
    if ((size_t)size < sizeof(small)) {
        str_add(s, small, (size_t)size);
    } else {
        char *large = mem_new((size_t)size + 1, 1);

        vsnprintf(large, (size_t)size + 1, format, again);
        str_add(s, large, (size_t)size);
        mem_free(large);
    }
    va_end(again);
}

void str_addf(struct str *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    str_addv(s, format, args);
    va_end(args);
}

void str_add_quoted(struct str *s, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    size_t used = 0;

    str_add_char(s, '"');
    while (used < size && used < QUOTED_LIMIT) {
        size_t step = utf8_step(p + used, size - used);

        if (step == 0 || p[used] < 0x20 || p[used] == 0x7f) {
            str_addf(s, "\\x%02x", p[used]);
            step = 1;
        } else {
            if (p[used] == '"' || p[used] == '\\') {
                str_add_char(s, '\\');
            }
            str_add(s, p + used, step);
        }
        used += step;
    }
    str_add_text(s, used < size ? "\"..." : "\"");
}

void str_shorten(struct str *s, size_t size)
{
    assert(size <= s->size);
    s->size = size;
    if (s->room) {
        s->text[size] = '\0';
    }
}

void str_shed(struct str *s, size_t *at)
{
    size_t left = s->size - *at;

    if (*at > 0 && *at >= left) {
        memmove(s->text, s->text + *at, left);
        str_shorten(s, left);
        *at = 0;
    }
}

char *str_take(struct str *s)
{
    char *text = s->room ? s->text : mem_text("", 0);

    str_init(s, s->limit);
    return text;
}
