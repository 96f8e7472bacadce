#include "host/guest/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/guest/wire.h"

#define HEAD 8 /* length of what follows the head, and type */
#define READ_SIZE 65536u
#define KEPT_ROOM (1u << 20) /* what was longer gives its memory back */

/* ---- tables ---- */

HAFT_TABLE struct haft_field value_fields[] = {
    {"key", HAFT_BYTES, offsetof(struct haft_value, key), NULL},
    {"type", HAFT_U32, offsetof(struct haft_value, type), NULL},
    {"is_set", HAFT_U32, offsetof(struct haft_value, is_set), NULL},
    {"number", HAFT_I64, offsetof(struct haft_value, number), NULL},
    {"text", HAFT_BYTES, offsetof(struct haft_value, text), NULL},
};

static const struct haft_record value_record = {
    "haft_value",
    sizeof(struct haft_value),
    sizeof(struct haft_value),
    sizeof(value_fields) / sizeof(value_fields[0]),
    sizeof(struct haft_field),
    value_fields,
};

HAFT_TABLE struct haft_field haft_create_fields[] = {
    HAFT_ROW_SIZE(haft_create),
    HAFT_ROW_PAD(haft_create, _0),
    HAFT_ROW_BYTES(haft_create, name),
    HAFT_ROW_ARRAY(haft_create, values, &value_record),
};

const struct haft_record frame_with_record = {
    "haft_create",
    sizeof(struct haft_create),
    sizeof(struct haft_create),
    sizeof(haft_create_fields) / sizeof(haft_create_fields[0]),
    sizeof(struct haft_field),
    haft_create_fields,
};

HAFT_TABLE struct haft_field frame_create_fields[] = {
    HAFT_ROW_SIZE(frame_create),
    HAFT_ROW_U32(frame_create, abi),
    HAFT_ROW_BYTES(frame_create, kind),
    HAFT_ROW_BYTES(frame_create, plugin),
    HAFT_ROW_BYTES(frame_create, name),
    HAFT_ROW_BYTES(frame_create, module),
    HAFT_ROW_ARRAY(frame_create, values, &value_record),
    HAFT_ROW_U32(frame_create, log_level),
    HAFT_ROW_U32(frame_create, log_format),
    HAFT_ROW_U32(frame_create, is_trial),
    HAFT_ROW_PAD(frame_create, _0),
};

HAFT_TABLE struct haft_field frame_object_fields[] = {
    HAFT_ROW_BYTES(frame_object, interface),
    HAFT_ROW_U32(frame_object, count),
    HAFT_ROW_PAD(frame_object, _0),
};

HAFT_RECORD(frame_object, 24);

HAFT_TABLE struct haft_field frame_created_fields[] = {
    HAFT_ROW_SIZE(frame_created),
    HAFT_ROW_I32(frame_created, status),
    HAFT_ROW_ARRAY(frame_created, objects, &frame_object_record),
    HAFT_ROW_BYTES(frame_created, reason),
    HAFT_ROW_U32(frame_created, fences),
    HAFT_ROW_PAD(frame_created, _0),
};

HAFT_TABLE struct haft_field frame_call_fields[] = {
    HAFT_ROW_SIZE(frame_call),
    HAFT_ROW_U32(frame_call, method),
    HAFT_ROW_U64(frame_call, id),
    HAFT_ROW_I64(frame_call, deadline_ms),
    HAFT_ROW_U64(frame_call, trace_hi),
    HAFT_ROW_U64(frame_call, trace_lo),
    HAFT_ROW_BYTES(frame_call, interface),
    HAFT_ROW_BYTES(frame_call, in),
};

HAFT_TABLE struct haft_field frame_done_fields[] = {
    HAFT_ROW_SIZE(frame_done),         HAFT_ROW_I32(frame_done, status),
    HAFT_ROW_U64(frame_done, id),      HAFT_ROW_BYTES(frame_done, out),
    HAFT_ROW_BYTES(frame_done, fault),
};

#define RECORD(T)                                                              \
    const struct haft_record T##_record = {                                    \
        #T,                                                                    \
        sizeof(struct T),                                                      \
        sizeof(struct T),                                                      \
        sizeof(T##_fields) / sizeof(T##_fields[0]),                            \
        sizeof(struct haft_field),                                             \
        T##_fields,                                                            \
    }

RECORD(frame_create);
RECORD(frame_created);
RECORD(frame_call);
RECORD(frame_done);

/* ---- a link ---- */

void link_init(struct link *link, int fd)
{
    *link = (struct link){.fd = fd};
    str_init(&link->in, 2 * (size_t)FRAME_LIMIT);
    str_init(&link->out, FRAME_LIMIT);
}

void link_finish(struct link *link)
{
    if (link->fd >= 0) {
        close(link->fd);
    }
    link->fd = -1;
    str_finish(&link->in);
    str_finish(&link->out);
}

static void put_u32(char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (char)(value >> (8 * i));
    }
}

static uint32_t get_u32(const char *at)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        value |= (uint32_t)(unsigned char)at[i] << (8 * i);
    }
    return value;
}

bool link_put(struct link *link, uint32_t type,
              const struct haft_record *record, const void *message)
{
    size_t before = link->out.size;
    char head[HEAD];

    put_u32(head + 4, type);
    str_add(&link->out, head, sizeof(head));
    if (record) {
        wire_encode(record, message, &link->out);
    }
    if (link->out.is_cut) {
        str_shorten(&link->out, before);
        link->out.is_cut = false;
        return false;
    }
    put_u32(link->out.text + before,
            (uint32_t)(link->out.size - before - HEAD));
    return true;
}

/* What was long gives its memory back once it is over. */
static void shed(struct str *s, size_t *at)
{
    size_t limit = s->limit;

    str_shed(s, at);
    if (s->size == 0 && s->room > KEPT_ROOM) {
        str_finish(s);
        str_init(s, limit);
    }
}

int link_read(struct link *link)
{
    char bytes[READ_SIZE];
    ssize_t n;

    do {
        n = recv(link->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
    if (n == 0) {
        return -1;
    }
    shed(&link->in, &link->in_at);
    str_add(&link->in, bytes, (size_t)n);
    return link->in.is_cut ? -1 : 1;
}

int link_take(struct link *link, struct frame *frame)
{
    size_t left = link->in.size - link->in_at;
    const char *at = link->in.text + link->in_at;
    uint32_t size;

    if (left < HEAD) {
        return 0;
    }
    size = get_u32(at);
    if (size > FRAME_LIMIT) {
        return -1;
    }
    if (left - HEAD < size) {
        return 0;
    }
    *frame = (struct frame){get_u32(at + 4), at + HEAD, size};
    link->in_at += HEAD + size;
    return 1;
}

int link_write(struct link *link)
{
    while (link->out_at < link->out.size) {
        ssize_t n =
            send(link->fd, link->out.text + link->out_at,
                 link->out.size - link->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            shed(&link->out, &link->out_at);
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        link->out_at += n > 0 ? (size_t)n : 0;
    }
    shed(&link->out, &link->out_at);
    return 1;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int link_wait(struct link *link, int64_t deadline_ms)
{
    for (;;) {
        int written = link_write(link);
        int got = written < 0 ? -1 : link_read(link);
        struct pollfd ready = {.fd = link->fd, .events = POLLIN};
        int64_t left = deadline_ms == INT64_MAX ? 1000 : deadline_ms - now_ms();

        if (got != 0 || left <= 0) {
            return got;
        }
        ready.events |= written ? 0 : POLLOUT;
        poll(&ready, 1, left > 1000 ? 1000 : (int)left);
    }
}
