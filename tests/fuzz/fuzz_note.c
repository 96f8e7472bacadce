/* Any file may lie in a folder of modules. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/guest/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int fd = memfd_create("note", MFD_CLOEXEC);
    struct str json;
    struct str why;

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size) {
        abort();
    }
    str_init(&json, NOTE_LIMIT);
    str_init(&why, STR_WHY_LIMIT);
    if (note_read(fd, &json, &why) == (why.size > 0)) {
        abort(); /* refused without a reason, or not refused with one */
    }
    str_finish(&json);
    str_finish(&why);
    close(fd);
    return 0;
}
