#include "tests/plugins/storage/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <check.h>

struct place place_make(void)
{
    struct place place;

    /* Nobody pulls a plug here: where a sync is free, it is quick. */
    snprintf(place.folder, sizeof(place.folder), "/dev/shm/haft-store-XXXXXX");
    if (!mkdtemp(place.folder)) {
        snprintf(place.folder, sizeof(place.folder), "/tmp/haft-store-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(place.folder));
    }
    snprintf(place.file, sizeof(place.file), "%s/haft.db", place.folder);
    return place;
}

void place_empty(const struct place *place)
{
    static const char *const names[] = {"haft.db",         "haft.db-wal",
                                        "haft.db-shm",     "haft.db-new",
                                        "haft.db-new-wal", "haft.db-new-shm"};
    char path[192];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", place->folder, names[i]);
        unlink(path);
    }
}

void place_remove(const struct place *place)
{
    place_empty(place);
    ck_assert_int_eq(rmdir(place->folder), 0);
}

struct fakehost *place_open(const struct place *place)
{
    struct fakehost *h = fakehost_create(
        "storage-sqlite", "plugins/storage/sqlite/manifest.json");
    char path[160];
    const char *const settings[] = {path, "busy_timeout=50ms", NULL};

    snprintf(path, sizeof(path), "path=%s", place->file);
    ck_assert_int_eq(fakehost_make(h, settings), HAFT_OK);
    return h;
}
