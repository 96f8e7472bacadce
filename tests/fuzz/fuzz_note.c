/* Any file may lie in a folder of modules.
 *
 * The seeds are ELF files written as hexadecimal digits, so that they can be
 * read and changed as text: an input of nothing but digits and blanks stands
 * for the bytes it spells, any other one for itself. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/guest/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static unsigned digit(uint8_t c)
{
    int value = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;

    return (unsigned)value;
}

/* What the digits spell, into `out`, which has room for `size` bytes; `size`
 * if there is anything but digits and blanks. */
static size_t spell(const uint8_t *text, size_t size, uint8_t *out)
{
    size_t digits = 0;

    for (size_t i = 0; i < size; i++) {
        if (isxdigit(text[i])) {
            unsigned high = digits % 2 ? out[digits / 2] : 0u;

            out[digits / 2] = (uint8_t)(high << 4 | digit(text[i]));
            digits++;
        } else if (!isspace(text[i])) {
            return size;
        }
    }
    return digits / 2;
}

static void read_note(const uint8_t *bytes, size_t size)
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
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t *spelled = malloc(size + 1);
    size_t spelled_size;

    if (!spelled) {
        abort();
    }
    spelled_size = spell(bytes, size, spelled);
    if (spelled_size < size) {
        read_note(spelled, spelled_size);
    } else {
        read_note(bytes, size);
    }
    free(spelled);
    return 0;
}
