/* What fakehost.c (calls, the module and its instance) and fakeserve.c (the
 * services, time, the outside) share, and tests do not see. */
#ifndef TESTS_PLUGINS_FAKEHOST_INSIDE_H
#define TESTS_PLUGINS_FAKEHOST_INSIDE_H

#include <pthread.h>

#include <cjson/cJSON.h>

#include "host/plain/str.h"
#include "tests/plugins/fakehost.h"

#define REAL_BASE_MS 1800000000000 /* what the wall clock shows at first */
#define SERVICES 5
#define METHODS 5

struct memory {
    struct memory *next;
    void *room;
};

struct fake_call {
    struct fake_call *next;
    uint64_t id;
    const struct haft_signature *signature;
    struct memory *memory; /* given by alloc */
    haft_status status;
    void *out;
    struct haft_fault *fault;
    bool is_inside; /* the method has not returned */
    bool is_done;
    bool is_cancelled;
};

struct timer {
    uint64_t token;
    int64_t at_ms; /* 0: not set */
};

struct fakehost {
    void *file;
    const struct haft_class *class;
    cJSON *manifest;
    const cJSON *about; /* the class in the manifest */
    struct haft_host host;
    struct haft_instance *instance;
    pthread_mutex_t lock; /* of calls: completions come from any thread */
    pthread_cond_t done;
    struct fake_call *calls;
    uint64_t last_id;
    struct haft_fault *fault; /* of the last failure */
    void *answer;             /* of the last ask */
    const struct haft_record *answer_record;
    struct haft_object services[SERVICES];
    haft_status answers[SERVICES][METHODS];
    uint32_t found;
    uint64_t last_process;
    struct fake_said *said;
    size_t said_count;
    struct timer timers[256];
    uint64_t posts[256];
    size_t posts_count;
    int64_t now_ms;
    struct str log;
};

/* The services, ready to be asked. */
void fakeserve_init(struct fakehost *h);

/* haft_host.query: what the manifest needs, log and clock. */
const struct haft_object *fakeserve_query(void *self, const char *id);

#endif
