#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <haft/executor.h>
#include <haft/host.h>

#include "host/base/log.h"
#include "host/carry/process.h"
#include "host/guest/instance.h"
#include "host/keeper/wire.h"
#include "tests/check_main.h"
#include "tests/host/guest/fixture.h"

/* The id of an attempt of the first host. */
#define CHILD (1ull << 32 | 7)

/* A host that is nothing but guests and their children. The service is asked
 * as border.c asks it; what the guest is told of a child, tests/guests/actor.c
 * keeps. */
struct yard {
    struct fixture f;
    struct process *process;
    const struct guest_service *service;
    struct guest *guest;
    struct guest *other;
    char state[64];
    char program[512];
    int ready; /* calls */
};

static void on_ready(void *ctx)
{
    struct yard *y = ctx;

    y->ready++;
}

/* As a host of that epoch, in the state directory that is there. */
static void enter(struct yard *y, uint32_t epoch)
{
    const struct process_options options = {
        .state = y->state,
        .program = y->program,
        .ready = on_ready,
        .ctx = y,
    };

    log_set_fd(-1);
    y->ready = 0;
    fixture_open(&y->f, "[notify:looping]\n[notify:serial]\n", NULL);
    y->process = process_create(y->f.loop, y->f.guests, &options);
    for (size_t i = 0; i < y->f.guests->services_count; i++) {
        const struct guest_service *s = y->f.guests->services[i].service;

        if (strcmp(s->interface->id, HAFT_PROCESS_V1) == 0) {
            y->service = s;
        }
    }
    ck_assert_ptr_nonnull(y->service);
    y->guest = fixture_find(&y->f, "notify", "looping");
    y->other = fixture_find(&y->f, "notify", "serial");
    process_open(y->process, epoch);
    if (!process_is_ready(y->process)) {
        fixture_wait(&y->f, &y->ready, 1);
    }
}

static void leave(struct yard *y)
{
    guests_stop(y->f.guests);
    process_destroy(y->process);
    fixture_close(&y->f);
}

