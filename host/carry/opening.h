/* The inside of journal_open: journal_open.c becomes the owner, and
 * journal_restore.c brings the runs back. */
#ifndef HOST_CARRY_OPENING_H
#define HOST_CARRY_OPENING_H

#include "host/carry/journal_inside.h"

#define OPENING_ID_SIZE 32
#define OPENING_PATH_SIZE 512

/* Each step asks the store one thing; its answer names the next step. The
 * answers may come at once: `drive` loops, so that nothing nests. */
struct journal_opening {
    struct journal *journal;
    void (*step)(struct journal_opening *o); /* NULL: an answer is awaited */
    bool is_driving;
    char *owner;
    struct core *(*make)(void *ctx, uint32_t epoch);
    uint64_t owner_version; /* of the record found; 0: none */
    uint32_t epoch;         /* that it holds */
    uint64_t next_seq;
    uint32_t claims;
    struct batch *batch; /* the claim, or a careful note */

    uint64_t deaths;               /* owners that died restoring, in a row */
    char died_on[OPENING_ID_SIZE]; /* the run that the last of them had noted */
    uint64_t died_on_count;        /* how many in a row had noted it */
    char (*runs)[OPENING_ID_SIZE]; /* that are live */
    size_t runs_room, runs_count;
    size_t at;    /* of the runs: the one being restored */
    uint32_t run; /* its index in the core */
    char *value;  /* its record */
    size_t size;
    char hash[65];
    struct str after; /* the last key of a scan */
    struct str why;
    haft_status status; /* why it ends, if it ends badly */
    bool is_bad;        /* the run cannot be restored: `why` */
};

/* The next step; from inside one, or from an answer. */
void opening_go_on(struct journal_opening *o,
                   void (*step)(struct journal_opening *));

/* Ends it: `what` was being done when the store answered so. */
void opening_give_up(struct journal_opening *o, const char *what,
                     haft_status status, const struct haft_fault *fault);

void opening_get(struct journal_opening *o, const char *key,
                 journal_answer answer);

/* Beyond `after`. Backwards it is one record alone. */
void opening_scan(struct journal_opening *o, const char *prefix, uint32_t flags,
                  journal_answer answer);

/* h/restoring: once more; and the run that is being restored, if it is
 * noted. */
void opening_put_restoring(struct journal_opening *o, struct batch *b,
                           const char *run, uint64_t run_tries);

/* A step: the next of the runs, until all are back and the journal is open. */
void opening_restore(struct journal_opening *o);

#endif
