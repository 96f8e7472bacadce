#include "host/carry/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/keeper/wire.h"

#define BOOT_NAME "boot"
#define BOOT_NEW_NAME "boot.new"
#define BOOT_ID_DIGITS 32
#define BOOT_SIZE 64 /* more than a whole file */

static void read_id(char id[BOOT_ID_DIGITS + 1])
{
    uint8_t bytes[16];

    wire_read_boot(bytes);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    }
}

/* The epoch in the file if it is of this boot; 0: it is not. */
static uint32_t read_epoch(int state_fd, const char *id)
{
    int fd = openat(state_fd, BOOT_NAME, O_RDONLY | O_CLOEXEC);
    char text[BOOT_SIZE] = "";
    uint32_t epoch = 0;

    if (fd < 0) {
        return 0;
    }
    if (read(fd, text, sizeof(text) - 1) < 0 ||
        strncmp(text, id, BOOT_ID_DIGITS) != 0 ||
        sscanf(text + BOOT_ID_DIGITS, " %9" SCNu32, &epoch) != 1) {
        epoch = 0;
    }
    close(fd);
    return epoch;
}

static bool write_epoch(int state_fd, const char *id, uint32_t epoch)
{
    int fd = openat(state_fd, BOOT_NEW_NAME,
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char text[BOOT_SIZE];
    int size = snprintf(text, sizeof(text), "%s %" PRIu32 "\n", id, epoch);
    bool is_written;

    if (fd < 0) {
        return false;
    }
    is_written = write(fd, text, (size_t)size) == size;
    close(fd);
    return is_written &&
           renameat(state_fd, BOOT_NEW_NAME, state_fd, BOOT_NAME) == 0;
}

uint32_t boot_first_epoch(int state_fd, uint32_t epoch)
{
    char id[BOOT_ID_DIGITS + 1];
    uint32_t first;

    read_id(id);
    first = read_epoch(state_fd, id);
    if (first > 0 && first <= epoch) {
        return first;
    }
    if (!write_epoch(state_fd, id, epoch)) {
        log_warn("boot", "file not written name=%s why=\"%s\"", BOOT_NAME,
                 strerror(errno));
    }
    return epoch;
}
