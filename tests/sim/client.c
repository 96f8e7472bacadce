/* Those who submit runs, cancel them, and decide what is held. They ask again
 * until they are answered, with the same key. */
#include <string.h>

#include "host/plain/mem.h"
#include "tests/sim/sim.h"

enum asked {
    ASKED_SUBMIT,
    ASKED_LOOK, /* the run that the key made, if it is on disk by now */
    ASKED_CANCEL,
    ASKED_RESOLVE
};

#define ASK(client, what) ((uint64_t)(client) << 8 | (what))

static void wake(struct sim_host *h)
{
    h->is_wanted = true;
}

static bool is_there(const struct sim *s)
{
    return s->host && s->host->is_open;
}

static void submit(struct sim *s, struct sim_host *h, uint32_t index)
{
    struct sim_client *c = &s->clients[index];
    const struct workflow_source source = {.name = "sim"};
    struct core_submit ask = {.key = c->key,
                              .principal = "uid:1000",
                              .space = "default",
                              .executor = 0};
    char id[32];
    struct str why;

    snprintf(id, sizeof(id), "r%llu", (unsigned long long)s->order++);
    str_init(&why, STR_WHY_LIMIT);
    ask.id = id;
    ask.workflow = workflow_read(c->text, strlen(c->text), &source, &why);
    if (!ask.workflow) {
        sim_fail(s, "no workflow: %s in %s", why.text, c->text);
    } else {
        ask.params = cJSON_CreateObject();
        core_ask_submit(h->core, ASK(index, ASKED_SUBMIT), &ask);
        sim_trace(s, "client %u submits %s: %s", index, id, c->text);
    }
    str_finish(&why);
}

static void ask_submit(struct sim *s, struct sim_event *e)
{
    struct sim_client *c = &s->clients[e->number];
    char path[64];
    uint32_t run;

    c->has_begun = true;
    if (!is_there(s) || c->is_asking || c->is_acked) {
        return;
    }
    snprintf(path, sizeof(path), "k/uid:1000/%s", c->key);
    run = core_find_key(s->host->core, "uid:1000", c->key);
    if (run != CORE_NONE) {
        memcpy(c->run, core_run(s->host->core, run)->id, sizeof(c->run));
        core_ask_read(s->host->core, ASK(e->number, ASKED_LOOK));
    } else if (sim_store_find(s, path)) {
        char room[64];

        sim_store_get(s, path, "run", room);
        memcpy(c->run, room, sizeof(c->run));
        c->is_acked = true;
        return;
    } else {
        submit(s, s->host, (uint32_t)e->number);
    }
    c->is_asking = true;
    wake(s->host);
}

static void ask_cancel(struct sim *s, struct sim_event *e)
{
    struct sim_client *c = &s->clients[e->number];
    uint32_t run;

    if (!c->is_acked || c->is_cancelling || (c->is_cancelled && !e->choice)) {
        return;
    }
    c->wants_cancel = true;
    if (!is_there(s)) {
        return;
    }
    run = core_find_run(s->host->core, c->run);
    if (run == CORE_NONE) {
        c->wants_cancel = false; /* it is over */
        return;
    }
    c->is_cancelling = true;
    core_ask_cancel(s->host->core, ASK(e->number, ASKED_CANCEL), run);
    sim_trace(s, "client %u cancels %s", (uint32_t)e->number, c->run);
    wake(s->host);
}

static bool is_over(const struct sim *s)
{
    for (uint32_t i = 0; i < s->clients_count; i++) {
        if (!s->clients[i].is_acked) {
            return false;
        }
    }
    return s->is_calm && is_there(s) &&
           core_count(s->host->core).runs_live == 0;
}

