/* A worker must bear whatever a host says: storage/memory lives in one for all
 * inputs, each of which is what one host after the other sends it. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/guest/worker_inside.h"

#define INPUT_LIMIT 65536 /* what a socket takes at once */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct worker worker = {.path = "/nowhere", .door_fd = -1};

static void ignore(void *ctx)
{
    (void)ctx;
}

/* Until it has heard all of it, and parted with the host. */
static void serve(const void *bytes, size_t size)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
        send(pair[1], bytes, size, MSG_DONTWAIT) != (ssize_t)size ||
        shutdown(pair[1], SHUT_WR) != 0) {
        abort();
    }
    worker_hear(&worker, pair[0]);
    while (worker.link.fd >= 0 && !worker.is_over) {
        loop_post(worker.loop, ignore, NULL); /* it does not sleep */
        worker_turn(&worker);
    }
    worker_part(&worker);
    worker.is_over = false;
    worker.has_failed = false;
    close(pair[1]);
}

static struct haft_slice slice(const char *text)
{
    return (struct haft_slice){text, strlen(text)};
}

static void create(void)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    struct frame_create m = {
        .size = sizeof(m),
        .abi = HAFT_ABI,
        .kind = slice("storage"),
        .plugin = slice("memory"),
        .name = slice("fuzzed"),
        .module = slice("/storage-memory.so"),
        .log_level = LOG_LEVEL_ERROR,
    };
    struct link link;
    char path[4096];

    snprintf(path, sizeof(path), "%s/storage-memory.so",
             modules ? modules : ".libs");
    worker.module_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (worker.module_fd < 0) {
        m.module = slice("storage_memory"); /* it is linked in */
    }
    log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC)); /* a line an input */
    loop_timer_init(&worker.look_timer, ignore, NULL);
    worker_begin(&worker);
    link_init(&link, -1);
    link_put(&link, FRAME_CREATE, &frame_create_record, &m);
    serve(link.out.text, link.out.size);
    link_finish(&link);
    if (!worker.guest) {
        abort(); /* no module there: a target that tries nothing */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (!worker.loop) {
        create();
    }
    if (size <= INPUT_LIMIT) {
        serve(bytes, size);
    }
    return 0;
}
