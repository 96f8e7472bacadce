/* The host that a plugin is tried against: what it is served, and what was heard
 * of it. Its children are played: one that is started has ended well as soon
 * as it is asked for, or when it is signalled if they are held.
 *
 * Whoever serves keeps two threads from being here at once. */
#ifndef HOST_CHECK_STAGE_H
#define HOST_CHECK_STAGE_H

#include <stdbool.h>

#include <haft/host.h>

#include "host/plain/str.h"

#define STAGE_REPORTS 64
#define STAGE_CHILDREN 32
#define STAGE_NEWS 64
#define STAGE_WATCHES 16
#define STAGE_SERVICES 5

extern const struct haft_interface *const stage_services[STAGE_SERVICES];

/* What an executor has said of an attempt. */
struct stage_report {
    uint32_t method; /* HAFT_ATTEMPT_* */
    uint32_t fault_class;
    uint32_t effect;
    int32_t exit_code;
    uint64_t attempt;
    uint64_t fence;
};

struct stage_child {
    uint64_t id;
    uint32_t state; /* HAFT_PROCESS_*; UNKNOWN: the place is free */
    int32_t signal; /* that ended it */
};

/* What the instance is to be told. */
struct stage_news {
    const struct haft_interface *interface;
    uint32_t method;
    union {
        struct haft_child_started_in started;
        struct haft_child_ended_in ended;
        struct haft_ready_on_in ready;
    } in;
};

/* A descriptor that is waited for, or a time. */
struct stage_watch {
    uint64_t token;
    int32_t fd;      /* of a descriptor */
    uint32_t events; /* of one; 0: the place is free */
    int64_t at_ms;   /* of a timer, monotonic; 0: the place is free */
};

struct stage {
    bool holds;       /* children run until they are signalled */
    bool hides;       /* no service is there */
    unsigned asked;   /* how often anything was asked */
    unsigned refused; /* which of these is refused, from 1; 0: none */
    struct str wrong; /* the first thing that was said against a table */

    struct stage_report reports[STAGE_REPORTS];
    size_t reports_count;
    struct stage_child children[STAGE_CHILDREN];
    uint64_t last_child;
    struct stage_watch watches[STAGE_WATCHES];
    struct stage_watch timers[STAGE_WATCHES];
    struct stage_news news[STAGE_NEWS];
    size_t news_first, news_count;
};

void stage_init(struct stage *s);
void stage_finish(struct stage *s);

/* Serves one of stage_services; `in` need not keep to its table. */
haft_status stage_serve(struct stage *s, const struct haft_interface *interface,
                        uint32_t method, const void *in, void *out);

/* Whether a descriptor or a time is waited for. */
bool stage_waits(const struct stage *s);

/* Waits for these, no longer than `most_ms`; what has come is told. */
void stage_wait(struct stage *s, int most_ms);

/* The next thing that the instance is to be told; false: there is none. */
bool stage_take(struct stage *s, struct stage_news *news);

/* How often an executor has said something of an attempt. */
unsigned stage_count(const struct stage *s, uint32_t method, uint64_t attempt);

/* What it said last of its end; NULL: nothing. */
const struct stage_report *stage_end(const struct stage *s, uint64_t attempt);

#endif
