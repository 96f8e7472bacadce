/* A worker that outlives its hosts, in this thread; its hosts are in another. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <haft/executor.h>
#include <haft/host.h>

#include "host/guest/wire.h"
#include "host/guest/worker_inside.h"
#include "tests/check_main.h"

#define ATTEMPT 7
#define TURNS 2000 /* of some milliseconds */

static struct worker worker;

/* A host: answers whatever it is asked, and counts that. */
static struct host {
    struct link link;
    pthread_t thread;
    atomic_int outputs;
    atomic_int ended;
} host;

static void count(const struct frame_call *m)
{
    host.outputs += m->method == HAFT_ATTEMPT_OUTPUT;
    host.ended += m->method == HAFT_ATTEMPT_ENDED;
}

static void answer(const struct frame *frame)
{
    const struct frame_call *m;
    struct scratch mem;
    struct str why;

    scratch_init(&mem);
    str_init(&why, STR_WHY_LIMIT);
    m = wire_decode(&mem, &frame_call_record, frame->body, frame->size, &why);
    if (m) {
        const struct frame_done done = {.size = sizeof(done), .id = m->id};

        count(m);
        if (m->id != 0) {
            link_put(&host.link, FRAME_ANSWER, &frame_done_record, &done);
            link_write(&host.link);
        }
    }
    str_finish(&why);
    scratch_finish(&mem);
}

static void *be_host(void *ctx)
{
    struct frame frame;

    while (link_wait(&host.link, INT64_MAX) >= 0) {
        while (link_take(&host.link, &frame) == 1) {
            if (frame.type == FRAME_ASK) {
                answer(&frame);
            }
        }
    }
    return ctx;
}

static void come(void)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
                     0);
    link_init(&host.link, pair[1]);
    host.outputs = host.ended = 0;
    ck_assert_int_eq(pthread_create(&host.thread, NULL, be_host, NULL), 0);
    worker_hear(&worker, pair[0]);
}

/* The worker sees that by itself. */
static void go(void)
{
    shutdown(host.link.fd, SHUT_RDWR);
    pthread_join(host.thread, NULL);
    link_finish(&host.link);
    while (worker.link.fd >= 0) {
        worker_turn(&worker);
    }
}

/* Beside the thread, which writes only when it is asked. */
static void say(uint32_t type, const struct haft_record *record, const void *m)
{
    struct link link;

    link_init(&link, -1);
    ck_assert(link_put(&link, type, record, m));
    ck_assert_int_eq(send(host.link.fd, link.out.text, link.out.size, 0),
                     (ssize_t)link.out.size);
    link_finish(&link);
}

static void call(uint32_t method, const void *in)
{
    static uint64_t id;
    struct frame_call m = {
        .size = sizeof(m),
        .method = method,
        .id = ++id,
        .deadline_ms = INT64_MAX,
        .interface = {HAFT_EXECUTOR_V1, strlen(HAFT_EXECUTOR_V1)},
    };
    struct str bytes;

    str_init(&bytes, 65536);
    wire_encode(haft_executor_v1.methods[method].in, in, &bytes);
    m.in = (struct haft_slice){bytes.text, bytes.size};
    say(FRAME_CALL, &frame_call_record, &m);
    str_finish(&bytes);
}

static void create(void)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    struct frame_create m = {
        .size = sizeof(m),
        .abi = HAFT_ABI,
        .kind = {"executor", 8},
        .plugin = {"stayer", 6},
        .name = {"stayer", 6},
        .module = {"/guest-stayer.so", 16},
        .log_level = 4,
    };
    char path[4096];

    snprintf(path, sizeof(path), "%s/guest-stayer.so",
             modules ? modules : ".libs");
    worker = (struct worker){.path = "/nowhere", .door_fd = -1};
    worker.module_fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(worker.module_fd, 0);
    loop_timer_init(&worker.look_timer, NULL, NULL);
    worker_begin(&worker);
    come();
    say(FRAME_CREATE, &frame_create_record, &m);
}

static void turn_until(atomic_int *counted)
{
    for (int i = 0; *counted == 0 && i < TURNS; i++) {
        worker_turn(&worker);
    }
    ck_assert_int_gt(*counted, 0);
}

/* The plugin looks every few milliseconds, and a turn lasts as long. */
START_TEST(output_waits_until_the_next_host_asks_for_its_attempt)
{
    char file[] = "/tmp/haft-worker-XXXXXX";
    char name[64];
    int fd = mkstemp(file);
    const struct haft_slice argv[] = {{file, strlen(file)}};
    struct haft_executor_start_in start = {
        .size = sizeof(start),
        .attempt = ATTEMPT,
        .fence = 1,
        .argv = {argv, 1, sizeof(argv[0])},
    };
    const struct haft_executor_recover_in recover = {.size = sizeof(recover),
                                                     .attempt = ATTEMPT,
                                                     .fence = 1,
                                                     .stdout_offset = 6};

    ck_assert_int_ge(fd, 0);
    create();
    call(HAFT_EXECUTOR_START, &start);
    turn_until(&host.outputs);
    go();

    ck_assert_int_eq(write(fd, "0", 1), 1); /* it ends, and says so */
    come();
    for (int i = 0; i < 10; i++) {
        worker_turn(&worker);
    }
    ck_assert_int_eq(host.outputs, 0);
    ck_assert_int_eq(host.ended, 0);

    call(HAFT_EXECUTOR_RECOVER, &recover);
    turn_until(&host.ended);
    ck_assert_int_eq(host.outputs, 1);
    go();
    worker_end(&worker);
    close(fd);
    unlink(file);
    for (const char *const *of =
             (const char *const[]){"begun", "said", "over", NULL};
         *of; of++) {
        snprintf(name, sizeof(name), "%s.%s", file, *of);
        unlink(name);
    }
}
END_TEST

TEST_MAIN("worker", output_waits_until_the_next_host_asks_for_its_attempt)
