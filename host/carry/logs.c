#include "host/carry/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/carry/outputs.h"
#include "host/plain/mem.h"

#define PATH_LIMIT 4096

static const char *const suffixes[] = {
    [LOGS_OUT] = "out",
    [LOGS_ERR] = "err",
    [LOGS_OUTPUTS] = "outputs",
    [LOGS_SCRIPT] = "script",
};

void logs_add_path(const struct logs *l, struct str *out,
                   const struct logs_of *of, enum logs_file file)
{
    str_add_text(out, l->state);
    str_add_text(out, "/logs/");
    str_add_text(out, of->run);
    str_add_char(out, '/');
    str_add_text(out, of->task);
    str_add_char(out, '.');
    str_add_int(out, (int64_t)of->try);
    str_add_char(out, '.');
    str_add_text(out, suffixes[file]);
}

void logs_add_run_path(const struct logs *l, struct str *out, const char *run)
{
    str_add_text(out, l->state);
    str_add_text(out, "/runs/");
    str_add_text(out, run);
}

void logs_add_key(struct str *out, const struct logs_of *of,
                  enum logs_file file)
{
    str_add_text(out, "o/");
    str_add_text(out, of->run);
    str_add_char(out, '/');
    str_add_text(out, of->task);
    str_add_char(out, '.');
    str_add_int(out, (int64_t)of->try);
    str_add_char(out, '.');
    str_add_int(out, (int64_t)file);
}

/* ---- the folders of a run ---- */

static void add_folder(const struct logs *l, struct str *out, const char *kind,
                       const char *run)
{
    str_reset(out);
    str_add_text(out, l->state);
    str_add_text(out, kind);
    str_add_text(out, run);
}

static int make_folder(const char *path, bool *is_new)
{
    *is_new = mkdir(path, 0700) == 0;
    return *is_new || errno == EEXIST ? 0 : -errno;
}

/* The first run of a fresh state directory makes the folders above, too. */
static int make_below(const struct logs *l, const char *kind, const char *run,
                      bool *is_new)
{
    struct str path;
    int status;

    str_init(&path, PATH_LIMIT);
    add_folder(l, &path, kind, run);
    status = make_folder(path.text, is_new);
    if (status == -ENOENT) {
        add_folder(l, &path, kind, "");
        status = make_folder(path.text, is_new);
        add_folder(l, &path, kind, run);
        status = status ? status : make_folder(path.text, is_new);
    }
    str_finish(&path);
    return status;
}

/* A folder that has just been made is of this second of 1970, until something
 * is put there; a file system that keeps no times says 0. */
#define UNTOUCHED 1

static void mark_untouched(const struct logs *l, const char *run)
{
    static const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                             {.tv_sec = UNTOUCHED}};
    struct str path;

    str_init(&path, PATH_LIMIT);
    add_folder(l, &path, "/logs/", run);
    utimensat(AT_FDCWD, path.text, times, AT_SYMLINK_NOFOLLOW);
    str_finish(&path);
}

bool logs_are_untouched(const struct logs *l, const char *run)
{
    struct str path;
    struct stat st;
    bool is_untouched;

    str_init(&path, PATH_LIMIT);
    add_folder(l, &path, "/logs/", run);
    is_untouched = lstat(path.text, &st) == 0 &&
                   st.st_mtim.tv_sec == UNTOUCHED && st.st_mtim.tv_nsec == 0;
    str_finish(&path);
    return is_untouched;
}

int logs_make_run(const struct logs *l, const char *run)
{
    bool is_new = false;
    int status = make_below(l, "/logs/", run, &is_new);

    if (is_new) {
        mark_untouched(l, run);
    }
    return status ? status : make_below(l, "/runs/", run, &is_new);
}

void logs_end_run(const struct logs *l, const char *run)
{
    static const char *const kinds[] = {"/logs/", "/runs/"};
    struct str path;

    str_init(&path, PATH_LIMIT);
    for (size_t i = 0; i < 2; i++) {
        add_folder(l, &path, kinds[i], run);
        if (rmdir(path.text) != 0 && errno != ENOENT && errno != ENOTEMPTY) {
            log_warn("logs", "folder stays run=%s why=%s", run,
                     strerror(errno));
        }
    }
    str_finish(&path);
}

