/* One guest from the inside: what call.c, border.c, builtin.c and guest.c share.
 * No other room includes this. */
#ifndef HOST_GUEST_INSTANCE_H
#define HOST_GUEST_INSTANCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <haft/plugin.h>

#include "host/guest/border.h"
#include "host/guest/call.h"
#include "host/guest/face.h"
#include "host/guest/guest.h"
#include "host/guest/lane.h"
#include "host/guest/manifest.h"
#include "host/guest/module.h"

#define GUEST_OBJECTS_LIMIT 32
#define GUEST_DESTROY_MS 5000 /* it joins the plugin's own threads */

struct port;  /* a service as one guest sees it: border.c */
struct watch; /* what a guest waits for: builtin.c */
struct swap;  /* what is to take its place: swap.c */
struct held_call;
struct reload; /* of several guests: reload.c */

struct guest {
    struct calls *calls;
    uint32_t number;                      /* part of the ids of its calls */
    char *kind;                           /* "executor" */
    char *name;                           /* "local" */
    const struct config_section *section; /* NULL: nobody wrote one */
    struct module *module;
    const struct manifest_class *class;
    struct lane *lane; /* NULL: its calls are made on the loop */
    struct cage *cage; /* NULL: it lives in this process */
    struct guests *all;
    bool survives;             /* this process, in one of the keeper's */
    struct queue_item restart; /* its news, behind the calls it lost */
    bool is_restarting;
    struct swap *swap;       /* NULL: nothing is to take its place */
    struct held_call *held;  /* calls that wait for that, in order */
    struct held_call **last; /* where the next one goes */
    bool is_held;            /* calls wait */
    size_t open;             /* calls begun that are not answered */
    uint32_t losses;         /* processes and instances lost so far */

    struct haft_host host;
    const struct border_service *services; /* all that there are; borrowed */
    size_t services_count;
    struct port *ports; /* the services that it may ask */
    size_t ports_count;
    struct watch *watches;

    struct haft_instance *instance; /* NULL: not there any more */
    struct face *faces;
    size_t faces_count;

    atomic_bool is_made;         /* create has returned well */
    _Atomic uint64_t stuck;      /* the call that does not come back, or 0 */
    _Atomic unsigned unanswered; /* overdue calls without a sign of life */
    int64_t shut_until_ms;       /* quarantined until then */
    unsigned deferred;           /* calls that wait for the next turn */
    _Atomic uint64_t stale;      /* answers to calls that had ended */
    _Atomic uint64_t faulty;     /* answers and reports that broke the rules */
    uint64_t asked;              /* calls in all */
};

struct guests {
    struct loop *loop;
    const struct config *config;
    struct calls *calls;
    struct modules modules;
    bool is_scanned;
    struct border_service *services;
    size_t services_count;
    size_t services_room;
    struct guest **items;
    size_t count;
    size_t room;
    const struct guest_launcher *launcher;
    guest_restarted restarted;
    void *restarted_ctx;
    struct reload *reload; /* NULL: none is under way */
    uint32_t made;         /* numbers given to guests so far */
    bool has_left_one;     /* its thread never came back: it keeps its memory */
};

/* Where an instance comes from: what is asked for, and what was found. */
struct guest_origin {
    const struct config_section *section; /* NULL: nobody wrote one */
    const char *kind;
    const char *name;
    struct module *module;
    const struct manifest_class *class;
    bool is_caged;
    bool survives;
};

/* What an instance is asked for, bound to this interface; NULL if it does not
 * offer it, or differs from it. */
struct face *guest_bound_face(const struct guest *guest,
                              const struct haft_interface *interface);

/* Makes an instance that has come the guest's. False with the reason. */
bool guest_take(struct guest *guest, struct haft_instance *instance,
                struct str *why);

/* The host's own table of an interface that it may ask; NULL: there is none. */
const struct haft_interface *guest_known(const void *id, size_t size);

/* The guest is another one from here on, and knows nothing of the last. */
void guest_tell_restarted(struct guest *guest);

/* What an instance is made in. */
enum guest_cage {
    GUEST_INSIDE,
    GUEST_CAGED,
    GUEST_CAGED_LATER, /* nobody waits for it: the guest takes it when it comes */
};

/* Makes the instance of what the guest is, by its section's values. False with
 * the reason; what is left if there is a lane still is left behind. */
bool guest_make(struct guest *guest, struct haft_array values,
                enum guest_cage cage, struct str *why);

/* Destroys the instance. False: it does not come back, and is left behind. */
bool guest_end(struct guest *guest);

/* Its next instance is one of what was found: that may ask other services. */
void guest_become(struct guest *guest, const struct guest_origin *origin);

/* Without an instance. */
void guest_free(struct guest *guest);

/* Makes an instance of what was found, in this process or in a cage. NULL with
 * the reason. */
struct guest *guests_make(struct guests *g, const struct guest_origin *origin,
                          struct haft_array values, struct str *why);

/* Looks into the folders of modules again: adds what is not known. */
void guests_scan(struct guests *g);

/* Whether a name means this module: its id, its file, or one of its classes. */
bool guests_means(const struct module *m, const char *name);

/* The host leaves: what is under way ends. */
void guests_stop_reload(struct guests *g);

/* Whether sections of that kind make guests. */
bool guests_is_kind(const char *kind);

/* The modules of all folders, read at the first call. */
struct modules *guests_modules(const struct guests *g);

/* Finds module and class; false with the reason. */
bool guests_resolve(const struct guests *g, struct guest_origin *origin,
                    struct str *why);

#endif
