#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/door/socket.h"
#include "host/plain/json.h"
#include "host/plain/mem.h"

#define LOCK_NAME "lock"
#define LOCK_TRIES 40 /* 25 ms each: a reader may be just looking */
#define STORE_LIMIT_MS 60000
#define CANCEL_GRACE_MS 10000
#define LOG_LIMIT_BYTES (256ull << 20)
#define FOLD_LIMIT_BYTES (16ull << 10)
#define RELEASE_LIMIT_MS 1000
#define TELL_LIMIT_MS 5000
#define TURNS_IN_ONE 64 /* before the loop looks at descriptors again */

struct host {
    const struct config *config;
    enum host_part part;
    char *state; /* absolute */
    int folder_fd;
    int lock_fd;
    struct loop *loop;
    struct guests *guests;
    struct guest *storage;
    struct journal *journal;
    struct runner *runner;
    struct bus *bus;
    struct ops *ops;
    struct core *core;
    struct socket_door *door;
    struct loop_timer timer;
    int64_t clock_offset_ms; /* from monotonic to the time that is recorded */
    bool is_wanted;          /* something was asked: decide */
    bool is_empty; /* passive, and nobody has been the owner here yet */
    bool is_ready;
    bool is_lost;
    struct config **later; /* read since the start */
    size_t later_count;
    size_t later_room;
    struct str why;
};

/* ---- time: real at the start, monotonic from then on, so that it never runs
 * backwards while the host lives ---- */

static int64_t now_ms(const struct host *h)
{
    return loop_now_ms(h->loop) + h->clock_offset_ms;
}

static void wake(void *ctx)
{
    struct host *h = ctx;

    h->is_wanted = true;
}

static void on_timer(void *ctx)
{
    wake(ctx);
}

/* ---- the state directory ---- */

static bool make_folders(const char *path)
{
    char *copy = mem_text(path, strlen(path));
    bool is_made;

    for (char *p = copy + 1; *p; p++) {
        if (*p == '/') {
            *p = '\0';
            mkdir(copy, 0777); /* what fails shows at the last one */
            *p = '/';
        }
    }
    is_made = mkdir(copy, 0700) == 0 || errno == EEXIST;
    mem_free(copy);
    return is_made;
}

static bool open_state(struct host *h, struct str *why)
{
    const char *state = h->config->host.state;

    if (h->part == HOST_OWNER && !make_folders(state)) {
        str_addf(why, "cannot make the state directory %s: %s", state,
                 strerror(errno));
        return false;
    }
    h->folder_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (h->folder_fd < 0 && h->part == HOST_PASSIVE && errno == ENOENT) {
        h->is_empty = true;
        h->state = strdup(state);
        return h->state != NULL;
    }
    if (h->folder_fd < 0) {
        str_addf(why, "cannot open the state directory %s: %s", state,
                 strerror(errno));
        return false;
    }
    h->state = realpath(state, NULL);
    if (!h->state) {
        str_addf(why, "cannot find the state directory %s: %s", state,
                 strerror(errno));
        return false;
    }
    return true;
}

/* An owner holds the lock alone; passive readers share it. Readers are gone in
 * a moment, an owner is not: so an owner tries for a second. A reader that
 * finds an owner asks its socket. */
static enum host_found lock_state(struct host *h, struct str *why)
{
    bool is_owner = h->part == HOST_OWNER;
    int how = (is_owner ? LOCK_EX : LOCK_SH) | LOCK_NB;
    struct timespec pause = {0, 25000000};

