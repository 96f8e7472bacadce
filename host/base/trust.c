#include "host/base/trust.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/file.h"

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

static void read_trusted(struct str *text)
{
    struct str path;

    str_init(&path, SIZE_MAX);
    if (find_folder(&path)) {
        str_add_text(&path, "/trusted");
        file_read_own(path.text, text);
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
        status = file_make_folders(folder.text);
        str_add_text(&folder, "/trusted");
        status = status < 0 ? status : file_replace(folder.text, &text);
        if (status < 0) {
            str_addf(why, "%s: %s", folder.text, strerror(-status));
        }
    }
    str_finish(&folder);
    str_finish(&old);
    str_finish(&text);
    return status;
}
