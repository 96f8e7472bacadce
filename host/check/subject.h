/* A plugin in use as the host uses it, in either cage: by its section of a
 * config, through everything that stands between (host/guest). What it asks of
 * the host is played (stage.h). */
#ifndef HOST_CHECK_SUBJECT_H
#define HOST_CHECK_SUBJECT_H

#include "host/check/kit.h"
#include "host/check/stage.h"
#include "host/guest/guest.h"
#include "host/guest/scratch.h"

struct subject {
    struct kit *kit;
    struct stage stage;
    struct config *config;
    struct loop *loop;
    struct guests *guests;
    struct guest *guest;
    struct played {
        struct stage *stage;
        struct guest_service service;
    } played[STAGE_SERVICES];
};

/* What came of one question. */
struct reply {
    haft_status status;
    uint32_t effect;
    char code[64];
    char message[256];
    const void *out; /* until the next question; NULL: there is none */
    struct scratch mem;
};

/* Makes an instance with that name; `key = value` goes into its section, unless
 * `key` is NULL. False, with the reason, if it cannot be had. */
bool subject_make(struct subject *s, struct kit *kit, const char *name,
                  const char *const pair[2], struct str *why);

/* The same of an instance called "check" and as it is meant to be: otherwise the
 * case has failed. */
bool subject_open(struct subject *s, struct kit *kit);
void subject_close(struct subject *s);

/* Ends the instance and makes it anew, as a restart of the host does; what was
 * started by way of the host is still there. False if it does not come, and
 * then the case has failed. */
bool subject_restart(struct subject *s);

/* Asks the kind's own interface, tells what is to be told, and waits for the
 * answer, which is added to what both cages must say alike: status, effect and
 * code. `r` need not be initialized, and is ended by reply_finish. */
haft_status subject_ask(struct subject *s, uint32_t method, const void *in,
                        struct reply *r);
void reply_finish(struct reply *r);

/* The same where the answer itself is of no interest. */
haft_status subject_tell(struct subject *s, uint32_t method, const void *in);

/* Turns the loop until all that is to be told has been, and an executor has
 * said `method` of the attempt at least so often; false if it does not come. */
bool subject_wait(struct subject *s, uint32_t method, uint64_t attempt,
                  unsigned times);

/* Whether the backend is out of reach, as opposed to refusing: then the case is
 * skipped with the reason. */
bool subject_is_out_of_reach(struct kit *kit, const struct reply *r);

#endif
