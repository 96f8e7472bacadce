/* The kinds of sections that a haft.conf may have, each with the rows of its
 * settings: the one place that knows them. For a plugin's section these are
 * the general keys; the rest of its keys is in the plugin's manifest. */
#ifndef HOST_BASE_KIND_H
#define HOST_BASE_KIND_H

#include "host/base/setting.h"

/* Rows of [host], of a plugin's section, of [route] and of [pool:NAME]. */
enum {
    HOST_STATE,
    HOST_STORAGE,
    HOST_MODULES,
    HOST_SOCKET,
    HOST_ISOLATION,
    HOST_LOG_LEVEL,
    HOST_LOG_FORMAT,
    HOST_DRAIN,
    HOST_ROWS
};

enum {
    PLUGIN_CLASS,
    PLUGIN_MODULE,
    PLUGIN_ISOLATION,
    PLUGIN_SHA256,
    PLUGIN_SURVIVE,
    PLUGIN_FALLBACK,
    PLUGIN_ROWS
};

enum {
    ROUTE_PROCESS,
    ROUTE_CONTAINER,
    ROUTE_ROWS
};

enum {
    POOL_SLOTS,
    POOL_ROWS
};

/* May the section have a name behind a colon? */
enum kind_naming {
    KIND_UNNAMED, /* [host] */
    KIND_NAMED,   /* [pool:NAME] */
    KIND_EITHER   /* [storage], [storage:NAME] */
};

struct kind {
    const char *name;
    enum kind_naming naming;
    bool is_plugin;
    bool is_later; /* known, and not carried out by this version */
    const struct setting *rows;
    size_t rows_count;
    const char *help;
};

extern const struct kind kinds[];
extern const size_t kinds_count;

const struct kind *kind_find(const char *name);

/* The sections that are there without being written, as a haft.conf. */
extern const char kind_builtin[];

/* The sample haft.conf: every section and key, commented out, with its help
 * and default. */
void kind_add_sample(struct str *out);

#endif
