/* Guests: the instances of plugins, as the rest of the host sees them.
 *
 * A guest is named by kind and name ("executor", "local"). It is made at its
 * first use, wherever its cage is, and asked by guest_call; the answer always
 * arrives later, on the loop, never inside guest_call. What guests ask of the
 * host is served by the rooms that own the matter: they register a service,
 * and are called on the loop with the guest that asks.
 *
 * Everything that enters here from a plugin is checked against the plugin's
 * own field tables and copied (border.c); pointers never travel further. */
#ifndef HOST_GUEST_GUEST_H
#define HOST_GUEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <haft/plugin.h>

#include "host/base/config.h"
#include "host/base/loop.h"
#include "host/plain/str.h"

struct guests; /* all modules and instances of one host */
struct guest;

/* Serves one method of a service. `in` is whole, checked and borrowed; `out`
 * is zeroed, and what it points at must live until the return. Called on the
 * loop; methods flagged HAFT_POST get out == NULL. */
typedef haft_status (*guest_serve)(void *ctx, struct guest *who,
                                   const struct haft_call *call, const void *in,
                                   void *out);

struct guest_service {
    const struct haft_interface *interface;
    const guest_serve *methods; /* as many as the interface has */
    void *ctx;

    /* Instead of `methods`: serves them all, for whoever only passes on. */
    haft_status (*any)(void *ctx, uint32_t method, const struct haft_call *call,
                       const void *in, void *out);
};

struct guests *guests_create(struct loop *loop, const struct config *config);

/* Registers a service before the first guest is used; log, clock and loop are
 * there already. `service` is borrowed until guests_destroy. */
void guests_serve(struct guests *g, const struct guest_service *service);

/* The process of an isolated guest died, and there is another, or will never
 * be one: what the guest was told or had taken over is forgotten. On the
 * loop; behind the answers to the calls that were lost. */
typedef void (*guest_restarted)(void *ctx, struct guest *guest);
void guests_on_restart(struct guests *g, guest_restarted fn, void *ctx);

/* Who has the processes of executors that outlive this one (survive = yes), by
 * the name of the instance. */
struct guest_launcher {
    /* Starts such a process if what was started last has ended; called again
     * until it can be reached. False with the reason. */
    bool (*start)(void *ctx, const char *name, const char *const argv[],
                  const char *const env[], struct str *why);

    /* Whether work that it was handed is not over: it is then left alone. */
    bool (*is_busy)(void *ctx, const char *name);
    void *ctx;
};

/* Before the first guest is used; borrowed. */
void guests_launch_by(struct guests *g, const struct guest_launcher *launcher);

/* Whether the config says that an instance outlives the host. */
bool guests_survive(const struct guests *g, const char *kind, const char *name);

/* Whether an instance is there, or will be: guests_find has begun to make it,
 * and guests_on_restart tells. */
bool guests_is_starting(const struct guests *g, const char *kind,
                        const char *name);

/* Reads the manifests of all configured modules and checks every section of
 * the config against them; runs no byte of a module. False if a section can
 * never work, with every reason in `why`; modules that were refused but that
 * no section needs are only listed. */
bool guests_check(struct guests *g, struct str *why);

/* Destroys every instance, then the rest. No call is open: guests_stop, after
 * which the loop is not waited on any more. */
void guests_destroy(struct guests *g);

/* Takes no more calls, ends the open ones with HAFT_CANCELLED, joins threads. */
void guests_stop(struct guests *g);

/* The guest of that kind and name, created if need be; NULL with the plugin,
 * the reason and the remedy in `why`. Borrowed; lives as long as `g`. */
struct guest *guests_find(struct guests *g, const char *kind, const char *name,
                          struct str *why);

/* The names of the configured instances of a kind, in order of the config;
 * NULL behind the last. */
const char *guests_name(const struct guests *g, const char *kind, size_t index);

const char *guest_name(const struct guest *guest); /* "local" */
bool guest_offers(const struct guest *guest, const char *interface);

/* Whether it lives in a process of its own. */
bool guest_is_caged(const struct guest *guest);

/* How often such a process, or an instance that was put in another's place, was
 * lost with calls that were open. */
uint32_t guest_losses(const struct guest *guest);

/* Whether there is none any more, and calls are refused until a pardon. */
bool guest_is_given_up(const struct guest *guest);

/* Whether the manifest lists a service under needs. */
bool guest_needs(const struct guest *guest, const char *interface);

/* Whether the manifest of an executor lists a sort of job. */
bool guest_takes_sort(const struct guest *guest, const char *sort);

/* The end of a reload. `why` is "" unless nothing was touched. `result` is a
 * JSON array with an object for each instance that was to be another: kind, name,
 * module, version, cage, pause_ms, and `refused` with the reason where the one
 * before it goes on. Both are borrowed. */
typedef void (*guests_reloaded)(void *ctx, const char *why, const char *result,
                                size_t size);

/* Takes files and sections as they now are: of what `name` means (a module, or an
 * instance "kind:name"), or, if it is NULL, of all that has changed. `config` is
 * the new one, and borrowed from here on as the one before it, whatever comes of
 * it. `done` comes once, perhaps before the return. */
void guests_reload(struct guests *g, const struct config *config,
                   const char *name, guests_reloaded done, void *ctx);

/* The answer to a call. `out` and `fault` are borrowed until it returns; `out`
 * is whole (as long as the host's struct) and zeroed where nothing was said,
 * or NULL if the status is not HAFT_OK or the method has no answer; texts end
 * in a zero byte that is not counted. `fault` is NULL if status is HAFT_OK,
 * else always there. */
typedef void (*guest_done)(void *ctx, haft_status status, const void *out,
                           const struct haft_fault *fault);

/* Asks. `in` is borrowed until the return. `deadline_ms` is monotonic,
 * INT64_MAX for none; at the deadline the call ends with PLUGIN_CRASH (code
 * host.plugin_hung) and a late answer is counted as stale. `done` may be NULL
 * for methods flagged HAFT_POST. Returns an id for guest_cancel. */
uint64_t guest_call(struct guest *guest, const struct haft_interface *interface,
                    uint32_t method, const void *in, int64_t deadline_ms,
                    guest_done done, void *ctx);

/* Sets the call's cancelled flag; `done` comes all the same. */
void guest_cancel(struct guest *guest, uint64_t call);

/* `haft plugin list` and `describe`: JSON values added to `out`. List holds
 * each module: id, version, file, cage, state (ready, loaded, refused), reason,
 * classes; describe one module's manifest and what is in effect. */
void guests_list(const struct guests *g, struct str *out);
bool guests_describe(const struct guests *g, const char *name, struct str *out,
                     struct str *why);

/* Whether an instance cannot be had until somebody pardons its module. */
bool guests_is_quarantined(const struct guests *g, const char *kind,
                           const char *name);

/* `haft plugin pardon`: runs the module again although its processes kept
 * dying. False with the reason: there is none of that name, or it is not
 * quarantined. */
bool guests_pardon(struct guests *g, const char *name, struct str *why);

#endif
