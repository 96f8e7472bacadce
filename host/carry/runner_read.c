#include <errno.h>

#include "host/carry/runner_inside.h"
#include "host/plain/mem.h"

struct wanted {
    struct runner *runner;
    runner_log done;
    void *ctx;
    uint64_t offset;
    size_t limit;
    int status;
    struct str bytes; /* of the file */
    uint64_t end;
    bool is_complete;
};

static void end_wanted(struct wanted *w)
{
    str_finish(&w->bytes);
    mem_free(w);
}

static void give_file(void *ctx)
{
    struct wanted *w = ctx;

    w->done(w->ctx, w->status, w->bytes.text, w->bytes.size, w->end,
            w->is_complete);
    end_wanted(w);
}

static void give_folded(void *ctx, haft_status status, const void *out,
                        const struct haft_fault *fault)
{
    const struct haft_storage_get_out *get = out;
    struct wanted *w = ctx;
    const char *bytes = "";
    size_t size = 0;

    (void)fault;
    if (status == HAFT_OK && !get->is_found) {
        status = w->is_complete ? -HAFT_NOT_FOUND : HAFT_OK;
    } else if (status == HAFT_OK) {
        w->end = get->value.n;
        if (w->offset < w->end) {
            bytes = (const char *)get->value.p + w->offset;
            size = (size_t)(w->end - w->offset);
            size = size < w->limit ? size : w->limit;
        }
    }
    w->done(w->ctx, status, bytes, size, w->end, w->is_complete);
    end_wanted(w);
}

/* Whether the attempt may still write: it is its task's last, and open. */
static bool is_open(const struct runner *r, const struct logs_of *of)
{
    uint32_t run = core_find_run(r->core, of->run);
    uint32_t task;
    struct task room;
    const struct task *t;

    if (run == CORE_NONE) {
        return false;
    }
    task = core_find_task(r->core, run, of->task);
    if (task == CORE_NONE) {
        return false;
    }
    t = core_task(r->core, run, task, &room);
    return t->fence == of->try &&
           (t->state == TASK_HANDED || t->state == TASK_RUNNING);
}

void runner_read_log(struct runner *r, const struct logs_of *of,
                     const struct logs_range *range, runner_log done, void *ctx)
{
    struct wanted *w = mem_new(1, sizeof(*w));
    struct str key;
    int status;

    *w = (struct wanted){.runner = r,
                         .done = done,
                         .ctx = ctx,
                         .offset = range->offset,
                         .limit = range->limit,
                         .is_complete = !is_open(r, of)};
    str_init(&w->bytes, range->limit);
    status = logs_read(&r->logs, of, range, &w->bytes, &w->end);
    if (status != -ENOENT) {
        w->status = status ? -HAFT_RESOURCE : HAFT_OK;
        loop_post(r->loop, give_file, w);
        return;
    }
    str_init(&key, HAFT_STORAGE_KEY_LIMIT);
    logs_add_key(&key, of, range->file);
    journal_get(r->journal, key.text, give_folded, w);
    str_finish(&key);
}
