#include "host/flow/problem.h"

#include <stdlib.h>

#include "host/plain/mem.h"

void problems_finish(struct problems *p)
{
    for (size_t i = 0; i < p->count; i++) {
        mem_free(p->items[i].what);
    }
    mem_free(p->items);
    *p = (struct problems){0};
}

void problems_add(struct problems *p, uint32_t at, const char *format, ...)
{
    struct str what;
    va_list args;

    if (p->count >= PROBLEMS_LIMIT) {
        p->dropped++;
        return;
    }
    str_init(&what, STR_WHY_LIMIT);
    va_start(args, format);
    str_addv(&what, format, args);
    va_end(args);
    p->items = mem_grow(p->items, &p->room, p->count + 1, sizeof(*p->items));
    p->items[p->count] = (struct problem){
        .at = at, .order = (uint32_t)p->count, .what = str_take(&what)};
    p->count++;
}

static int compare(const void *a, const void *b)
{
    const struct problem *x = a;
    const struct problem *y = b;

    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

struct cursor {
    const char *text;
    size_t size;
    size_t byte;
    uint32_t at;
    uint32_t line;
    uint32_t column;
};

/* Columns are characters too, as editors count them. */
static void advance(struct cursor *c, uint32_t at)
{
    while (c->at < at && c->byte < c->size) {
        if (c->text[c->byte] == '\n') {
            c->line++;
            c->column = 1;
        } else {
            c->column++;
        }
        do {
            c->byte++;
        } while (c->byte < c->size &&
                 ((unsigned char)c->text[c->byte] & 0xc0) == 0x80);
        c->at++;
    }
}

void problems_tell(struct problems *p, const char *file, const char *text,
                   size_t size, struct str *out)
{
    struct cursor c = {.text = text, .size = size, .line = 1, .column = 1};

    if (p->count) {
        qsort(p->items, p->count, sizeof(*p->items), compare);
    }
    for (size_t i = 0; i < p->count; i++) {
        advance(&c, p->items[i].at);
        str_addf(out, "%s%s:%u:%u: %s", i ? "\n" : "", file, c.line, c.column,
                 p->items[i].what);
    }
    if (p->dropped) {
        str_addf(out, "\n%s: and %zu more", file, p->dropped);
    }
}
