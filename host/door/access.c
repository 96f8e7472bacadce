#include "host/door/access.h"

#include <string.h>

#include "host/plain/utf8.h"

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

bool access_is_principal(const struct haft_slice *name)
{
    const unsigned char *bytes = name->p;

    if (name->n == 0 || name->n > ACCESS_PRINCIPAL_LIMIT ||
        !utf8_is_valid(bytes, name->n)) {
        return false;
    }
    for (size_t i = 0; i < name->n; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
            return false;
        }
    }
    return true;
}
