#include "host/guest/cage.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/file.h"
#include "host/base/log.h"
#include "host/guest/cage_inside.h"
#include "host/guest/deaths.h"
#include "host/guest/reach.h"
#include "host/guest/swap.h"
#include "host/plain/mem.h"

#define REACH_PAUSE_MS 5 /* until a worker listens */
#define LAST_READS 64    /* of what an ended process has left */

static void lose(struct cage *cage, const char *reason);

static void tell_back(struct cage *cage)
{
    struct guest *g = cage->guest;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (!atomic_load(&g->is_made) && !guest_take(g, &cage->instance, &why)) {
        lose(cage, why.text);
    }
    str_finish(&why);
    if (cage->state != CAGE_MADE) {
        return;
    }
    if (g->swap) {
        swap_on_made(g->swap);
        return;
    }
    log_info("guest", "worker restarted kind=%s name=%s pid=%d", g->kind,
             g->name, (int)cage->worker.pid);
    guest_tell_restarted(g);
}

/* What it has said; false if it is lost by that. */
static bool hear(struct cage *cage, int reads)
{
    bool was_made = cage->state == CAGE_MADE;
    struct str why;
    int got = 1;

    str_init(&why, STR_WHY_LIMIT);
    while (reads-- > 0 && got > 0) {
        got = link_read(&cage->link);
        got = cage_handle_all(cage, &why) ? got : -1;
    }
    if (got < 0) {
        lose(cage, why.text);
    } else if (!was_made && cage->state == CAGE_MADE) {
        tell_back(cage);
    }
    str_finish(&why);
    return got >= 0;
}

static void on_ready(void *ctx, int fd, uint32_t ready)
{
    struct cage *cage = ctx;

    (void)fd;
    if (ready & LOOP_WRITE) {
        cage_write(cage);
    }
    hear(cage, 1);
}

/* ---- death ---- */

/* It may have answered before it ended. */
static void on_end(void *ctx, int fd, uint32_t ready)
{
    struct cage *cage = ctx;

    (void)fd;
    (void)ready;
    if (hear(cage, LAST_READS)) {
        lose(cage, "");
    }
}

static void unwatch(struct cage *cage)
{
    if (cage->is_watched) {
        loop_remove(cage_loop(cage), cage->link.fd);
        loop_remove(cage_loop(cage), cage->worker.pid_fd);
    }
    cage->is_watched = false;
    cage->is_to_write = false;
}

/* When the next one is to be there; -1: never. */
static int64_t next_birth(struct cage *cage)
{
    int64_t now = loop_tick_ms(cage_loop(cage));
    int64_t pause = 0;

    if (now - cage->born_ms >= CAGE_SOUND_MS) {
        cage->deaths = 0;
    }
    cage->born_ms = now; /* what fails to be born has not lived long */
    cage->deaths++;
    if (cage->deaths >= CAGE_DEATHS_LIMIT) {
        return -1;
    }
    if (cage->deaths > 1) {
        pause = CAGE_PAUSE_MS << (cage->deaths - 2);
    }
    return now + (pause < CAGE_PAUSE_LIMIT ? pause : CAGE_PAUSE_LIMIT);
}

static void remember(const struct cage *cage)
{
    const struct guest *g = cage->guest;

    deaths_add(g->all->config->host.state, g->module,
               &(struct death){.time_ms = loop_clock_ms(),
                               .kind = g->kind,
                               .name = g->name,
                               .why = cage->why.text,
                               .is_last = cage->is_given_up});
}

/* Ends the process, unless it has ended or never was, and the calls that are
 * open; `reason` is why, "" for what it died of. Later calls wait for the next
 * one. */
static void lose(struct cage *cage, const char *reason)
{
    struct guest *g = cage->guest;
    bool was_to_end = cage->state == CAGE_LEAVING;
    struct log_room room = {0};
    bool is_taken; /* somebody else sees to what comes next */
    int64_t next;

    str_reset(&cage->why);
    str_add_text(&cage->why, reason);
    unwatch(cage);
    loop_timer_clear(cage_loop(cage), &cage->timer);
    link_finish(&cage->link);
    link_init(&cage->link, -1);
    spawn_end(&cage->worker, &cage->why);
    cage->state = CAGE_NONE;
    if (was_to_end) {
        swap_on_ended(g->swap);
        return;
    }
    g->losses++;
    is_taken = g->swap && swap_on_lost(g->swap, cage->why.text);
    next = is_taken ? 0 : next_birth(cage);
    cage->is_given_up = next < 0;
    log_warn("guest", "worker lost kind=%s name=%s deaths=%u next=%s why=%s",
             g->kind, g->name, cage->deaths, next < 0 ? "never" : "soon",
             log_quoted(&room, cage->why.text));
    remember(cage);
    calls_lose(g, cage->why.text);
    if (next < 0) {
        guest_tell_restarted(g); /* whoever asks now hears that it is over */
    } else if (!is_taken) {
        loop_timer_set(cage_loop(cage), &cage->timer, next);
    }
}

