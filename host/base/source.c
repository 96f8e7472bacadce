#include "host/base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/section.h"
#include "host/plain/mem.h"

/* 1: there; 0: not there; -1: cannot be looked at. */
static int look(const char *path, struct str *why)
{
    if (access(path, R_OK) == 0) {
        return 1;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return 0;
    }
    str_addf(why, "%s: %s", path, strerror(errno));
    return -1;
}

/* The one that was named, which must then be there. */
static bool take_named(const char *named, const char *how, char **path,
                       struct str *why)
{
    int found = look(named, why);

    if (found == 0) {
        str_addf(why, "%s: no such file (named by %s)", named, how);
    }
    if (found == 1) {
        *path = mem_text(named, strlen(named));
    }
    return found == 1;
}

static void add_personal(struct str *path)
{
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    if (folder && folder[0] == '/') {
        str_addf(path, "%s/haft/haft.conf", folder);
    } else if (home && home[0] == '/') {
        str_addf(path, "%s/.config/haft/haft.conf", home);
    }
}

static bool search(char **path, bool *is_found, struct str *why)
{
    struct str personal;
    const char *places[] = {SOURCE_LOCAL, NULL, SOURCE_SYSTEM};
    char *taken = NULL;
    int found = 0;

    str_init(&personal, SIZE_MAX);
    add_personal(&personal);
    places[1] = personal.text;
    for (size_t i = 0; i < 3 && found == 0; i++) {
        found = places[i][0] ? look(places[i], why) : 0;
        if (found == 1) {
            taken = mem_text(places[i], strlen(places[i]));
            *is_found = i == 0;
        }
    }
    str_finish(&personal);
    if (found >= 0) {
        *path = taken;
    }
    return found >= 0;
}

bool source_find(const char *given, char **path, bool *is_found,
                 struct str *why)
{
    const char *named = getenv("HAFT_CONFIG");

    *is_found = false;
    if (given) {
        return take_named(given, "--config", path, why);
    }
    if (named && named[0]) {
        return take_named(named, "$HAFT_CONFIG", path, why);
    }
    return search(path, is_found, why);
}

static bool read_all(int fd, struct str *text, struct str *why)
{
    char piece[16384];
    ssize_t size;

    do {
        size = read(fd, piece, sizeof(piece));
        if (size > 0) {
            str_add(text, piece, (size_t)size);
        }
    } while ((size > 0 && !text->is_cut) || (size < 0 && errno == EINTR));
    if (size < 0) {
        str_add_text(why, strerror(errno));
    } else if (text->is_cut) {
        str_add_text(why, "larger than 4 MiB");
    }
    return size >= 0 && !text->is_cut;
}

char *source_read(const char *path, size_t *size, struct str *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *taken = NULL;
    struct str text;

    if (fd < 0) {
        str_add_text(why, strerror(errno));
        return NULL;
    }
    str_init(&text, CONFIG_FILE_LIMIT);
    if (read_all(fd, &text, why)) {
        *size = text.size;
        taken = str_take(&text);
    }
    str_finish(&text);
    close(fd);
    return taken;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char **copy_sorted(const glob_t *found)
{
    char **paths = mem_new(found->gl_pathc, sizeof(*paths));

    for (size_t i = 0; i < found->gl_pathc; i++) {
        paths[i] = mem_text(found->gl_pathv[i], strlen(found->gl_pathv[i]));
    }
    qsort(paths, found->gl_pathc, sizeof(*paths), compare);
    return paths;
}

/* A folder that is not there holds no match; one that cannot be read may. */
static int judge(const char *path, int error)
{
    (void)path;
    return error != ENOENT && error != ENOTDIR;
}

/* glob() itself would sort by the locale. */
char **source_list(const char *pattern, const char *file, size_t *count,
                   struct str *why)
{
    const char *slash = strrchr(file, '/');
    glob_t found = {0};
    char **paths = NULL;
    struct str full;
    int status;

    str_init(&full, SIZE_MAX);
    if (pattern[0] != '/' && slash) {
        str_add(&full, file, (size_t)(slash - file) + 1);
    }
    str_add_text(&full, pattern);
    status = glob(full.text, GLOB_NOSORT, judge, &found);
    if (status != 0 && status != GLOB_NOMATCH) {
        str_addf(why, "cannot be looked through: %s", full.text);
    } else if (status == GLOB_NOMATCH && !strpbrk(pattern, "*?[")) {
        str_addf(why, "no such file: %s", full.text);
    } else if (found.gl_pathc > SOURCE_INCLUDES_LIMIT) {
        str_add_text(why, "names more than 1000 files");
    } else {
        paths = copy_sorted(&found);
        *count = found.gl_pathc;
    }
    globfree(&found);
    str_finish(&full);
    return paths;
}
