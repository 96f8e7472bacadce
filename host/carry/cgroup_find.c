#include "host/carry/cgroup_find.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "host/plain/mem.h"

#define FILE_LIMIT 65536
#define PATH_LIMIT 4096

/* ---- files ---- */

int cgroup_read(const char *path, struct str *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char room[1024];
    ssize_t n = 1;
    int failed = 0;

    if (fd < 0) {
        return errno;
    }
    str_reset(text);
    while (n > 0 && !text->is_cut) {
        n = read(fd, room, sizeof(room));
        str_add(text, room, n > 0 ? (size_t)n : 0);
    }
    if (n < 0) {
        failed = errno;
    }
    close(fd);
    return failed;
}

int cgroup_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int failed;

    if (fd < 0) {
        return errno;
    }
    failed = write(fd, text, strlen(text)) < 0 ? errno : 0;
    close(fd);
    return failed;
}

bool cgroup_has_word(const char *text, size_t size, const char *separators,
                     const char *word)
{
    size_t length = strlen(word);
    size_t at = 0;

    while (at <= size) {
        size_t end = at;

        while (end < size && !strchr(separators, text[end])) {
            end++;
        }
        if (end - at == length && memcmp(text + at, word, length) == 0) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

/* ---- our own place ---- */

/* Of the line "ID:CONTROLLERS:PATH" that has the controller, the path; the
 * line of version 2 has none: "". */
static bool find_own(const char *lines, const char *controller,
                     struct str *path)
{
    while (*lines) {
        size_t size = strcspn(lines, "\n");
        const char *end = lines + size;
        const char *list = memchr(lines, ':', size);
        const char *own =
            list ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;

        if (own && cgroup_has_word(list + 1, (size_t)(own - list - 1), ",",
                                   controller)) {
            str_add(path, own + 1, (size_t)(end - own - 1));
            return true;
        }
        lines = *end ? end + 1 : end;
    }
    return false;
}

/* A colon would end a path of the keeper's list; what has ".." in it lies
 * outside of what is mounted. */
static bool is_plain(const char *path)
{
    return path[0] == '/' && !strchr(path, ':') && !strstr(path, "/..");
}

static void drop_slash(struct str *path)
{
    if (path->size > 0 && path->text[path->size - 1] == '/') {
        str_shorten(path, path->size - 1);
    }
}

static bool is_writable(const char *path, struct str *why)
{
    if (access(path, W_OK | X_OK) == 0) {
        return true;
    }
    str_addf(why, "%s: %s", path, strerror(errno));
    return false;
}

/* ---- version 2 ---- */

static bool is_in_file(const char *directory, const char *name,
                       const char *controller)
{
    struct str path;
    struct str text;
    bool is_in;

    str_init(&path, PATH_LIMIT);
    str_init(&text, FILE_LIMIT);
    str_addf(&path, "%s/%s", directory, name);
    is_in = cgroup_read(path.text, &text) == 0 &&
            cgroup_has_word(text.text, text.size, " \n", controller);
    str_finish(&path);
    str_finish(&text);
    return is_in;
}

static bool is_enabled(const char *directory, const char *controller)
{
    return is_in_file(directory, "cgroup.subtree_control", controller);
}

static bool enable(const char *directory, const char *controller)
{
    struct str path;
    struct str text;

    if (!is_in_file(directory, "cgroup.controllers", controller)) {
        return false;
    }
    str_init(&path, PATH_LIMIT);
    str_init(&text, FILE_LIMIT);
    str_addf(&path, "%s/cgroup.subtree_control", directory);
    str_addf(&text, "+%s", controller);
    cgroup_write(path.text, text.text); /* what came of it is asked next */
    str_finish(&path);
    str_finish(&text);
    return is_enabled(directory, controller);
}

static bool is_delegated(const char *directory)
{
    char value = 0;

    return (getxattr(directory, "user.delegate", &value, 1) == 1 ||
            getxattr(directory, "trusted.delegate", &value, 1) == 1) &&
           value == '1';
}

/* `own` is the full path of our place, below `mount_size` bytes. */
static bool find_unified(struct str *own, size_t mount_size,
                         const char *controller, struct str *why)
{
    struct str above;
    bool is_found = false;

    if (is_enabled(own->text, controller)) {
        return is_writable(own->text, why);
    }
    str_init(&above, PATH_LIMIT);
    str_add_text(&above, own->text);
    if (own->size > mount_size) {
        str_shorten(&above, (size_t)(strrchr(own->text, '/') - own->text));
        is_found = is_delegated(above.text) && access(above.text, W_OK) == 0 &&
                   (is_enabled(above.text, controller) ||
                    enable(above.text, controller));
    }
    if (is_found) {
        str_reset(own);
        str_add_text(own, above.text);
    } else {
        str_addf(why, "%s gives no controller %s to cgroups below it",
                 own->text, controller);
    }
    str_finish(&above);
    return is_found;
}

/* ---- both ---- */

static void add_mount(struct str *path, const char *root)
{
    str_addf(path, "%s/sys/fs/cgroup/cgroup.controllers", root);
    if (access(path->text, F_OK) == 0) {
        str_shorten(path, path->size - strlen("/cgroup.controllers"));
        return;
    }
    str_reset(path);
    str_addf(path, "%s/sys/fs/cgroup/unified", root);
}

/* The full path of where cgroups may be made, from the lines of
 * /proc/self/cgroup. */
static bool find(struct cgroup_base *base, const char *root, const char *lines,
                 const char *controller, struct str *path)
{
    struct str own;
    bool is_first;
    bool is_found = false;
    size_t mount_size;

    str_init(&own, PATH_LIMIT);
    is_first = find_own(lines, controller, &own);
    if (!is_first && !find_own(lines, "", &own)) {
        str_addf(&base->why, "the kernel has no controller %s", controller);
    } else if (!is_plain(own.text)) {
        str_add_text(&base->why, "our own cgroup cannot be used: ");
        str_add_quoted(&base->why, own.text, own.size);
    } else {
        if (is_first) {
            str_addf(path, "%s/sys/fs/cgroup/%s", root, controller);
        } else {
            add_mount(path, root);
        }
        mount_size = path->size;
        str_add_text(path, own.text);
        drop_slash(path);
        base->is_unified = !is_first;
        is_found = is_first
                       ? is_writable(path->text, &base->why)
                       : find_unified(path, mount_size, controller, &base->why);
    }
    str_finish(&own);
    return is_found;
}

void cgroup_base_find(struct cgroup_base *base, const char *root,
                      const char *controller)
{
    struct str lines;
    struct str path;
    int failed;

    *base = (struct cgroup_base){.path = NULL};
    str_init(&base->why, STR_WHY_LIMIT);
    str_init(&lines, FILE_LIMIT);
    str_init(&path, PATH_LIMIT);
    str_addf(&path, "%s/proc/self/cgroup", root);
    failed = cgroup_read(path.text, &lines);
    if (failed) {
        str_addf(&base->why, "%s: %s", path.text, strerror(failed));
    }
    str_reset(&path);
    if (!failed && find(base, root, lines.text, controller, &path)) {
        base->path = str_take(&path);
    }
    str_finish(&lines);
    str_finish(&path);
}

void cgroup_base_finish(struct cgroup_base *base)
{
    mem_free(base->path);
    base->path = NULL;
    str_finish(&base->why);
}
