/* A plugin without a host between: its class is made and its methods are called
 * directly, in this process, so that it can be given what a host would never
 * give it, and watched closely. What it asks of the host is played (stage.h).
 *
 * Answers are written into memory that ends where a page that nobody may touch
 * begins. */
#ifndef HOST_CHECK_BARE_H
#define HOST_CHECK_BARE_H

#include <pthread.h>

#include "host/check/kit.h"
#include "host/check/stage.h"
#include "host/guest/module.h"
#include "host/guest/scratch.h"

struct bare_service {
    struct bare *bare;
    const struct haft_interface *interface;
    struct haft_object object;
};

/* What came of one question. */
struct bare_reply {
    haft_status status; /* HAFT_PENDING: it still waits */
    struct str text;    /* the answer in wire form, where it is a good one */
    struct str wrong;   /* what was wrong with answer or fault */
};

struct bare {
    struct kit *kit;
    struct modules modules;
    struct module *module;
    const struct haft_class *class;
    struct haft_host host;
    struct haft_instance *instance;
    const struct haft_object *object; /* of the kind's interface */
    struct bare_service services[STAGE_SERVICES];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct stage stage;
    struct scratch mem; /* what alloc gave */
    uint64_t call;      /* the open one */
    uint64_t last_call;
    bool is_ended;
    haft_status ended;
    struct str *text, *wrong; /* of the open call's reply */
    const struct haft_record *answer;
    struct str reason;   /* of the last fault */
    bool has_no_memory;  /* alloc gives nothing */
    bool is_cancelled;   /* what every call hears */
    int64_t deadline_ms; /* of every call */
};

/* Loads the module; false if that failed, and so did the case. */
bool bare_load(struct bare *b, struct kit *kit);
void bare_unload(struct bare *b);

/* Makes an instance called `name` of these values; the status of create. */
haft_status bare_create(struct bare *b, const char *name,
                        struct haft_array values);
void bare_destroy(struct bare *b);

/* The values of the instance's section as the manifest has them, with what
 * must be set filled in; in `mem`. */
struct haft_array bare_values(struct kit *kit, const char *name,
                              struct scratch *mem);

/* Loads, and makes an instance as it is meant to be. False if that failed, and
 * so did the case. */
bool bare_open(struct bare *b, struct kit *kit, const char *name);
void bare_close(struct bare *b);

/* Asks the kind's interface, tells what is to be told, and waits a while for an
 * answer that is pending. `r` is ended by bare_reply_finish. */
haft_status bare_ask(struct bare *b, uint32_t method, const void *in,
                     struct bare_reply *r);
void bare_reply_finish(struct bare_reply *r);

/* Whether a status is one that a method may answer. */
bool bare_is_status(haft_status status);

#endif
