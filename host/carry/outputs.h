/* What a task wrote to $HAFT_OUTPUT: lines `name=value`, or blocks
 *
 *   name<<END
 *   any lines
 *   END
 *
 * whose value is the lines between, without the last line's end. Empty lines
 * are skipped, a name that comes again replaces, nothing is trimmed. */
#ifndef HOST_CARRY_OUTPUTS_H
#define HOST_CARRY_OUTPUTS_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "host/plain/str.h"

#define OUTPUTS_LIMIT (1024 * 1024)     /* bytes in all */
#define OUTPUTS_VALUE_LIMIT (64 * 1024) /* bytes of one */
#define OUTPUTS_NAME_LIMIT 64
#define OUTPUTS_COUNT_LIMIT 1000

/* An object of texts, owned; NULL with line and reason in `why`. */
cJSON *outputs_read(const char *text, size_t size, struct str *why);

#endif
