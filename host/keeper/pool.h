/* The attempts: a queue, slots, two threads that start what fits, and the
 * ends of what has run.
 *
 * Both threads do the same: start the next attempt if a slot is free, else be
 * the one that waits for a child, else sleep. So the thread that saw an end
 * starts the next attempt at once, and while it waits for exec the other one
 * sees the next end. They never end, because children die with the thread
 * that made them.
 *
 * When the first process of an attempt ends, its group is killed before it is
 * waited for, while its number is certainly its own. What has left the group
 * is killed with its cgroup if it has one, and otherwise when no attempt
 * lives: all that is then below the keeper is a leftover.
 *
 * One lock guards all of it and what hangs on it (host/keeper/link.h). */
#ifndef HOST_KEEPER_POOL_H
#define HOST_KEEPER_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/keeper/files.h"
#include "host/keeper/table.h"
#include "host/keeper/wire.h"

#define POOL_BUCKETS 1024 /* a power of two */
#define POOL_THREADS 2
#define POOL_BYTES_LIMIT (256u << 20) /* of jobs that have not started */

struct attempt {
    struct table_entry *entry;
    struct wire_job *job;         /* until it has started */
    struct attempt *next;         /* in its lane, or among the free */
    struct attempt *next_same;    /* in its bucket */
    struct attempt *next_changed; /* to be reported; the link's */
    bool is_changed;
    uint8_t youth; /* its start is not told yet; the link's */
    struct loan loans[TABLE_STREAMS];
    bool is_reaped; /* its process is gone, and reap_status is its status */
    int reap_status;
    int early_signal; /* to be sent as soon as there is a process */
    uint32_t weight;
    uint32_t live_at; /* its place among the live */
    size_t job_size;
    char *cgroup; /* NULL or owned */
};

struct pool;

struct pool_thread {
    struct pool *pool;
    pthread_t thread;
    void *stack; /* for the child */
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct table table;
    struct attempt *attempts; /* TABLE_ENTRIES, beside the table's entries */
    struct files files;
    struct attempt *free;
    uint32_t used; /* attempts from here on were never used */
    uint32_t known;
    struct attempt *buckets[POOL_BUCKETS];

    struct attempt *first[WIRE_LANES + 1]; /* the one in front: weight 0 */
    struct attempt **last[WIRE_LANES + 1];
    uint32_t queued;
    size_t queued_bytes;

    uint32_t slots;
    uint32_t taken;
    struct attempt **live; /* STARTING and RUNNING */
    uint32_t live_count;

    struct pool_thread threads[POOL_THREADS];
    bool is_threaded;
    bool has_waiter;
    bool has_children; /* perhaps */
    uint64_t births;   /* processes made, or tried to be */
    uint32_t sleepers;

    /* Called with the lock held when a state has changed. */
    void (*changed)(void *ctx, struct attempt *attempt);
    void *ctx;
};

/* Takes an opened table over. What an earlier keeper had queued is forgotten,
 * what it had started is killed and becomes LOST. 0 or -errno. */
int pool_init(struct pool *pool, const struct table *table,
              void (*changed)(void *ctx, struct attempt *attempt), void *ctx);

/* All below with the lock held. */

struct attempt *pool_find(struct pool *pool, uint64_t id);

/* Queues a job, which it takes. 0, or an errno: no room, and the job is the
 * caller's still. */
int pool_add(struct pool *pool, struct wire_job *job, size_t job_size);

/* What is not QUEUED is left as it is. */
void pool_withdraw(struct pool *pool, struct attempt *attempt);

/* What is neither STARTING nor RUNNING is left as it is. */
void pool_kill(struct pool *pool, struct attempt *attempt, int signal);

/* Forgets what has come to its end; anything else is left as it is. */
void pool_release(struct pool *pool, struct attempt *attempt);

/* Nothing runs, and nothing is to run. */
bool pool_is_at_rest(const struct pool *pool);

void pool_set_slots(struct pool *pool, uint32_t slots);

#endif
