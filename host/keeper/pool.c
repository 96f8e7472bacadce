#include "host/keeper/pool.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/keeper/cgroup.h"
#include "host/keeper/child.h"
#include "host/keeper/tree.h"

#define THREAD_STACK_SIZE (256 * 1024)
#define LEFTOVERS 256 /* looked at in one go */

/* Where attempts of weight 0 queue: nothing holds them up. */
#define FREE_LANE 0

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint32_t state_of(const struct attempt *attempt)
{
    return atomic_load_explicit(&attempt->entry->state, memory_order_relaxed);
}

/* All that belongs to the state must be in the entry by now. */
static void set_state(struct attempt *attempt, uint32_t state)
{
    atomic_store_explicit(&attempt->entry->state, state, memory_order_release);
}

static struct attempt **bucket_of(struct pool *pool, uint64_t id)
{
    /* Ids mostly count up; a multiplication spreads what does not. */
    uint64_t hash = id * 0x9e3779b97f4a7c15u;
    return &pool->buckets[hash >> 54 & (POOL_BUCKETS - 1)];
}

static void add_to_bucket(struct pool *pool, struct attempt *attempt)
{
    struct attempt **bucket = bucket_of(pool, attempt->entry->id);
    attempt->next_same = *bucket;
    *bucket = attempt;
    pool->known++;
}

static void free_attempt(struct pool *pool, struct attempt *attempt)
{
    attempt->next = pool->free;
    pool->free = attempt;
}

static struct attempt *new_attempt(struct pool *pool)
{
    struct attempt *attempt = pool->free;
    if (attempt != NULL) {
        pool->free = attempt->next;
    } else if (pool->used < TABLE_ENTRIES) {
        attempt = &pool->attempts[pool->used];
        attempt->entry = &pool->table.entries[pool->used];
        pool->used++;
        atomic_store(&pool->table.head->used, pool->used);
    }
    return attempt;
}

/* Puts an attempt at the end of its lane. */
static void enqueue(struct pool *pool, struct attempt *attempt)
{
    uint32_t lane = attempt->weight == 0 ? FREE_LANE : attempt->job->lane + 1;
    attempt->next = NULL;
    *pool->last[lane] = attempt;
    pool->last[lane] = &attempt->next;
    pool->queued++;
    pool->queued_bytes += attempt->job_size;
}

static void dequeue(struct pool *pool, struct attempt *attempt)
{
    uint32_t lane = attempt->weight == 0 ? FREE_LANE : attempt->job->lane + 1;
    struct attempt **at = &pool->first[lane];
    while (*at != attempt) {
        at = &(*at)->next;
    }
    *at = attempt->next;
    if (*at == NULL) {
        pool->last[lane] = at;
    }
    pool->queued--;
    pool->queued_bytes -= attempt->job_size;
}

/* What may start now: the first of the first lane that has any, if it fits;
 * one that is wider than all slots together when it is alone. */
static struct attempt *next_to_start(const struct pool *pool)
{
    if (pool->first[FREE_LANE] != NULL) {
        return pool->first[FREE_LANE];
    }
    for (int lane = FREE_LANE + 1; lane <= WIRE_LANES; lane++) {
        struct attempt *attempt = pool->first[lane];
        if (attempt != NULL) {
            bool fits = pool->taken < pool->slots &&
                        (attempt->weight <= pool->slots - pool->taken ||
                         pool->taken == 0);
            return fits ? attempt : NULL;
        }
    }
    return NULL;
}

/* Another thread is woken only if there is something it can do. */
static bool is_another_due(const struct pool *pool)
{
    bool is_waiter_due = pool->has_children && !pool->has_waiter;
    return pool->sleepers > 0 && (is_waiter_due || next_to_start(pool) != NULL);
}

static void wake(struct pool *pool)
{
    if (is_another_due(pool)) {
        pthread_cond_signal(&pool->work);
    }
}

static void add_live(struct pool *pool, struct attempt *attempt)
{
    attempt->live_at = pool->live_count;
    pool->live[pool->live_count] = attempt;
    pool->live_count++;
    pool->taken += attempt->weight;
}

static void remove_live(struct pool *pool, struct attempt *attempt)
{
    pool->live_count--;
    struct attempt *moved = pool->live[pool->live_count];
    pool->live[attempt->live_at] = moved;
    moved->live_at = attempt->live_at;
    pool->taken -= attempt->weight;
}

static struct attempt *find_live(const struct pool *pool, pid_t pid)
{
    for (uint32_t i = 0; i < pool->live_count; i++) {
        if (atomic_load(&pool->live[i]->entry->pid) == pid) {
            return pool->live[i];
        }
    }
    return NULL;
}

