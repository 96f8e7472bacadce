#include "host/base/fill.h"

#include <assert.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "host/base/check.h"
#include "host/base/kind.h"
#include "host/plain/mem.h"

/* ---- what nobody wrote ---- */

/* Is this built-in section already taken care of by the file? The kinds of
 * which one instance is meant are, by any of their sections. */
static bool is_written(const struct config *config,
                       const struct config_section *section)
{
    bool is_one = strcmp(section->kind, "storage") == 0 ||
                  strcmp(section->kind, "auth") == 0;

    return sections_find(&config->sections, section->title) ||
           (is_one && config_next(config, section->kind, NULL));
}

void fill_builtin(struct config *config, struct str *why)
{
    struct sections builtin = {0};
    int status = sections_read(&builtin, kind_builtin, strlen(kind_builtin),
                               CONFIG_BUILTIN, why);

    assert(status == 0);
    (void)status;
    for (size_t i = 1; i < builtin.count; i++) {
        if (!is_written(config, &builtin.items[i])) {
            sections_take(&config->sections, &builtin.items[i]);
        }
    }
    sections_finish(&builtin);
}

/* ---- typed ---- */

static uint32_t count_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) < 0) {
        return 1; /* more than 1024 processors: the file must say */
    }
    return (uint32_t)CPU_COUNT(&set);
}

static void fill_pools(struct config *config)
{
    const struct config_section *section = config_next(config, "pool", NULL);

    config->pools = mem_new(config->sections.count, sizeof(*config->pools));
    for (; section; section = config_next(config, "pool", section)) {
        struct setting_value *slots = &section->values[POOL_SLOTS];

        if (slots->number == 0) {
            slots->number = count_processors();
        }
        config->pools[config->pools_count++] = (struct config_pool){
            .name = section->name, .slots = (uint32_t)slots->number};
    }
}

static void fill_host(struct config *config)
{
    const struct config_section *section = config_find(config, "host", "host");
    struct setting_value *values = section->values;
    struct config_host *host = &config->host;

    if (!values[HOST_SOCKET].text) {
        struct str path;

        str_init(&path, SIZE_MAX);
        str_addf(&path, "%s/socket", values[HOST_STATE].text);
        values[HOST_SOCKET].text = str_take(&path);
    }
    host->state = values[HOST_STATE].text;
    host->socket = values[HOST_SOCKET].text;
    host->modules = values[HOST_MODULES].items;
    host->modules_count = values[HOST_MODULES].items_count;
    host->isolation = values[HOST_ISOLATION].text;
    log_level_find(values[HOST_LOG_LEVEL].text, &host->log_level);
    host->log_format = strcmp(values[HOST_LOG_FORMAT].text, "json") == 0
                           ? LOG_FORMAT_JSON
                           : LOG_FORMAT_TEXT;
    host->drain_ms = values[HOST_DRAIN].number;
}

static void fill_plugins(struct config *config)
{
    for (size_t i = 0; i < config->sections.count; i++) {
        struct config_section *section = &config->sections.items[i];
        const struct kind *kind = kind_find(section->kind);
        const char *name = section->is_named ? section->name : "sqlite";

        if (kind && kind->is_plugin && !section->values[PLUGIN_CLASS].text) {
            section->values[PLUGIN_CLASS].text = mem_text(name, strlen(name));
        }
    }
}

static bool fill_storage(struct config *config, struct str *why)
{
    const struct config_section *host = config_find(config, "host", "host");
    const struct setting_value *choice = &host->values[HOST_STORAGE];
    const struct config_section *first = config_next(config, "storage", NULL);
    const char *name = choice->text ? choice->text : "storage";

    assert(first); /* fill_builtin() sees to it */
    config->storage = config_find(config, "storage", name);
    if (!config->storage && !choice->text &&
        !config_next(config, "storage", first)) {
        config->storage = first;
    }
    if (config->storage) {
        return true;
    }
    if (choice->text) {
        check_begin_error(host, choice->entry, "storage", why);
        str_addf(why, "there is no section [storage:%s]", choice->text);
    } else {
        section_place(why, first->file, first->line);
        str_add_text(why, "several [storage:NAME]; say which one is in use: "
                          "[host] storage = NAME");
    }
    return false;
}

/* An executor that was named must be there; the default for containers need
 * not, since nobody may ever need it. */
static bool fill_route(struct config *config, struct str *why)
{
    const struct config_section *section =
        config_find(config, "route", "route");
    bool is_good = true;

    for (size_t i = 0; i < ROUTE_ROWS; i++) {
        const struct setting_value *value = &section->values[i];

        if (value->entry && !config_find(config, "executor", value->text)) {
            check_begin_error(section, value->entry, section->rows[i].key, why);
            str_addf(why, "there is no section [executor:%s]", value->text);
            is_good = false;
        }
    }
    config->route.process = section->values[ROUTE_PROCESS].text;
    config->route.container = section->values[ROUTE_CONTAINER].text;
    return is_good;
}

bool fill_config(struct config *config, struct str *why)
{
    bool is_good;

    fill_host(config);
    fill_pools(config);
    fill_plugins(config);
    is_good = fill_storage(config, why);
    return fill_route(config, why) && is_good;
}