    if (h->is_empty) {
        return HOST_OPENED;
    }
    h->lock_fd =
        openat(h->folder_fd, LOCK_NAME,
               (is_owner ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0600);
    if (h->lock_fd < 0 && !is_owner && errno == ENOENT) {
        h->is_empty = true;
        return HOST_OPENED;
    }
    if (h->lock_fd < 0) {
        str_addf(why, "cannot open %s/%s: %s", h->state, LOCK_NAME,
                 strerror(errno));
        return HOST_FAILED;
    }
    for (int i = 1; flock(h->lock_fd, how) < 0; i++) {
        if (!is_owner || i == LOCK_TRIES) {
            return HOST_OWNED;
        }
        nanosleep(&pause, NULL);
    }
    return HOST_OPENED;
}

/* ---- the store ---- */

/* What a store would say in which nothing has been written: no plugin is
 * needed for that, and no folder is made by those who only look. */
static void answer_empty(uint32_t method, journal_answer answer,
                         void *answer_ctx)
{
    static const struct haft_storage_get_out nothing = {.size =
                                                            sizeof(nothing)};
    static const struct haft_storage_scan_out no_records = {
        .size = sizeof(no_records)};
    static const struct haft_fault fault = {.size = sizeof(fault),
                                            .fault_class = HAFT_UNIMPLEMENTED};

    if (method == HAFT_STORAGE_GET) {
        answer(answer_ctx, HAFT_OK, &nothing, NULL);
    } else if (method == HAFT_STORAGE_SCAN) {
        answer(answer_ctx, HAFT_OK, &no_records, NULL);
    } else {
        answer(answer_ctx, -HAFT_UNIMPLEMENTED, NULL, &fault);
    }
}

static void answer_missing(const struct host *h, journal_answer answer,
                           void *answer_ctx)
{
    const struct haft_fault fault = {.size = sizeof(fault),
                                     .fault_class = HAFT_BACKEND_DOWN,
                                     .message = {h->why.text, h->why.size}};

    answer(answer_ctx, -HAFT_BACKEND_DOWN, NULL, &fault);
}

static void ask_store(void *ctx, uint32_t method, const void *in,
                      journal_answer answer, void *answer_ctx)
{
    struct host *h = ctx;

    if (h->is_empty) {
        answer_empty(method, answer, answer_ctx);
        return;
    }
    if (!h->storage) {
        answer_missing(h, answer, answer_ctx);
        return;
    }
    guest_call(h->storage, &haft_storage_v1, method, in,
               loop_now_ms(h->loop) + STORE_LIMIT_MS, answer, answer_ctx);
}

static void act(void *ctx, const struct effect *effects, size_t count)
{
    struct host *h = ctx;

    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind == EFFECT_ANSWER) {
            ops_act(h->ops, &effects[i]);
        } else {
            runner_act(h->runner, &effects[i]);
        }
    }
    h->is_wanted = true;
}

static void tell(void *ctx, uint64_t first_seq, size_t count, const char *json,
                 size_t size)
{
    struct host *h = ctx;

    bus_tell(h->bus, first_seq, count, json, size);
}

static void stop_for(struct host *h, const char *why)
{
    h->is_lost = true;
    str_reset(&h->why);
    str_add_text(&h->why, why);
}

static void lost(void *ctx, const char *why)
{
    stop_for(ctx, why);
}

static struct core *make_core(void *ctx, uint32_t epoch)
{
    struct host *h = ctx;
    struct core_options options = {.epoch = epoch,
                                   .grace_ms = CANCEL_GRACE_MS,
                                   .container = h->config->route.container};

    if (getrandom(&options.seed, sizeof(options.seed), 0) < 0) {
        options.seed = (uint64_t)loop_clock_ms();
    }
    h->core = core_create(&options);
    runner_attach(h->runner, h->core);
    return h->core;
}

/* A run that comes back names it. */
static uint32_t find_executor(void *ctx, const char *name)
{
    struct host *h = ctx;
    struct log_room quoted;
    uint32_t executor;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    executor = config_find(h->config, "executor", name)
                   ? runner_expect(h->runner, name, &why)
                   : CORE_NONE;
    if (executor == CORE_NONE) {
        log_warn("host", "executor is gone name=%s", name);
    } else if (why.size > 0) {
        log_warn("host", "tasks wait for their executor name=%s why=%s", name,
                 log_quoted(&quoted, why.text));
    }
    str_finish(&why);
    return executor;
}

static void opened(void *ctx, int status, const char *why)
{
    struct host *h = ctx;
    const struct socket_door_options options = {
        .loop = h->loop,
        .ops = h->ops,
        .guests = h->guests,
        .path = h->config->host.socket,
    };

    if (status < 0) {
        stop_for(h, why);
        return;
    }
    str_reset(&h->why);
    h->door = socket_door_open(&options, &h->why);
    if (!h->door) {
        h->is_lost = true;
        return;
    }
    ops_attach(h->ops, h->core);
    bus_start(h->bus);
    h->is_ready = true;
    h->is_wanted = true;
}

static void describe_owner(const struct host *h, struct str *out)
{
    json_open(out, '{');
    json_put_int(out, "pid", getpid());
    json_put_int(out, "since_ms", h->clock_offset_ms + loop_now_ms(h->loop));
    json_close(out, '}');
}

/* ---- opening ---- */

static uint32_t slots_of(const struct config *config, const char *pool)
{
    for (size_t i = 0; i < config->pools_count; i++) {
        if (strcmp(config->pools[i].name, pool) == 0) {
            return config->pools[i].slots;
        }
    }
    return 1;
}

/* ---- reading the config again ---- */

/* What a running host cannot change. */
static bool is_changeable(const struct host *h, const struct config *to,
                          struct str *why)
{
    const struct config *from = h->config;
    const char *key = NULL;

