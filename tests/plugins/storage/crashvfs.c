#include "tests/plugins/storage/crashvfs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* in the room behind this struct */
    char *path;         /* NULL: not looked after */
};

/* What a write or a truncation has replaced, since the last sync of its file.
 * The newest comes first. */
struct undo {
    struct undo *next;
    char *path;
    sqlite3_int64 at;
    sqlite3_int64 file_size;
    size_t size;
    char bytes[];
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    enum crash_kind kind;
    int steps;
    int from;
    int times;
    struct undo *undos;
} crash;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)(void *)file)->real;
}

static enum crash_kind step(void)
{
    crash.steps++;
    if (crash.kind == CRASH_NOTHING || crash.steps < crash.from ||
        crash.steps >= crash.from + crash.times) {
        return CRASH_NOTHING;
    }
    return crash.kind;
}

/* Notes what is about to change between two offsets. */
static void note_change(sqlite3_file *file, sqlite3_int64 from,
                        sqlite3_int64 to)
{
    struct file *ours = (struct file *)(void *)file;
    sqlite3_int64 size = 0;
    struct undo *undo;

    if (crash.kind != CRASH_POWER || !ours->path) {
        return;
    }
    ours->real->pMethods->xFileSize(ours->real, &size);
    to = to < size ? to : size;
    undo = calloc(1, sizeof(*undo) + (size_t)(to > from ? to - from : 0));
    if (!undo) {
        abort();
    }
    undo->path = strdup(ours->path);
    undo->at = from;
    undo->file_size = size;
    undo->size = to > from ? (size_t)(to - from) : 0;
    if (undo->size > 0) {
        ours->real->pMethods->xRead(ours->real, undo->bytes, (int)undo->size,
                                    from);
    }
    undo->next = crash.undos;
    crash.undos = undo;
}

/* The file is on disk as it is. */
static void note_sync(sqlite3_file *file)
{
    const char *path = ((struct file *)(void *)file)->path;
    struct undo **at = &crash.undos;

    while (path && *at) {
        struct undo *undo = *at;

        if (strcmp(undo->path, path) == 0) {
            *at = undo->next;
            free(undo->path);
            free(undo);
        } else {
            at = &undo->next;
        }
    }
}

static void lose_power(void)
{
    for (struct undo *undo = crash.undos; undo; undo = undo->next) {
        int fd = open(undo->path, O_WRONLY | O_CLOEXEC);

        if (fd < 0) {
            continue; /* deleted since */
        }
        if (pwrite(fd, undo->bytes, undo->size, undo->at) !=
                (ssize_t)undo->size ||
            ftruncate(fd, undo->file_size) != 0) {
            abort();
        }
        close(fd);
    }
}

static void die(void)
{
    if (crash.kind == CRASH_POWER) {
        lose_power();
    }
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

static int file_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);

    free(((struct file *)(void *)file)->path);
    return real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), to, size, at);
}

static int file_write(sqlite3_file *file, const void *from, int size,
                      sqlite3_int64 at)
{
    sqlite3_file *real = real_of(file);
    enum crash_kind kind = step();

    if (kind == CRASH_IOERR) {
        return SQLITE_IOERR_WRITE;
    }
    if (kind == CRASH_POWER) {
        die();
    }
    note_change(file, at, at + size);
    if (kind == CRASH_FULL || kind == CRASH_KILL) {
        real->pMethods->xWrite(real, from, size / 2, at);
        if (kind == CRASH_KILL) {
            die();
        }
        return SQLITE_FULL;
    }
    if (kind == CRASH_LATE) {
        real->pMethods->xWrite(real, from, size, at);
        return SQLITE_IOERR_WRITE;
    }
    return real->pMethods->xWrite(real, from, size, at);
}

/* What steps that are no writes have in common. True: `*code` is the answer;
 * false: it is to be done, and then to answer `late` unless that is 0. */
static bool goes_wrong(int error, int *code, int *late)
{
    enum crash_kind kind = step();

    *late = kind == CRASH_LATE ? error : 0;
    *code = error;
    if (kind == CRASH_KILL || kind == CRASH_POWER) {
        die();
    }
    return kind == CRASH_IOERR || kind == CRASH_FULL;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code;
    int late;

    if (goes_wrong(SQLITE_IOERR_TRUNCATE, &code, &late)) {
        return code;
    }
    note_change(file, size, INT64_MAX);
    code = real_of(file)->pMethods->xTruncate(real_of(file), size);
    return late ? late : code;
}

static int file_sync(sqlite3_file *file, int flags)
{
    int code;
    int late;

    if (goes_wrong(SQLITE_IOERR_FSYNC, &code, &late)) {
        return code;
    }
    code = real_of(file)->pMethods->xSync(real_of(file), flags);
    note_sync(file);
    return late ? late : code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_lock(sqlite3_file *file, int *is_locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file),
                                                       is_locked);
}

static int file_control(sqlite3_file *file, int what, void *with)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, with);
}

static int file_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend,
                        void volatile **to)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend,
                                            to);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int is_last)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), is_last);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                    int flags, int *out)
{
    struct file *ours = (struct file *)(void *)file;
    int code;

    (void)vfs;
    ours->real = (sqlite3_file *)(void *)(ours + 1);
    memset(ours->real, 0, (size_t)crash.real->szOsFile);
    ours->path = NULL;
    if (name && !strstr(name, "-new")) {
        ours->path = strdup(name);
    }
    code = crash.real->xOpen(crash.real, name, ours->real, flags, out);
    ours->base.pMethods = ours->real->pMethods ? &methods : NULL;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int with_folder)
{
    int code;
    int late;

    (void)vfs;
    if (goes_wrong(SQLITE_IOERR_DELETE, &code, &late)) {
        return code;
    }
    code = crash.real->xDelete(crash.real, name, with_folder);
    return late ? late : code;
}

void crashvfs_install(void)
{
    if (!crash.real) {
        sqlite3_initialize();
        crash.real = sqlite3_vfs_find(NULL);
        crash.vfs = *crash.real; /* the rest is theirs, its own data too */
        crash.vfs.pNext = NULL;
        crash.vfs.zName = "crash";
        crash.vfs.szOsFile = (int)sizeof(struct file) + crash.real->szOsFile;
        crash.vfs.xOpen = vfs_open;
        crash.vfs.xDelete = vfs_delete;
        sqlite3_vfs_register(&crash.vfs, 1);
    }
    crashvfs_arm(CRASH_NOTHING, 0, 0);
}

void crashvfs_arm(enum crash_kind kind, int n, int times)
{
    crash.kind = kind;
    crash.steps = 0;
    crash.from = n;
    crash.times = times;
}

int crashvfs_steps(void)
{
    return crash.steps;
}
