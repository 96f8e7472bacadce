/* task.get, task.log, task.resolve. */
#include <stdio.h>
#include <string.h>

#include "host/base/loop.h"
#include "host/door/handlers.h"
#include "host/plain/json.h"

#define LOG_PIECE (64u * 1024) /* bytes of one event of task.log */
#define LOG_POLL_MS 200        /* how often a followed log is looked at */

/* ---- task.get ---- */

static void got_task(struct op_call *call)
{
    if (!call->tree) {
        call_fail(call, HAFT_NOT_FOUND, "host.task_unknown",
                  "run %s has no task \"%.80s\" that has left waiting",
                  call->run, call_text(call, "task"));
        return;
    }
    cJSON_AddStringToObject(call->tree, "name", call_text(call, "task"));
    call_tree(call, call->tree);
}

static void get_task(struct op_call *call)
{
    char key[256];

    snprintf(key, sizeof(key), "t/%s/%.160s", call->run,
             call_text(call, "task"));
    call_get(call, key, got_task);
}

static const struct op_param get_params[] = {
    {"run", "string", true, "id of the run, its beginning, or last"},
    {"task", "string", true, "name of the task; an item is TASK[n]"},
    {0},
};

const struct op op_task_get = {
    .name = "task.get",
    .summary = "show one task of a run",
    .access = OP_READ | OP_IDEMPOTENT,
    .params = get_params,
    .result = "the task: state, attempt, times, fault, outputs",
    .go = get_task,
};

/* ---- task.log ---- */

static void read_log(void *ctx);

static void send_piece(struct op_call *call, const void *bytes, size_t size)
{
    struct str out;

    str_init(&out, LOG_PIECE * 8);
    json_open(&out, '{');
    json_put_text(&out, "task", call_text(call, "task"));
    json_put_int(&out, "stream", call_int(call, "stream", 1));
    json_put_int(&out, "try", call->try);
    json_put_int(&out, "offset", (int64_t)call->offset);
    json_put_int(&out, "size", (int64_t)size);
    json_key(&out, "text");
    json_text(&out, bytes, size);
    json_close(&out, '}');
    call_event(call, out.text, out.size);
    str_finish(&out);
}

/* Where the last whole UTF-8 character of a piece ends, so that no character
 * is cut in two between pieces. */
static size_t whole(const unsigned char *bytes, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char c = bytes[size - back];

        if (c >= 0xc0) {
            size_t need = 2 + (c >= 0xe0) + (c >= 0xf0);

            return need > back ? size - back : size;
        }
        if (c < 0x80) {
            return size;
        }
    }
    return size;
}

/* Who follows a task, and not one attempt of it, goes on with the next. */
static bool follow_next(struct op_call *call, const struct runner_piece *piece)
{
    if (!call_bool(call, "follow") || call_int(call, "try", 0) ||
        call->is_dropped || !piece->is_complete ||
        piece->try >= piece->newest) {
        return false;
    }
    call->try = piece->try + 1;
    call->offset = 0;
    read_log(call);
    return true;
}

static void on_log(void *ctx, const struct runner_piece *piece)
{
    struct op_call *call = ctx;
    bool is_last =
        piece->is_complete && call->offset + piece->size == piece->end;
    size_t use = is_last ? piece->size : whole(piece->bytes, piece->size);

    if (piece->status < 0 && piece->status != -HAFT_NOT_FOUND) {
        call_fail(call, (uint32_t)-piece->status, "host.log_unreadable",
                  "the log of task %.80s of run %s cannot be read",
                  call_text(call, "task"), call->run);
        return;
    }
    call->try = piece->try;
    if (use) {
        send_piece(call, piece->bytes, use);
        call->offset += use;
    }
    if (use && call->offset < piece->end && !call->is_dropped) {
        read_log(call);
    } else if (follow_next(call, piece)) {
        return;
    } else if (piece->is_complete || !call_bool(call, "follow") ||
               call->is_dropped) {
        char json[64];
        int length = snprintf(json, sizeof(json), "{\"end\":%llu}",
                              (unsigned long long)call->offset);

        call_result(call, json, (size_t)length);
    } else {
        const struct ops_options *host = call_host(call);

        loop_timer_set(host->loop, &call->timer,
                       loop_now_ms(host->loop) + LOG_POLL_MS);
    }
}

