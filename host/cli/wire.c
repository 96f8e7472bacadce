#include "host/cli/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/door/socket.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

#define READ_PIECE (64u * 1024)

struct question {
    int64_t id;
    struct op_answer answer;
    struct question *next;
};

struct wire_client {
    struct loop *loop;
    int fd;
    struct str in;
    struct str out;
    size_t sent;
    int64_t last_id;
    struct question *questions;
    struct str why; /* empty: the link is up */
};

static void go_down(struct wire_client *w, const char *why)
{
    if (w->why.size == 0) {
        str_add_text(&w->why, why);
        loop_change(w->loop, w->fd, 0);
    }
}

const char *wire_client_why(const struct wire_client *w)
{
    return w->why.size ? w->why.text : NULL;
}

/* ---- writing ---- */

static void flush(struct wire_client *w)
{
    while (w->sent < w->out.size) {
        ssize_t n = send(w->fd, w->out.text + w->sent, w->out.size - w->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            loop_change(w->loop, w->fd, LOOP_READ | LOOP_WRITE);
            return;
        }
        if (n < 0) {
            return; /* the reading side says why */
        }
        w->sent += (size_t)n;
    }
    str_reset(&w->out);
    w->sent = 0;
    loop_change(w->loop, w->fd, LOOP_READ);
}

void wire_client_ask(struct wire_client *w, const char *op, cJSON *params,
                     const struct op_answer *answer)
{
    struct question *q = mem_new(1, sizeof(*q));

    q->id = ++w->last_id;
    q->answer = *answer;
    q->next = w->questions;
    w->questions = q;
    json_open(&w->out, '{');
    json_put_int(&w->out, "v", 1);
    json_put_int(&w->out, "id", q->id);
    json_put_text(&w->out, "op", op);
    if (params) {
        json_key(&w->out, "params");
        json_value(&w->out, params);
        cJSON_Delete(params);
    }
    json_close(&w->out, '}');
    str_add_char(&w->out, '\n');
    flush(w);
}

/* ---- reading ---- */

static struct question *take(struct wire_client *w, int64_t id, bool is_last)
{
    struct question **at = &w->questions;
    struct question *q;

    while (*at && (*at)->id != id) {
        at = &(*at)->next;
    }
    q = *at;
    if (q && is_last) {
        *at = q->next;
    }
    return q;
}

static void answer_error(const struct op_answer *answer, const cJSON *error)
{
    const char *name = json_get_text(error, "class", "");
    uint32_t fault_class = fault_class_of(name);
    const struct fault fault = {.fault_class =
                                    fault_class ? fault_class : HAFT_INTERNAL,
                                .code = json_get_text(error, "code", ""),
                                .message = json_get_text(error, "message", "")};

    answer->error(answer->ctx, &fault);
}

static void answer_json(void (*say)(void *, const char *, size_t), void *ctx,
                        const cJSON *value)
{
    struct str out;

    str_init(&out, SOCKET_BACKLOG_LIMIT);
    json_value(&out, value);
    say(ctx, out.text, out.size);
    str_finish(&out);
}

static void take_answer(struct wire_client *w, const cJSON *line)
{
    const cJSON *event = json_get(line, "event");
    const cJSON *error = json_get(line, "error");
    const cJSON *result = json_get(line, "result");
    int64_t id = json_get_int(line, "id", 0);
    struct question *q = take(w, id, !event);

    if (id == 0 && error) {
        go_down(w, json_get_text(error, "message", "refused"));
    } else if (q && event) {
        answer_json(q->answer.event, q->answer.ctx, event);
    } else if (q) {
        struct op_answer answer = q->answer;

        mem_free(q);
        if (error) {
            answer_error(&answer, error);
        } else {
            answer_json(answer.result, answer.ctx, result);
        }
    }
}

static void take_lines(struct wire_client *w, size_t searched)
{
    size_t from = 0;

    for (;;) {
        char *start = w->in.text + from;
        char *end =
            memchr(start + searched, '\n', w->in.size - from - searched);
        struct str why;
        cJSON *line;

        if (!end) {
            break;
        }
        str_init(&why, STR_WHY_LIMIT);
        line = json_read(start, (size_t)(end - start), &why);
        str_finish(&why);
        if (!line) {
            go_down(w, "the host sent a line that is no JSON");
            return;
        }
        take_answer(w, line);
        cJSON_Delete(line);
        from = (size_t)(end - w->in.text) + 1;
        searched = 0;
    }
    memmove(w->in.text, w->in.text + from, w->in.size - from);
    str_shorten(&w->in, w->in.size - from);
}

static void on_ready(void *ctx, int fd, uint32_t ready)
{
    struct wire_client *w = ctx;
    char piece[READ_PIECE];
    ssize_t n;

    if (ready & LOOP_WRITE) {
        flush(w);
    }
    if (!(ready & (LOOP_READ | LOOP_HANGUP))) {
        return;
    }
    n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
    if (n > 0) {
        size_t searched = w->in.size;

        str_add(&w->in, piece, (size_t)n);
        take_lines(w, searched);
    } else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        go_down(w, "the host has closed the connection");
    }
}

struct wire_client *wire_client_create(struct loop *loop, int fd)
{
    struct wire_client *w = mem_new(1, sizeof(*w));

    w->loop = loop;
    w->fd = fd;
    str_init(&w->in, SOCKET_BACKLOG_LIMIT);
    str_init(&w->out, SOCKET_LINE_LIMIT);
    str_init(&w->why, STR_WHY_LIMIT);
    loop_add(loop, fd, LOOP_READ, on_ready, w);
    return w;
}

void wire_client_destroy(struct wire_client *w)
{
    if (!w) {
        return;
    }
    while (w->questions) {
        struct question *next = w->questions->next;

        mem_free(w->questions);
        w->questions = next;
    }
    loop_remove(w->loop, w->fd);
    close(w->fd);
    str_finish(&w->in);
    str_finish(&w->out);
    str_finish(&w->why);
    mem_free(w);
}
