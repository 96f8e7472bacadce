/* What the host and its keeper say to each other.
 *
 * A packet of the SEQPACKET socket holds one or more whole messages. Each
 * begins with a head and has a size that is a multiple of eight; both ends are
 * built from this file and run on one machine, so numbers travel as they lie
 * in memory and a hello carries the version. A packet in which anything is
 * wrong is refused whole: the receiver closes the link.
 *
 * Host to keeper: HELLO (first, and once), SPAWN, WITHDRAW, KILL, RELEASE,
 * SLOTS. Keeper to host: READY and then one REPORT for each attempt it knows,
 * later a REPORT when one has changed; or REFUSED, and the end.
 *
 * SPAWN is idempotent: an id that the keeper knows is only reported. It knows
 * an id until RELEASE. WITHDRAW is answered by a REPORT: WITHDRAWN means that
 * the attempt never ran and never will; any other state, that it was too late
 * (UNKNOWN: no such id). KILL reaches the whole group of a started attempt.
 *
 * The codec allocates only in wire_get_job(), with malloc(). */
#ifndef HOST_KEEPER_WIRE_H
#define HOST_KEEPER_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION 2
#define WIRE_PACKET_LIMIT 196608 /* below the default send buffer of a socket */
#define WIRE_LIMITS 16           /* resource limits of one job */
#define WIRE_LANES 8

/* Names in the state directory, and descriptors that a keeper is born with. */
#define WIRE_SOCKET_NAME "keeper.sock"
#define WIRE_LOCK_NAME "keeper.lock"
#define WIRE_TABLE_NAME "keeper.table"
enum {
    WIRE_FD_LISTEN = 3,
    WIRE_FD_LOCK = 4, /* flocked; the lock ends when nothing is left alive */
    WIRE_FD_STATE = 5 /* the state directory */
};

/* How a keeper's first process ends. */
enum {
    WIRE_EXIT_IDLE = 0,   /* nothing is left to keep */
    WIRE_EXIT_USAGE = 2,  /* not started with the descriptors above */
    WIRE_EXIT_SYSTEM = 3, /* the kernel or the directory refused something */
    WIRE_EXIT_TABLE = 4,  /* the table is another version's, or no table */
    WIRE_EXIT_KILLED = 5  /* it died; what it held has been killed */
};

enum wire_type {
    WIRE_HELLO = 1,
    WIRE_SPAWN,
    WIRE_WITHDRAW,
    WIRE_KILL,
    WIRE_RELEASE,
    WIRE_SLOTS,
    WIRE_READY = 32,
    WIRE_REPORT,
    WIRE_REFUSED
};

enum wire_state {
    WIRE_UNKNOWN, /* in reports: no such id; in the table: a free entry */
    WIRE_QUEUED,
    WIRE_STARTING,
    WIRE_RUNNING,
    WIRE_ENDED,     /* status is what wait gave */
    WIRE_NOEXEC,    /* never ran: error, and in status the wire_step */
    WIRE_WITHDRAWN, /* never ran */
    WIRE_LOST,      /* the keeper died, or the machine: may have run */
    WIRE_STATES
};

/* Which preparation failed when an attempt could not start. */
enum wire_step {
    WIRE_STEP_EXEC,
    WIRE_STEP_FORK, /* also: no room for one more attempt */
    WIRE_STEP_CGROUP,
    WIRE_STEP_LIMIT,
    WIRE_STEP_NICE,
    WIRE_STEP_INPUT,
    WIRE_STEP_OUTPUT,
    WIRE_STEP_ERRORS,
    WIRE_STEP_CWD,
    WIRE_STEPS
};

/* Flags of a job. */
enum {
    WIRE_NO_NEW_PRIVS = 1 << 0,
    WIRE_FLAGS_ALL = (1 << 1) - 1
};

struct wire_head {
    uint32_t size; /* of the whole message */
    uint16_t type;
    uint16_t zero;
};

struct wire_hello {
    struct wire_head head;
    uint32_t version;
    uint32_t slots;
    uint64_t epoch;
    uint32_t hold_us;    /* an end is held back at most so long */
    uint32_t hold_count; /* or until so many wait */
};

