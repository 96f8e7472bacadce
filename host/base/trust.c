#include "host/base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/plain/mem.h"

#define LIST_LIMIT (1024u * 1024)

/* The folder of the list; false if the environment names no home. */
static bool find_folder(struct str *folder)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (state && state[0] == '/') {
        str_addf(folder, "%s/haft", state);
        return true;
    }
    if (home && home[0] == '/') {
        str_addf(folder, "%s/.local/state/haft", home);
        return true;
    }
    return false;
}

/* Adds the list's text; adds nothing where there is none to believe. */
static void read_list(const char *path, struct str *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat status;
    char piece[4096];
    ssize_t size;

    if (fd < 0) {
        return;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_uid == geteuid() && !(status.st_mode & (S_IWGRP | S_IWOTH))) {
        size = read(fd, piece, sizeof(piece));
        while (size > 0) {
            str_add(text, piece, (size_t)size);
            size = read(fd, piece, sizeof(piece));
        }
    }
    close(fd);
}

static void read_trusted(struct str *text)
{
    struct str path;

    str_init(&path, SIZE_MAX);
    if (find_folder(&path)) {
        str_add_text(&path, "/trusted");
        read_list(path.text, text);
    }
    str_finish(&path);
}

/* The path of the line at `p`, which ends at `end`; NULL if it is no line of
 * ours. */
static const char *find_path(const char *p, const char *end)
{
    const char *space = memchr(p, ' ', (size_t)(end - p));

    return space ? space + 1 : NULL;
}

static bool is_path(const char *p, const char *end, const char *path)
{
    const char *found = find_path(p, end);

    return found && strlen(path) == (size_t)(end - found) &&
           memcmp(found, path, (size_t)(end - found)) == 0;
}

bool trust_has(const char *path, const char *fingerprint)
{
    size_t size = strlen(fingerprint);
    struct str text;
    const char *p;
    const char *end;
    bool is_found = false;

    str_init(&text, LIST_LIMIT);
    read_trusted(&text);
    p = text.text;
    end = strchr(p, '\n');
    while (end && !is_found) {
        is_found = is_path(p, end, path) &&
                   strncmp(p, fingerprint, size) == 0 && p[size] == ' ';
        p = end + 1;
        end = strchr(p, '\n');
    }
    str_finish(&text);
    return is_found;
}

/* Makes each folder of the path that is missing, for its owner alone. */
static int make_folders(const char *folder)
{
    char *path = mem_text(folder, strlen(folder));
    int status = 0;

    for (char *p = path + 1; status == 0; p++) {
        if (*p == '/' || *p == '\0') {
            char kept = *p;

            *p = '\0';
            if (mkdir(path, 0700) < 0 && errno != EEXIST) {
                status = -errno;
            }
            *p = kept;
        }
        if (*p == '\0') {
            break;
        }
    }
    mem_free(path);
    return status;
}

static int write_all(int fd, const struct str *text)
{
    size_t done = 0;

    while (done < text->size) {
        ssize_t size = write(fd, text->text + done, text->size - done);

        if (size < 0 && errno != EINTR) {
            return -errno;
        }
        done += size > 0 ? (size_t)size : 0;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

/* Puts the text in the place of `folder`/trusted at once. */
static int replace_list(const char *folder, const struct str *text)
{
    struct str path;
    struct str fresh;
    int status;
    int fd;

    str_init(&path, SIZE_MAX);
    str_init(&fresh, SIZE_MAX);
    str_addf(&path, "%s/trusted", folder);
    str_addf(&fresh, "%s/trusted.XXXXXX", folder);
    fd = mkostemp(fresh.text, O_CLOEXEC);
    status = fd < 0 ? -errno : write_all(fd, text);
    if (status == 0 && rename(fresh.text, path.text) < 0) {
        status = -errno;
    }
    if (fd >= 0) {
        close(fd);
        if (status < 0) {
            unlink(fresh.text);
        }
    }
    str_finish(&path);
    str_finish(&fresh);
    return status;
}

/* Adds the lines of `old` that are not about `path`. */
static void copy_others(const struct str *old, const char *path,
                        struct str *out)
{
    const char *p = old->text;
    const char *end = strchr(p, '\n');

    while (end) {
        if (!is_path(p, end, path)) {
            str_add(out, p, (size_t)(end - p) + 1);
        }
        p = end + 1;
        end = strchr(p, '\n');
    }
}

int trust_add(const char *path, const char *fingerprint, struct str *why)
{
    struct str folder;
    struct str old;
    struct str text;
    int status = -ENOENT;

    str_init(&folder, SIZE_MAX);
    str_init(&old, LIST_LIMIT);
    str_init(&text, LIST_LIMIT);
    read_trusted(&old);
    copy_others(&old, path, &text);
    str_addf(&text, "%s %s\n", fingerprint, path);
    if (strchr(path, '\n')) {
        status = -EINVAL;
        str_add_text(why, "a path with a line break cannot be trusted");
    } else if (!find_folder(&folder)) {
        str_add_text(why, "neither $XDG_STATE_HOME nor $HOME is an absolute "
                          "path: nowhere to remember what is trusted");
    } else {
        status = make_folders(folder.text);
        status = status < 0 ? status : replace_list(folder.text, &text);
        if (status < 0) {
            str_addf(why, "%s/trusted: %s", folder.text, strerror(-status));
        }
    }
    str_finish(&folder);
    str_finish(&old);
    str_finish(&text);
    return status;
}
