/* What an instance offers, bound to what the host expects: for each method the
 * plugin's own tables, whether they say the same as the host's, and the
 * function. Comparing happens here, once for each instance; a call only looks
 * at the result. */
#ifndef HOST_GUEST_FACE_H
#define HOST_GUEST_FACE_H

#include <stdbool.h>

#include <haft/plugin.h>

#include "host/plain/str.h"

struct face_method {
    const struct haft_signature *ours;
    const struct haft_record *in; /* the plugin's */
    const struct haft_record *out;
    bool is_same_in;
    bool is_same_out;
    haft_method fn; /* NULL: an older plugin lacks it */
    void *self;
};

struct face {
    const struct haft_object *object;
    const struct haft_interface *interface; /* the host's; NULL: not bound */
    struct face_method *methods;            /* as many as the host's has */
};

/* Whether an object can be looked at, and its id. */
bool face_init(struct face *f, const struct haft_object *object,
               struct str *why);
void face_finish(struct face *f);

const char *face_id(const struct face *f);

/* Binds it to the host's idea of the same id. False with the field, what was
 * wanted and what was found. */
bool face_bind(struct face *f, const struct haft_interface *interface,
               struct str *why);

#endif
