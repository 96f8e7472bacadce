/* What the expressions of a task see: the values of docs/workflow.md, as they
 * are in the tables now. */
#ifndef HOST_CORE_SCOPE_H
#define HOST_CORE_SCOPE_H

#include "host/core/tables.h"

struct scope_place {
    const struct core *core;
    const struct run_row *run;
    uint32_t task; /* an item sees its own each.X */
};

/* Borrows the place. */
struct expr_scope scope_of(struct scope_place *place);

#endif