void cage_hangs(struct cage *cage)
{
    if (cage->state == CAGE_MAKING || cage->state == CAGE_MADE) {
        lose(cage, "a call was not answered in time");
    }
}

/* ---- birth ---- */

/* CREATE is on its way to it before all that waits. */
static void adopt(struct cage *cage)
{
    struct link link;

    link_init(&link, cage->worker.fd);
    str_add(&link.out, cage->create.text, cage->create.size);
    str_add(&link.out, cage->link.out.text, cage->link.out.size);
    link_finish(&cage->link);
    cage->link = link;
    cage->state = CAGE_MAKING;
}

static bool give_birth(struct cage *cage, struct str *why)
{
    const struct module *m = cage->guest->module;
    int error = spawn_worker(m->fd, m->is_program, &cage->worker);

    if (error) {
        str_addf(why, "cannot start a worker: %s", strerror(error));
        return false;
    }
    adopt(cage);
    cage->born_ms = loop_now_ms(cage_loop(cage));
    return true;
}

static void listen_to(struct cage *cage)
{
    loop_add(cage_loop(cage), cage->worker.pid_fd, LOOP_READ, on_end, cage);
    loop_add(cage_loop(cage), cage->link.fd, LOOP_READ, on_ready, cage);
    cage->is_watched = true;
    cage_write(cage);
}

static void wait_for_it(struct cage *cage)
{
    struct loop *loop = cage_loop(cage);

    listen_to(cage);
    loop_timer_set(loop, &cage->timer, loop_now_ms(loop) + cage->limit_ms);
}

static bool launch(struct cage *cage, struct str *why)
{
    const struct guest_launcher *l = cage->guest->all->launcher;
    char program[PATH_MAX] = "";
    const char *argv[] = {program, "worker", cage->path.text, NULL};
    char *env[SPAWN_ENVIRONMENT];
    bool is_started = false;

    if (!l || readlink("/proc/self/exe", program, sizeof(program) - 1) <= 0) {
        str_add_text(why, "nobody can start what is to survive");
        return false;
    }
    spawn_environment(env);
    is_started = l->start(l->ctx, cage->guest->name, argv,
                          (const char *const *)env, why);
    for (size_t i = 0; env[i]; i++) {
        mem_free(env[i]);
    }
    return is_started;
}

