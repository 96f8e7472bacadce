/* haft.process/1: children of plugins that outlive the host, by way of the
 * keeper.
 *
 * A child belongs to the guest that started it, or that found it again after a
 * restart. What the keeper reports and nobody has asked for waits: once all
 * that was open has been recovered, process_settle ends what is left. */
#ifndef HOST_CARRY_PROCESS_H
#define HOST_CARRY_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/loop.h"
#include "host/guest/guest.h"

struct process;

struct process_options {
    const char *state;        /* directory, absolute */
    const char *program;      /* path of haft-keeper */
    void (*ready)(void *ctx); /* all that an earlier host left is known */
    void *ctx;
};

/* Registers the service: before the first guest is used. */
struct process *process_create(struct loop *loop, struct guests *guests,
                               const struct process_options *options);
void process_destroy(struct process *p);

/* A child will be wanted: starts the keeper, or finds it, before the epoch is
 * known. What fails here is tried again when it is needed. */
void process_prepare(struct process *p);

/* Looks for the keeper, as the owner of this epoch. */
void process_open(struct process *p, uint32_t epoch);

/* Whether `find` can be answered. */
bool process_is_ready(const struct process *p);

/* Whether the job's files may be there for this child: false only if the keeper
 * is sure that nothing was written to either. */
bool process_left_files(const struct process *p, uint64_t id);

/* Whether a child has ended that was not released yet, and that `is_kept` does
 * not say is meant to stay so. */
bool process_has_unreleased(const struct process *p,
                            bool (*is_kept)(const void *ctx, uint64_t id),
                            const void *ctx);

/* Of the launcher of what outlives the host: see guest.h. */
bool process_start_worker(struct process *p, const char *name,
                          const char *const argv[], const char *const env[],
                          struct str *why);

/* Who knows which of those processes has work to go on with. */
struct process_judge {
    bool (*is_busy)(void *ctx, const char *name);
    void *ctx;
};

/* Ends those that have none; whether one is still known. */
void process_end_idle_workers(struct process *p,
                              const struct process_judge *judge);
bool process_has_idle_worker(const struct process *p,
                             const struct process_judge *judge);

/* Kills and forgets all children that belong to nobody. */
void process_settle(struct process *p);

#endif
