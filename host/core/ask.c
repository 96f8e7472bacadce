#include "host/core/ask.h"

#include <stdio.h>

#include "host/core/attempt.h"
#include "host/core/due.h"
#include "host/core/recover.h"
#include "host/core/request.h"
#include "host/core/run.h"
#include "host/core/tables.h"
#include "host/plain/mem.h"

#define KEPT 4096 /* asks that stay allocated */

static struct ask *add(struct core *c, enum ask_kind kind)
{
    struct asks *a = &c->asks;
    struct ask *ask;

    a->items = mem_grow(a->items, &a->room, a->count + 1, sizeof(*a->items));
    ask = &a->items[a->count++];
    *ask = (struct ask){.kind = kind, .run = CORE_NONE, .task = CORE_NONE};
    return ask;
}

static struct ask *add_about(struct core *c, enum ask_kind kind,
                             uint64_t attempt, uint64_t fence)
{
    struct ask *ask = add(c, kind);

    ask->attempt = attempt;
    ask->fence = fence;
    return ask;
}

static void drop(struct ask *ask)
{
    if (ask->row) {
        run_destroy(ask->row);
    }
    mem_free(ask->texts);
    cJSON_Delete(ask->outputs);
    ask->row = NULL;
    ask->texts = NULL;
    ask->outputs = NULL;
}

void asks_finish(struct asks *a)
{
    for (size_t i = a->head; i < a->count; i++) {
        drop(&a->items[i]);
    }
    mem_free(a->items);
    *a = (struct asks){0};
}

struct ask *asks_next(struct asks *a)
{
    if (a->head < a->count) {
        return &a->items[a->head++];
    }
    a->head = 0;
    a->count = 0;
    if (a->room > KEPT) {
        asks_finish(a);
    }
    return NULL;
}

static void set(char *to, size_t size, const char *from)
{
    int length = snprintf(to, size, "%s", from ? from : "");

    assert(length >= 0 && (size_t)length < size);
    (void)length;
}

void core_ask_submit(struct core *c, uint64_t ask, const struct core_submit *s)
{
    struct run run = {.state = RUN_RUNNING};
    struct ask *item = add(c, ASK_SUBMIT);

    set(run.id, sizeof(run.id), s->id);
    set(run.key, sizeof(run.key), s->key);
    set(run.principal, sizeof(run.principal), s->principal);
    set(run.space, sizeof(run.space), s->space);
    item->ask = ask;
    item->row = run_create(&run, s->workflow, s->params, s->executor);
}

void core_ask_cancel(struct core *c, uint64_t ask, uint32_t run)
{
    struct ask *item = add(c, ASK_CANCEL);

    item->ask = ask;
    item->run = run;
}

void core_ask_resolve(struct core *c, uint64_t ask, uint32_t run, uint32_t task,
                      enum core_resolution how)
{
    struct ask *item = add(c, ASK_RESOLVE);

    item->ask = ask;
    item->run = run;
    item->task = task;
    item->choice = how;
}

void core_ask_read(struct core *c, uint64_t ask)
{
    add(c, ASK_READ)->ask = ask;
}

void core_ask_started(struct core *c, uint64_t attempt, uint64_t fence,
                      int64_t time_ms)
{
    add_about(c, ASK_STARTED, attempt, fence)->time_ms = time_ms;
}

void core_ask_ended(struct core *c, const struct core_outcome *outcome)
{
    struct ask *item =
        add_about(c, ASK_ENDED, outcome->attempt, outcome->fence);

    item->texts = fault_copy(&item->fault, &outcome->fault);
    item->started_ms = outcome->started_ms;
    item->time_ms = outcome->ended_ms;
    item->executor = outcome->executor;
    item->outputs = outcome->outputs;
}

void core_ask_verdict(struct core *c, uint64_t attempt, uint64_t fence,
                      enum core_verdict verdict, int64_t delay_ms)
{
    struct ask *item = add_about(c, ASK_VERDICT, attempt, fence);

    item->choice = verdict;
    item->time_ms = delay_ms;
}

void core_ask_heard(struct core *c, uint64_t attempt, uint64_t fence,
                    int64_t silent_ms)
{
    add_about(c, ASK_HEARD, attempt, fence)->time_ms = silent_ms;
}

void core_ask_found(struct core *c, uint64_t attempt, uint64_t fence,
                    enum core_found found)
{
    add_about(c, ASK_FOUND, attempt, fence)->choice = found;
}

void core_ask_adrift(struct core *c, uint32_t executor)
{
    add(c, ASK_ADRIFT)->executor = executor;
}

static void (*const handlers[ASK_KINDS])(struct core *c, struct ask *ask) = {
    [ASK_SUBMIT] = request_submit,   [ASK_CANCEL] = request_cancel,
    [ASK_RESOLVE] = request_resolve, [ASK_READ] = request_read,
    [ASK_STARTED] = attempt_started, [ASK_ENDED] = attempt_ended,
    [ASK_VERDICT] = attempt_verdict, [ASK_HEARD] = due_heard,
    [ASK_FOUND] = recover_found,     [ASK_ADRIFT] = recover_adrift,
};

void ask_decide(struct core *c, struct ask *ask)
{
    handlers[ask->kind](c, ask);
    drop(ask);
}
