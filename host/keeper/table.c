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

#define TABLE_VERSION 2
#define TABLE_SIZE                                                             \
    (sizeof(struct table_head) + TABLE_ENTRIES * sizeof(struct table_entry))

static const char magic[8] = "haftkeep";

static_assert(sizeof(struct table_head) == 512, "a head is one entry long");
static_assert(sizeof(struct table_entry) == 512, "entries share no line");
static_assert(sizeof(_Atomic int32_t) == 4, "the kernel stores an int");

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
    /* One page at a time: read ahead, it would be zeroed a MB at a time. */
    madvise(place, TABLE_SIZE, MADV_RANDOM);
    table->head = place;
    table->entries = (struct table_entry *)(table->head + 1);
    return check(table->head);
}

int table_open(struct table *table, int dir_fd)
{
    wire_read_boot(table->boot);
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
