#include "host/guest/deaths.h"

#include <string.h>
#include <time.h>

#include "host/base/file.h"
#include "host/base/log.h"
#include "host/plain/json.h"

#define FILE_LIMIT (1u << 20)

/* folder/SUM.json */
static void make_path(const char *state, const struct module *m,
                      struct str *folder, struct str *path)
{
    char sum[MODULE_SUM_SIZE];

    str_init(folder, SIZE_MAX);
    str_init(path, SIZE_MAX);
    module_sum(m, sum);
    str_addf(folder, "%s/deaths", state);
    str_addf(path, "%s/%s.json", folder->text, sum);
}

/* An empty object where there is nothing to believe. */
static cJSON *read_tree(const char *path)
{
    struct log_room quoted;
    cJSON *tree = NULL;
    struct str text;
    struct str why;

    str_init(&text, FILE_LIMIT);
    str_init(&why, STR_WHY_LIMIT);
    file_read_own(path, &text);
    if (text.size > 0) {
        tree = json_read(text.text, text.size, &why);
        if (!cJSON_IsObject(tree)) {
            log_warn("guest", "not understood path=%s why=%s", path,
                     log_quoted(&quoted, why.text));
            cJSON_Delete(tree);
            tree = NULL;
        }
    }
    str_finish(&why);
    str_finish(&text);
    return tree ? tree : cJSON_CreateObject();
}

static cJSON *load(const char *state, const struct module *m)
{
    struct str folder;
    struct str path;
    cJSON *tree;

    make_path(state, m, &folder, &path);
    tree = read_tree(path.text);
    str_finish(&folder);
    str_finish(&path);
    return tree;
}

static int save(const char *state, const struct module *m, const cJSON *tree)
{
    struct str folder;
    struct str path;
    struct str text;
    int status;

    make_path(state, m, &folder, &path);
    str_init(&text, FILE_LIMIT);
    json_value(&text, tree);
    str_add_char(&text, '\n');
    status = file_make_folders(folder.text);
    if (status == 0) {
        status = file_replace(path.text, &text);
    }
    if (status < 0) {
        log_warn("guest", "deaths are not remembered path=%s why=\"%s\"",
                 path.text, strerror(-status));
    }
    str_finish(&folder);
    str_finish(&path);
    str_finish(&text);
    return status;
}

static cJSON *list_of(cJSON *tree)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "deaths");

    if (!cJSON_IsArray(list)) {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "deaths");
        list = cJSON_AddArrayToObject(tree, "deaths");
    }
    return list;
}

void deaths_add(const char *state, const struct module *m,
                const struct death *death)
{
    cJSON *tree = load(state, m);
    cJSON *list = list_of(tree);
    cJSON *row = cJSON_CreateObject();

    cJSON_AddNumberToObject(row, "at", (double)death->time_ms);
    cJSON_AddStringToObject(row, "kind", death->kind);
    cJSON_AddStringToObject(row, "name", death->name);
    cJSON_AddStringToObject(row, "why", death->why);
    cJSON_AddItemToArray(list, row);
    while (cJSON_GetArraySize(list) > DEATHS_KEPT) {
        cJSON_DeleteItemFromArray(list, 0);
    }
    if (death->is_last) {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "quarantined");
        cJSON_AddTrueToObject(tree, "quarantined");
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "file");
        cJSON_AddStringToObject(tree, "file", m->file);
    }
    save(state, m, tree);
    cJSON_Delete(tree);
}

bool deaths_are_enough(const char *state, const struct module *m,
                       struct str *why)
{
    cJSON *tree = load(state, m);
    bool is_so = json_get_bool(tree, "quarantined", false);

    if (is_so) {
        const cJSON *list = list_of(tree);
        int count = cJSON_GetArraySize(list);
        const cJSON *last =
            count > 0 ? cJSON_GetArrayItem(list, count - 1) : NULL;

        str_addf(why,
                 "%s is quarantined: its process kept dying, the last time "
                 "because ",
                 m->file);
        str_add_text(why, json_get_text(last, "why", "(unknown)"));
        str_addf(why,
                 "; see haft plugin why %s, replace the file, or: haft "
                 "plugin pardon %s",
                 m->manifest.id, m->manifest.id);
    }
    cJSON_Delete(tree);
    return is_so;
}

bool deaths_pardon(const char *state, const struct module *m, struct str *why)
{
    cJSON *tree = load(state, m);
    bool is_so = json_get_bool(tree, "quarantined", false);
    int status = 0;

    if (is_so) {
        cJSON_DeleteItemFromObjectCaseSensitive(tree, "quarantined");
        status = save(state, m, tree);
    }
    if (status < 0) {
        str_addf(why, "%s/deaths: %s", state, strerror(-status));
    }
    cJSON_Delete(tree);
    return is_so && status == 0;
}

void deaths_add_json(const char *state, const struct module *m, struct str *out)
{
    cJSON *tree = load(state, m);

    json_put_bool(out, "quarantined",
                  json_get_bool(tree, "quarantined", false));
    json_key(out, "deaths");
    json_value(out, list_of(tree));
    cJSON_Delete(tree);
}
