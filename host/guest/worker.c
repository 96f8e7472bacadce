#include "host/guest/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/guest/fence.h"
#include "host/guest/reach.h"
#include "host/guest/worker_inside.h"

#define EXIT_BY_HAND 64     /* sysexits(3) */
#define LOG_LIMIT (1 << 20) /* bytes, of what one says into a file */

static void nothing(int signal)
{
    (void)signal;
}

static void on_door(void *ctx, int fd, uint32_t ready)
{
    struct worker *w = ctx;
    int module = -1;
    int host = reach_accept(fd, &module);

    (void)ready;
    if (host < 0) {
        return;
    }
    if (w->link.fd >= 0) {
        worker_part(w);
    }
    if (module >= 0 && !w->guest) {
        dup3(module, FRAME_FD_MODULE, O_CLOEXEC);
    }
    if (module >= 0) {
        close(module);
    }
    worker_hear(w, host);
    loop_timer_clear(w->loop, &w->look_timer);
}

/* Nobody will come any more if the place where it listens is gone. */
static void on_look(void *ctx)
{
    struct worker *w = ctx;

    if (!w->guest || !reach_is_there(w->path)) {
        w->is_over = true;
    } else {
        worker_arm(w);
    }
}

/* Nothing that the plugin does can give it more than it has. Its end is its
 * host's to decide: who stops them both by a signal to all (systemd does) leaves
 * the host without its plugins before it has ended its work. A handler, since
 * what is ignored would be so in the plugin's own children, too. */
static void shut_in(const struct worker *w)
{
    const struct sigaction deaf = {.sa_handler = nothing,
                                   .sa_flags = SA_RESTART};
    const struct rlimit none = {0, 0};

    fcntl(FRAME_FD_SOCKET, F_SETFD, FD_CLOEXEC);
    fcntl(FRAME_FD_MODULE, F_SETFD, FD_CLOEXEC);
    sigaction(SIGTERM, &deaf, NULL);
    sigaction(SIGINT, &deaf, NULL);
    sigaction(SIGHUP, &deaf, NULL);

    prctl(PR_SET_NAME, "haft-worker");
    if (!w->path) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    setrlimit(RLIMIT_CORE, &none);
}

/* What it says goes to a file beside its socket. */
static void open_log(const char *path)
{
    struct str name;
    struct stat status;
    int fd;

    str_init(&name, SIZE_MAX);
    str_addf(&name, "%s.log", path);
    fd = open(name.text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
        if (fstat(fd, &status) == 0 && status.st_size > LOG_LIMIT) {
            ftruncate(fd, 0);
        }
        dup2(fd, 1);
        dup2(fd, 2);
        close(fd);
    }
    str_finish(&name);
}

/* False if it is nobody's worker. */
static bool open_door(struct worker *w)
{
    struct stat status;

    if (!w->path) {
        return fstat(FRAME_FD_SOCKET, &status) == 0 && S_ISSOCK(status.st_mode);
    }
    /* The numbers that a worker's descriptors have are taken by none. */
    open_log(w->path);
    dup2(0, FRAME_FD_SOCKET);
    dup2(0, FRAME_FD_MODULE);
    w->door_fd = reach_listen(w->path);
    if (w->door_fd < 0) {
        log_error("worker", "cannot listen path=%s why=\"%s\"", w->path,
                  strerror(-w->door_fd));
    }
    return w->door_fd >= 0;
}

int worker_main(const char *path)
{
    struct worker w = {.fence = fence_raise,
                       .module_fd = FRAME_FD_MODULE,
                       .path = path,
                       .door_fd = -1};

    if (!open_door(&w)) {
        fputs("haft worker: this is started by haft, not by hand\n", stderr);
        return EXIT_BY_HAND;
    }
    shut_in(&w);
    worker_begin(&w);
    loop_timer_init(&w.look_timer, on_look, &w);
    if (path) {
        loop_add(w.loop, w.door_fd, LOOP_READ, on_door, &w);
        worker_arm(&w);
    } else {
        worker_hear(&w, FRAME_FD_SOCKET);
    }
    while (!w.is_over) {
        worker_turn(&w);
    }
    if (path) { /* nobody is to come any more */
        loop_remove(w.loop, w.door_fd);
        close(w.door_fd);
        unlink(path);
    }
    worker_end(&w);
    return w.has_failed ? 1 : 0;
}

/* By its descriptor, so that it is what the host has checked: who interprets it
 * opens that once more. */
int worker_become(void)
{
    char path[32];
    char fences[16];
    char *const argv[] = {path, NULL};
    struct worker w = {0};

    if (!open_door(&w)) {
        fputs("haft worker: this is started by haft, not by hand\n", stderr);
        return EXIT_BY_HAND;
    }
    shut_in(&w);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", FRAME_FD_MODULE);
    snprintf(fences, sizeof(fences), "%u",
             fence_raise((struct haft_array){NULL, 0, 0}));
    setenv("HAFT_FENCES", fences, 1);
    fcntl(FRAME_FD_SOCKET, F_SETFD, 0);
    fcntl(FRAME_FD_MODULE, F_SETFD, 0);
    execv(path, argv);
    log_error("worker", "cannot become the program why=\"%s\"",
              strerror(errno));
    return 1;
}
