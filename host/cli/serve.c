/* serve: the daemon. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/cli/command.h"
#include "host/host.h"

struct serving {
    int stops; /* signals; the second one ends the wait for what runs */
    bool is_late;
};

static void on_stop(void *ctx, int signal)
{
    struct serving *s = ctx;

    log_info("host", "stopping signal=%d", signal);
    s->stops++;
}

/* All of it is in the log already. */
static void on_reloaded(void *ctx, const char *why, const char *result,
                        size_t size)
{
    struct log_room room = {0};

    (void)ctx;
    if (*why) {
        log_error("host", "not reloaded why=%s", log_quoted(&room, why));
    } else {
        log_info("host", "reloaded instances=%.*s", (int)size, result);
    }
}

static void on_reload(void *ctx, int signal)
{
    log_info("host", "reloading signal=%d", signal);
    host_reload(ctx, NULL, on_reloaded, NULL);
}

static void on_late(void *ctx)
{
    struct serving *s = ctx;

    s->is_late = true;
}

/* Tells a service manager, if there is one: sd_notify(3)'s protocol. */
static void notify_manager(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = path ? strlen(path) : 0;
    int fd;

    if (size < 2 || size >= sizeof(address.sun_path)) {
        return;
    }
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    if (sendto(fd, text, strlen(text), MSG_NOSIGNAL,
               (const struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) <
        0) {
        log_warn("host", "service manager not told");
    }
    close(fd);
}

/* Goes on until nothing runs any more, or for as long as the config says. What
 * still runs then is found again by the next owner. */
static void drain(struct host *h, struct serving *s, int64_t drain_ms)
{
    struct loop_timer timer;

    if (host_attempts(h) > 0) {
        log_info("host", "draining attempts=%llu limit_ms=%lld",
                 (unsigned long long)host_attempts(h), (long long)drain_ms);
    }
    loop_timer_init(&timer, on_late, s);
    loop_timer_set(host_loop(h), &timer, loop_now_ms(host_loop(h)) + drain_ms);
    while (host_attempts(h) > 0 && s->stops < 2 && !s->is_late) {
        if (!host_turn(h)) {
            break;
        }
    }
    loop_timer_clear(host_loop(h), &timer);
    while (!host_is_settled(h) && host_turn(h)) {
        continue;
    }
}

static int serve(struct host *h, int64_t drain_ms)
{
    struct serving s = {0};
    bool was_ready = false;

    loop_signal_add(host_loop(h), SIGTERM, on_stop, &s);
    loop_signal_add(host_loop(h), SIGINT, on_stop, &s);
    loop_signal_add(host_loop(h), SIGHUP, on_reload, h);
    while (s.stops == 0) {
        if (!host_turn(h)) {
            log_error("host", "must stop: %s", host_why(h));
            return 1;
        }
        if (!was_ready && host_is_ready(h)) {
            was_ready = true;
            log_info("host", "ready");
            notify_manager("READY=1");
        }
    }
    notify_manager("STOPPING=1");
    drain(h, &s, drain_ms);
    return 0;
}

static int run_serve(struct cli *cli, const struct given *given)
{
    const struct config *config;
    struct host *h = NULL;
    enum host_found found;
    struct str why;
    int status = 1;

    cli->is_daemon = true;
    config = cli_config(cli);
    if (!config) {
        return EXIT_CONFIG;
    }
    cli->config->is_safe = given_has(given, "safe");
    str_init(&why, 1 << 20);
    found = host_open(config, HOST_OWNER, &h, &why);
    if (found == HOST_OPENED) {
        status = serve(h, config->host.drain_ms);
        host_close(h);
    } else if (found == HOST_OWNED) {
        status = cli_fail_text(HAFT_CONFLICT,
                               "another process owns the state directory");
    } else {
        status = cli_fail_text(HAFT_INVALID, why.text);
    }
    str_finish(&why);
    return status;
}

static const struct option_row options[] = {
    {"safe", 0, NULL, "leave out all plugins that haft was not installed with"},
    {0},
};

const struct command command_serve = {
    .name = "serve",
    .words = "",
    .summary = "be the host: accept runs on the socket until told to stop",
    .options = options,
    .run = run_serve,
};