    if (strcmp(from->host.state, to->host.state) != 0) {
        key = "state";
    } else if (strcmp(from->host.socket, to->host.socket) != 0) {
        key = "socket";
    } else if (strcmp(from->storage->name, to->storage->name) != 0) {
        key = "storage";
    }
    if (key) {
        str_addf(why, "[host] %s has changed: the host must be restarted", key);
    }
    return !key;
}

static struct config *read_again(struct host *h, struct str *why)
{
    struct config *config = config_load(h->config->given, why);

    if (!config) {
        return NULL;
    }
    config->is_safe = h->config->is_safe;
    h->later =
        mem_grow(h->later, &h->later_room, h->later_count + 1, sizeof(config));
    h->later[h->later_count++] = config;
    return is_changeable(h, config, why) ? config : NULL;
}

static void reload(void *ctx, const char *name, guests_reloaded done,
                   void *done_ctx)
{
    struct host *h = ctx;
    struct config *config;
    struct str why;

    str_init(&why, 1 << 20);
    config = read_again(h, &why);
    if (config) {
        guests_reload(h->guests, config, name, done, done_ctx);
    } else {
        done(done_ctx, why.text, "[]", 2);
    }
    str_finish(&why);
}

void host_reload(struct host *h, const char *name, guests_reloaded done,
                 void *ctx)
{
    reload(h, name, done, ctx);
}

static void open_rooms(struct host *h)
{
    const struct journal_store store = {ask_store, h};
    const struct journal_client client = {act,  tell, opened,
                                          lost, h,    find_executor};
    const struct runner_options options = {
        .state = h->state,
        .retry = "backoff",
        .log_limit_bytes = LOG_LIMIT_BYTES,
        .fold_limit_bytes = FOLD_LIMIT_BYTES,
        .slots = slots_of(h->config, "process"),
    };
    struct ops_options ops;

    h->journal = journal_create(&store, &client);
    h->runner = runner_create(h->loop, h->guests, h->journal, &options);
    if (h->part == HOST_OWNER) {
        h->bus = bus_create(h->loop, h->guests, h->journal);
        bus_on_turn(h->bus, wake, h);
        runner_on_turn(h->runner, wake, h);
    }
    ops = (struct ops_options){.loop = h->loop,
                               .guests = h->guests,
                               .journal = h->journal,
                               .runner = h->runner,
                               .bus = h->bus,
                               .executor = h->config->route.process,
                               .state = h->state,
                               .reload = h->bus ? reload : NULL,
                               .reload_ctx = h};
    h->ops = ops_create(&ops);
}

static void begin(struct host *h)
{
    struct str owner;

    if (h->part == HOST_PASSIVE) {
        h->is_ready = true;
        return;
    }
    str_init(&owner, 1024);
    describe_owner(h, &owner);
    journal_open(h->journal, owner.text, make_core);
    str_finish(&owner);
}

/* Services are offered before the first guest is made. */
static bool open_store(struct host *h, struct str *why)
{
    if (h->is_empty) {
        return true;
    }
    h->storage =
        guests_find(h->guests, "storage", h->config->storage->name, why);
    return h->storage != NULL;
}

/* Who only looks sees what can be seen: a plugin that is refused is no reason
 * not to list the plugins. Without a store, reads are answered with why. */
static void look_only(struct host *h)
{
    struct str ignored;

    str_init(&ignored, 0);
    guests_check(h->guests, &ignored);
    str_finish(&ignored);
    open_store(h, &h->why);
}

enum host_found host_open(const struct config *config, enum host_part part,
                          struct host **host, struct str *why)
{
    struct host *h = mem_new(1, sizeof(*h));
    enum host_found found = HOST_FAILED;

    h->config = config;
    h->part = part;
    h->folder_fd = -1;
    h->lock_fd = -1;
    str_init(&h->why, 16 * 1024);
    h->loop = loop_create();
    if (!h->loop) {
        str_addf(why, "no event loop: %s", strerror(errno));
    } else if (open_state(h, why)) {
        found = lock_state(h, why);
    }
    if (found == HOST_OPENED) {
        h->clock_offset_ms = loop_clock_ms() - loop_tick_ms(h->loop);
        loop_timer_init(&h->timer, on_timer, h);
        h->guests = guests_create(h->loop, h->config);
        open_rooms(h);
        if (part == HOST_PASSIVE) {
            look_only(h);
        } else if (!guests_check(h->guests, why) || !open_store(h, why)) {
            found = HOST_FAILED;
        }
    }
    if (found != HOST_OPENED) {
        host_close(h);
        return found;
    }
    begin(h);
    *host = h;
    return HOST_OPENED;
}

void host_expect_tasks(struct host *h)
{
    runner_prepare(h->runner, h->config->route.process);
}

