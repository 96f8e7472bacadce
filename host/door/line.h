/* One line that an asker sends (host/door/socket.h). Private to host/door. */
#ifndef HOST_DOOR_LINE_H
#define HOST_DOOR_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "host/plain/str.h"

struct line {
    int64_t id;     /* > 0 */
    const char *op; /* NULL: the question `id` is dropped; borrowed from tree */
    cJSON *params;  /* an object, or NULL; owned until it is taken */
    cJSON *tree;    /* owned */
};

/* False with the reason in `why`, and nothing to finish. */
bool line_read(struct line *line, const char *text, size_t size,
               struct str *why);
void line_finish(struct line *line);

#endif