/* Until it listens. */
static void reach(struct cage *cage)
{
    struct loop *loop = cage_loop(cage);
    int64_t now = loop_now_ms(loop);
    int status =
        reach_connect(cage->path.text, cage->guest->module->fd, &cage->worker);
    struct str why;

    if (status == 0) {
        adopt(cage);
        wait_for_it(cage);
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (status != -ENOENT && status != -ECONNREFUSED && status != -EAGAIN) {
        str_addf(&why, "%s: %s", cage->path.text, strerror(-status));
    } else if (now - cage->born_ms > cage->limit_ms) {
        str_add_text(&why, "its process was not to be reached in time");
    } else {
        launch(cage, &why);
    }
    if (why.size > 0) {
        lose(cage, why.text);
    } else {
        loop_timer_set(loop, &cage->timer, now + REACH_PAUSE_MS);
    }
    str_finish(&why);
}

static void be_born(struct cage *cage)
{
    struct str why;

    if (cage->guest->survives) {
        cage->state = CAGE_REACHING;
        cage->born_ms = loop_now_ms(cage_loop(cage));
        reach(cage);
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    if (give_birth(cage, &why)) {
        wait_for_it(cage);
    } else {
        lose(cage, why.text);
    }
    str_finish(&why);
}

static void on_due(void *ctx)
{
    struct cage *cage = ctx;

    if (cage->state == CAGE_NONE) {
        be_born(cage);
    } else if (cage->state == CAGE_REACHING) {
        reach(cage);
    } else if (cage->state == CAGE_MAKING) {
        lose(cage, "create did not return in time");
    } else if (cage->state == CAGE_LEAVING) {
        lose(cage, "");
    }
}

/* ---- life ---- */

static void destroy(struct haft_instance *instance)
{
    cage_close((struct cage *)instance, 5000);
}

/* Until it has said that its instance is there, or not. */
static bool wait_made(struct cage *cage, struct str *why)
{
    int64_t end = loop_tick_ms(cage_loop(cage)) + cage->limit_ms;
    bool is_good = true;

    while (is_good && cage->state == CAGE_MAKING) {
        int got = link_wait(&cage->link, end);

        is_good = cage_handle_all(cage, why) && got >= 0;
        if (is_good && loop_tick_ms(cage_loop(cage)) >= end) {
            str_addf(why, "create did not return within %lld s",
                     (long long)(cage->limit_ms / 1000));
            is_good = false;
        }
    }
    return is_good;
}

static void free_cage(struct cage *cage)
{
    loop_timer_clear(cage_loop(cage), &cage->timer);
    loop_timer_clear(cage_loop(cage), &cage->write_timer);
    link_finish(&cage->link);
    str_finish(&cage->create);
    str_finish(&cage->path);
    str_finish(&cage->why);
    mem_free(cage);
}

static struct cage *new_cage(struct guest *guest,
                             const struct haft_create *with, int64_t limit_ms)
{
    struct cage *cage = mem_new(1, sizeof(*cage));

    cage->guest = guest;
    cage->limit_ms = limit_ms;
    cage->instance = (struct haft_instance){
        .size = sizeof(cage->instance),
        .objects = cage->objects,
        .destroy = destroy,
    };
    loop_timer_init(&cage->timer, on_due, cage);
    loop_timer_init(&cage->write_timer, cage_write, cage);
    str_init(&cage->path, SIZE_MAX);
    str_init(&cage->why, STR_WHY_LIMIT);
    link_init(&cage->link, -1);
    cage_fill_create(cage, with);
    return cage;
}

static bool is_quarantined(const struct guest *guest, struct str *why)
{
    return deaths_are_enough(guest->all->config->host.state, guest->module,
                             why);
}

bool cage_open(struct guest *guest, const struct haft_create *with,
               int64_t limit_ms, struct haft_instance **instance,
               struct str *why)
{
    struct cage *cage;

    if (is_quarantined(guest, why)) {
        return false;
    }
    cage = new_cage(guest, with, limit_ms);
    if (!give_birth(cage, why) || !wait_made(cage, why)) {
        spawn_end(&cage->worker, why);
        free_cage(cage);
        return false;
    }
    listen_to(cage);
    guest->cage = cage;
    *instance = &cage->instance;
    return true;
}

/* Absolute: a worker lives in the root folder. */
static void add_folder(const char *state, struct str *path)
{
    char *here = state[0] == '/' ? NULL : getcwd(NULL, 0);

    if (here) {
        str_addf(path, "%s/", here);
    }
    str_addf(path, "%s/workers", state);
    free(here);
}

static void find_place(struct cage *cage)
{
    add_folder(cage->guest->all->config->host.state, &cage->path);
    file_make_folders(cage->path.text); /* what fails is told by the worker */
    str_addf(&cage->path, "/%s", cage->guest->name);
}

bool cage_begin(struct guest *guest, const struct haft_create *with,
                int64_t limit_ms, struct str *why)
{
    if (is_quarantined(guest, why)) {
        return false;
    }
    guest->cage = new_cage(guest, with, limit_ms);
    if (guest->survives) {
        find_place(guest->cage);
    }
    be_born(guest->cage);
    return true;
}

bool cage_leave(struct cage *cage, int64_t limit_ms)
{
    struct loop *loop = cage_loop(cage);
    bool is_there = cage->state == CAGE_MADE || cage->state == CAGE_MAKING;

    loop_timer_clear(loop, &cage->timer);
    cage->state = is_there ? CAGE_LEAVING : CAGE_NONE;
    if (is_there) {
        link_put(&cage->link, FRAME_DESTROY, NULL, NULL);
        loop_timer_set(loop, &cage->timer, loop_now_ms(loop) + limit_ms);
        cage_write(cage);
    }
    return is_there;
}

/* Whether it goes on without us. */
static bool is_left(const struct cage *cage)
{
    const struct guest_launcher *l = cage->guest->all->launcher;

    return cage->guest->survives && l && l->is_busy(l->ctx, cage->guest->name);
}

void cage_close(struct cage *cage, int64_t limit_ms)
{
    int64_t end = loop_tick_ms(cage_loop(cage)) + limit_ms;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    unwatch(cage);
    if (is_left(cage)) {
        link_write(&cage->link);
        spawn_leave(&cage->worker);
    } else if (cage->link.fd >= 0 &&
               link_put(&cage->link, FRAME_DESTROY, NULL, NULL)) {
        /* What it still asks is answered: it may wait for that. */
        while (link_wait(&cage->link, end) > 0 && cage_handle_all(cage, &why) &&
               loop_tick_ms(cage_loop(cage)) < end) {
        }
    }
    spawn_end(&cage->worker, &why);
    str_finish(&why);
    cage->guest->cage = NULL;
    free_cage(cage);
}

void cage_pardon(struct cage *cage)
{
    if (cage->is_given_up) {
        cage->is_given_up = false;
        cage->deaths = 0;
        be_born(cage);
    }
}

struct cage_facts cage_look(const struct cage *cage)
{
    return (struct cage_facts){
        .pid = (int)cage->worker.pid,
        .deaths = cage->deaths,
        .fences = cage->fences,
        .is_given_up = cage->is_given_up,
        .why = cage->why.text,
    };
}
