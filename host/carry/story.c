#include "host/carry/story.h"

#include <string.h>

#include "host/carry/flat.h"

void story_start(struct story *s, const char *json, size_t size)
{
    *s = (struct story){.at = json, .end = json + size};
}

/* The last byte of the text that begins at `p`, or of everything. */
static const char *text_last(const char *p, const char *end)
{
    const char *from = p + 1;
    const char *quote = memchr(from, '"', (size_t)(end - from));

    while (quote) {
        const char *back = quote;

        while (back > from && back[-1] == '\\') {
            back--;
        }
        if ((quote - back) % 2 == 0) {
            return quote;
        }
        quote = memchr(quote + 1, '"', (size_t)(end - quote - 1));
    }
    return end - 1;
}

/* Behind the object that begins at `p`, or NULL. */
static const char *object_end(const char *p, const char *end)
{
    int depth = 0;

    for (; p < end; p++) {
        if (*p == '"') {
            p = text_last(p, end);
        } else if (*p == '{') {
            depth++;
        } else if (*p == '}' && --depth == 0) {
            return p + 1;
        }
    }
    return NULL;
}

/* Ids and names need no escapes: what stands between the quotes is the text. */
static void take_text(struct haft_slice *to, const struct flat_member *m)
{
    if (m->size >= 2 && *m->value == '"') {
        *to = (struct haft_slice){m->value + 1, m->size - 2};
    }
}

static void read_event(struct story_event *event)
{
    struct flat_member m;
    struct flat f;
    uint64_t number = 0;

    /* The task is the last of them: what comes after it is not looked at. */
    flat_start(&f, event->json.p, event->json.n);
    while (!event->task.n && flat_next(&f, &m)) {
        if (flat_is(&m, "seq")) {
            event->seq = flat_number(&m, &number) ? number : 0;
        } else if (flat_is(&m, "time_ms")) {
            event->time_ms = flat_number(&m, &number) ? (int64_t)number : 0;
        } else if (flat_is(&m, "kind")) {
            take_text(&event->kind, &m);
        } else if (flat_is(&m, "run")) {
            take_text(&event->run, &m);
        } else if (flat_is(&m, "task")) {
            take_text(&event->task, &m);
        }
    }
}

bool story_next(struct story *s, struct story_event *event)
{
    const char *stop;

    while (s->at < s->end && *s->at != '{') {
        s->at++;
    }
    stop = s->at < s->end ? object_end(s->at, s->end) : NULL;
    if (!stop) {
        s->at = s->end;
        return false;
    }
    *event = (struct story_event){
        .json = {s->at, (uint64_t)(stop - s->at)},
    };
    s->at = stop;
    read_event(event);
    return true;
}
