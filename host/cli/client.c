#include "host/cli/client.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/cli/wire.h"
#include "host/door/socket.h"
#include "host/host.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

#define OWNER_PAUSE_MS 25
#define OWNER_TRIES 400 /* ten seconds: a large store takes a while */

struct client {
    struct host *host; /* NULL: over `wire` */
    struct wire_client *wire;
    struct loop *loop; /* the host's, or its own */
    struct str why;
    struct str principal; /* of a question to the host in this process */

    /* Of client_call. */
    struct client_listener listener;
    cJSON *result;
    struct fault fault;
    struct str code;
    struct str message;
    bool is_answered;
};

/* ---- opening ---- */

static bool open_wire(struct client *c, int fd)
{
    c->loop = loop_create();
    if (!c->loop) {
        close(fd);
        str_addf(&c->why, "no event loop: %s", strerror(errno));
        return false;
    }
    c->wire = wire_client_create(c->loop, fd);
    return true;
}

/* Becomes the owner or a reader, unless there is an owner. */
static enum host_found open_host(struct client *c, const struct config *config,
                                 enum client_mode mode)
{
    enum host_part part = mode == CLIENT_RUN ? HOST_OWNER : HOST_PASSIVE;
    enum host_found found = host_open(config, part, &c->host, &c->why);

    if (found != HOST_OPENED) {
        return found;
    }
    c->loop = host_loop(c->host);
    if (part == HOST_OWNER) {
        host_expect_tasks(c->host);
    }
    while (!host_is_ready(c->host)) {
        if (!host_turn(c->host)) {
            str_add_text(&c->why, host_why(c->host));
            return HOST_FAILED;
        }
    }
    return HOST_OPENED;
}

/* An owner that is just starting has no socket yet, and one that is leaving
 * has none any more: both are over in a moment. */
static bool open_either(struct client *c, const struct config *config,
                        enum client_mode mode)
{
    const struct timespec pause = {0, OWNER_PAUSE_MS * 1000000};
    enum host_found found = HOST_OWNED;
    int fd = -ENOENT;

    for (int i = 0; i < OWNER_TRIES && found == HOST_OWNED && fd < 0; i++) {
        if (i > 0) {
            nanosleep(&pause, NULL);
        }
        fd = socket_connect(config->host.socket);
        if (fd < 0 && mode != CLIENT_OWNER) {
            found = open_host(c, config, mode);
        } else if (fd < 0) {
            found = HOST_FAILED;
            str_addf(&c->why,
                     "no host is running on %s; start one with `haft serve`",
                     config->host.state);
        }
    }
    if (fd >= 0) {
        return open_wire(c, fd);
    }
    if (found == HOST_OWNED) {
        str_addf(&c->why,
                 "%s is owned by a process that does not answer on %s: %s",
                 config->host.state, config->host.socket, strerror(-fd));
    }
    return found == HOST_OPENED;
}

struct client *client_open(const struct config *config, enum client_mode mode,
                           struct str *why)
{
    struct client *c = mem_new(1, sizeof(*c));

    str_init(&c->why, 64 * 1024);
    str_init(&c->principal, 256);
    str_init(&c->code, 256);
    str_init(&c->message, 1 << 20);
    if (!open_either(c, config, mode)) {
        str_add_text(why, c->why.text);
        client_close(c);
        return NULL;
    }
    return c;
}

void client_close(struct client *c)
{
    if (!c) {
        return;
    }
    if (c->wire) {
        wire_client_destroy(c->wire);
        loop_destroy(c->loop);
    }
    host_close(c->host);
    cJSON_Delete(c->result);
    str_finish(&c->why);
    str_finish(&c->principal);
    str_finish(&c->code);
    str_finish(&c->message);
    mem_free(c);
}

struct loop *client_loop(struct client *c)
{
    return c->loop;
}

const char *client_why(const struct client *c)
{
    return c->why.text;
}

/* ---- asking ---- */

/* Who asks in this process: the user that runs it, as auth/peer would say. */
static const char *own_principal(struct client *c)
{
    if (c->principal.size == 0) {
        const struct passwd *user = getpwuid(geteuid());

        if (user) {
            str_addf(&c->principal, "user:%s", user->pw_name);
        } else {
            str_addf(&c->principal, "uid:%u", (unsigned)geteuid());
        }
    }
    return c->principal.text;
}

void client_ask(struct client *c, const char *op, cJSON *params,
                const struct op_answer *answer)
{
    if (c->host) {
        ops_call(host_ops(c->host), op, own_principal(c), params, answer);
    } else {
        wire_client_ask(c->wire, op, params, answer);
    }
}

bool client_turn(struct client *c)
{
    const char *why = NULL;

    if (c->host) {
        why = host_turn(c->host) ? NULL : host_why(c->host);
    } else {
        loop_wait(c->loop);
        why = wire_client_why(c->wire);
    }
    if (why) {
        str_reset(&c->why);
        str_add_text(&c->why, why);
    }
    return !why;
}

void client_settle(struct client *c)
{
    while (c->host && !host_is_settled(c->host)) {
        if (!client_turn(c)) {
            return;
        }
    }
}

static void on_event(void *ctx, const char *json, size_t size)
{
    struct client *c = ctx;

    if (c->listener.event) {
        c->listener.event(c->listener.ctx, json, size);
    }
}

static void on_result(void *ctx, const char *json, size_t size)
{
    struct client *c = ctx;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    c->result = json_read(json, size, &why);
    str_finish(&why);
    c->is_answered = true;
}

static void keep_fault(struct client *c, const struct fault *fault)
{
    c->fault = *fault;
    str_reset(&c->code);
    str_reset(&c->message);
    str_add_text(&c->code, fault->code);
    str_add_text(&c->message, fault->message);
    c->fault.code = c->code.text;
    c->fault.message = c->message.text;
    c->is_answered = true;
}

static void on_error(void *ctx, const struct fault *fault)
{
    keep_fault(ctx, fault);
}

cJSON *client_call(struct client *c, const char *op, cJSON *params,
                   const struct client_listener *listener, struct fault *fault)
{
    const struct op_answer answer = {on_event, on_result, on_error, c};
    cJSON *result;

    c->listener = listener ? *listener : (struct client_listener){0};
    c->is_answered = false;
    client_ask(c, op, params, &answer);
    while (!c->is_answered) {
        if (!client_turn(c)) {
            const struct fault gone = {.fault_class = HAFT_BACKEND_DOWN,
                                       .code = "host.gone",
                                       .message = c->why.text};

            keep_fault(c, &gone);
        }
    }
    result = c->result;
    c->result = NULL;
    if (!result) {
        *fault = c->fault;
    }
    return result;
}