/* Somebody looks what is held, now and then, and decides. */
static void resolve(struct sim *s, struct sim_event *e)
{
    struct core *core;
    struct task room;

    if (is_over(s)) {
        return;
    }
    sim_at(s, (s->is_calm ? 5000 : 500) + sim_below(s, 3000),
           &(struct sim_event){.fn = resolve, .number = e->number + 1});
    if (!is_there(s)) {
        return;
    }
    core = s->host->core;
    for (uint32_t r = 0; r < core_runs_count(core); r++) {
        for (uint32_t t = 0; core_run(core, r) && t < core_tasks_count(core, r);
             t++) {
            if (core_task(core, r, t, &room)->state == TASK_HELD) {
                core_ask_resolve(core, ASK(0, ASKED_RESOLVE), r, t,
                                 (enum core_resolution)sim_below(s, 3));
                wake(s->host);
            }
        }
    }
}

/* ---- answers ---- */

static void check_stored(struct sim *s, const struct sim_client *c)
{
    char path[64];

    snprintf(path, sizeof(path), "r/%s", c->run);
    if (!sim_store_find(s, path)) {
        sim_fail(s, "run %s was acknowledged and is not on disk", c->run);
    }
}

static void hear_cancel(struct sim *s, struct sim_client *c,
                        const struct effect *effect)
{
    char path[64];
    char state[64];

    c->is_cancelling = false;
    if (effect->status != HAFT_OK) {
        c->wants_cancel = false;
        return;
    }
    c->is_cancelled = true;
    snprintf(path, sizeof(path), "r/%s", c->run);
    sim_store_get(s, path, "state", state);
    if (strcmp(state, "cancelling") != 0 && strcmp(state, "cancelled") != 0) {
        sim_fail(s, "the cancel of run %s was acknowledged, on disk it is %s",
                 c->run, state);
    }
}

void sim_clients_answer(struct sim *s, const struct effect *effect)
{
    struct sim_client *c = &s->clients[effect->ask >> 8];

    switch ((enum asked)(effect->ask & 0xff)) {
    case ASKED_SUBMIT:
        c->is_asking = false;
        if (effect->status == HAFT_OK) {
            const struct run *run = core_run(s->host->core, effect->run);

            if (!run) {
                sim_fail(s, "an answer for a run that is gone");
                return;
            }
            memcpy(c->run, run->id, sizeof(c->run));
            c->is_acked = true;
            check_stored(s, c);
        }
        break;
    case ASKED_LOOK:
        c->is_asking = false;
        c->is_acked = true;
        check_stored(s, c);
        break;
    case ASKED_CANCEL:
        hear_cancel(s, c, effect);
        break;
    case ASKED_RESOLVE:
        break;
    }
}

/* ---- life ---- */

void sim_clients_start(struct sim *s)
{
    s->clients_count = 1 + sim_below(s, SIM_CLIENTS);
    for (uint32_t i = 0; i < s->clients_count; i++) {
        struct sim_client *c = &s->clients[i];
        int64_t at_ms = sim_below(s, 20000);

        snprintf(c->key, sizeof(c->key), "key%u", i);
        c->text = sim_flow(s);
        sim_at(s, at_ms, &(struct sim_event){.fn = ask_submit, .number = i});
        if (sim_chance(s, 3)) {
            sim_at(s, at_ms + sim_below(s, 20000),
                   &(struct sim_event){.fn = ask_cancel, .number = i});
        }
        if (sim_chance(s, 8)) { /* by force */
            sim_at(s, at_ms + sim_below(s, 30000),
                   &(struct sim_event){
                       .fn = ask_cancel, .number = i, .choice = 1});
        }
    }
    resolve(s, &(struct sim_event){.number = 0});
}

void sim_clients_new_host(struct sim *s)
{
    for (uint32_t i = 0; i < s->clients_count; i++) {
        struct sim_client *c = &s->clients[i];
        c->is_asking = false;
        c->is_cancelling = false;
        if (c->has_begun && !c->is_acked) {
            sim_at(s, sim_below(s, 100),
                   &(struct sim_event){.fn = ask_submit, .number = i});
        }
        if (c->wants_cancel && !c->is_cancelled) {
            sim_at(s, sim_below(s, 100),
                   &(struct sim_event){.fn = ask_cancel, .number = i});
        }
    }
}

void sim_clients_finish(struct sim *s)
{
    for (uint32_t i = 0; i < s->clients_count; i++) {
        mem_free(s->clients[i].text);
    }
}
