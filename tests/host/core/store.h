/* What a journal would have of one run, kept from the changes of every turn,
 * and a new owner that comes back from nothing else. */
#ifndef TESTS_HOST_CORE_STORE_H
#define TESTS_HOST_CORE_STORE_H

#include "host/plain/mem.h"
#include "tests/host/core/world.h"

#define STORE_LIMIT 256

struct store_task {
    char name[96];
    struct task task;
    char *texts;
};

struct store {
    struct run run;
    bool is_live;
    struct store_task tasks[STORE_LIMIT];
    size_t count;
    uint32_t epoch;
    uint64_t ended; /* events of tasks that ended for good */
};

static inline void store_drop(struct store_task *t)
{
    cJSON_Delete(t->task.outputs);
    mem_free(t->texts);
}

static inline void store_finish(struct store *s)
{
    for (size_t i = 0; i < s->count; i++) {
        store_drop(&s->tasks[i]);
    }
    s->count = 0;
}

static inline struct store_task *store_find(struct store *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->tasks[i].name, name) == 0) {
            return &s->tasks[i];
        }
    }
    ck_assert_uint_lt(s->count, STORE_LIMIT);
    snprintf(s->tasks[s->count].name, sizeof(s->tasks->name), "%s", name);
    return &s->tasks[s->count++];
}

static inline void store_put(struct store *s, const struct world *w,
                             uint32_t run, uint32_t task)
{
    char name[96];
    struct task room;
    struct store_task *t;

    core_task_name(w->core, run, task, name);
    t = store_find(s, name);
    store_drop(t);
    t->task = *core_task(w->core, run, task, &room);
    t->task.outputs = cJSON_Duplicate(room.outputs, 1);
    t->texts = fault_copy(&t->task.fault, &room.fault);
}

static inline void store_keep(struct world *w)
{
    struct store *s = w->kept;
    size_t count;
    const struct change *changes = core_changes(w->core, &count);
    const struct event *events;

    for (size_t i = 0; i < count; i++) {
        if (changes[i].kind == CHANGE_TASK) {
            store_put(s, w, changes[i].run, changes[i].task);
        } else {
            s->run = *core_run(w->core, changes[i].run);
            s->is_live = changes[i].kind != CHANGE_RUN_OVER;
        }
    }
    events = core_events(w->core, &count);
    for (size_t i = 0; i < count; i++) {
        s->ended += events[i].kind == EVENT_TASK_DONE;
    }
}

static inline void store_open(struct store *s, struct world *w)
{
    memset(s, 0, sizeof(*s));
    s->epoch = 1;
    w->keep = store_keep;
    w->kept = s;
}

static inline void store_restore(struct store *s, struct world *w, bool items)
{
    for (size_t i = 0; i < s->count; i++) {
        struct task task = s->tasks[i].task;

        if ((strchr(s->tasks[i].name, '[') != NULL) == items) {
            task.outputs = cJSON_Duplicate(task.outputs, 1);
            ck_assert_msg(
                core_restore_task(w->core, w->run, s->tasks[i].name, &task),
                "%s does not fit", s->tasks[i].name);
        }
    }
}

/* The old owner is gone; w->build holds its workflow once more. */
static inline void store_reopen(struct store *s, struct world *w)
{
    struct world old = *w;

    core_destroy(w->core);
    world_init(w, ++s->epoch);
    w->now_ms = old.now_ms;
    w->keep = store_keep;
    w->kept = s;
    w->run = core_restore_run(w->core, &s->run, workflow_build_take(old.build),
                              cJSON_CreateObject(), 0);
    store_restore(s, w, false);
    store_restore(s, w, true);
    core_resume(w->core);
    turn(w);
}

#endif
