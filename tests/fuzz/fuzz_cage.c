/* The host must bear whatever a worker says: the other end of a cage is this
 * target, which has made its instance well and then says what the input is.
 *
 * An input is a row of words, each a byte, a length of two bytes and that many
 * bytes. The byte's rest by four says what it is: bytes as they come; the answer
 * to an open call, its status first; a question to a service; a frame of any
 * type. What begins and ends processes, and remembers them, is replaced. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <haft/host.h>
#include <haft/storage.h>

#include "host/base/log.h"
#include "host/guest/cage_inside.h"
#include "host/guest/deaths.h"
#include "host/guest/wire.h"

#define CALLS 3
#define WORD_LIMIT 60000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct link peer;
static uint64_t calls[CALLS];
static int answers;

/* ---- instead of spawn.c and deaths.c ---- */

int spawn_worker(int module, bool is_program, struct spawned *to)
{
    static const struct frame_object object = {
        .interface = {HAFT_STORAGE_V1, sizeof(HAFT_STORAGE_V1) - 1},
        .count = 4,
    };
    const struct frame_created m = {
        .size = sizeof(m),
        .objects = {&object, 1, sizeof(object)},
    };
    int pair[2];

    (void)module;
    (void)is_program;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        abort();
    }
    *to = (struct spawned){
        .pid = 1, .pid_fd = eventfd(0, EFD_CLOEXEC), .fd = pair[0]};
    link_finish(&peer);
    link_init(&peer, pair[1]);
    link_put(&peer, FRAME_CREATED, &frame_created_record, &m);
    link_write(&peer);
    return 0;
}

size_t spawn_environment(char *env[SPAWN_ENVIRONMENT])
{
    env[0] = NULL;
    return 0;
}

void spawn_leave(struct spawned *s)
{
    if (s->pid_fd >= 0) {
        close(s->pid_fd);
    }
    *s = (struct spawned){.pid_fd = -1, .fd = -1};
}

void spawn_end(struct spawned *s, struct str *why)
{
    spawn_leave(s);
    str_add_text(why, why->size > 0 ? "" : "it ended");
}

void deaths_add(const char *state, const struct module *m,
                const struct death *death)
{
    (void)state;
    (void)m;
    (void)death;
}

bool deaths_are_enough(const char *state, const struct module *m,
                       struct str *why)
{
    (void)state;
    (void)m;
    (void)why;
    return false;
}

bool deaths_pardon(const char *state, const struct module *m, struct str *why)
{
    (void)state;
    (void)m;
    (void)why;
    return false;
}

void deaths_add_json(const char *state, const struct module *m, struct str *out)
{
    (void)state;
    (void)m;
    (void)out;
}

/* ---- what the worker says ---- */

static void read_calls(void)
{
    struct frame frame;
    struct scratch mem;
    struct str why;
    int count = 0;

    scratch_init(&mem);
    str_init(&why, STR_WHY_LIMIT);
    link_read(&peer);
    while (count < CALLS && link_take(&peer, &frame) > 0) {
        if (frame.type == FRAME_CALL) {
            const struct frame_call *m = wire_decode(
                &mem, &frame_call_record, frame.body, frame.size, &why);

            calls[count++] = m->id;
        }
    }
    str_finish(&why);
    scratch_finish(&mem);
}

static void say_done(unsigned which, struct haft_slice word)
{
    struct frame_done m = {.size = sizeof(m), .id = calls[which % CALLS]};
    int8_t status = word.n > 0 ? *(const int8_t *)word.p : 0;
    struct haft_slice rest = {(const char *)word.p + (word.n > 0),
                              word.n - (word.n > 0)};

    m.status = status;
    m.out = status == HAFT_OK ? rest : m.out;
    m.fault = status == HAFT_OK ? m.fault : rest;
    link_put(&peer, FRAME_DONE, &frame_done_record, &m);
}

static void say_ask(unsigned which, struct haft_slice word)
{
    static const char *const services[] = {HAFT_LOG_V1, HAFT_CLOCK_V1,
                                           HAFT_ATTEMPT_V1, "haft.none/1"};
    const char *id = services[which % 4];
    const struct frame_call m = {
        .size = sizeof(m),
        .method = which / 4 % 5,
        .id = which % 2,
        .interface = {id, strlen(id)},
        .in = word,
    };

    link_put(&peer, FRAME_ASK, &frame_call_record, &m);
}

