#include "host/base/kind.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

static const char *const isolations[] = {"none", "process", NULL};
static const char *const log_levels[] = {"error", "warn", "info", "debug",
                                         NULL};
static const char *const log_formats[] = {"text", "json", NULL};

static const struct setting host_rows[HOST_ROWS] = {
    [HOST_STATE] =
        {
            .key = "state",
            .type = SETTING_PATH,
            .fallback = ".haft",
            .help = "The folder that holds all that haft remembers. One host "
                    "owns it at a time. The default is in the folder where "
                    "haft is started.",
        },
    [HOST_STORAGE] =
        {
            .key = "storage",
            .type = SETTING_TEXT,
            .help = "Which [storage:NAME] to use, where there are several.",
        },
    [HOST_MODULES] =
        {
            .key = "modules",
            .type = SETTING_PATHS,
            .flags = SETTING_COMMAND,
            .help = "Folders in which modules are looked for by name, besides "
                    "the one that haft is installed with.",
        },
    [HOST_SOCKET] =
        {
            .key = "socket",
            .type = SETTING_PATH,
            .help = "The unix socket on which the host answers. The default "
                    "is the file socket in the state folder.",
        },
    [HOST_ISOLATION] =
        {
            .key = "isolation",
            .type = SETTING_ENUM,
            .choices = isolations,
            .help = "Where plugins run that do not say it themselves: none is "
                    "inside the host, process in a process of their own, "
                    "which may crash without harm to the host. The default "
                    "is none for what haft was installed with, and process "
                    "for all else.",
        },
    [HOST_LOG_LEVEL] =
        {
            .key = "log_level",
            .type = SETTING_ENUM,
            .fallback = "info",
            .choices = log_levels,
            .help = "How much is logged. error is for the operator now, warn "
                    "for the operator some day, info is history, debug is for "
                    "those who work on haft.",
        },
    [HOST_LOG_FORMAT] =
        {
            .key = "log_format",
            .type = SETTING_ENUM,
            .fallback = "text",
            .choices = log_formats,
            .help = "The form of a log line.",
        },
    [HOST_DRAIN] =
        {
            .key = "drain",
            .type = SETTING_DURATION,
            .fallback = "10s",
            .most = DAY_MS,
            .help = "How long a host that was told to stop goes on with what "
                    "runs before it leaves. What still runs then goes on by "
                    "itself and is found again by the next start.",
        },
};

static const struct setting plugin_rows[PLUGIN_ROWS] = {
    [PLUGIN_CLASS] =
        {
            .key = "plugin",
            .type = SETTING_TEXT,
            .help = "The plugin to use. The default is the section's name "
                    "([executor:local] uses local); for [storage] it is "
                    "sqlite.",
        },
    [PLUGIN_MODULE] =
        {
            .key = "module",
            .type = SETTING_TEXT,
            .flags = SETTING_COMMAND,
            .help = "The module that holds the plugin: an absolute path, or a "
                    "name that is looked for in the folders of modules. The "
                    "default is the one module there that has such a plugin.",
        },
    [PLUGIN_ISOLATION] =
        {
            .key = "isolation",
            .type = SETTING_ENUM,
            .choices = isolations,
            .help = "Where the plugin runs: none is inside the host, process "
                    "in a process of its own. The default is what [host] "
                    "says.",
        },
    [PLUGIN_SHA256] =
        {
            .key = "sha256",
            .type = SETTING_TEXT,
            .help = "The SHA-256 of the module's file as 64 hexadecimal "
                    "digits: any other file is refused.",
        },
    [PLUGIN_SURVIVE] =
        {
            .key = "survive",
            .type = SETTING_BOOL,
            .help = "Of an executor: its process goes on when the host ends "
                    "or dies, with the work that it holds, and the next host "
                    "finds it again.",
        },
    [PLUGIN_FALLBACK] =
        {
            .key = "fallback",
            .type = SETTING_TEXT,
            .flags = SETTING_LATER,
            .help = "The instance that serves while this one is down.",
        },
};

static const struct setting route_rows[ROUTE_ROWS] = {
    [ROUTE_PROCESS] =
        {
            .key = "process",
            .type = SETTING_TEXT,
            .fallback = "local",
            .help = "The executor of tasks without an image.",
        },
    [ROUTE_CONTAINER] =
        {
            .key = "container",
            .type = SETTING_TEXT,
            .fallback = "dagger",
            .help = "The executor of tasks with an image.",
        },
};

static const struct setting pool_rows[POOL_ROWS] = {
    [POOL_SLOTS] =
        {
            .key = "slots",
            .type = SETTING_INT,
            .least = 1,
            .most = 1000000,
            .help = "How many tasks of the pool run at once. The default is "
                    "the number of processors; for [pool:container] it is 8.",
        },
};