/* ---- one file ---- */

/* A task may have put a pipe in its place: nobody waits for its other end. */
static int open_file(const struct logs *l, const struct logs_of *of,
                     enum logs_file file, int flags)
{
    struct str path;
    int fd;

    str_init(&path, PATH_LIMIT);
    logs_add_path(l, &path, of, file);
    fd = open(path.text, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) {
        fd = -errno;
    }
    str_finish(&path);
    return fd;
}

static int stat_file(const struct logs *l, const struct logs_of *of,
                     enum logs_file file, struct stat *st)
{
    struct str path;
    int status;

    str_init(&path, PATH_LIMIT);
    logs_add_path(l, &path, of, file);
    status = lstat(path.text, st) == 0 ? 0 : -errno;
    if (status == 0 && !S_ISREG(st->st_mode)) {
        status = -EINVAL;
    }
    str_finish(&path);
    return status;
}

/* Fewer bytes than asked for only at the end of the file. */
static ssize_t read_fully(int fd, char *room, size_t size, uint64_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(fd, room + done, size - done, (off_t)(offset + done));

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)done;
}

static int write_fully(int fd, const char *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = write(fd, bytes + done, size - done);

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int logs_read(const struct logs *l, const struct logs_of *of,
              const struct logs_range *range, struct str *out, uint64_t *end)
{
    int fd = open_file(l, of, range->file, O_RDONLY);
    struct stat st;
    ssize_t got = 0;
    size_t size;
    char *room;

    if (fd < 0) {
        return fd;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    size = range->limit;
    if ((uint64_t)st.st_size <= range->offset) {
        size = 0;
    } else if ((uint64_t)st.st_size - range->offset < size) {
        size = (size_t)((uint64_t)st.st_size - range->offset);
    }
    room = mem_new(size + 1, 1);
    got = read_fully(fd, room, size, range->offset);
    if (got >= 0) {
        str_add(out, room, (size_t)got);
        *end = (uint64_t)st.st_size;
    }
    mem_free(room);
    close(fd);
    return got < 0 ? (int)got : 0;
}

int logs_write(const struct logs *l, const struct logs_of *of,
               const struct logs_output *output)
{
    int fd = open_file(l, of, output->file, O_WRONLY | O_CREAT | O_APPEND);
    uint64_t size = output->size;
    uint64_t skip;
    struct stat st;
    int status = 0;

    if (fd < 0) {
        return fd;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        status = -EINVAL;
    } else if (output->offset > (uint64_t)st.st_size) {
        status = (uint64_t)st.st_size < l->limit_bytes ? -ESPIPE : 0;
    } else if ((uint64_t)st.st_size <= l->limit_bytes) {
        skip = (uint64_t)st.st_size - output->offset;
        size = skip < size ? size - skip : 0;
        /* One byte beyond the limit says that something was cut. */
        if (size > l->limit_bytes + 1 - (uint64_t)st.st_size) {
            size = l->limit_bytes + 1 - (uint64_t)st.st_size;
        }
        status = size ? write_fully(fd, (const char *)output->bytes + skip,
                                    (size_t)size)
                      : 0;
    }
    close(fd);
    return status;
}

uint64_t logs_size(const struct logs *l, const struct logs_of *of,
                   enum logs_file file)
{
    struct stat st;

    return stat_file(l, of, file, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int64_t logs_heard_ms(const struct logs *l, const struct logs_of *of)
{
    int64_t heard_ms = 0;
    struct stat st;

    for (enum logs_file file = LOGS_OUT; file <= LOGS_ERR; file++) {
        if (stat_file(l, of, file, &st) == 0 && st.st_size > 0) {
            int64_t at_ms = (int64_t)st.st_mtim.tv_sec * 1000 +
                            st.st_mtim.tv_nsec / 1000000;

            heard_ms = at_ms > heard_ms ? at_ms : heard_ms;
        }
    }
    return heard_ms;
}

void logs_cap(const struct logs *l, const struct logs_of *of)
{
    struct stat st;

    for (enum logs_file file = LOGS_OUT; file <= LOGS_ERR; file++) {
        if (stat_file(l, of, file, &st) == 0 &&
            (uint64_t)st.st_size > l->limit_bytes + 1) {
            int fd = open_file(l, of, file, O_WRONLY);

            if (fd < 0 || ftruncate(fd, (off_t)l->limit_bytes + 1) != 0) {
                log_warn("logs", "log not capped run=%s task=%s", of->run,
                         of->task);
            }
            if (fd >= 0) {
                close(fd);
            }
        }
    }
}

/* ---- the end of an attempt ---- */

/* Says so at the end of what is left. */
static void cut(const struct logs *l, const struct logs_of *of,
                enum logs_file file)
{
    int fd = open_file(l, of, file, O_WRONLY | O_APPEND);
    char note[64];
    int size = snprintf(note, sizeof(note), "\n[haft: cut at %llu bytes]\n",
                        (unsigned long long)l->limit_bytes);

    if (fd < 0 || ftruncate(fd, (off_t)l->limit_bytes) != 0 ||
        write_fully(fd, note, (size_t)size) != 0) {
        log_warn("logs", "log not cut run=%s task=%s", of->run, of->task);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static bool fold_file(const struct logs *l, const struct logs_of *of,
                      enum logs_file file)
{
    struct logs_range range = {file, 0, (size_t)l->fold_bytes};
    uint64_t end = 0;
    struct str bytes;
    struct str key;
    bool is_folded;

    str_init(&bytes, (size_t)l->fold_bytes);
    str_init(&key, HAFT_STORAGE_KEY_LIMIT);
    is_folded = logs_read(l, of, &range, &bytes, &end) == 0 &&
                end == bytes.size && bytes.size > 0;
    if (is_folded) {
        logs_add_key(&key, of, file);
        journal_put(l->journal, key.text, bytes.text, bytes.size);
    }
    str_finish(&bytes);
    str_finish(&key);
    return is_folded;
}

uint32_t logs_fold(const struct logs *l, const struct logs_of *of)
{
    uint32_t files = 0;
    struct stat st;

    for (enum logs_file file = LOGS_OUT; file <= LOGS_ERR; file++) {
        if (stat_file(l, of, file, &st) != 0) {
            continue;
        }
        if ((uint64_t)st.st_size > l->limit_bytes) {
            cut(l, of, file);
        } else if (st.st_size == 0 || ((uint64_t)st.st_size <= l->fold_bytes &&
                                       fold_file(l, of, file))) {
            files |= 1u << file;
        }
    }
    return files;
}

void logs_remove(const struct logs *l, const struct logs_of *of, uint32_t files)
{
    struct str path;

    for (enum logs_file file = LOGS_OUT; file <= LOGS_SCRIPT; file++) {
        if (files & 1u << file) {
            str_init(&path, PATH_LIMIT);
            logs_add_path(l, &path, of, file);
            if (unlink(path.text) != 0 && errno != ENOENT) {
                log_warn("logs", "file stays run=%s task=%s why=%s", of->run,
                         of->task, strerror(errno));
            }
            str_finish(&path);
        }
    }
}

bool logs_outputs(const struct logs *l, const struct logs_of *of,
                  uint32_t *files, cJSON **outputs, struct str *why)
{
    struct logs_range range = {LOGS_OUTPUTS, 0, OUTPUTS_LIMIT + 1};
    uint64_t end = 0;
    struct str bytes;
    cJSON *object = NULL;
    bool is_good = true;
    int status;

    str_init(&bytes, OUTPUTS_LIMIT + 1);
    status = logs_read(l, of, &range, &bytes, &end);
    *files |= status == -ENOENT ? 0 : 1u << LOGS_OUTPUTS;
    if (status == 0) {
        object = outputs_read(bytes.text, bytes.size, why);
        is_good = object != NULL;
    } else if (status != -ENOENT) {
        str_addf(why, "$HAFT_OUTPUT cannot be read: %s", strerror(-status));
        is_good = false;
    }
    str_finish(&bytes);
    if (object && cJSON_GetArraySize(object) == 0) {
        cJSON_Delete(object);
        object = NULL;
    }
    if (is_good) {
        *outputs = object;
    }
    return is_good;
}
