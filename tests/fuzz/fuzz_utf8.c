/* Steps must add up to the whole text, and a quoted text is always UTF-8. */
#include <stdint.h>
#include <stdlib.h>

#include "host/plain/str.h"
#include "host/plain/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    bool is_valid = utf8_is_valid(bytes, size);
    struct str quoted;
    size_t used = 0;

    while (used < size) {
        size_t step = utf8_step(bytes + used, size - used);

        if (step == 0) {
            break;
        }
        if (step > 4 || used + step > size) {
            abort();
        }
        used += step;
    }
    if (is_valid != (used == size)) {
        abort();
    }
    str_init(&quoted, 4096);
    str_add_quoted(&quoted, bytes, size);
    if (!utf8_is_valid(quoted.text, quoted.size)) {
        abort();
    }
    str_finish(&quoted);
    return 0;
}
