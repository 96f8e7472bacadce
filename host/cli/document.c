#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/command.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

/* The whole of a file, or NULL after having said why. */
static bool read_all(FILE *f, const char *path, struct str *text)
{
    char piece[64 * 1024];
    size_t n;

    do {
        n = fread(piece, 1, sizeof(piece), f);
        str_add(text, piece, n);
    } while (n > 0 && !text->is_cut);
    if (ferror(f)) {
        fprintf(stderr, "haft: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }
    if (text->is_cut) {
        fprintf(stderr, "haft: %s is over %u bytes\n", path,
                WORKFLOW_FILE_LIMIT);
        return false;
    }
    return true;
}

/* A workflow without a name is called as its file is: letters that a name
 * cannot have become hyphens. */
static void add_name(cJSON *params, const char *path)
{
    char *copy = mem_text(path, strlen(path));
    char *name = basename(copy);
    char *dot = strchr(name, '.');

    if (dot && dot != name) {
        *dot = '\0';
    }
    for (char *p = name; *p; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            *p = (char)(*p - 'A' + 'a');
        } else if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", *p)) {
            *p = '-';
        }
    }
    cJSON_AddStringToObject(params, "name", name);
    mem_free(copy);
}

/* Where the file lies, absolute: tasks run there. */
static void add_directory(cJSON *params, const char *path)
{
    char *real = realpath(path, NULL);

    if (real) {
        cJSON_AddStringToObject(params, "directory", dirname(real));
        free(real);
    }
}

cJSON *cli_document(const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(path, "re");
    cJSON *params = NULL;
    struct str text;

    if (!f) {
        fprintf(stderr, "haft: cannot open %s: %s\n", path, strerror(errno));
        return NULL;
    }
    str_init(&text, WORKFLOW_FILE_LIMIT);
    if (read_all(f, path, &text)) {
        params = cJSON_CreateObject();
        cJSON_AddStringToObject(params, "document", text.text);
        cJSON_AddStringToObject(params, "file", path);
        if (!is_stdin) {
            add_name(params, path);
            add_directory(params, path);
        }
    }
    str_finish(&text);
    if (!is_stdin) {
        fclose(f);
    }
    return params;
}
