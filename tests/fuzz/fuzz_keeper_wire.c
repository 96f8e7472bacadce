/* Whatever the codec takes for a job must be written again byte for byte, and
 * no packet may make it read beyond its end or never finish. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/keeper/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void write_again(const void *body, size_t size)
{
    struct wire_job *job = wire_get_job(body);
    if (job == NULL) {
        return;
    }
    if (wire_job_size(job) != size) {
        abort();
    }
    void *again = malloc(size);
    if (again != NULL) {
        wire_put_job(again, size, job);
        if (memcmp(again, body, size) != 0) {
            abort();
        }
    }
    free(again);
    free(job);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    union wire_message message;
    const void *body = NULL;
    size_t at = 0;
    if (size > WIRE_PACKET_LIMIT) {
        return 0; /* no receiver lets it through */
    }
    for (;;) {
        size_t before = at;
        int got = wire_next(bytes, size, &at, &message, &body);
        if (got <= 0) {
            return 0;
        }
        if (at <= before || at > size ||
            (const uint8_t *)body != bytes + before) {
            abort();
        }
        if (message.head.type == WIRE_SPAWN) {
            write_again(body, at - before);
        }
    }
}
