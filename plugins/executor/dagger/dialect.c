#include "plugins/executor/dagger/dialect.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Oldest first. */
static const struct dialect dialects[] = {
    {{0, 18, 9}, "DirectoryID!"}, /* host.directory(noCache) */
    {{0, 21, 1}, "ID!"},          /* one type of id for all */
};

static int compare(const unsigned a[3], const unsigned b[3])
{
    int order = 0;

    for (int i = 0; i < 3 && order == 0; i++) {
        order = (a[i] > b[i]) - (a[i] < b[i]);
    }
    return order;
}

const struct dialect *dialect_of(const char *version)
{
    const struct dialect *found = NULL;
    unsigned numbers[3];

    if (strlen(version) > 64 || sscanf(version, "v%3u.%3u.%3u", &numbers[0],
                                       &numbers[1], &numbers[2]) != 3) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (compare(dialects[i].since, numbers) <= 0) {
            found = &dialects[i];
        }
    }
    return found;
}