/* ---- turning ---- */

static void decide(struct host *h)
{
    h->is_wanted = false;
    core_decide(h->core, now_ms(h));
    journal_turn(h->journal, now_ms(h));
}

/* One timer for whatever is due next. */
static void set_timer(struct host *h)
{
    int64_t due = journal_next_ms(h->journal);
    int64_t next = h->core ? core_next_ms(h->core) : INT64_MAX;

    if (next < due) {
        due = next;
    }
    if (due == INT64_MAX) {
        loop_timer_clear(h->loop, &h->timer);
    } else {
        loop_timer_set(h->loop, &h->timer, due - h->clock_offset_ms);
    }
}

static void nothing(void *ctx)
{
    (void)ctx;
}

bool host_turn(struct host *h)
{
    if (h->is_wanted) {
        loop_post(h->loop, nothing, NULL); /* look, but do not sleep */
    }
    loop_wait(h->loop);
    for (int i = 0; i < TURNS_IN_ONE && h->core; i++) {
        decide(h);
        if (!h->is_wanted || h->is_lost) {
            break;
        }
    }
    set_timer(h);
    return !h->is_lost;
}

bool host_is_ready(const struct host *h)
{
    return h->is_ready;
}

const char *host_why(const struct host *h)
{
    return h->why.text;
}

bool host_is_settled(const struct host *h)
{
    return !h->is_wanted && journal_is_idle(h->journal);
}

uint64_t host_attempts(const struct host *h)
{
    struct core_counts counts;
    uint64_t open;
    uint64_t waiting;

    if (!h->core) {
        return 0;
    }
    counts = core_count(h->core);
    open = (uint64_t)counts.tasks_live[TASK_HANDED] +
           (uint64_t)counts.tasks_live[TASK_RUNNING];
    waiting = runner_waiting(h->runner);
    return open > waiting ? open - waiting : 0;
}

struct loop *host_loop(struct host *h)
{
    return h->loop;
}

struct ops *host_ops(struct host *h)
{
    return h->ops;
}

/* What has happened is told before the host leaves, unless those who are told
 * take too long: the next host then goes on. */
static void tell_last(struct host *h)
{
    int64_t end = loop_tick_ms(h->loop) + TELL_LIMIT_MS;
    struct loop_timer timer;

    loop_timer_init(&timer, nothing, NULL);
    loop_timer_set(h->loop, &timer, end);
    while (!h->is_lost && loop_tick_ms(h->loop) < end &&
           !(bus_is_idle(h->bus) && host_is_settled(h))) {
        host_turn(h);
    }
    loop_timer_clear(h->loop, &timer);
}

/* Releases that are on their way through a plugin: the keeper stays for what
 * has not been released. A plugin that does not answer holds nobody up. */
static void release_ended(struct host *h)
{
    int64_t end = loop_tick_ms(h->loop) + RELEASE_LIMIT_MS;

    while (!runner_is_released(h->runner) && loop_tick_ms(h->loop) < end) {
        loop_timer_set(h->loop, &h->timer, end);
        loop_wait(h->loop);
    }
}

/* Processes that could outlive the host and need not: the keeper says that they
 * are gone. */
static void release_workers(struct host *h)
{
    int64_t end = loop_tick_ms(h->loop) + RELEASE_LIMIT_MS;

    runner_end_idle_workers(h->runner);
    while (runner_has_idle_worker(h->runner) && loop_tick_ms(h->loop) < end) {
        loop_timer_set(h->loop, &h->timer, end);
        loop_wait(h->loop);
    }
}

/* ---- closing: doors first, then whoever could call back ---- */

void host_close(struct host *h)
{
    if (!h) {
        return;
    }
    if (h->core && h->is_ready) {
        tell_last(h);
    }
    socket_door_close(h->door);
    if (h->core && !h->is_lost) {
        release_ended(h);
    }
    if (h->guests) {
        guests_stop(h->guests);
    }
    if (h->core && !h->is_lost) {
        release_workers(h);
    }
    ops_destroy(h->ops);
    bus_destroy(h->bus);
    runner_destroy(h->runner);
    journal_destroy(h->journal);
    core_destroy(h->core);
    if (h->guests) {
        guests_destroy(h->guests);
    }
    if (h->loop) {
        loop_destroy(h->loop);
    }
    if (h->lock_fd >= 0) {
        close(h->lock_fd);
    }
    if (h->folder_fd >= 0) {
        close(h->folder_fd);
    }
    for (size_t i = 0; i < h->later_count; i++) {
        config_destroy(h->later[i]);
    }
    mem_free(h->later);
    free(h->state);
    str_finish(&h->why);
    mem_free(h);
}
