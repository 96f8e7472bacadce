#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/carry/flat.h"
#include "host/carry/runner_inside.h"
#include "host/plain/mem.h"

/* Somebody wants a piece of a log. */
struct wanted {
    struct runner *runner;
    char *run;
    char *task;
    struct logs_of of;
    struct logs_range range;
    runner_piece_fn done;
    void *ctx;
    struct runner_piece piece;
    struct str bytes; /* of the file */
};

static void give(struct wanted *w)
{
    w->piece.try = (uint32_t)w->of.try;
    w->done(w->ctx, &w->piece);
    str_finish(&w->bytes);
    mem_free(w->run);
    mem_free(w->task);
    mem_free(w);
}

static void give_later(void *ctx)
{
    give(ctx);
}

static void on_folded(void *ctx, haft_status status, const void *out,
                      const struct haft_fault *fault)
{
    const struct haft_storage_get_out *get = out;
    struct wanted *w = ctx;
    struct runner_piece *piece = &w->piece;

    (void)fault;
    piece->status = status;
    if (status == HAFT_OK && !get->is_found) {
        piece->status = piece->is_complete ? -HAFT_NOT_FOUND : HAFT_OK;
    } else if (status == HAFT_OK) {
        piece->end = get->value.n;
        if (w->range.offset < piece->end) {
            piece->bytes = (const char *)get->value.p + w->range.offset;
            piece->size = (size_t)(piece->end - w->range.offset);
            piece->size =
                piece->size < w->range.limit ? piece->size : w->range.limit;
        }
    }
    give(w);
}

static void ask_folded(struct wanted *w)
{
    struct str key;

    str_init(&key, HAFT_STORAGE_KEY_LIMIT);
    logs_add_key(&key, &w->of, w->range.file);
    journal_get(w->runner->journal, key.text, on_folded, w);
    str_finish(&key);
}

/* The file, if there is one. `is_inside`: not from a callback, so the answer
 * waits for the next turn. */
static void read_now(struct wanted *w, bool is_inside)
{
    struct runner_piece *piece = &w->piece;
    int status =
        logs_read(&w->runner->logs, &w->of, &w->range, &w->bytes, &piece->end);

    if (status == -ENOENT) {
        ask_folded(w);
        return;
    }
    piece->status = status ? -HAFT_RESOURCE : HAFT_OK;
    piece->bytes = w->bytes.text;
    piece->size = w->bytes.size;
    if (is_inside) {
        loop_post(w->runner->loop, give_later, w);
    } else {
        give(w);
    }
}

/* The record of a task that has left the core says how many there were. */
static void on_task(void *ctx, haft_status status, const void *out,
                    const struct haft_fault *fault)
{
    const struct haft_storage_get_out *get = out;
    struct wanted *w = ctx;
    struct flat_member m;
    struct flat f;
    uint64_t fence = 0;

    (void)fault;
    if (status == HAFT_OK && get->is_found && get->value.n > 1) {
        flat_start(&f, (const char *)get->value.p + 1, get->value.n - 1);
        while (flat_next(&f, &m)) {
            if (flat_is(&m, "fence") && !flat_number(&m, &fence)) {
                fence = 0;
            }
        }
    }
    w->piece.newest = (uint32_t)fence;
    if (w->of.try == 0) {
        w->of.try = fence;
    }
    if (w->of.try == 0) {
        w->piece.status = status == HAFT_OK ? -HAFT_NOT_FOUND : status;
        give(w);
        return;
    }
    read_now(w, false);
}

static void ask_task(struct wanted *w)
{
    char key[HAFT_STORAGE_KEY_LIMIT];

    snprintf(key, sizeof(key), "t/%s/%s", w->run, w->task);
    journal_get(w->runner->journal, key, on_task, w);
}

/* False: the task has left the core. Its attempt may still write if it is the
 * last one, and open. */
static bool look(struct wanted *w)
{
    const struct core *core = w->runner->core;
    uint32_t run = core ? core_find_run(core, w->run) : CORE_NONE;
    uint32_t task =
        run == CORE_NONE ? CORE_NONE : core_find_task(core, run, w->task);
    struct task room;
    const struct task *t;

    w->piece.is_complete = true;
    if (task == CORE_NONE) {
        return false;
    }
    t = core_task(core, run, task, &room);
    if (w->of.try == 0) {
        w->of.try = t->fence;
    }
    w->piece.newest = (uint32_t)t->fence;
    w->piece.is_complete =
        w->of.try != t->fence || task_state_is_ended(t->state);
    return true;
}

void runner_read_log(struct runner *r, const struct runner_log *log,
                     runner_piece_fn done, void *ctx)
{
    struct wanted *w = mem_new(1, sizeof(*w));

    w->runner = r;
    w->run = mem_text(log->run, strlen(log->run));
    w->task = mem_text(log->task, strlen(log->task));
    w->of = (struct logs_of){w->run, w->task, log->try};
    w->range = (struct logs_range){log->stream == 2 ? LOGS_ERR : LOGS_OUT,
                                   log->offset, log->limit};
    w->done = done;
    w->ctx = ctx;
    w->piece.bytes = "";
    str_init(&w->bytes, log->limit);
    if (!look(w)) {
        ask_task(w);
    } else if (w->of.try) {
        read_now(w, true);
    } else {
        w->piece.status = HAFT_OK; /* it has not begun */
        loop_post(r->loop, give_later, w);
    }
}
