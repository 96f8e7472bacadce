/* Any file that begins with #! may lie in a folder of modules. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/guest/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int fd = memfd_create("script", MFD_CLOEXEC);
    struct str json;
    struct str why;

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) {
        abort();
    }
    str_init(&json, 2 * SCRIPT_HEAD);
    str_init(&why, STR_WHY_LIMIT);
    if (script_read(fd, &json, &why) == (why.size > 0) ||
        json.size > SCRIPT_HEAD) {
        abort(); /* refused without a reason, or not refused with one */
    }
    str_finish(&json);
    str_finish(&why);
    close(fd);
    return 0;
}
