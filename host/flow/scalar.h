/* What a text without quotes is in the core schema of YAML 1.2, of which the
 * numbers and words of JSON are a part. */
#ifndef HOST_FLOW_SCALAR_H
#define HOST_FLOW_SCALAR_H

#include <stddef.h>

enum scalar_kind {
    SCALAR_TEXT,
    SCALAR_NULL,
    SCALAR_BOOL,
    SCALAR_NUMBER,
    SCALAR_UNSAFE /* a number that a double cannot keep, or no finite one */
};

enum scalar_kind scalar_kind(const char *text, size_t size);

/* SCALAR_NUMBER and the value, SCALAR_UNSAFE, or SCALAR_TEXT. */
enum scalar_kind scalar_number(const char *text, size_t size, double *value);

#endif
