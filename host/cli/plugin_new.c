/* plugin new: a folder with a plugin to begin from.
 *
 * Templates are installed as plain files. What a plugin gets is laid together
 * from four folders: `all`, its language's (`c`), its kind's (`notify`), and
 * its kind's in that language (`notify-c`); that there is such a one makes it
 * offered, so a new template is a new folder and nothing here. They are flat.
 * What stands for the name in them, and in the names of files, is one word in
 * the three ways in which names are spelt, so that a template compiles, and is
 * checked, as it lies there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/cli/command.h"
#include "host/guest/manifest.h"
#include "host/plain/mem.h"
#include "host/plain/str.h"

#define FILE_LIMIT (1u << 18)
#define PATH_LIMIT 4096

struct making {
    const char *kind;
    const char *language;
    const char *name;
    const char *folder; /* to be made */
    char *templates;
    struct str *why;
};

/* What stands for the name: `from` becomes `to` in it. */
static const struct word {
    const char *text;
    char from, to;
} words[] = {
    {"yourname", 0, 0},      /* as it was given: the class */
    {"your_name", '-', '_'}, /* identifiers */
    {"your-name", '_', '-'}, /* files */
};

static const char kind_word[] = "yourkind";

/* ---- what is there ---- */

/* A program that was not installed has the templates beside it. */
static char *find_templates(void)
{
    static const char beside[] = "/sdk/installed/template";
    char path[PATH_LIMIT + sizeof(beside)];
    ssize_t size = readlink("/proc/self/exe", path, PATH_LIMIT);
    char *end;

    path[size > 0 ? size : 0] = '\0';
    end = strrchr(path, '/');
    if (end) {
        memcpy(end, beside, sizeof(beside));
        if (access(path, R_OK | X_OK) == 0) {
            return mem_text(path, strlen(path));
        }
    }
    return mem_text(HAFT_TEMPLATE_DIR, strlen(HAFT_TEMPLATE_DIR));
}

/* "notify" of "notify-c"; 0 of a folder that is not of a kind and a language. */
static size_t kind_size(const char *folder)
{
    const char *dash = strchr(folder, '-');

    return dash ? (size_t)(dash - folder) : 0;
}

static bool is_kind(const char *folder, const char *kind)
{
    return kind_size(folder) == strlen(kind) &&
           memcmp(folder, kind, strlen(kind)) == 0;
}

/* Adds a name to a list; those that are the same come one after the other. */
static void add_name(struct str *list, const char *name, size_t size)
{
    if (list->size < size ||
        strncmp(list->text + list->size - size, name, size) != 0) {
        str_add_text(list, list->size ? ", " : "");
        str_add(list, name, size);
    }
}

/* Whether the templates have what is wanted; otherwise `why` says what there
 * is instead. */
static bool find_template(const struct making *m)
{
    struct dirent **found = NULL;
    int count = scandir(m->templates, &found, NULL, alphasort);
    struct str kinds;
    struct str languages;
    bool is_there = false;

    str_init(&kinds, STR_WHY_LIMIT);
    str_init(&languages, STR_WHY_LIMIT);
    for (int i = 0; i < count; i++) {
        const char *folder = found[i]->d_name;
        size_t size = kind_size(folder);

        if (size > 0) {
            add_name(&kinds, folder, size);
        }
        if (size > 0 && is_kind(folder, m->kind)) {
            str_addf(&languages, "%s%s", languages.size ? ", " : "",
                     folder + size + 1);
            is_there |= strcmp(folder + size + 1, m->language) == 0;
        }
        free(found[i]);
    }
    free(found);
    if (count < 0) {
        str_addf(m->why, "cannot read the templates in %s: %s", m->templates,
                 strerror(errno));
    } else if (languages.size == 0) {
        str_add_text(m->why, "no template for kind ");
        str_add_quoted(m->why, m->kind, strlen(m->kind));
        str_addf(m->why, "; there are: %s", kinds.text);
    } else if (!is_there) {
        str_addf(m->why, "no template for %s in language ", m->kind);
        str_add_quoted(m->why, m->language, strlen(m->language));
        str_addf(m->why, "; there are: %s", languages.text);
    }
    str_finish(&kinds);
    str_finish(&languages);
    return is_there;
}

/* ---- what is written ---- */

static void add_name_as(struct str *out, const char *name,
                        const struct word *word)
{
    for (; *name; name++) {
        str_add_char(out, word->from && *name == word->from ? word->to : *name);
    }
}

/* Adds a text of a template, with what it stands for. */
static void add_filled(struct str *out, const char *text,
                       const struct making *m)
{
    while (*text) {
        size_t size = 0;

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (strncmp(text, words[i].text, strlen(words[i].text)) == 0) {
                size = strlen(words[i].text);
                add_name_as(out, m->name, &words[i]);
            }
        }
        if (strncmp(text, kind_word, strlen(kind_word)) == 0) {
            size = strlen(kind_word);
            str_add_text(out, m->kind);
        }
        if (size == 0) {
            size = 1;
            str_add_char(out, *text);
        }
        text += size;
    }
}

