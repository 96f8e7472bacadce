/* The simulator: the real core, records and journal, in a world that is made
 * of a seed alone. Its clock jumps from event to event, its store fails before
 * and after and loses answers, its executors fail, lie about fences, repeat
 * themselves and forget, and the host dies at commits, between effects and
 * whenever it likes; then the next one opens what the store has.
 *
 * Along the way everything is held against what was promised. What is broken
 * is said in a sentence, with the seed that breaks it again. A plant is a bug
 * that is put in on purpose, in what stands between the parts: the simulator
 * must find each one. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "host/carry/journal.h"
#include "host/core/core.h"
#include "host/plain/str.h"

enum sim_plant {
    PLANT_NONE,
    PLANT_ANSWER_EARLY,   /* callers hear before the commit */
    PLANT_START_EARLY,    /* attempts start before the commit */
    PLANT_NO_FENCE,       /* an old attempt's end counts for the new one */
    PLANT_END_TWICE,      /* a new owner thinks that an ended task runs */
    PLANT_JITTER_REDRAWN, /* a new owner draws the due time again */
    PLANT_SLOT_LEAKED,    /* some ends do not give their slot back */
    PLANT_EFFECTS_LOST,   /* a new owner does not ask what became of some */
    PLANT_NO_GUARD,       /* the store does not check who writes */
    PLANT_APPLIED_TWICE,  /* a batch that is sent again counts again */
    PLANT_CANCEL_LOST,    /* a new owner has forgotten a cancel */
    PLANT_COMMIT_LOST,    /* the store says yes and stores nothing */
    PLANT_RELEASED_EARLY, /* ends are forgotten before they are on disk */
    PLANTS
};
const char *sim_plant_name(enum sim_plant plant);

struct sim;
struct sim_host;

/* One thing that will happen. `life`: only if that host still lives; 0: in any
 * case. `data` is freed afterwards. */
struct sim_event {
    int64_t at_ms;
    uint64_t order;
    uint32_t life;
    void (*fn)(struct sim *s, struct sim_event *e);
    uint64_t number;
    uint64_t other;
    uint32_t choice;
    void *data;
};

#define SIM_CLIENTS 8
#define SIM_EXECUTORS 2

struct sim_client {
    char key[16];
    char run[32]; /* that its answer named */
    char *text;   /* its workflow */
    bool has_begun;
    bool is_asking; /* in this life of the host */
    bool is_acked;  /* submitted, and it knows */
    bool wants_cancel;
    bool is_cancelling; /* asked, in this life */
    bool is_cancelled;  /* its cancel was acknowledged */
};

struct sim_attempt {
    uint64_t id;
    uint64_t fence;
    uint32_t executor;
    char run[32];
    char task[96];
    bool has_begun;
    bool has_ended;
    bool is_released;
    bool is_lost; /* the executor has forgotten it */
    bool is_cancelled;
    uint32_t fault_class; /* how it ended, or will */
    uint32_t effect;
    int64_t begin_ms;
    int64_t end_ms;
    int64_t wrote_ms;
};

struct sim_record {
    char *key;
    size_t key_size;
    uint64_t version;
    char *value;
    size_t size;
};

struct sim_store {
    struct sim_record *records;
    size_t count;
    size_t room;
    uint64_t last;
    bool is_lying; /* about `last`, once */
};

/* What the checker remembers of a task. */
struct sim_task {
    char name[136]; /* RUN/TASK */
    uint64_t fence;
    uint32_t dones;
    int64_t due_ms; /* of a retry that was promised; 0: none */
};

struct sim {
    uint64_t seed;
    uint64_t random;
    enum sim_plant plant;
    bool is_traced;
    int64_t now_ms;
    bool is_calm;  /* nothing fails any more */
    bool is_dying; /* the host is to die before anything else happens */
    uint32_t deaths_opening; /* in a row */
    uint64_t steps;

    struct sim_event *heap;
    size_t heap_count, heap_room;
    uint64_t order;