static void open_yard(struct yard *y)
{
    const char *build = getenv("HAFT_BUILDDIR");

    memset(y, 0, sizeof(*y));
    snprintf(y->program, sizeof(y->program), "%s/haft-keeper",
             build ? build : ".");
    snprintf(y->state, sizeof(y->state), "/tmp/haft-process-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(y->state));
    enter(y, 1);
}

/* A keeper that is leaving may be quicker with a file of its own. */
static int drop(const char *path, const struct stat *stat, int type,
                struct FTW *place)
{
    (void)stat;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

static void close_yard(struct yard *y)
{
    leave(y);
    nftw(y->state, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static haft_status ask(struct yard *y, struct guest *who, uint32_t method,
                       const void *in, void *out)
{
    return y->service->methods[method](y->service->ctx, who, NULL, in, out);
}

static struct haft_slice slice(const char *text)
{
    return (struct haft_slice){text, text ? strlen(text) : 0};
}

static struct haft_array array(const void *p, uint32_t count, size_t stride)
{
    return (struct haft_array){p, count, (uint32_t)stride};
}

/* Of a child: NULLs and zeros are left out. */
struct job {
    const char *script;
    const char *program; /* instead of the script's shell */
    const char *input;
    const char *limit;
    uint64_t value;
};

static haft_status start(struct yard *y, struct guest *who, uint64_t id,
                         const struct job *job, uint64_t *given)
{
    const struct haft_slice argv[] = {slice("sh"), slice("-c"),
                                      slice(job->script)};
    const struct haft_slice program = slice(job->program);
    const struct haft_pair env = {slice("PATH"), slice("/usr/bin:/bin")};
    const struct haft_limit limit = {slice(job->limit), job->value};
    char path[128];
    struct haft_process_start_in in = {
        .size = sizeof(in),
        .id = id,
        .fence = 1,
        .argv = array(argv, 3, sizeof(argv[0])),
        .env = array(&env, 1, sizeof(env)),
        .workdir = slice(y->state),
        .input = slice(job->input),
    };
    struct haft_process_start_out out = {.size = sizeof(out)};
    haft_status status;

    snprintf(path, sizeof(path), "%s/out", y->state);
    in.stdout_path = slice(path);
    if (job->program) {
        in.argv = array(&program, 1, sizeof(program));
    }
    if (job->limit) {
        in.limits = array(&limit, 1, sizeof(limit));
    }
    status = ask(y, who, HAFT_PROCESS_START, &in, &out);
    if (given) {
        *given = out.id;
    }
    return status;
}

static void spawn(struct yard *y, uint64_t id, const char *script)
{
    const struct job job = {.script = script};

    ck_assert_int_eq(start(y, y->guest, id, &job, NULL), HAFT_OK);
}

static haft_status release(struct yard *y, struct guest *who, uint64_t id)
{
    const struct haft_process_id_in in = {.size = sizeof(in), .id = id};

    return ask(y, who, HAFT_PROCESS_RELEASE, &in, NULL);
}

static haft_status send_signal(struct yard *y, struct guest *who, uint64_t id,
                               int signal)
{
    const struct haft_process_signal_in in = {
        .size = sizeof(in), .signal = signal, .id = id};

    return ask(y, who, HAFT_PROCESS_SIGNAL, &in, NULL);
}

static uint32_t find(struct yard *y, struct guest *who, uint64_t id)
{
    const struct haft_process_id_in in = {.size = sizeof(in), .id = id};
    struct haft_process_find_out out = {.size = sizeof(out)};

    ck_assert_int_eq(ask(y, who, HAFT_PROCESS_FIND, &in, &out), HAFT_OK);
    return out.state;
}

/* Turns until the guest has been told so. */
static void wait_told(struct yard *y, const char *what, uint64_t n)
{
    int64_t left_ms = FIXTURE_LIMIT_MS;
    struct answer a;

    for (;;) {
        fixture_tell(y->guest, what, n, INT64_MAX, &a);
        fixture_wait(&y->f, &a.count, 1);
        if (a.status == HAFT_OK) {
            return;
        }
        ck_assert_msg(left_ms > 0, "never told: %s %d", what, (int)n);
        poll(NULL, 0, 2);
        left_ms -= 2;
    }
}

/* What the children wrote, once there is a whole line. */
static const char *written(struct yard *y)
{
    static char text[256];
    int64_t left_ms = FIXTURE_LIMIT_MS;
    char path[128];

    snprintf(path, sizeof(path), "%s/out", y->state);
    text[0] = '\0';
    while (!strchr(text, '\n')) {
        FILE *f = fopen(path, "re");

        if (f) {
            text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
            fclose(f);
        }
        ck_assert_msg(left_ms > 0, "nothing was written");
        poll(NULL, 0, 2);
        left_ms -= 2;
    }
    return text;
}

START_TEST(a_childs_end_is_told)
{
    struct yard y;

    open_yard(&y);
    spawn(&y, CHILD, "echo hello; exit 3");

    wait_told(&y, "child_exited", 3);
    wait_told(&y, "child_id", CHILD);
    ck_assert_str_eq(written(&y), "hello\n");
    ck_assert_int_eq(release(&y, y.guest, CHILD), HAFT_OK);
    close_yard(&y);
}
END_TEST

START_TEST(a_child_that_a_signal_ends_is_told_so)
{
    struct yard y;

    open_yard(&y);
    spawn(&y, CHILD, "sleep 1000");
    wait_told(&y, "child_started", 0);
    ck_assert_int_eq(send_signal(&y, y.guest, CHILD, SIGTERM), HAFT_OK);

    wait_told(&y, "child_killed", SIGTERM);
    ck_assert_int_eq(release(&y, y.guest, CHILD), HAFT_OK);
    close_yard(&y);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_told_by_its_error)
{
    const struct job job = {.program = "/no/such/program"};
    struct yard y;

    open_yard(&y);
    ck_assert_int_eq(start(&y, y.guest, CHILD, &job, NULL), HAFT_OK);

    wait_told(&y, "child_failed", ENOENT);
    ck_assert_int_eq(release(&y, y.guest, CHILD), HAFT_OK);
    close_yard(&y);
}
END_TEST

START_TEST(input_is_read_from_a_file_that_goes_with_the_child)
{
    const struct job job = {.script = "cat", .input = "from the plugin\n"};
    struct yard y;
    char path[128];

    open_yard(&y);
    ck_assert_int_eq(start(&y, y.guest, CHILD, &job, NULL), HAFT_OK);
    wait_told(&y, "child_exited", 0);
    snprintf(path, sizeof(path), "%s/input.%016llx", y.state, CHILD);

    ck_assert_str_eq(written(&y), "from the plugin\n");
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(release(&y, y.guest, CHILD), HAFT_OK);
    ck_assert_int_ne(access(path, F_OK), 0);
    close_yard(&y);
}
END_TEST

START_TEST(limits_hold_for_the_child)
{
    const struct job job = {
        .script = "ulimit -n", .limit = "nofile", .value = 33};
    struct yard y;

    open_yard(&y);
    ck_assert_int_eq(start(&y, y.guest, CHILD, &job, NULL), HAFT_OK);
    wait_told(&y, "child_exited", 0);

    ck_assert_str_eq(written(&y), "33\n");
    ck_assert_int_eq(release(&y, y.guest, CHILD), HAFT_OK);
    close_yard(&y);
}
END_TEST

START_TEST(what_cannot_be_a_job_is_refused_and_forgotten)
{
    const struct job unlimited = {.script = "true", .limit = "luck"};
    const struct haft_slice nul = {"t\0rue", 5};
    struct haft_limit many[WIRE_LIMITS + 1];
    struct haft_process_start_in in = {.size = sizeof(in), .id = CHILD};
    struct haft_process_start_out out = {.size = sizeof(out)};
    struct yard y;

    for (size_t i = 0; i < WIRE_LIMITS + 1; i++) {
        many[i] = (struct haft_limit){slice("cpu"), 1};
    }
    open_yard(&y);

    ck_assert_int_eq(start(&y, y.guest, CHILD, &unlimited, NULL),
                     -HAFT_INVALID);
    in.argv = array(&nul, 1, sizeof(nul));
    ck_assert_int_eq(ask(&y, y.guest, HAFT_PROCESS_START, &in, &out),
                     -HAFT_INVALID);
    in.argv = array(NULL, 0, 0);
    ck_assert_int_eq(ask(&y, y.guest, HAFT_PROCESS_START, &in, &out),
                     -HAFT_INVALID);
    in.limits = array(many, WIRE_LIMITS + 1, sizeof(many[0]));
    ck_assert_int_eq(ask(&y, y.guest, HAFT_PROCESS_START, &in, &out),
                     -HAFT_INVALID);
    ck_assert_uint_eq(find(&y, y.guest, CHILD), HAFT_PROCESS_UNKNOWN);
    close_yard(&y);
}
END_TEST

START_TEST(no_slots_at_all_are_refused)
{
    struct haft_slots_set_in in = {.size = sizeof(in)};
    struct yard y;

    open_yard(&y);

    ck_assert_int_eq(ask(&y, y.guest, HAFT_PROCESS_SLOTS, &in, NULL),
                     -HAFT_INVALID);
    close_yard(&y);
}
END_TEST

START_TEST(a_child_belongs_to_the_guest_that_started_it)
{
    const struct job job = {.script = "exit 1"};
    struct yard y;

    open_yard(&y);
    spawn(&y, CHILD, "sleep 1000");
    wait_told(&y, "child_started", 0);

    ck_assert_int_eq(start(&y, y.other, CHILD, &job, NULL), -HAFT_CONFLICT);
    ck_assert_int_eq(send_signal(&y, y.other, CHILD, SIGKILL), HAFT_STALE);
    ck_assert_int_eq(release(&y, y.other, CHILD), HAFT_STALE);
    ck_assert_uint_eq(find(&y, y.other, CHILD), HAFT_PROCESS_UNKNOWN);
    ck_assert_uint_eq(find(&y, y.guest, CHILD), HAFT_PROCESS_RUNNING);
    send_signal(&y, y.guest, CHILD, SIGKILL);
    wait_told(&y, "child_killed", SIGKILL);
    release(&y, y.guest, CHILD);
    close_yard(&y);
}
END_TEST

START_TEST(asked_twice_a_child_is_started_once)
{
    struct yard y;

    open_yard(&y);
    spawn(&y, CHILD, "echo once");
    spawn(&y, CHILD, "echo twice");
    wait_told(&y, "child_exited", 0);

    ck_assert_str_eq(written(&y), "once\n");
    release(&y, y.guest, CHILD);
    close_yard(&y);
}
END_TEST

START_TEST(who_gives_no_id_is_given_one)
{
    const struct job job = {.script = "true"};
    struct yard y;
    uint64_t first;
    uint64_t second;

    open_yard(&y);
    ck_assert_int_eq(start(&y, y.guest, 0, &job, &first), HAFT_OK);
    wait_told(&y, "child_id", first);
    ck_assert_int_eq(start(&y, y.guest, 0, &job, &second), HAFT_OK);
    wait_told(&y, "child_id", second);

    ck_assert_uint_ne(first, second);
    ck_assert_uint_eq(first >> 32, 1); /* the epoch: no attempt's id */
    ck_assert_uint_ge(first & UINT32_MAX, 0x80000000u);
    release(&y, y.guest, first);
    release(&y, y.guest, second);
    close_yard(&y);
}
END_TEST

START_TEST(the_next_host_finds_a_child_again)
{
    struct yard y;

    open_yard(&y);
    spawn(&y, CHILD, "sleep 1000");
    wait_told(&y, "child_started", 0);
    leave(&y);
    enter(&y, 2);

    ck_assert_uint_eq(find(&y, y.guest, CHILD), HAFT_PROCESS_RUNNING);
    process_settle(y.process); /* it has been asked for: it stays */
    send_signal(&y, y.guest, CHILD, SIGTERM);
    wait_told(&y, "child_killed", SIGTERM);
    release(&y, y.guest, CHILD);
    close_yard(&y);
}
END_TEST

START_TEST(what_ended_meanwhile_is_told_to_the_next_host)
{
    struct yard y;

    open_yard(&y);
    spawn(&y, CHILD, "echo x; exit 5");
    wait_told(&y, "child_exited", 5);
    leave(&y); /* without having released it */
    enter(&y, 2);

    ck_assert_uint_eq(find(&y, y.guest, CHILD), HAFT_PROCESS_ENDED);
    wait_told(&y, "child_exited", 5);
    ck_assert_int_eq(release(&y, y.guest, CHILD), HAFT_OK);
    ck_assert_uint_eq(find(&y, y.guest, CHILD), HAFT_PROCESS_UNKNOWN);
    close_yard(&y);
}
END_TEST

START_TEST(what_was_handed_over_before_the_machine_started_is_lost)
{
    struct yard y;

    open_yard(&y); /* epoch 1 is the first since then */

    ck_assert_uint_eq(find(&y, y.guest, 7), HAFT_PROCESS_LOST);
    wait_told(&y, "child_lost", 0);
    ck_assert_uint_eq(find(&y, y.guest, CHILD), HAFT_PROCESS_UNKNOWN);
    ck_assert_int_eq(release(&y, y.guest, 7), HAFT_OK);
    close_yard(&y);
}
END_TEST

static bool is_locked(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is_held = flock(fd, LOCK_EX | LOCK_NB) != 0;

    ck_assert_int_ge(fd, 0);
    close(fd);
    return is_held;
}

START_TEST(a_child_that_nobody_asks_for_is_ended)
{
    int64_t left_ms = FIXTURE_LIMIT_MS;
    struct yard y;
    char path[128];
    struct answer a;

    open_yard(&y);
    snprintf(path, sizeof(path), "%s/alive", y.state);
    spawn(&y, CHILD, "exec 9> alive; flock 9; echo locked; exec sleep 1000");
    wait_told(&y, "child_started", 0);
    ck_assert_str_eq(written(&y), "locked\n");
    spawn(&y, CHILD + 1, "true");
    wait_told(&y, "child_id", CHILD + 1);
    leave(&y);
    enter(&y, 2);
    ck_assert(is_locked(path));

    process_settle(y.process);

    while (is_locked(path)) {
        fixture_tell(y.guest, "ok", 0, INT64_MAX, &a);
        fixture_wait(&y.f, &a.count, 1);
        ck_assert_msg(left_ms > 0, "it lives on");
        poll(NULL, 0, 2);
        left_ms -= 2;
    }
    ck_assert_uint_eq(find(&y, y.guest, CHILD + 1), HAFT_PROCESS_UNKNOWN);
    close_yard(&y);
}
END_TEST

START_TEST(children_whose_keeper_died_are_lost)
{
    struct yard y;
    pid_t keeper;

    open_yard(&y);
    spawn(&y, CHILD, "echo $PPID; exec sleep 1000");
    wait_told(&y, "child_started", 0);
    keeper = (pid_t)strtoll(written(&y), NULL, 10);
    ck_assert_int_gt(keeper, 1);
    ck_assert_int_eq(kill(keeper, SIGKILL), 0);

    wait_told(&y, "child_lost", 0);
    release(&y, y.guest, CHILD);
    close_yard(&y);
}
END_TEST

START_TEST(without_a_keeper_nothing_begins)
{
    struct yard y;

    open_yard(&y);
    leave(&y);
    snprintf(y.program, sizeof(y.program), "/no/such/keeper");
    enter(&y, 2);
    spawn(&y, CHILD, "true");

    wait_told(&y, "child_failed", ECHILD);
    close_yard(&y);
}
END_TEST

START_TEST(without_a_state_directory_there_are_no_children)
{
    const struct job job = {.script = "true"};
    struct yard y;

    open_yard(&y);
    leave(&y);
    nftw(y.state, drop, 16, FTW_DEPTH | FTW_PHYS);
    enter(&y, 2);

    ck_assert(process_is_ready(y.process));
    ck_assert_int_eq(start(&y, y.guest, CHILD, &job, NULL), -HAFT_RESOURCE);
    leave(&y);
}
END_TEST

TEST_MAIN("process", a_childs_end_is_told,
          a_child_that_a_signal_ends_is_told_so,
          a_program_that_is_not_there_is_told_by_its_error,
          input_is_read_from_a_file_that_goes_with_the_child,
          limits_hold_for_the_child,
          what_cannot_be_a_job_is_refused_and_forgotten,
          no_slots_at_all_are_refused,
          a_child_belongs_to_the_guest_that_started_it,
          asked_twice_a_child_is_started_once, who_gives_no_id_is_given_one,
          the_next_host_finds_a_child_again,
          what_ended_meanwhile_is_told_to_the_next_host,
          what_was_handed_over_before_the_machine_started_is_lost,
          a_child_that_nobody_asks_for_is_ended,
          children_whose_keeper_died_are_lost, without_a_keeper_nothing_begins,
          without_a_state_directory_there_are_no_children)
