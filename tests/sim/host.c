/* The host of the simulator: core and journal, joined as host/host.c does,
 * and able to die at any step. */
#include <string.h>

#include "host/plain/mem.h"
#include "tests/sim/sim.h"

#define GRACE_MS 2000

const char *const sim_executors[SIM_EXECUTORS] = {"exec", "ahead"};

struct sim_host *sim_host_of(struct sim *s, uint32_t life)
{
    if (s->host && s->host->life == life) {
        return s->host;
    }
    return s->zombie && s->zombie->life == life ? s->zombie : NULL;
}

/* ---- effects ---- */

static void deliver_verdict(struct sim *s, struct sim_event *e)
{
    struct sim_host *h = sim_host_of(s, e->life);
    enum core_verdict verdict = (enum core_verdict)(e->choice & 3);

    core_ask_verdict(h->core, e->number, e->other, verdict, e->choice >> 2);
    h->is_wanted = true;
}

/* The plugin's answer follows from what it is asked, as a pure one's does. */
static void ask_retry(struct sim_host *h, const struct effect *effect)
{
    struct task room;
    const struct task *t = core_task(h->core, effect->run, effect->task, &room);
    uint32_t delay_ms = (uint32_t)(t->seed % 4000) << (t->tries & 3);
    enum core_verdict verdict = VERDICT_AGAIN;

    if (t->tries > 3) {
        verdict = VERDICT_FAIL;
    } else if (t->seed % 17 == 0) {
        verdict = VERDICT_HOLD;
    } else if (t->seed % 17 == 1) {
        verdict = VERDICT_ELSEWHERE;
    }
    sim_at(h->sim, sim_below(h->sim, 30),
           &(struct sim_event){.fn = deliver_verdict,
                               .life = h->life,
                               .number = effect->attempt,
                               .other = effect->fence,
                               .choice = delay_ms << 2 | verdict});
}

static void carry_out(struct sim_host *h, const struct effect *effect)
{
    struct sim *s = h->sim;

    switch (effect->kind) {
    case EFFECT_START:
        sim_start(s, h, effect);
        break;
    case EFFECT_CANCEL:
        sim_cancel(s, effect);
        break;
    case EFFECT_RELEASE:
        sim_release(s, effect);
        break;
    case EFFECT_RETRY:
        ask_retry(h, effect);
        break;
    case EFFECT_LISTEN:
        sim_listen(s, h, effect);
        break;
    case EFFECT_RECOVER:
        sim_recover(s, h, effect);
        break;
    case EFFECT_ANSWER:
        sim_clients_answer(s, effect);
        break;
    case EFFECT_FORGET:
        core_forget(h->core, effect->run);
        break;
    }
}

static bool is_owner(const struct sim_host *h)
{
    char epoch[64];
    char ours[16];

    sim_store_get(h->sim, "h/owner", "epoch", epoch);
    snprintf(ours, sizeof(ours), "%u", journal_epoch(h->journal));
    return strcmp(epoch, ours) == 0;
}

/* What an old owner does before there is a new one is as good as lost: it is
 * as if it had died a moment earlier. */
static void act_late(struct sim_host *h, const struct effect *effect)
{
    bool is_claim =
        effect->kind == EFFECT_START ||
        (effect->kind == EFFECT_ANSWER && effect->status == HAFT_OK);

    if (is_claim && !is_owner(h)) {
        sim_fail(h->sim, "an old owner carried out what it had decided");
    }
}

static void act(void *ctx, const struct effect *effects, size_t count)
{
    struct sim_host *h = ctx;

    for (size_t i = 0; i < count; i++) {
        if (h->is_zombie) {
            act_late(h, &effects[i]);
            continue;
        }
        if (h->sim->is_dying) {
            return;
        }
        carry_out(h, &effects[i]);
        h->sim->is_dying = h->sim->is_dying || sim_misfortune(h->sim, 400);
    }
    h->is_wanted = true;
}

static void tell(void *ctx, uint64_t first_seq, size_t count, const char *json,
                 size_t size)
{
    struct sim_host *h = ctx;
    struct sim *s = h->sim;

    (void)json;
    (void)size;
    if (h->is_zombie || s->is_dying) {
        return;
    }
    if (first_seq + count - 1 > s->seq) {
        sim_fail(s, "event %llu was told and is not on disk",
                 (unsigned long long)(first_seq + count - 1));
    }
    if (first_seq <= s->told_seq) {
        sim_fail(s, "event %llu was told twice", (unsigned long long)first_seq);
    }
    s->told_seq = first_seq + count - 1;
}

/* ---- opening ---- */

static struct core *make(void *ctx, uint32_t epoch)
{
    struct sim_host *h = ctx;
    const struct core_options options = {
        .epoch = epoch,
        .seed = sim_draw(h->sim),
        .grace_ms = GRACE_MS,
    };

    h->core = core_create(&options);
    for (uint32_t i = 0; i < SIM_EXECUTORS; i++) {
        core_add_executor(h->core, sim_executors[i], h->sim->slots[i], i == 1);
    }
    return h->core;
}