static void forget_job(struct attempt *attempt)
{
    free(attempt->job);
    attempt->job = NULL;
}

/* Whether nothing is left of the group that `leader` led, once it has been
 * waited for. Its members have been killed but may not be gone yet. */
static bool is_empty_group(pid_t leader)
{
    return leader == 0 || (kill(-leader, 0) != 0 && errno == ESRCH);
}

static void end(struct pool *pool, struct attempt *attempt, uint32_t state)
{
    struct table_entry *entry = attempt->entry;
    files_settle(&pool->files, entry, attempt->loans,
                 is_empty_group(atomic_load(&entry->pid)));
    remove_live(pool, attempt);
    forget_job(attempt);
    free(attempt->cgroup);
    attempt->cgroup = NULL;
    /* The wall clock may be set meanwhile; a duration must not notice. */
    entry->end_ms = entry->begin_ms + clock_ms(CLOCK_BOOTTIME) - entry->born_ms;
    set_state(attempt, state);
    pool->changed(pool->ctx, attempt);
}

static void end_unstarted(struct pool *pool, struct attempt *attempt,
                          const struct child *child)
{
    struct table_entry *entry = attempt->entry;
    pid_t pid = atomic_load(&entry->pid);
    if (pid != 0 && !attempt->is_reaped) {
        siginfo_t info;
        waitid(P_PID, (id_t)pid, &info, WEXITED);
    }
    atomic_store(&entry->pid, 0);
    entry->status = child->step;
    entry->error = child->error;
    end(pool, attempt, WIRE_NOEXEC);
}

static void end_run(struct pool *pool, struct attempt *attempt, int status)
{
    attempt->entry->status = status;
    end(pool, attempt, WIRE_ENDED);
}

static void become_running(struct pool *pool, struct attempt *attempt)
{
    attempt->entry->bred_ms = clock_ms(CLOCK_BOOTTIME);
    set_state(attempt, WIRE_RUNNING);
    forget_job(attempt);
    if (attempt->early_signal != 0) {
        pool_kill(pool, attempt, attempt->early_signal);
    }
    pool->changed(pool->ctx, attempt);
}

/* Called and returns with the lock held; lets go of it while it waits for the
 * child to become its program. */
static void start(struct pool *pool, struct attempt *attempt, void *stack)
{
    struct table_entry *entry = attempt->entry;
    struct child child = {.job = attempt->job};
    files_lend(&pool->files, entry, attempt->job, attempt->loans);
    for (int i = 0; i < TABLE_STREAMS; i++) {
        child.lent[i] = attempt->loans[i].fd;
    }
    dequeue(pool, attempt);
    entry->begin_ms = clock_ms(CLOCK_REALTIME);
    entry->born_ms = clock_ms(CLOCK_BOOTTIME);
    set_state(attempt, WIRE_STARTING);
    add_live(pool, attempt);
    bool is_due = is_another_due(pool);
    pthread_mutex_unlock(&pool->lock);
    if (is_due) {
        pthread_cond_signal(&pool->work); /* who comes finds the lock free */
    }

    child_start(&child, stack, &entry->pid);

    pthread_mutex_lock(&pool->lock);
    pool->has_children = true;
    pool->births++;
    if (child.error != 0) {
        end_unstarted(pool, attempt, &child);
    } else if (attempt->is_reaped) {
        end_run(pool, attempt, attempt->reap_status);
    } else {
        become_running(pool, attempt);
    }
}

static int status_of(const siginfo_t *info)
{
    switch (info->si_code) {
    case CLD_EXITED:
        return (info->si_status & 0xff) << 8;
    case CLD_DUMPED:
        return info->si_status | 0x80;
    default:
        return info->si_status;
    }
}

/* Kills what is below the keeper and is no attempt's first process. */
static void kill_leftovers(const struct pool *pool)
{
    pid_t pids[LEFTOVERS];
    int count = tree_children(getpid(), pids, LEFTOVERS);
    for (int i = 0; i < count; i++) {
        if (find_live(pool, pids[i]) == NULL) {
            kill(pids[i], SIGKILL);
        }
    }
}

/* With the lock held and no attempt alive: whether anything else is. */
static void look_for_leftovers(struct pool *pool)
{
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        pool->has_children = false;
    } else {
        kill_leftovers(pool);
    }
}

/* A child has ended and has not been waited for: its number, and that of its
 * group, are still its own. */
