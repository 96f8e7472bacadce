/* Who may do what: roles over the rows of the table of operations. Default is
 * no. Pure. */
#ifndef HOST_DOOR_ACCESS_H
#define HOST_DOOR_ACCESS_H

#include <stdbool.h>

#include <haft/types.h>

#include "host/door/ops.h"

/* `roles` is an array of struct haft_slice. "admin" may everything, "operator"
 * all that destroys nothing, "viewer" reads. */
bool access_allows(const struct haft_array *roles, const struct op *op);

/* Whether a plugin may call somebody so: a line of text that fits the records
 * in which it is kept. */
#define ACCESS_PRINCIPAL_LIMIT 127
bool access_is_principal(const struct haft_slice *name);

#endif
