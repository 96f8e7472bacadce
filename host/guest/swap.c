#include "host/guest/swap.h"

#include <stddef.h>
#include <string.h>

#include "host/base/log.h"
#include "host/guest/cage.h"
#include "host/guest/instance.h"
#include "host/guest/options.h"
#include "host/plain/mem.h"

#define DRAIN_LIMIT_MS 10000 /* for the open calls to be answered */
#define LEAVE_LIMIT_MS 5000  /* for the process of the old instance to end */

#define STOPPING "the host is stopping"

enum phase {
    DRAINING, /* open calls go on */
    LATE,     /* those that were not answered are lost */
    LEAVING,  /* the old instance is told to end */
    EMPTY,    /* there is none */
    MAKING,   /* the other one */
    BACK,     /* the old one, once more */
};

/* Each step is taken from the queue, behind all that was said before it. */
struct swap {
    struct guest *guest;
    enum phase phase;
    struct guest_origin to;
    struct guest_origin from;
    struct queue_item item;
    bool is_queued;
    bool is_lost; /* what was to be made */
    struct loop_timer timer;
    int64_t since_ms;
    struct str why; /* the other one is not there */
    swap_done done;
    void *ctx;
};

static struct loop *loop_of(const struct swap *s)
{
    return calls_loop(s->guest->calls);
}

static void go_on(struct swap *s)
{
    if (!s->is_queued) {
        s->is_queued = true;
        queue_add(calls_queue(s->guest->calls), &s->item);
    }
}

static void finish(struct swap *s)
{
    struct guest *g = s->guest;
    struct log_room room = {0};

    loop_timer_clear(loop_of(s), &s->timer);
    g->swap = NULL;
    if (s->why.size == 0) {
        log_info("guest", "reloaded kind=%s name=%s version=%s cage=%s",
                 g->kind, g->name, g->module->manifest.version,
                 g->cage ? "process" : "none");
    } else {
        log_warn("guest", "not reloaded kind=%s name=%s why=%s", g->kind,
                 g->name, log_quoted(&room, s->why.text));
    }
    if (s->phase >= EMPTY) {
        atomic_store(&g->stuck, 0);
        atomic_store(&g->unanswered, 0);
        guest_tell_restarted(g);
    }
    calls_release(g);
    s->done(s->ctx, s->why.text, loop_now_ms(loop_of(s)) - s->since_ms);
    str_finish(&s->why);
    mem_free(s);
}

static void give_up(struct swap *s, const char *why)
{
    str_addf(&s->why, "%s%s", s->why.size > 0 ? "; " : "", why);
    finish(s);
}

/* ---- the old one ---- */

static void leave(struct swap *s)
{
    struct guest *g = s->guest;

    loop_timer_clear(loop_of(s), &s->timer);
    s->phase = LEAVING;
    if (!g->cage || !cage_leave(g->cage, LEAVE_LIMIT_MS)) {
        go_on(s);
    }
}

static void on_late(void *ctx)
{
    struct swap *s = ctx;

    s->phase = LATE;
    s->guest->losses++;
    calls_lose(s->guest, "its plugin was reloaded");
    go_on(s);
}

static void drain(struct swap *s)
{
    if (s->guest->open == 0) {
        leave(s);
    } else if (s->phase == LATE) {
        give_up(s, "a call does not return");
    }
}

static void end(struct swap *s)
{
    if (s->guest->instance && !guest_end(s->guest)) {
        give_up(s, "its destroy does not return: the host must be restarted");
        return;
    }
    s->phase = EMPTY;
    go_on(s);
}

/* ---- the other one ---- */

static bool make_of(struct guest *g, const struct guest_origin *origin,
                    struct str *why)
{
    struct options options;
    struct scratch mem;
    bool is_good;

    guest_become(g, origin);
    if (!options_read(&options, origin->class, origin->section, why)) {
        return false;
    }
    scratch_init(&mem);
    is_good =
        guest_make(g, options_give(&options, g->all->config->host.state, &mem),
                   origin->is_caged ? GUEST_CAGED_LATER : GUEST_INSIDE, why);
    scratch_finish(&mem);
    options_finish(&options);
    return is_good;
}

static void make(struct swap *s, enum phase phase,
                 const struct guest_origin *origin)
{
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    s->phase = phase;
    s->is_lost = false;
    if (!make_of(s->guest, origin, &why)) {
        swap_on_lost(s, why.text);
    } else if (s->guest->instance) {
        go_on(s);
    }
    str_finish(&why);
}

static void look(struct swap *s)
{
    struct guest *g = s->guest;

    if (g->instance || (s->is_lost && s->phase == BACK)) {
        finish(s);
    } else if (s->is_lost) {
        if (g->cage) {
            cage_close(g->cage, 0);
        }
        make(s, BACK, &s->from);
    }
}

/* ---- steps ---- */

static void step(struct queue_item *item)
{
    struct swap *s =
        (struct swap *)((char *)item - offsetof(struct swap, item));

    s->is_queued = false;
    if (calls_are_stopped(s->guest->calls)) {
        give_up(s, STOPPING);
        return;
    }
    switch (s->phase) {
    case DRAINING:
    case LATE:
        drain(s);
        break;
    case LEAVING:
        end(s);
        break;
    case EMPTY:
        make(s, MAKING, &s->to);
        break;
    case MAKING:
    case BACK:
        look(s);
        break;
    }
}

void swap_on_idle(struct swap *s)
{
    if (s->phase == DRAINING) {
        go_on(s);
    }
}

void swap_on_ended(struct swap *s)
{
    go_on(s);
}

void swap_on_made(struct swap *s)
{
    if (s->phase == MAKING || s->phase == BACK) {
        go_on(s);
    }
}

/* The old one is tried by its cage again and again; nobody waits for that. */
bool swap_on_lost(struct swap *s, const char *why)
{
    if (s->phase == BACK) {
        str_addf(&s->why, "; and the one before it: %s", why);
    } else if (s->phase == MAKING) {
        str_add_text(&s->why, why);
    }
    s->is_lost = true;
    go_on(s);
    return s->phase != BACK;
}

static struct guest_origin origin_of(const struct guest *g)
{
    return (struct guest_origin){
        .section = g->section,
        .kind = g->kind,
        .name = g->name,
        .module = g->module,
        .class = g->class,
        .is_caged = g->cage != NULL,
        .survives = g->survives,
    };
}

void swap_begin(struct guest *guest, const struct guest_origin *to,
                swap_done done, void *ctx)
{
    struct swap *s = mem_new(1, sizeof(*s));

    s->guest = guest;
    s->to = *to;
    s->from = origin_of(guest);
    s->item.handle = step;
    s->done = done;
    s->ctx = ctx;
    str_init(&s->why, 2 * STR_WHY_LIMIT);
    guest->swap = s;
    calls_hold(guest);
    s->since_ms = loop_now_ms(loop_of(s));
    loop_timer_init(&s->timer, on_late, s);
    loop_timer_set(loop_of(s), &s->timer, s->since_ms + DRAIN_LIMIT_MS);
    go_on(s);
}

void swap_stop(struct swap *s)
{
    if (s->is_queued) {
        queue_drain(calls_queue(s->guest->calls));
    } else {
        give_up(s, STOPPING);
    }
}
