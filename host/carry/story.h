/* The story as the store has it: rows of events, a row for each batch, read
 * one event after the other. */
#ifndef HOST_CARRY_STORY_H
#define HOST_CARRY_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <haft/types.h>

/* One event; texts are borrowed from the row, as they stand in its JSON. */
struct story_event {
    uint64_t seq;
    int64_t time_ms;
    struct haft_slice kind;
    struct haft_slice run;
    struct haft_slice task; /* empty: of the run */
    struct haft_slice json; /* the whole object */
};

struct story {
    const char *at;
    const char *end;
};

/* Of a JSON array of events. */
void story_start(struct story *s, const char *json, size_t size);

/* The next event; false at the end, or where the row is malformed. */
bool story_next(struct story *s, struct story_event *event);

#endif
