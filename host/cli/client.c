#include "host/cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/address.h"
#include "host/cli/wire.h"
#include "host/door/socket.h"
#include "host/host.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

struct client {
    struct host *host; /* NULL: over `wire` */
    struct wire_client *wire;
    struct loop *loop; /* the host's, or its own */
    struct str why;
    struct str principal; /* of a question to the host in this process */

    /* Of client_call. */
    void (*event)(void *ctx, const char *json, size_t size);
    void *event_ctx;
    cJSON *result;
    struct fault fault;
    struct str code;
    struct str message;
    bool is_answered;
};

/* ---- opening ---- */

static int connect_in(int folder_fd)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address;
    int status =
        fd < 0 ? -errno : address_unix(folder_fd, SOCKET_NAME, &address);

    if (status == 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        status = -errno;
    }
    if (status < 0 && fd >= 0) {
        close(fd);
    }
    return status < 0 ? status : fd;
}

/* The owner's socket, or -errno: ENOENT, ECONNREFUSED where there is none. */
static int connect_owner(const struct config *config)
{
    int folder = open(config->host.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (folder < 0) {
        return -errno;
    }
    fd = connect_in(folder);
    close(folder);
    return fd;
}

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

static bool open_host(struct client *c, const struct config *config,
                      enum client_mode mode)
{
    enum host_part part = mode == CLIENT_RUN ? HOST_OWNER : HOST_PASSIVE;
    enum host_found found = host_open(config, part, &c->host, &c->why);
    int fd;

    if (found == HOST_OWNED) {
        fd = connect_owner(config);
        if (fd >= 0) {
            return open_wire(c, fd);
        }
        str_addf(&c->why,
                 "%s is owned by a process that does not answer on "
                 "its socket: %s",
                 config->host.state, strerror(-fd));
        return false;
    }
    if (found == HOST_FAILED) {
        return false;
    }
    c->loop = host_loop(c->host);
    while (!host_is_ready(c->host)) {
        if (!host_turn(c->host)) {
            str_add_text(&c->why, host_why(c->host));
            return false;
        }
    }
    return true;
}

struct client *client_open(const struct config *config, enum client_mode mode,
                           struct str *why)
{
    struct client *c = mem_new(1, sizeof(*c));
    int fd = connect_owner(config);
    bool is_open;

    str_init(&c->why, 64 * 1024);
    str_init(&c->principal, 256);
    str_init(&c->code, 256);
    str_init(&c->message, 1 << 20);
    if (fd >= 0) {
        is_open = open_wire(c, fd);
    } else if (mode == CLIENT_OWNER) {
        str_addf(&c->why,
                 "no host is running on %s; start one with `haft "
                 "serve`",
                 config->host.state);
        is_open = false;
    } else {
        is_open = open_host(c, config, mode);
    }
    if (!is_open) {
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

bool client_is_owner(const struct client *c)
{
    return c->host != NULL;
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

    if (c->event) {
        c->event(c->event_ctx, json, size);
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
                   void (*event)(void *ctx, const char *json, size_t size),
                   void *ctx, struct fault *fault)
{
    const struct op_answer answer = {on_event, on_result, on_error, c};
    cJSON *result;

    c->event = event;
    c->event_ctx = ctx;
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
