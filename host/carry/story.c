#include "host/carry/story.h"

#include <string.h>

#include "host/carry/flat.h"

void story_start(struct story *s, const char *json, size_t size)
{
    *s = (struct story){.at = json, .end = json + size};
}

/* Behind the object that begins at `p`, or NULL. */
static const char *object_end(const char *p, const char *end)
{
    bool is_inside = false;
    int depth = 0;

    for (; p < end; p++) {
        if (is_inside && *p == '\\') {
            p++;
        } else if (is_inside) {
            is_inside = *p != '"';
        } else if (*p == '"') {
            is_inside = true;
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

    flat_start(&f, event->json.p, event->json.n);
    while (flat_next(&f, &m)) {
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