/* The whole of a small file; NULL where it cannot be read. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = file ? mem_new(1, FILE_LIMIT) : NULL;

    if (file) {
        size_t size = fread(text, 1, FILE_LIMIT - 1, file);
        bool is_good = !ferror(file) && feof(file);

        text[size] = '\0';
        fclose(file);
        if (!is_good) {
            mem_free(text);
            text = NULL;
        }
    }
    return text;
}

/* Never over a file that is there; a script may be run. */
static bool write_file(const char *path, const struct str *text)
{
    mode_t mode = strncmp(text->text, "#!", 2) == 0 ? 0755 : 0644;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool is_written =
        file && fwrite(text->text, 1, text->size, file) == text->size;

    if (file) {
        is_written = fclose(file) == 0 && is_written;
    } else if (fd >= 0) {
        close(fd);
    }
    return is_written;
}

static bool copy_file(const struct making *m, const char *folder,
                      const char *name)
{
    struct str from;
    struct str to;
    struct str text;
    char *read;
    bool is_good;

    str_init(&from, PATH_LIMIT);
    str_init(&to, PATH_LIMIT);
    str_init(&text, 2 * FILE_LIMIT);
    str_addf(&from, "%s/%s/%s", m->templates, folder, name);
    str_addf(&to, "%s/", m->folder);
    add_filled(&to, name, m);
    read = read_file(from.text);
    if (read) {
        add_filled(&text, read, m);
    }
    is_good = read && write_file(to.text, &text);
    if (!is_good) {
        str_addf(m->why, "cannot %s %s: %s", read ? "write" : "read",
                 read ? to.text : from.text, strerror(errno));
    }
    mem_free(read);
    str_finish(&from);
    str_finish(&to);
    str_finish(&text);
    return is_good;
}

static bool copy_folder(const struct making *m, const char *folder)
{
    struct str path;
    struct dirent **found = NULL;
    int count;
    bool is_good = true;

    str_init(&path, PATH_LIMIT);
    str_addf(&path, "%s/%s", m->templates, folder);
    count = scandir(path.text, &found, NULL, alphasort);
    if (count < 0) {
        str_addf(m->why, "cannot read %s: %s", path.text, strerror(errno));
        is_good = false;
    }
    for (int i = 0; i < count; i++) {
        const char *name = found[i]->d_name;

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            is_good = is_good && copy_file(m, folder, name);
        }
        free(found[i]);
    }
    free(found);
    str_finish(&path);
    return is_good;
}

static bool copy_all(const struct making *m)
{
    struct str both;
    bool is_good;

    str_init(&both, PATH_LIMIT);
    str_addf(&both, "%s-%s", m->kind, m->language);
    is_good = copy_folder(m, "all") && copy_folder(m, m->language) &&
              copy_folder(m, m->kind) && copy_folder(m, both.text);
    str_finish(&both);
    return is_good;
}

/* ---- the command ---- */

/* The class has the name, and the module's id ends in it. */
static bool check_name(const struct making *m)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t size = strlen(m->name);
    size_t most = MANIFEST_NAME_LIMIT - strlen(m->kind) - 1;

    if (size > 0 && size <= most && m->name[0] >= 'a' && m->name[0] <= 'z' &&
        strspn(m->name, letters) == size) {
        return true;
    }
    str_addf(m->why,
             "NAME: wanted [a-z][a-z0-9_-]*, at most %zu letters, "
             "found ",
             most);
    str_add_quoted(m->why, m->name, size);
    return false;
}

static int make(const struct making *m)
{
    if (!find_template(m) || !check_name(m)) {
        return EXIT_USAGE;
    }
    if (mkdir(m->folder, 0755) != 0) {
        if (errno == EEXIST) {
            str_addf(m->why,
                     "%s: wanted a folder that is not there yet, found "
                     "one; --dir DIR names another",
                     m->folder);
            return EXIT_USAGE;
        }
        str_addf(m->why, "cannot make the folder %s: %s", m->folder,
                 strerror(errno));
        return 1;
    }
    if (!copy_all(m)) {
        str_addf(m->why, "; what there is of it is in %s", m->folder);
        return 1;
    }
    return 0;
}

static int run_new(struct cli *cli, const struct given *given)
{
    const char *language = given_value(given, "lang", 0);
    const char *folder = given_value(given, "dir", 0);
    struct str why;
    struct making m = {
        .kind = given->words[0],
        .language = language ? language : "c",
        .name = given->words[1],
        .folder = folder ? folder : given->words[1],
        .templates = find_templates(),
        .why = &why,
    };
    int status;

    (void)cli;
    str_init(&why, STR_WHY_LIMIT);
    status = make(&m);
    if (status == 0) {
        printf("%s has the plugin %s/%s. Go on with:\n"
               "  cd %s\n"
               "  make check\n"
               "  HAFT_CONFIG=./haft.conf haft run hello.yaml\n",
               m.folder, m.kind, m.name, m.folder);
    } else {
        fprintf(stderr, "haft plugin new: %s\n", why.text);
    }
    str_finish(&why);
    mem_free(m.templates);
    return status;
}

static const struct option_row new_options[] = {
    {"lang", 0, "LANG", "c, which is the default, c++ or rust"},
    {"dir", 0, "DIR", "the folder to make, if not ./NAME"},
    {0},
};

const struct command command_plugin_new = {
    .name = "plugin new",
    .words = "KIND NAME",
    .least = 2,
    .most = 2,
    .summary = "write a plugin to begin from",
    .options = new_options,
    .run = run_new,
};
