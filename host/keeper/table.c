#include "host/keeper/table.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/keeper/wire.h"

#define TABLE_VERSION 1
#define TABLE_SIZE                                                             \
    (sizeof(struct table_head) + TABLE_ENTRIES * sizeof(struct table_entry))

static const char magic[8] = "haftkeep";

static_assert(sizeof(struct table_head) == 128, "a head is one entry long");
static_assert(sizeof(struct table_entry) == 128, "entries share no line");
static_assert(sizeof(_Atomic int32_t) == 4, "the kernel stores an int");

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == 0 ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* "8c5d3a52-..." as 16 bytes; what cannot be read is zeros. */
static void read_boot(uint8_t boot[16])
{
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t size = read(fd, text, sizeof(text) - 1);
        text[size > 0 ? size : 0] = 0;
        close(fd);
    }
    memset(boot, 0, 16);
    int nibbles = 0;
    for (const char *at = text; *at != 0 && nibbles < 32; at++) {
        int value = hex_value(*at);
        if (value >= 0) {
            boot[nibbles / 2] =
                (uint8_t)(boot[nibbles / 2] << 4 | (uint8_t)value);
            nibbles++;
        }
    }
}

/* Refuses a file that is not ours; takes one that nothing was written to. */
static int check(struct table_head *head)
{
    static const char empty[sizeof(magic)];
    if (memcmp(head->magic, empty, sizeof(magic)) == 0) {
        memset(head, 0, sizeof(*head));
        head->version = TABLE_VERSION;
        head->entries = TABLE_ENTRIES;
        atomic_signal_fence(memory_order_release);
        memcpy(head->magic, magic, sizeof(magic));
        return 0;
    }
    bool is_ours = memcmp(head->magic, magic, sizeof(magic)) == 0 &&
                   head->version == TABLE_VERSION &&
                   head->entries == TABLE_ENTRIES &&
                   head->used <= TABLE_ENTRIES;
    return is_ours ? 0 : -EINVAL;
}

static int map(struct table *table, int fd)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) {
        return -errno;
    }
    if (stat.st_size != 0 && stat.st_size != (off_t)TABLE_SIZE) {
        return -EINVAL;
    }
    int failed = posix_fallocate(fd, 0, (off_t)TABLE_SIZE);
    if (failed != 0) {
        return -failed;
    }
    void *place =
        mmap(NULL, TABLE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (place == MAP_FAILED) {
        return -errno;
    }
    table->head = place;
    table->entries = (struct table_entry *)(table->head + 1);
    return check(table->head);
}

int table_open(struct table *table, int dir_fd)
{
    read_boot(table->boot);
    int fd = openat(dir_fd, WIRE_TABLE_NAME,
                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -errno;
    }
    int result = map(table, fd);
    close(fd);
    return result;
}

void table_remove(int dir_fd)
{
    unlinkat(dir_fd, WIRE_TABLE_NAME, 0);
}
