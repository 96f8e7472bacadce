/* A folder of its own for a store of storage/sqlite. */
#ifndef TESTS_PLUGINS_STORAGE_PLACE_H
#define TESTS_PLUGINS_STORAGE_PLACE_H

#include "tests/plugins/fakehost.h"

struct place {
    char folder[64];
    char file[128];
};

struct place place_make(void);
void place_remove(const struct place *place);
void place_empty(const struct place *place); /* removes the store alone */

/* An instance on that store; a lock is waited for 50 ms. */
struct fakehost *place_open(const struct place *place);

#endif
