/* What a person sees of a run while it goes: a live picture of its tasks on a
 * terminal, a line an event in a pipe, the events themselves as JSON. */
#ifndef HOST_CLI_VIEW_H
#define HOST_CLI_VIEW_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "host/base/loop.h"

enum view_form {
    VIEW_QUIET,
    VIEW_LINES, /* one plain line per event */
    VIEW_JSON,  /* one event a line */
    VIEW_LIVE   /* a picture that is drawn again */
};

struct view;

/* LIVE needs a terminal; colours unless NO_COLOR is set. */
struct view *view_create(enum view_form form, struct loop *loop);
void view_destroy(struct view *v);

/* Whether it wants to see the run as run.get shows it: before its first event,
 * and once it has ended. What need not be shown need not be read. */
bool view_wants_begin(const struct view *v);
bool view_wants_end(const struct view *v, bool has_failed);

/* The run as run.get shows it, before its first event. */
void view_begin(struct view *v, const cJSON *run);
void view_event(struct view *v, const char *json, size_t size);

/* The run as run.get shows it at the end: the table of what failed. */
void view_end(struct view *v, const cJSON *run);

/* A sentence between the events: "cancelling ...". */
void view_say(struct view *v, const char *text);

#endif