struct wire_id { /* WITHDRAW, RELEASE; and how a SPAWN begins */
    struct wire_head head;
    uint64_t id;
};

struct wire_kill {
    struct wire_head head;
    uint64_t id;
    int32_t signal;
    uint32_t zero;
};

struct wire_slots {
    struct wire_head head;
    uint32_t slots;
    uint32_t zero;
};

struct wire_ready {
    struct wire_head head;
    uint64_t epoch;
    uint8_t boot[16]; /* the kernel's boot id */
    uint32_t known;   /* so many reports follow first */
    int32_t pid;      /* of the keeper */
};

/* Which of its files an attempt may have left: bits of a report's `files`. One
 * that is not in it was never written to and is not there. */
enum {
    WIRE_OUTPUT_FILE = 1 << 0,
    WIRE_ERRORS_FILE = 1 << 1
};

struct wire_report {
    struct wire_head head;
    uint64_t id;
    uint64_t fence;
    uint8_t boot[16]; /* the boot in which the keeper got the attempt */
    uint32_t state;
    int32_t pid; /* also the number of its session and process group */
    int32_t status;
    int32_t error;
    int64_t begin_ms; /* since 1970; 0: not yet */
    int64_t end_ms;
    uint32_t files;
    uint32_t zero;
};

struct wire_refused {
    struct wire_head head;
    uint64_t epoch;   /* the highest that the keeper has seen */
    uint32_t version; /* the one that the keeper speaks */
    uint32_t zero;
};

struct wire_limit {
    uint32_t resource; /* RLIMIT_... */
    uint32_t zero;
    uint64_t soft;
    uint64_t hard;
};

/* What is to run. A path that is NULL or empty: stay in the state directory,
 * read nothing, write nowhere, join nothing. Relative paths start at the state
 * directory. The same path for output and errors shares one open file. */
struct wire_job {
    uint64_t id; /* not 0 */
    uint64_t fence;
    uint32_t flags;
    uint32_t lane;   /* 0 first .. WIRE_LANES - 1 last */
    uint32_t weight; /* slots it takes; 0: starts at once, whatever is free */
    int32_t nice;
    uint32_t umask;
    uint32_t limit_count;
    const struct wire_limit *limits;
    const char *cwd;
    const char *input;
    const char *output; /* created and appended to, mode 0600; it is there
                           once the attempt is told to run or to have ended */
    const char *errors;
    const char *cgroup;      /* directory of a cgroup to join and to kill */
    const char *const *argv; /* at least one; argv[0] is looked for in the
                                job's PATH unless it has a slash */
    const char *const *env;
};

/* A message; of a SPAWN only the id, its job is still packed. */
union wire_message {
    struct wire_head head;
    struct wire_hello hello;
    struct wire_id id;
    struct wire_kill kill;
    struct wire_slots slots;
    struct wire_ready ready;
    struct wire_report report;
    struct wire_refused refused;
};

/* Reads the message at *at of a packet and moves on: 1; 0 at the end; -1 if
 * it is malformed (a job is checked here, whole). `*body` is where it lies. */
int wire_next(const void *packet, size_t size, size_t *at,
              union wire_message *message, const void **body);

/* The job of a SPAWN that wire_next() gave: one block, ended by free(). NULL:
 * no memory. */
struct wire_job *wire_get_job(const void *body);

/* Bytes that a job takes as a SPAWN, or 0 if it cannot be sent: no argv, id
 * 0, too many limits, or longer than a packet. */
size_t wire_job_size(const struct wire_job *job);

/* Writes it into exactly that many bytes. */
void wire_put_job(void *room, size_t size, const struct wire_job *job);

/* The head of a fixed message. */
struct wire_head wire_head(enum wire_type type);

/* The kernel's boot id; zeros if it cannot be read. */
void wire_read_boot(uint8_t boot[16]);

/* "RUNNING" ... for people. */
const char *wire_state_name(uint32_t state);

/* "entering its directory" ... what an attempt was about when it failed. */
const char *wire_step_name(int32_t step);

#endif
