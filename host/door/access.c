#include "host/door/access.h"

#include <string.h>

static bool is_role(const struct haft_slice *role, const char *name)
{
    return role->n == strlen(name) && memcmp(role->p, name, role->n) == 0;
}

bool access_allows(const struct haft_array *roles, const struct op *op)
{
    for (uint32_t i = 0; i < roles->count; i++) {
        const struct haft_slice *role =
            (const void *)((const char *)roles->p + (size_t)i * roles->stride);

        if (is_role(role, "admin") ||
            (is_role(role, "operator") && !(op->access & OP_DESTRUCTIVE)) ||
            (is_role(role, "viewer") && (op->access & OP_READ))) {
            return true;
        }
    }
    return false;
}
