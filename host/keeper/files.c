#include "host/keeper/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "keeper.out"
#define NAME_SIZE 32

static void make_name(char name[NAME_SIZE], uint32_t number)
{
    snprintf(name, NAME_SIZE, FOLDER "/%u", number);
}

static void remove_file(uint32_t number)
{
    char name[NAME_SIZE];
    make_name(name, number);
    unlink(name);
}

/* What a keeper left that was killed, and nobody was lent. */
static void sweep(void)
{
    DIR *folder = opendir(FOLDER);
    if (folder == NULL) {
        return;
    }
    for (const struct dirent *at = readdir(folder); at != NULL;
         at = readdir(folder)) {
        unlinkat(dirfd(folder), at->d_name, 0);
    }
    closedir(folder);
}

void files_init(struct files *files)
{
    files->free_count = 0;
    files->open_count = 0;
    files->made = 0;
    files->folder[0] = 0;
    sweep();
}

void files_finish(struct files *files)
{
    while (files->free_count > 0) {
        files->free_count--;
        close(files->free_fds[files->free_count]);
        remove_file(files->free_numbers[files->free_count]);
    }
    rmdir(FOLDER);
}

/* ---- lending ---- */

static int open_file(const char *name)
{
    return open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
}

/* Makes one more; whether there is one. */
static bool add_file(struct files *files)
{
    struct stat stat;
    char name[NAME_SIZE];
    if (files->open_count == FILES_LIMIT) {
        return false;
    }
    make_name(name, files->made + 1);
    int fd = open_file(name);
    if (fd < 0 && errno == ENOENT && mkdir(FOLDER, 0700) == 0) {
        fd = open_file(name);
    }
    if (fd < 0 || fstat(fd, &stat) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    files->device = stat.st_dev;
    files->made++;
    files->open_count++;
    files->free_fds[files->free_count] = fd;
    files->free_numbers[files->free_count] = files->made;
    files->free_count++;
    return true;
}

/* The attempts of a run share a folder: it is looked at once. */
static bool can_be_named(struct files *files, const char *path)
{
    char folder[TABLE_PATH_SIZE];
    struct stat found;
    const char *end = strrchr(path, '/');
    size_t size = end == NULL ? 0 : (size_t)(end - path);
    if (end == path || strlen(path) >= TABLE_PATH_SIZE) {
        return false;
    }
    memcpy(folder, size > 0 ? path : ".", size > 0 ? size : 1);
    folder[size > 0 ? size : 1] = 0;
    if (strcmp(folder, files->folder) != 0) {
        memcpy(files->folder, folder, sizeof(folder));
        files->is_good_folder =
            stat(folder, &found) == 0 && S_ISDIR(found.st_mode) &&
            found.st_dev == files->device && access(folder, W_OK | X_OK) == 0;
    }
    return files->is_good_folder && access(path, F_OK) != 0 && errno == ENOENT;
}

static void lend(struct files *files, struct table_entry *entry, int stream,
                 const char *path, struct loan *loan)
{
    if (path[0] == 0 || (files->free_count == 0 && !add_file(files)) ||
        !can_be_named(files, path)) {
        return;
    }
    files->free_count--;
    memcpy(entry->path[stream], path, strlen(path) + 1);
    entry->lent[stream] = files->free_numbers[files->free_count];
    loan->fd = files->free_fds[files->free_count];
}

void files_lend(struct files *files, struct table_entry *entry,
                const struct wire_job *job, struct loan loans[TABLE_STREAMS])
{
    for (int i = 0; i < TABLE_STREAMS; i++) {
        loans[i] = (struct loan){.fd = -1};
    }
    lend(files, entry, 0, job->output, &loans[0]);
    if (strcmp(job->output, job->errors) != 0) {
        lend(files, entry, 1, job->errors, &loans[1]);
    }
}

/* ---- giving them their names ---- */

static bool rename_file(struct table_entry *entry, int stream)
{
    char name[NAME_SIZE];
    make_name(name, entry->lent[stream]);
    if (renameat2(AT_FDCWD, name, AT_FDCWD, entry->path[stream],
                  RENAME_NOREPLACE) != 0) {
        return false;
    }
    entry->lent[stream] = 0;
    return true;
}

static bool write_all(int fd, const char *bytes, ssize_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, bytes, (size_t)size);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        bytes += done > 0 ? done : 0;
        size -= done > 0 ? done : 0;
    }
    return true;
}

static void copy(int to, int from)
{
    static char room[65536]; /* with the pool's lock held */
    ssize_t size = 1;
    while (size > 0) {
        size = read(from, room, sizeof(room));
        if (!write_all(to, room, size)) {
            return;
        }
    }
}

/* The path is there already. */
static void append_file(struct table_entry *entry, int stream)
{
    char name[NAME_SIZE];
    make_name(name, entry->lent[stream]);
    int from = open(name, O_RDONLY | O_CLOEXEC);
    int to = open(entry->path[stream],
                  O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0600);
    if (from >= 0 && to >= 0) {
        copy(to, from);
    }
    if (from >= 0) {
        close(from);
    }
    if (to >= 0) {
        close(to);
    }
    remove_file(entry->lent[stream]);
    entry->lent[stream] = 0;
}

void files_place(struct table_entry *entry, struct loan loans[TABLE_STREAMS])
{
    for (int i = 0; i < TABLE_STREAMS; i++) {
        if (loans[i].fd >= 0 && !loans[i].is_placed) {
            loans[i].is_placed = rename_file(entry, i);
        }
    }
}

/* ---- the end ---- */

static const uint32_t bits[TABLE_STREAMS] = {WIRE_OUTPUT_FILE,
                                             WIRE_ERRORS_FILE};

static void keep_written(struct table_entry *entry, int stream)
{
    if (!rename_file(entry, stream)) {
        append_file(entry, stream);
    }
}

static void settle(struct files *files, struct table_entry *entry, int stream,
                   struct loan *loan, bool is_alone)
{
    struct stat stat;
    bool is_empty = fstat(loan->fd, &stat) == 0 && stat.st_size == 0;
    if (!loan->is_placed && is_empty && is_alone) {
        files->free_fds[files->free_count] = loan->fd;
        files->free_numbers[files->free_count] = entry->lent[stream];
        files->free_count++;
        entry->files &= ~bits[stream];
        entry->lent[stream] = 0;
        loan->fd = -1;
        return;
    }
    if (!loan->is_placed) {
        keep_written(entry, stream);
    }
    close(loan->fd);
    loan->fd = -1;
    files->open_count--;
}

void files_settle(struct files *files, struct table_entry *entry,
                  struct loan loans[TABLE_STREAMS], bool is_alone)
{
    for (int i = 0; i < TABLE_STREAMS; i++) {
        if (loans[i].fd >= 0) {
            settle(files, entry, i, &loans[i], is_alone);
        }
    }
}

static void recover(struct table_entry *entry, int stream)
{
    struct stat found;
    char name[NAME_SIZE];
    make_name(name, entry->lent[stream]);
    entry->path[stream][TABLE_PATH_SIZE - 1] = 0;
    if (stat(name, &found) == 0 && found.st_size > 0) {
        keep_written(entry, stream);
    }
    entry->lent[stream] = 0; /* what is empty is swept */
}

void files_recover(struct table_entry *entry)
{
    for (int i = 0; i < TABLE_STREAMS; i++) {
        if (entry->lent[i] != 0) {
            recover(entry, i);
        }
    }
}
