/* Durations and sizes as people write them: `1.5s`, `10m`, `7d`, `512MiB`.
 *
 * A duration is a number and one unit (ms s m h d w), or a bare 0: a number
 * without a unit would be read by one person as seconds and by the next as
 * milliseconds. A size is a number of bytes, or a number and one unit: B, KiB
 * MiB GiB TiB are powers of 1024, kB MB GB TB are powers of 1000. Fractions
 * are taken only where they come to whole milliseconds or bytes: what is read
 * is what was written, never something near it. */
#ifndef HOST_PLAIN_UNITS_H
#define HOST_PLAIN_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/plain/str.h"

/* For messages: what was expected. */
#define UNITS_DURATION_FORM "a duration such as 500ms, 1.5s, 10m or 7d"
#define UNITS_SIZE_FORM "a size such as 4096, 64KiB or 1.5GiB"

/* False, and the output untouched, if the whole text is not one. */
bool units_duration(const char *text, int64_t *ms);
bool units_size(const char *text, int64_t *bytes);

/* A whole decimal number with an optional minus; no plus, no spaces. */
bool units_int(const char *text, int64_t *value);

/* Writes them so that they read back as the same value, in the largest unit
 * that divides it: 90000 is `90s`, 3600000 is `1h`. */
void units_add_duration(struct str *out, int64_t ms);
void units_add_size(struct str *out, int64_t bytes);

#endif
