/* A section's keys as `create` gets them: typed by the class's manifest, in its
 * order, defaults filled in. */
#ifndef HOST_GUEST_OPTIONS_H
#define HOST_GUEST_OPTIONS_H

#include <stdbool.h>

#include <haft/plugin.h>

#include "host/base/config.h"
#include "host/guest/manifest.h"
#include "host/guest/scratch.h"
#include "host/plain/str.h"

struct options {
    const struct manifest_class *class;
    struct setting *rows;
    struct setting_value *values; /* one a row */
};

/* `section` NULL: nobody wrote one, and the defaults serve. False with every
 * error; then there is nothing to finish. */
bool options_read(struct options *o, const struct manifest_class *class,
                  const struct config_section *section, struct str *why);
void options_finish(struct options *o);

/* The values for `create`, in `mem`. Paths that nobody set lie in `state`. */
struct haft_array options_give(const struct options *o, const char *state,
                               struct scratch *mem);

/* Adds them as a JSON object; secrets are left out but for their keys. */
void options_add_json(const struct options *o, struct str *out);

#endif
