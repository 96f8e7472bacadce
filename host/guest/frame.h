/* What the host and a worker say to each other: frames on a stream socket, each
 * a length, a type and a message in its wire form (wire.h). docs/wire.md is
 * the protocol; the tables here are its reference.
 *
 * A link is one end. What is said is collected, and written when the loop has
 * nothing else to do, so that many calls share a system call. */
#ifndef HOST_GUEST_FRAME_H
#define HOST_GUEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <haft/plugin.h>

#include "host/plain/str.h"

#define FRAME_LIMIT (1u << 28)   /* bytes of one, and of all that wait */
#define MESSAGE_LIMIT (1u << 27) /* of a method's message in one */

#define FRAME_FD_SOCKET 3 /* what a worker starts with */
#define FRAME_FD_MODULE 4

/* The numbers are for ever. */
enum frame_type {
    FRAME_CREATE = 1,  /* to the worker, once, and first */
    FRAME_CREATED = 2, /* its answer */
    FRAME_CALL = 3,    /* to the worker */
    FRAME_DONE = 4,    /* its answer, in any order; none to a post */
    FRAME_ASK = 5,     /* to the host */
    FRAME_ANSWER = 6,  /* its answer, none to a post */
    FRAME_DESTROY = 7, /* to the worker: its end answers */
};

struct frame_create {
    uint32_t size;
    uint32_t abi;             /* HAFT_ABI of the host */
    struct haft_slice kind;   /* "executor" */
    struct haft_slice plugin; /* name of the class */
    struct haft_slice name;   /* of the instance */
    struct haft_slice module; /* its file, or its id where it is linked in */
    struct haft_array values; /* of haft_value */
    uint32_t log_level;       /* HAFT_LOG_* */
    uint32_t log_format;
    uint32_t
        is_trial; /* 1: load the module, answer and end; no class is named */
    uint32_t _0;
};

struct frame_object {
    struct haft_slice interface;
    uint32_t count; /* of methods */
    uint32_t _0;
};

struct frame_created {
    uint32_t size;
    haft_status status;
    struct haft_array objects; /* of frame_object */
    struct haft_slice reason;  /* where the status is not HAFT_OK */
    uint32_t fences;           /* FENCE_*: what the kernel refuses it */
    uint32_t _0;
};

struct frame_call { /* of FRAME_ASK, too */
    uint32_t size;
    uint32_t method;
    uint64_t id; /* whoever asks chooses it; the answer has the same */
    int64_t deadline_ms;
    uint64_t trace_hi;
    uint64_t trace_lo;
    struct haft_slice interface; /* "haft.executor/1" */
    struct haft_slice in;        /* the method's message in wire form */
};

struct frame_done { /* of FRAME_ANSWER, too: that has no fault */
    uint32_t size;
    haft_status status;
    uint64_t id;
    struct haft_slice out;   /* where the status is HAFT_OK */
    struct haft_slice fault; /* haft_fault, where it is not; or empty */
};

/* Of struct haft_create, which is no message, for whoever copies one. */
extern const struct haft_record frame_with_record;

extern const struct haft_record frame_create_record, frame_created_record,
    frame_call_record, frame_done_record;

struct link {
    int fd;
    struct str in;
    size_t in_at; /* what is before has been taken */
    struct str out;
    size_t out_at; /* what is before has been written */
};

struct frame {
    uint32_t type;
    const void *body; /* in the link, until it is read from again */
    size_t size;
};

void link_init(struct link *link, int fd);
void link_finish(struct link *link); /* closes it */

/* False if it does not fit any more: then nothing was added. */
bool link_put(struct link *link, uint32_t type,
              const struct haft_record *record, const void *message);

/* Reads what is there: 1, 0 if nothing is, or -1 at the end. */
int link_read(struct link *link);

/* The next frame: 1, 0 if it is not whole, or -1 if what came is none. */
int link_take(struct link *link, struct frame *frame);

/* Writes what it can: 1 if all is written, 0 if not, or -1 at the end. */
int link_write(struct link *link);

/* Waits until there is something to read; what waits to be written goes out
 * meanwhile. As link_read, and 0 once `deadline_ms` (monotonic) has passed. */
int link_wait(struct link *link, int64_t deadline_ms);

#endif
