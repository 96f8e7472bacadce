#include "host/guest/trial.h"

#include <string.h>

#include "host/base/log.h"
#include "host/guest/frame.h"
#include "host/guest/scratch.h"
#include "host/guest/spawn.h"
#include "host/guest/wire.h"
#include "host/plain/mem.h"

#define TRIAL_LIMIT_MS 10000

struct trial {
    struct loop *loop;
    struct spawned worker;
    struct link link;
    struct loop_timer timer;
    trial_done done;
    void *ctx;
};

void trial_stop(struct trial *t)
{
    struct str why;

    str_init(&why, 0);
    loop_timer_clear(t->loop, &t->timer);
    loop_remove(t->loop, t->link.fd);
    spawn_end(&t->worker, &why);
    link_finish(&t->link);
    str_finish(&why);
    mem_free(t);
}

/* `reason` "": what its process died of. */
static void end(struct trial *t, bool is_good, const char *reason)
{
    trial_done done = t->done;
    void *ctx = t->ctx;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    str_add_text(&why, reason);
    if (!is_good) {
        spawn_end(&t->worker, &why);
    }
    trial_stop(t);
    done(ctx, why.text);
    str_finish(&why);
}

static void on_late(void *ctx)
{
    end(ctx, false, "loading it did not return in time");
}

static void take(struct trial *t, const struct frame *frame)
{
    const struct frame_created *m = NULL;
    struct scratch mem;
    struct str why;

    scratch_init(&mem);
    str_init(&why, STR_WHY_LIMIT);
    if (frame->type == FRAME_CREATED) {
        m = wire_decode(&mem, &frame_created_record, frame->body, frame->size,
                        &why);
    }
    if (m && m->status != HAFT_OK) {
        str_add(&why, m->reason.p, m->reason.n);
    }
    if (why.size == 0 && (!m || m->status != HAFT_OK)) {
        str_add_text(&why, "its process answered what is none");
    }
    end(t, why.size == 0, why.text);
    str_finish(&why);
    scratch_finish(&mem);
}

static void on_ready(void *ctx, int fd, uint32_t ready)
{
    struct trial *t = ctx;
    struct frame frame;
    int got = link_read(&t->link);
    int taken = link_take(&t->link, &frame);

    (void)fd;
    (void)ready;
    if (taken > 0) {
        take(t, &frame);
    } else if (got < 0 || taken < 0) {
        end(t, false, "");
    }
}

/* It is so short that the socket takes it at once. */
static void ask(struct trial *t, const struct module *m)
{
    const struct frame_create create = {
        .size = sizeof(create),
        .abi = HAFT_ABI,
        .module = {m->file, strlen(m->file)},
        .log_level = (uint32_t)log_get_level(),
        .log_format = (uint32_t)log_get_format(),
        .is_trial = 1,
    };

    link_put(&t->link, FRAME_CREATE, &frame_create_record, &create);
    link_write(&t->link);
}

struct trial *trial_begin(struct loop *loop, const struct module *m,
                          trial_done done, void *ctx, struct str *why)
{
    struct trial *t = mem_new(1, sizeof(*t));
    int error = spawn_worker(m->fd, false, &t->worker);

    if (error) {
        str_addf(why, "cannot start a worker: %s", strerror(error));
        mem_free(t);
        return NULL;
    }
    t->loop = loop;
    t->done = done;
    t->ctx = ctx;
    link_init(&t->link, t->worker.fd);
    loop_timer_init(&t->timer, on_late, t);
    loop_timer_set(loop, &t->timer, loop_now_ms(loop) + TRIAL_LIMIT_MS);
    loop_add(loop, t->link.fd, LOOP_READ, on_ready, t);
    ask(t, m);
    return t;
}