static void say_frame(unsigned type, struct haft_slice word)
{
    const char head[8] = {
        (char)word.n, (char)(word.n >> 8), 0, 0, (char)(type % 9), 0, 0, 0};

    str_add(&peer.out, head, sizeof(head));
    str_add(&peer.out, word.p, word.n);
}

static void say(unsigned what, struct haft_slice word)
{
    switch (what % 4) {
    case 0:
        str_add(&peer.out, word.p, word.n);
        break;
    case 1:
        say_done(what / 4, word);
        break;
    case 2:
        say_ask(what / 4, word);
        break;
    default:
        say_frame(what / 4, word);
    }
    link_write(&peer);
}

/* ---- the host ---- */

static void on_answer(void *ctx, haft_status status, const void *out,
                      const struct haft_fault *fault)
{
    (void)ctx;
    if ((status == HAFT_OK) == (fault != NULL) ||
        (status != HAFT_OK && out != NULL)) {
        abort(); /* guest.h says otherwise */
    }
    answers++;
}

static void ask(struct guest *guest)
{
    const struct haft_storage_last_in last = {.size = sizeof(last)};
    const struct haft_storage_get_in get = {.size = sizeof(get),
                                            .key = {"k", 1}};
    const struct haft_storage_scan_in scan = {.size = sizeof(scan)};

    answers = 0;
    guest_call(guest, &haft_storage_v1, HAFT_STORAGE_LAST, &last, INT64_MAX,
               on_answer, NULL);
    guest_call(guest, &haft_storage_v1, HAFT_STORAGE_GET, &get, INT64_MAX,
               on_answer, NULL);
    guest_call(guest, &haft_storage_v1, HAFT_STORAGE_SCAN, &scan, INT64_MAX,
               on_answer, NULL);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void turn(struct loop *loop)
{
    loop_post(loop, nothing, NULL); /* it does not wait */
    loop_wait(loop);
}

static struct config *make_config(void)
{
    const char *modules = getenv("HAFT_TEST_MODULES");
    char *whole = realpath(modules ? modules : ".libs", NULL);
    struct config *config;
    struct str text;
    struct str why;

    str_init(&text, 65536);
    str_init(&why, STR_WHY_LIMIT);
    str_addf(&text,
             "[host]\nstate = /nowhere\n[storage:s]\nplugin = memory\n"
             "module = %s/storage-memory.so\nisolation = process\n",
             whole ? whole : "");
    config = config_read(text.text, text.size, "/haft.conf", true, &why);
    log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC)); /* a line an input */
    if (!config) {
        abort();
    }
    free(whole);
    str_finish(&text);
    str_finish(&why);
    return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct config *config;
    struct loop *loop = loop_create();
    struct guests *guests;
    struct guest *guest;
    struct str why;

    config = config ? config : make_config();
    guests = guests_create(loop, config);
    str_init(&why, STR_WHY_LIMIT);
    guest = guests_find(guests, "storage", "s", &why);
    if (!guest) {
        abort(); /* no module there: a target that tries nothing */
    }
    ask(guest);
    turn(loop);
    turn(loop);
    read_calls();
    while (size >= 3 && guest_losses(guest) == 0) {
        size_t length = bytes[1] | (size_t)bytes[2] << 8;
        unsigned what = bytes[0];

        length = length < size - 3 ? length : size - 3;
        length = length < WORD_LIMIT ? length : WORD_LIMIT;
        say(what, (struct haft_slice){bytes + 3, length});
        turn(loop);
        bytes += 3 + length;
        size -= 3 + length;
    }
    shutdown(peer.fd, SHUT_RDWR);
    turn(loop);
    shutdown(peer.fd, SHUT_RDWR); /* of the next one, if that was lost */
    guests_stop(guests);
    if (answers != CALLS) {
        abort(); /* each call is answered once */
    }
    guests_destroy(guests);
    loop_destroy(loop);
    link_finish(&peer);
    str_finish(&why);
    return 0;
}
