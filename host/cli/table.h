/* A table of text on a terminal: cells are added row by row, columns are as
 * wide as their widest cell, the last one is cut at the window's edge. */
#ifndef HOST_CLI_TABLE_H
#define HOST_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct table {
    const char *const *heads; /* ends with NULL; borrowed */
    size_t columns;
    char **cells;
    size_t count, room;
};

void table_init(struct table *t, const char *const *heads);
void table_finish(struct table *t);

/* Control bytes of outside text are shown as '?'. */
void table_add_text(struct table *t, const char *text);
void table_add_int(struct table *t, int64_t value);
void table_add_time(struct table *t, int64_t time_ms); /* local; 0: "-" */
/* From start to end; an end of 0 means until now, a start of 0 "-". */
void table_add_span(struct table *t, int64_t start_ms, int64_t end_ms);

bool table_is_empty(const struct table *t);
void table_print(const struct table *t, FILE *out);

/* Adds "1.2s", "3m07s", "2h05m" to a buffer. */
void table_span_text(int64_t span_ms, char *text, size_t size);

#endif
