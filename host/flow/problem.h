/* What is wrong with a file: all of it, gathered while reading goes on, and
 * told at the end in order of place. A place is a count of characters from
 * the file's start; lines and columns are only counted when there is something
 * to tell. */
#ifndef HOST_FLOW_PROBLEM_H
#define HOST_FLOW_PROBLEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "host/plain/str.h"

#define PROBLEMS_LIMIT 1000 /* kept; the rest is counted */

struct problem {
    uint32_t at;    /* characters before it */
    uint32_t order; /* of arrival, among those of one place */
    char *what;
};

struct problems {
    struct problem *items;
    size_t count;
    size_t room;
    size_t dropped;
};

/* Zeroed problems are none. */
void problems_finish(struct problems *p);

void problems_add(struct problems *p, uint32_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds one line for each: file:line:column: what. */
void problems_tell(struct problems *p, const char *file, const char *text,
                   size_t size, struct str *out);

#endif