static void opened(void *ctx, int status, const char *why)
{
    struct sim_host *h = ctx;

    if (h->is_zombie) {
        return;
    }
    if (status != 0) {
        sim_trace(h->sim, "host %u cannot open: %s", h->life, why);
        h->is_refused = true;
        h->sim->is_dying = true;
        return;
    }
    sim_trace(h->sim, "host %u is open, epoch %u", h->life,
              journal_epoch(h->journal));
    h->is_open = true;
    h->sim->deaths_opening = 0;
    h->is_wanted = true;
    sim_check_restored(h->sim, h);
    sim_clients_new_host(h->sim);
}

static void lost(void *ctx, const char *why)
{
    struct sim_host *h = ctx;

    h->is_lost = true;
    sim_trace(h->sim, "host %u stops: %s", h->life, why);
    if (!h->is_zombie) {
        sim_fail(h->sim, "a host stopped without a reason: %s", why);
    }
}

static void open_later(struct sim *s, struct sim_event *e)
{
    (void)e;
    sim_host_open(s);
}

void sim_host_open(struct sim *s)
{
    struct sim_host *h = mem_new(1, sizeof(*h));
    const struct journal_store store = {sim_store_ask, h};
    const struct journal_client client = {
        .act = act, .tell = tell, .opened = opened, .lost = lost, .ctx = h};

    h->sim = s;
    h->life = ++s->lives;
    h->journal = journal_create(&store, &client);
    s->host = h;
    s->leaked = 0;
    sim_trace(s, "host %u begins", h->life);
    journal_open(h->journal, "{\"pid\":1}", make);
}

/* ---- turns ---- */

/* What the plants do too early, before the journal has written it. */
static void act_early(struct sim_host *h, enum effect_kind kind)
{
    const struct effect *effects;
    size_t count;

    effects = core_effects(h->core, &count);
    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind == kind) {
            carry_out(h, &effects[i]);
        }
    }
}

static void play_plants(struct sim_host *h)
{
    switch (h->sim->plant) {
    case PLANT_ANSWER_EARLY:
        act_early(h, EFFECT_ANSWER);
        break;
    case PLANT_START_EARLY:
        act_early(h, EFFECT_START);
        break;
    case PLANT_RELEASED_EARLY:
        act_early(h, EFFECT_RELEASE);
        break;
    default:
        break;
    }
}

void sim_host_turn(struct sim_host *h)
{
    const char *broken;

    h->is_wanted = false;
    core_decide(h->core, h->sim->now_ms);
    play_plants(h);
    broken = sim_chance(h->sim, 4) ? core_check(h->core) : NULL;
    if (broken) {
        sim_fail(h->sim, "the core's tables disagree: %s", broken);
    }
    journal_turn(h->journal, h->sim->now_ms);
}

int64_t sim_host_next_ms(const struct sim_host *h)
{
    int64_t core_ms;
    int64_t journal_ms;

    if (!h->is_open) {
        return INT64_MAX;
    }
    if (h->is_wanted) {
        return h->sim->now_ms;
    }
    core_ms = core_next_ms(h->core);
    journal_ms = journal_next_ms(h->journal);
    return core_ms < journal_ms ? core_ms : journal_ms;
}

/* ---- death ---- */

void sim_host_destroy(struct sim_host *h)
{
    if (h) {
        journal_destroy(h->journal);
        core_destroy(h->core);
        mem_free(h);
    }
}

static void bury(struct sim *s, struct sim_event *e)
{
    (void)e;
    sim_host_destroy(s->zombie);
    s->zombie = NULL;
}

/* It had been stopped, not killed: it goes on as if nothing had happened. */
static void rise(struct sim *s, struct sim_event *e)
{
    static const char text[] =
        "{\"version\":1,\"tasks\":{\"t\":{\"run\":\"x\"}}}";
    const struct workflow_source source = {.name = "late"};
    struct core_submit ask = {
        .id = "late", .principal = "uid:0", .space = "default"};
    struct sim_host *h = s->zombie;
    struct str why;

    if (!s->host || !s->host->is_open) {
        sim_at(s, 500, &(struct sim_event){.fn = rise, .life = e->life});
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    ask.workflow = workflow_read(text, sizeof(text) - 1, &source, &why);
    ask.params = cJSON_CreateObject();
    str_finish(&why);
    core_ask_submit(h->core, 0, &ask);
    core_decide(h->core, s->now_ms);
    journal_turn(h->journal, s->now_ms);
    sim_at(s, 20000, &(struct sim_event){.fn = bury, .life = e->life});
}

void sim_host_die(struct sim *s)
{
    struct sim_host *h = s->host;
    bool may_rise = h->is_open && !h->is_lost && !s->zombie;

    s->host = NULL;
    sim_trace(s, "host %u dies", h->life);
    if (may_rise && (s->plant == PLANT_NO_GUARD || sim_chance(s, 5))) {
        h->is_zombie = true;
        s->zombie = h;
        sim_at(s, sim_below(s, 3000),
               &(struct sim_event){.fn = rise, .life = h->life});
    } else {
        sim_host_destroy(h);
    }
    sim_at(s, sim_below(s, 2000), &(struct sim_event){.fn = open_later});
}