#define ROWS(table)                                                            \
    .rows = (table), .rows_count = sizeof(table) / sizeof(*(table))
#define PLUGIN .is_plugin = true, ROWS(plugin_rows)

const struct kind kinds[] = {
    {
        .name = "host",
        ROWS(host_rows),
        .help = "The host itself.",
    },
    {
        .name = "storage",
        .naming = KIND_EITHER,
        PLUGIN,
        .help = "Where state lives. Several are written [storage:NAME].",
    },
    {
        .name = "executor",
        .naming = KIND_NAMED,
        PLUGIN,
        .help = "Where tasks run. [executor:local] is always there.",
    },
    {
        .name = "retry",
        .naming = KIND_NAMED,
        PLUGIN,
        .help = "When a failed task is tried again. [retry:backoff] is always "
                "there, and serves where a task names no other.",
    },
    {
        .name = "auth",
        .naming = KIND_NAMED,
        PLUGIN,
        .help = "Who may ask. Asked in the order of the file until one knows "
                "the caller. Without any such section [auth:peer] is there: "
                "the user at the other end of the host's socket.",
    },
    {
        .name = "notify",
        .naming = KIND_NAMED,
        PLUGIN,
        .help = "Who is told of what happens.",
    },
    {
        .name = "secret",
        .naming = KIND_NAMED,
        PLUGIN,
        .help = "Where secrets come from.",
    },
    {
        .name = "service",
        .naming = KIND_NAMED,
        PLUGIN,
        .help = "Doors that stand open besides the host's socket.",
    },
    {
        .name = "route",
        ROWS(route_rows),
        .help = "Which executor takes which sort of task. A task that names "
                "an executor goes there.",
    },
    {
        .name = "pool",
        .naming = KIND_NAMED,
        ROWS(pool_rows),
        .help = "How much runs at once. A task takes one slot of the pool of "
                "its sort: process without an image, container with one.",
    },
    {.name = "workflows", .is_later = true},
    {.name = "retention", .is_later = true},
    {.name = "role", .naming = KIND_NAMED, .is_later = true},
    {.name = "breaker", .naming = KIND_NAMED, .is_later = true},
    {.name = "flag", .naming = KIND_NAMED, .is_later = true},
};

const size_t kinds_count = sizeof(kinds) / sizeof(kinds[0]);

const char kind_builtin[] = "[host]\n"
                            "[route]\n"
                            "[storage]\n"
                            "[executor:local]\n"
                            "[retry:backoff]\n"
                            "[auth:peer]\n"
                            "[pool:process]\n"
                            "[pool:container]\n"
                            "slots = 8\n";

const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < kinds_count; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static const char sample_head[] =
    "haft.conf: every section and key, with its default. Remove the # of a "
    "section and of the keys that you want to change. haft.conf(5) says how "
    "it is read; haft plugin describe NAME lists the keys that a plugin adds "
    "to its section; haft config show prints what is in force.";

static void add_kind(const struct kind *kind, struct str *out)
{
    str_add_char(out, '\n');
    setting_add_comment(kind->help, out);
    str_addf(out, "#[%s%s]\n", kind->name,
             kind->naming == KIND_NAMED ? ":NAME" : "");
    for (size_t i = 0; i < kind->rows_count; i++) {
        if (!(kind->rows[i].flags & SETTING_LATER)) {
            str_add_text(out, "#\n");
            setting_add_sample(&kind->rows[i], out);
        }
    }
}

/* The general keys of plugins are the same everywhere and shown once. */
static void add_plugin_kind(const struct kind *kind, struct str *out)
{
    str_add_char(out, '\n');
    setting_add_comment(kind->help, out);
    str_addf(out, "#[%s%s]\n", kind->name,
             kind->naming == KIND_NAMED ? ":NAME" : "");
    setting_add_comment("The general keys of plugins, as for [storage], and "
                        "those of the plugin.",
                        out);
}

void kind_add_sample(struct str *out)
{
    bool is_first = true;

    setting_add_comment(sample_head, out);
    str_add_text(out, "\n");
    setting_add_comment("Other files to read, relative to the folder of this "
                        "one, in byte order of their names; before the first "
                        "section. (a list of paths with * ? [], separated by "
                        "commas)",
                        out);
    str_add_text(out, "#include = conf.d/*.conf\n");
    for (size_t i = 0; i < kinds_count; i++) {
        if (kinds[i].is_later) {
            continue;
        }
        if (kinds[i].is_plugin && !is_first) {
            add_plugin_kind(&kinds[i], out);
        } else {
            add_kind(&kinds[i], out);
        }
        is_first = is_first && !kinds[i].is_plugin;
    }
}
