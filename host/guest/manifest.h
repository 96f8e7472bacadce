/* What a module says of itself, before a byte of it has run: the JSON of its
 * note, checked key by key (docs/plugin-guide.md lists them). Texts are
 * borrowed from the tree that the manifest owns. */
#ifndef HOST_GUEST_MANIFEST_H
#define HOST_GUEST_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/setting.h"
#include "host/plain/json.h"
#include "host/plain/str.h"

#define MANIFEST_NAME_LIMIT 48 /* letters of an id, a class, an option */
#define MANIFEST_CLASSES_LIMIT 32
#define MANIFEST_OPTIONS_LIMIT 200 /* of one class */

enum manifest_thread {
    MANIFEST_LOOP,
    MANIFEST_SERIAL,
    MANIFEST_CONCURRENT,
    MANIFEST_PURE,
    MANIFEST_THREADS
};

struct manifest_option {
    struct setting row;
    uint32_t type; /* HAFT_VALUE_* */
    bool is_list;
    bool is_secret;
    bool is_reloadable;
    char *fallback;       /* row.fallback, where it had to be made */
    const char **choices; /* row.choices */
};

struct manifest_class {
    const char *kind; /* "haft.executor/1" */
    const char *name; /* "local" */
    const char *summary;
    enum manifest_thread thread;
    bool is_volatile;   /* what it holds is lost with the instance */
    const cJSON *sorts; /* arrays, or NULL */
    const cJSON *needs;
    const cJSON *actions;
    struct manifest_option *options;
    size_t options_count;
};

struct manifest {
    cJSON *tree;
    const char *id;
    const char *version;
    const char *license;
    const char *summary;
    uint32_t abi_built;
    uint32_t abi_least;
    struct manifest_class *classes;
    size_t classes_count;
};

/* False with the key, what was wanted and what was found; then there is
 * nothing to finish. */
bool manifest_read(struct manifest *m, const char *json, size_t size,
                   struct str *why);
void manifest_finish(struct manifest *m);

/* The class of that kind ("executor", whatever its revision) and name, or
 * NULL. */
const struct manifest_class *manifest_find(const struct manifest *m,
                                           const char *kind, const char *name);

/* Whether an array of texts of a manifest (NULL: none) has one. */
bool manifest_has(const cJSON *texts, const char *text);

const char *manifest_thread_name(enum manifest_thread thread);

#endif
