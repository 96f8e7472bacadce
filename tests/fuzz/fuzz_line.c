/* What comes over the owner's socket: a line that is taken has an id, and
 * names an operation or drops a question. Parameters are an object: the table
 * of operations checks them, and answers what it does not know. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/door/line.h"
#include "host/door/ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct line line;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (line_read(&line, (const char *)bytes, size, &why)) {
        if (line.id <= 0 || (line.params && !cJSON_IsObject(line.params)) ||
            (line.op && ops_find(line.op) && !ops_find(line.op)->summary)) {
            abort();
        }
        line_finish(&line);
    } else if (why.size == 0) {
        abort(); /* a refusal says why */
    }
    str_finish(&why);
    return 0;
}