static void reap(struct pool *pool, const siginfo_t *info)
{
    pid_t pid = info->si_pid;
    struct attempt *attempt = find_live(pool, pid);
    if (attempt != NULL) {
        kill(-pid, SIGKILL);
        if (attempt->cgroup != NULL) {
            cgroup_kill(attempt->cgroup);
        }
    }
    siginfo_t gone;
    waitid(P_PID, (id_t)pid, &gone, WEXITED);
    if (attempt == NULL) {
        return;
    }
    attempt->is_reaped = true;
    attempt->reap_status = status_of(info);
    if (state_of(attempt) == WIRE_RUNNING) {
        end_run(pool, attempt, attempt->reap_status);
    }
}

/* Called and returns with the lock held. What was learnt without it holds
 * only if no child was made meanwhile: one that failed has been waited for by
 * whoever made it, and "no children" is no longer true. */
static void wait_for_one(struct pool *pool)
{
    siginfo_t info = {0};
    uint64_t births = pool->births;
    pool->has_waiter = true;
    pthread_mutex_unlock(&pool->lock);
    int failed = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    pthread_mutex_lock(&pool->lock);
    pool->has_waiter = false;
    if (births != pool->births) {
        info.si_pid = 0;
        failed = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG);
    }
    if (failed != 0) {
        pool->has_children = false;
    } else if (info.si_pid != 0) {
        reap(pool, &info);
    }
    if (pool->live_count == 0 && pool->has_children) {
        look_for_leftovers(pool);
    }
}

static void *work(void *ctx)
{
    struct pool_thread *self = ctx;
    struct pool *pool = self->pool;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct attempt *attempt = next_to_start(pool);
        if (attempt != NULL) {
            start(pool, attempt, self->stack);
        } else if (pool->has_children && !pool->has_waiter) {
            wait_for_one(pool);
        } else {
            pool->sleepers++;
            pthread_cond_wait(&pool->work, &pool->lock);
            pool->sleepers--;
        }
    }
    return NULL;
}

static int start_thread(struct pool *pool, struct pool_thread *thread)
{
    pthread_attr_t attr;
    thread->pool = pool;
    thread->stack = mmap(NULL, CHILD_STACK_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (thread->stack == MAP_FAILED) {
        return errno;
    }
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK_SIZE);
    int failed = pthread_create(&thread->thread, &attr, work, thread);
    pthread_attr_destroy(&attr);
    if (failed != 0) {
        munmap(thread->stack, CHILD_STACK_SIZE);
    }
    return failed;
}

/* One thread is enough to go on with. */
static int start_threads(struct pool *pool)
{
    for (int i = 0; i < POOL_THREADS; i++) {
        int failed = start_thread(pool, &pool->threads[i]);
        if (failed != 0) {
            return pool->is_threaded ? 0 : failed;
        }
        pool->is_threaded = true;
    }
    return 0;
}

/* An entry that an earlier keeper left. A process number of 0 means that the
 * kernel had made none yet, so that it is as if it had stayed queued. */
static void recover(struct pool *pool, struct attempt *attempt)
{
    struct table_entry *entry = attempt->entry;
    uint32_t state = state_of(attempt);
    bool is_begun = state == WIRE_RUNNING ||
                    (state == WIRE_STARTING && atomic_load(&entry->pid) != 0);
    bool is_same_boot =
        memcmp(entry->boot, pool->table.boot, sizeof(entry->boot)) == 0;
    if (is_begun && is_same_boot) {
        tree_kill_session(atomic_load(&entry->pid), entry->born_ms,
                          entry->bred_ms);
    }
    files_recover(entry);
    if (is_begun) {
        set_state(attempt, WIRE_LOST);
    } else if (state == WIRE_QUEUED || state == WIRE_STARTING ||
               state >= WIRE_STATES) {
        set_state(attempt, WIRE_UNKNOWN);
    }
    if (state_of(attempt) == WIRE_UNKNOWN) {
        free_attempt(pool, attempt);
    } else {
        add_to_bucket(pool, attempt);
    }
}

int pool_init(struct pool *pool, const struct table *table,
              void (*changed)(void *ctx, struct attempt *attempt), void *ctx)
{
    memset(pool, 0, sizeof(*pool));
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->table = *table;
    pool->changed = changed;
    pool->ctx = ctx;
    for (int lane = 0; lane <= WIRE_LANES; lane++) {
        pool->last[lane] = &pool->first[lane];
    }
    pool->attempts = calloc(TABLE_ENTRIES, sizeof(*pool->attempts));
    pool->live = calloc(TABLE_ENTRIES, sizeof(struct attempt *));
    if (pool->attempts == NULL || pool->live == NULL) {
        free(pool->attempts);
        free(pool->live);
        return -ENOMEM;
    }
    pool->used = table->head->used;
    for (uint32_t i = 0; i < pool->used; i++) {
        pool->attempts[i].entry = &table->entries[i];
        recover(pool, &pool->attempts[i]);
    }
    files_init(&pool->files);
    return 0;
}

