/* One key of haft.conf and its value.
 *
 * `"..."` quotes a value, or an item of a list, as a whole; inside, \" and \\
 * stand for a quote and a backslash. ${NAME} is the environment's, and $${ is
 * ${ as it stands. Variables are replaced after the value has been split, so
 * what one holds can never become a quote, a comma or a line. A value that
 * may hold a comment (" ;", " #") is refused unless it is quoted.
 *
 * Whether a value is a text or a list is for its reader to say; both views
 * are made. */
#ifndef HOST_BASE_ENTRY_H
#define HOST_BASE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "host/plain/str.h"

#define CONFIG_LINE_LIMIT (64u * 1024) /* bytes of one line, or one value */

struct config_entry {
    char *key;
    char *raw;    /* as written: for showing; variables not replaced */
    char *value;  /* as one text; NULL: quoted parts make it a list alone */
    char **items; /* as a list */
    size_t items_count;
    bool has_empty_item; /* `a,,b`, which no list may be */
    const char *file;    /* borrowed from who read it */
    int line;
};

/* Reads a value as it stands behind the `=` into `value`, `items` ... of an
 * entry; false with half a sentence in `why`. */
bool entry_read(struct config_entry *entry, const char *raw, struct str *why);
void entry_finish(struct config_entry *entry);

#endif
