#include "host/carry/keeper_jobs.h"

#include "host/plain/mem.h"

static size_t bucket_of(uint64_t id)
{
    return id & (KEEPER_JOBS_BUCKETS - 1);
}

void keeper_jobs_finish(struct keeper_jobs *jobs)
{
    while (jobs->first != NULL) {
        keeper_jobs_remove(jobs, jobs->first);
    }
}

struct keeper_job *keeper_jobs_find(const struct keeper_jobs *jobs, uint64_t id)
{
    struct keeper_job *job = jobs->buckets[bucket_of(id)];
    while (job != NULL && job->id != id) {
        job = job->next_same;
    }
    return job;
}

struct keeper_job *keeper_jobs_add(struct keeper_jobs *jobs,
                                   const struct wire_job *from, size_t size)
{
    struct keeper_job *job = mem_new(1, sizeof(*job) + size);
    job->id = from->id;
    job->size = size;
    wire_put_job(job->message, size, from);

    struct keeper_job **bucket = &jobs->buckets[bucket_of(job->id)];
    job->next_same = *bucket;
    *bucket = job;
    job->prev = jobs->last;
    if (jobs->last != NULL) {
        jobs->last->next = job;
    } else {
        jobs->first = job;
    }
    jobs->last = job;
    return job;
}

void keeper_jobs_remove(struct keeper_jobs *jobs, struct keeper_job *job)
{
    struct keeper_job **at = &jobs->buckets[bucket_of(job->id)];
    while (*at != job) {
        at = &(*at)->next_same;
    }
    *at = job->next_same;
    if (job->prev != NULL) {
        job->prev->next = job->next;
    } else {
        jobs->first = job->next;
    }
    if (job->next != NULL) {
        job->next->prev = job->prev;
    } else {
        jobs->last = job->prev;
    }
    mem_free(job);
}
