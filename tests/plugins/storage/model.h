/* What every plugin of haft.storage/1 must do, tried on the one in `h`: a
 * reference map takes the same batches, and after each the plugin must answer
 * and hold the same. Each function wants a store that is new. */
#ifndef TESTS_PLUGINS_STORAGE_MODEL_H
#define TESTS_PLUGINS_STORAGE_MODEL_H

#include <stdint.h>

#include <haft/storage.h>

#include "tests/plugins/fakehost.h"

/* Random batches of puts, deletes and checks with random guards, some sent
 * again; random gets and scans in between; all of it compared. */
void model_try_random(struct fakehost *h, uint64_t seed, int batches);

void model_try_numbers(struct fakehost *h); /* again, gaps, the first */
void model_try_guards(struct fakehost *h); /* and what a batch sees of itself */
void model_try_malformed(struct fakehost *h); /* refused, nothing stored */
void model_try_scans(struct fakehost *h);     /* limits, prefixes, both ways */
void model_try_sizes(struct fakehost *h);     /* longest key, large values */

/* Batches whose outcome follows from their number alone, to be judged after a
 * crash: model_check_numbered holds exactly what the first `batch` leave. */
haft_status model_commit_numbered(struct fakehost *h, uint64_t batch);
void model_check_numbered(struct fakehost *h, uint64_t batch);

/* Small wrappers. */
uint64_t model_last(struct fakehost *h);
haft_status model_put(struct fakehost *h, uint64_t batch, const char *key,
                      const char *value);

#endif
