/* The inside of the journal, for its two files: journal.c, which writes, and
 * journal_open.c, which becomes the owner and restores. */
#ifndef HOST_CARRY_JOURNAL_INSIDE_H
#define HOST_CARRY_JOURNAL_INSIDE_H

#include "host/carry/batch.h"
#include "host/carry/journal.h"

enum journal_phase {
    JOURNAL_NEW,
    JOURNAL_OPENING,
    JOURNAL_OPEN,
    JOURNAL_LOST
};

/* What the batch on its way is waiting for. */
enum journal_wait {
    WAIT_NOTHING,
    WAIT_COMMIT,  /* the store's answer */
    WAIT_LAST,    /* the number of its last batch, after an unknown outcome */
    WAIT_OWNER,   /* whether that last batch is ours */
    WAIT_ANSWERED /* the answer is there: journal.status */
};

/* Definitions that this process has stored already. */
#define JOURNAL_HASHES 256

struct journal_opening; /* of journal_open.c */

struct journal {
    struct journal_store store;
    struct journal_client client;
    struct core *core;
    enum journal_phase phase;
    struct journal_opening *opening;
    uint32_t epoch;
    uint64_t owner_version; /* of h/owner, as we wrote it */
    uint64_t last;          /* number of the last batch on disk */
    int64_t now_ms;         /* of the last turn */

    struct batch *open;  /* being filled */
    struct batch *first; /* closed, in line */
    struct batch *final; /* the last in line */
    struct batch *sent;  /* on its way */
    struct batch *spare;

    enum journal_wait wait;
    enum journal_wait asked; /* what WAIT_ANSWERED answers */
    haft_status status;
    uint32_t effect;    /* of the fault */
    uint64_t answer;    /* the number or the version that was asked for */
    struct str trouble; /* the fault in words */
    bool is_again;      /* `sent` is to be asked about again ... */
    int64_t again_ms;   /* ... then; 0: not set before the next turn */
    int64_t backoff_ms; /* what the last delay was */
    bool is_pumping;

    char hashes[JOURNAL_HASHES][65];
    uint32_t hashes_next;
    struct journal_counts counts;
};

/* Stops for good. */
void journal_lose(struct journal *j, const char *why);

/* "reading the store: the disk is gone (sqlite.io)" */
void journal_explain(struct str *out, const char *what, haft_status status,
                     const struct haft_fault *fault);

/* Ends an opening that is under way. */
void journal_opening_destroy(struct journal_opening *o);

#endif