struct attempt *pool_find(struct pool *pool, uint64_t id)
{
    struct attempt *attempt = *bucket_of(pool, id);
    while (attempt != NULL && attempt->entry->id != id) {
        attempt = attempt->next_same;
    }
    return attempt;
}

static void fill(struct pool *pool, struct attempt *attempt,
                 struct wire_job *job, size_t job_size)
{
    struct table_entry *entry = attempt->entry;
    entry->id = job->id;
    entry->fence = job->fence;
    memcpy(entry->boot, pool->table.boot, sizeof(entry->boot));
    atomic_store(&entry->pid, 0);
    entry->status = 0;
    entry->error = 0;
    entry->begin_ms = 0;
    entry->end_ms = 0;
    entry->born_ms = 0;
    entry->bred_ms = 0;
    entry->files = WIRE_OUTPUT_FILE | WIRE_ERRORS_FILE;
    for (int i = 0; i < TABLE_STREAMS; i++) {
        entry->lent[i] = 0;
        attempt->loans[i] = (struct loan){.fd = -1};
    }
    attempt->job = job;
    attempt->job_size = job_size;
    attempt->weight = job->weight;
    attempt->is_reaped = false;
    attempt->early_signal = 0;
}

int pool_add(struct pool *pool, struct wire_job *job, size_t job_size)
{
    if (pool->queued_bytes + job_size > POOL_BYTES_LIMIT) {
        return ENOMEM;
    }
    int failed = pool->is_threaded ? 0 : start_threads(pool);
    if (failed != 0) {
        return failed;
    }
    char *cgroup = job->cgroup[0] == 0 ? NULL : strdup(job->cgroup);
    if (cgroup == NULL && job->cgroup[0] != 0) {
        return ENOMEM;
    }
    struct attempt *attempt = new_attempt(pool);
    if (attempt == NULL) {
        free(cgroup);
        return ENOSPC;
    }
    fill(pool, attempt, job, job_size);
    attempt->cgroup = cgroup;
    set_state(attempt, WIRE_QUEUED);
    add_to_bucket(pool, attempt);
    enqueue(pool, attempt);
    wake(pool);
    return 0;
}

void pool_withdraw(struct pool *pool, struct attempt *attempt)
{
    if (state_of(attempt) != WIRE_QUEUED) {
        return;
    }
    dequeue(pool, attempt);
    forget_job(attempt);
    free(attempt->cgroup);
    attempt->cgroup = NULL;
    attempt->entry->files = 0;
    set_state(attempt, WIRE_WITHDRAWN);
    pool->changed(pool->ctx, attempt);
    wake(pool); /* it may have stood in the way of a smaller one */
}

/* A process that is live and not reaped is a child that nobody has waited
 * for, which happens under this lock only: its number is its own. */
void pool_kill(struct pool *pool, struct attempt *attempt, int signal)
{
    uint32_t state = state_of(attempt);
    pid_t pid = atomic_load(&attempt->entry->pid);
    (void)pool;
    if (attempt->is_reaped) {
        return;
    }
    if (state == WIRE_STARTING) {
        if (attempt->early_signal != SIGKILL) {
            attempt->early_signal = signal;
        }
        if (pid != 0 && signal == SIGKILL) {
            kill(pid, signal); /* it may hang in an open() */
        }
        return;
    }
    if (state != WIRE_RUNNING) {
        return;
    }
    if (signal == SIGKILL) {
        tree_kill_below(pid);
        if (attempt->cgroup != NULL) {
            cgroup_kill(attempt->cgroup);
        }
    }
    kill(-pid, signal);
}

void pool_release(struct pool *pool, struct attempt *attempt)
{
    uint32_t state = state_of(attempt);
    if (state == WIRE_QUEUED || state == WIRE_STARTING ||
        state == WIRE_RUNNING) {
        return;
    }
    struct attempt **at = bucket_of(pool, attempt->entry->id);
    while (*at != attempt) {
        at = &(*at)->next_same;
    }
    *at = attempt->next_same;
    set_state(attempt, WIRE_UNKNOWN);
    pool->known--;
    free_attempt(pool, attempt);
}

bool pool_is_at_rest(const struct pool *pool)
{
    return pool->queued == 0 && pool->live_count == 0;
}

void pool_set_slots(struct pool *pool, uint32_t slots)
{
    pool->slots = slots;
    wake(pool);
}