static void read_log(void *ctx)
{
    struct op_call *call = ctx;
    const struct runner_log log = {
        .run = call->run,
        .task = call_text(call, "task"),
        .try = call->try,
        .stream = (uint32_t)call_int(call, "stream", 1),
        .offset = call->offset,
        .limit = LOG_PIECE,
    };

    runner_read_log(call_host(call)->runner, &log, on_log, call);
}

static void found_task(struct op_call *call)
{
    int64_t try = call_int(call, "try", 0);

    if (!call->tree || try < 0 || try > json_get_int(call->tree, "fence", 0)) {
        call_fail(call, HAFT_NOT_FOUND, "host.log_missing",
                  "task %.80s of run %s has had no such attempt",
                  call_text(call, "task"), call->run);
        return;
    }
    loop_timer_init(&call->timer, read_log, call);
    call->is_timed = call_bool(call, "follow");
    call->offset = (uint64_t)call_int(call, "offset", 0);
    call->try = (uint32_t)try;
    read_log(call);
}

static void begin_log(struct op_call *call)
{
    int64_t stream = call_int(call, "stream", 1);
    char key[256];

    if (stream != 1 && stream != 2) {
        call_fail(call, HAFT_INVALID, "host.params_invalid",
                  "stream is 1 (standard output) or 2 (standard error)");
        return;
    }
    snprintf(key, sizeof(key), "t/%s/%.160s", call->run,
             call_text(call, "task"));
    call_get(call, key, found_task);
}

static const struct op_param log_params[] = {
    {"run", "string", true, "id of the run, its beginning, or last"},
    {"task", "string", true, "name of the task; an item is TASK[n]"},
    {"try", "integer", false, "which attempt, from 1; default: the last"},
    {"stream", "integer", false, "1 standard output, 2 standard error"},
    {"offset", "integer", false, "bytes to leave out"},
    {"follow", "boolean", false,
     "go on until the attempt has ended; without try, the task"},
    {0},
};

const struct op op_task_log = {
    .name = "task.log",
    .summary = "show what a task wrote",
    .access = OP_READ | OP_IDEMPOTENT | OP_STREAM,
    .params = log_params,
    .result = "pieces {task, stream, try, offset, size, text}, then {end}",
    .go = begin_log,
};

/* ---- task.resolve ---- */

static void resolved(struct op_call *call, int status)
{
    if (status < 0) {
        call_fail(call, (uint32_t)-status, "host.task_not_held",
                  "task %.80s of run %s is not held; only a held task can be "
                  "resolved",
                  call_text(call, "task"), call->run);
        return;
    }
    call_result(call, "{}", 2);
}

static void resolve_task(struct op_call *call)
{
    static const char *const ways[] = {"success", "failed", "skip"};
    const char *as = call_text(call, "as");
    uint32_t run = core_find_run(call_core(call), call->run);
    uint32_t task = CORE_NONE;

    if (run != CORE_NONE) {
        task = core_find_task(call_core(call), run, call_text(call, "task"));
    }
    if (task == CORE_NONE) {
        call_fail(call, HAFT_NOT_FOUND, "host.task_unknown",
                  "run %s has no live task \"%.80s\"", call->run,
                  call_text(call, "task"));
        return;
    }
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(as, ways[i]) == 0) {
            core_ask_resolve(call_core(call), call_ask(call, resolved), run,
                             task, (enum core_resolution)i);
            return;
        }
    }
    call_fail(call, HAFT_INVALID, "host.params_invalid",
              "as is one of success, failed, skip");
}

static const struct op_param resolve_params[] = {
    {"run", "string", true, "id of the run, its beginning, or last"},
    {"task", "string", true, "name of the held task"},
    {"as", "string", true, "success, failed or skip"},
    {0},
};

const struct op op_task_resolve = {
    .name = "task.resolve",
    .summary = "end the hold of a task whose outcome nobody knows",
    .access = OP_WRITE,
    .params = resolve_params,
    .result = "nothing",
    .go = resolve_task,
};
