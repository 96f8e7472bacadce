/* What this deployment is: a haft.conf, checked against the tables (kind.h),
 * with everything that was left out filled in. Immutable once made; a reload
 * makes another one and compares.
 *
 * The host's own keys come out typed. The keys of a plugin stay as they are
 * until its manifest is at hand; then config_check_section() checks and types
 * them by the same rules. */
#ifndef HOST_BASE_CONFIG_H
#define HOST_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/log.h"
#include "host/base/section.h"
#include "host/base/setting.h"
#include "host/plain/str.h"

#define CONFIG_BUILTIN "(built in)" /* the file of what nobody wrote */

struct config_host {
    const char *state;  /* folder; relative to where haft was started */
    const char *socket; /* may be longer than a socket's path can be */
    char *const *modules;
    size_t modules_count;
    const char *isolation;
    enum log_level log_level;
    enum log_format log_format;
    int64_t drain_ms;
};

struct config_route {
    const char *process; /* names of executors */
    const char *container;
};

struct config_pool {
    const char *name;
    uint32_t slots;
};

struct config {
    const char *file;  /* NULL: no file, the built-in defaults */
    const char *given; /* what config_load was given: borrowed */
    bool is_trusted;
    bool is_safe; /* of the command line: bundled modules alone are run */
    char fingerprint[65]; /* of the content of all files, hex */
    struct config_host host;
    struct config_route route;
    const struct config_section *storage; /* the one in use */
    struct config_pool *pools;
    size_t pools_count;

    struct sections sections; /* the file's order, then the built-in ones;
                                 those with an empty title are of no kind */
    char **files;             /* all that were read */
    size_t files_count;
    size_t files_room;
};

/* Finds and reads the file: `path` if given, which is borrowed, else as source.h
 * says. NULL and every error of all files in `why`, a line each: `file:line: what`. Owned. */
struct config *config_load(const char *path, struct str *why);

/* The same from a text; it may not include files. `file` names it in messages
 * and is where its relative paths begin. An empty text is the defaults. */
struct config *config_read(const char *text, size_t size, const char *file,
                           bool is_trusted, struct str *why);
void config_destroy(struct config *config);

const struct config_section *config_find(const struct config *config,
                                         const char *kind, const char *name);

/* The sections of a kind, one after another: NULL begins, NULL ends. */
const struct config_section *config_next(const struct config *config,
                                         const char *kind,
                                         const struct config_section *after);

/* General keys of a plugin's section. */
const char *config_plugin(const struct config_section *section);
const char *config_module(const struct config_section *section); /* or NULL */
const char *config_sha256(const struct config_section *section); /* or NULL */
bool config_survives(const struct config_section *section);
const char *config_isolation(const struct config *config,
                             const struct config_section *section);

/* Checks the keys of a plugin's section, the general ones aside, against
 * `rows` and makes `values[count]`, which the caller ends with
 * setting_value_finish() each. 0, or -EINVAL with every error in `why`, a line
 * each, and `values` untouched. Values borrow from the config. */
int config_check_section(const struct config_section *section,
                         const struct setting *rows, size_t count,
                         struct setting_value *values, struct str *why);

/* Adds all that is in force, with where it comes from. Variables are shown by
 * name, since they may hold secrets. */
void config_show(const struct config *config, struct str *out);

/* Remembers that the ./haft.conf as it is now is trusted, even if it is wrong
 * in other ways. 0, or -errno with a sentence in `why`. */
int config_trust(struct str *why);

/* Adds the sample file. */
void config_sample(struct str *out);

#endif