    struct sim_store store;
    struct sim_host *host;   /* NULL between two lives */
    struct sim_host *zombie; /* an old one that has not noticed */
    uint32_t lives;
    uint32_t slots[SIM_EXECUTORS];
    uint32_t leaked; /* of the first one's, by PLANT_SLOT_LEAKED */

    struct sim_client clients[SIM_CLIENTS];
    uint32_t clients_count;
    struct sim_attempt *attempts;
    size_t attempts_count, attempts_room;
    struct sim_task *tasks;
    size_t tasks_count, tasks_room;
    uint64_t seq; /* the last event that is on disk */
    uint64_t told_seq;

    struct str failure; /* empty: nothing is broken */
};

/* Runs the world of a seed to its end. True if nothing was broken; else
 * `failure` says what. */
bool sim_run(uint64_t seed, enum sim_plant plant, bool is_traced,
             struct str *failure);

/* ---- world.c ---- */
uint64_t sim_draw(struct sim *s);
uint32_t sim_below(struct sim *s, uint32_t limit);   /* 0 ... limit - 1 */
bool sim_chance(struct sim *s, uint32_t one_in);     /* even when calm */
bool sim_misfortune(struct sim *s, uint32_t one_in); /* never when calm */
void sim_fail(struct sim *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sim_trace(const struct sim *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The event's members but at_ms, order: `after_ms` from now. */
void sim_at(struct sim *s, int64_t after_ms, const struct sim_event *event);
bool sim_pop(struct sim *s, struct sim_event *event);
int64_t sim_next_ms(const struct sim *s);
void sim_finish(struct sim *s);

/* ---- store.c ---- */
void sim_store_ask(void *host, uint32_t method, const void *in,
                   journal_answer answer, void *answer_ctx);
const struct sim_record *sim_store_find(const struct sim *s, const char *key);
/* A member of a record, as text without quotes; "" if there is none. */
void sim_store_get(const struct sim *s, const char *key, const char *member,
                   char room[64]);
void sim_store_finish(struct sim *s);

/* ---- executor.c ---- */
void sim_start(struct sim *s, struct sim_host *h, const struct effect *effect);
void sim_cancel(struct sim *s, const struct effect *effect);
void sim_release(struct sim *s, const struct effect *effect);
void sim_recover(struct sim *s, struct sim_host *h,
                 const struct effect *effect);
void sim_listen(struct sim *s, struct sim_host *h, const struct effect *effect);

/* ---- flow.c ---- */
char *sim_flow(struct sim *s); /* the text of a workflow, owned */

/* ---- host.c ---- */
struct sim_host {
    struct sim *sim;
    uint32_t life;
    struct core *core;
    struct journal *journal;
    uint64_t store_last; /* what its connection knows */
    bool is_open;
    bool is_refused; /* its opening failed */
    bool is_lost;
    bool is_wanted; /* a turn */
    bool is_zombie;
    bool is_effect_lost; /* PLANT_EFFECTS_LOST has done its work */
};
void sim_host_open(struct sim *s);
void sim_host_turn(struct sim_host *h);
int64_t sim_host_next_ms(const struct sim_host *h);
void sim_host_die(struct sim *s);
void sim_host_destroy(struct sim_host *h);
/* The host that has a life, or NULL. */
struct sim_host *sim_host_of(struct sim *s, uint32_t life);

/* ---- client.c ---- */
void sim_clients_start(struct sim *s);
void sim_clients_new_host(struct sim *s); /* the host is open: ask again */
void sim_clients_answer(struct sim *s, const struct effect *effect);
void sim_clients_finish(struct sim *s);

extern const char *const sim_executors[SIM_EXECUTORS];

/* ---- check.c ---- */
/* A put that is being applied, against what was there. */
void sim_check_put(struct sim *s, const struct haft_storage_op *op,
                   const struct sim_record *old);
void sim_check_start(struct sim *s, const struct effect *effect,
                     const char *run, const char *task);
void sim_check_restored(struct sim *s, struct sim_host *h);
void sim_check_end(struct sim *s);

#endif
