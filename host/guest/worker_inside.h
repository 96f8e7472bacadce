/* The inside of a worker, for its two files: worker.c is the process, worker_talk.c
 * what is said to it and what it says. */
#ifndef HOST_GUEST_WORKER_INSIDE_H
#define HOST_GUEST_WORKER_INSIDE_H

#include "host/guest/frame.h"
#include "host/guest/instance.h"
#include "host/guest/reports.h"

#define WORKER_EXIT_HOST_GONE 75
#define WORKER_LOOK_PAUSE_MS 60000 /* between two looks for its own socket */
#define WORKER_FORWARDS 2

struct worker;

/* A service of the host. */
struct forward {
    struct worker *worker;
    struct guest_service service;
};

/* A frame that came while an answer was waited for. */
struct kept {
    struct kept *next;
    uint32_t type;
    size_t size;
    char bytes[];
};

struct worker {
    uint32_t (*fence)(struct haft_array values); /* NULL: none are raised */
    int module_fd;
    const char *path;       /* where it listens; NULL: it ends with its host */
    int door_fd;            /* -1: it does not */
    struct link link;       /* fd -1: there is no host now */
    uint32_t session;       /* of hosts, and of times without one */
    struct reports reports; /* of one that survives */
    struct loop_timer look_timer;
    struct loop *loop;
    struct guests *guests;
    struct guest *guest;
    struct forward forwards[WORKER_FORWARDS];
    uint32_t fences; /* that are up */
    uint64_t asks;
    struct scratch answer; /* what the last answer points at */
    struct kept *first;
    struct kept **last;
    bool is_over;
    bool has_failed;
};

/* Makes the loop and what a plugin finds in it. */
void worker_begin(struct worker *w);
void worker_end(struct worker *w);

/* Whoever is at the other end of `fd` is the host from here on. */
void worker_hear(struct worker *w, int fd);

/* The host is no host any more: what it has asked is answered to nobody. */
void worker_part(struct worker *w);

/* Looks for its own socket after a while. */
void worker_arm(struct worker *w);

/* Does all that is there to be done, then a turn of the loop. */
void worker_turn(struct worker *w);

#endif
