/* A host for one plugin under test, all of it in the test's hands.
 *
 * It loads the module as built, reads its manifest, makes an instance with
 * typed options, and asks it as the real host would: every message is checked
 * against its table and copied, what the plugin got is freed when its method
 * returns, an answer is read once and its memory given back. The clock stands
 * still until the test moves it. Services record what was said; what the
 * outside would answer (a child has ended, a descriptor is ready) is said by
 * the test. A broken rule fails the running test.
 *
 * Methods run on the thread of the test, one at a time. */
#ifndef TESTS_PLUGINS_FAKEHOST_H
#define TESTS_PLUGINS_FAKEHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <haft/host.h>
#include <haft/plugin.h>

struct fakehost;

/* Loads `module` ("storage-sqlite") from $HAFT_TEST_MODULES; its manifest is
 * `manifest` below $HAFT_SRCDIR, the options and needs of its first class. */
struct fakehost *fakehost_create(const char *module, const char *manifest);
void fakehost_destroy(struct fakehost *h);

/* Makes the instance. `settings` are "key=value" texts, ended by NULL, one an
 * item of a list; what is not there gets the manifest's default. */
haft_status fakehost_make(struct fakehost *h, const char *const *settings);
void fakehost_unmake(struct fakehost *h);
bool fakehost_offers(const struct fakehost *h, const char *interface);

/* Asks, and waits for a pending answer (at most ten seconds, for plugins with
 * threads). `out` is whole; what it points at lives until the next ask. */
haft_status fakehost_ask(struct fakehost *h,
                         const struct haft_interface *interface,
                         uint32_t method, const void *in, void *out);

/* Asks without waiting; fakehost_end gives the status and ends the call. */
uint64_t fakehost_begin(struct fakehost *h,
                        const struct haft_interface *interface, uint32_t method,
                        const void *in);
bool fakehost_is_done(struct fakehost *h, uint64_t call);
haft_status fakehost_end(struct fakehost *h, uint64_t call, void *out);
void fakehost_cancel(struct fakehost *h, uint64_t call);

/* Of the last ask, end or make that failed; class 0 if none was given. */
const struct haft_fault *fakehost_fault(const struct fakehost *h);

/* ---- time and the loop ---- */
int64_t fakehost_now_ms(const struct fakehost *h); /* monotonic */

/* Moves the clock; timers go off in order, each at its own time. */
void fakehost_advance(struct fakehost *h, int64_t ms);
size_t fakehost_timers(const struct fakehost *h); /* how many are set */
void fakehost_posts(struct fakehost *h); /* hands out what was posted */

/* ---- what was said to the services, oldest first ---- */

/* One call of a service: its interface, method, and whole message. */
struct fake_said {
    const struct haft_interface *interface;
    uint32_t method;
    void *in;
};
size_t fakehost_said_count(const struct fakehost *h);

/* The index-th call of that method, or NULL; the log is not among them. */
const void *fakehost_said(const struct fakehost *h, const char *interface,
                          uint32_t method, size_t index);
void fakehost_forget(struct fakehost *h); /* begins anew */
const char *fakehost_log(const struct fakehost *h);

/* ---- what services answer ---- */

/* The status of every further call of that method; HAFT_OK at first. */
void fakehost_answer(struct fakehost *h, const char *interface, uint32_t method,
                     haft_status status);
void fakehost_find(struct fakehost *h, uint32_t state); /* of process.find */

/* Tells the instance what became of a child. */
void fakehost_child_started(struct fakehost *h, uint64_t id, int32_t pid);
void fakehost_child_ended(struct fakehost *h,
                          const struct haft_child_ended_in *in);

#endif
