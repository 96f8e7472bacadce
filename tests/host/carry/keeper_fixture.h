/* A host that is nothing but a loop and a keeper's client, in a state
 * directory of its own, for the tests of both ends.
 *
 * It keeps the last report of each attempt (ids below LAB_IDS). Waiting is
 * always for a condition, with a deadline that fails the test. */
#ifndef TESTS_HOST_CARRY_KEEPER_FIXTURE_H
#define TESTS_HOST_CARRY_KEEPER_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "host/base/loop.h"
#include "host/carry/keeper.h"

#define LAB_IDS 2048
#define LAB_WAIT_MS 30000

struct lab {
    struct loop *loop;
    struct keeper *keeper;
    struct loop_timer deadline;
    bool is_late;
    char dir[512];
    char program[512];
    int state_fd;
    uint64_t epoch;
    uint32_t slots;
    struct launch *launch; /* for lab_attach(): it is connected already */

    struct wire_report reports[LAB_IDS]; /* by id; state 0: none yet */
    uint32_t counts[LAB_IDS];            /* reports of each */
    bool is_ready;
    int lost; /* calls */
    bool is_refused;
    char why[512];
};

static inline void lab_report(void *ctx, const struct wire_report *report)
{
    struct lab *lab = ctx;
    ck_assert_uint_lt(report->id, LAB_IDS);
    lab->reports[report->id] = *report;
    lab->counts[report->id]++;
}

static inline void lab_ready(void *ctx, const uint8_t *boot)
{
    struct lab *lab = ctx;
    static const uint8_t none[16];
    ck_assert_mem_ne(boot, none, sizeof(none));
    lab->is_ready = true;
}

static inline void lab_lost(void *ctx, bool is_refused, const char *why)
{
    struct lab *lab = ctx;
    lab->lost++;
    lab->is_refused = is_refused;
    snprintf(lab->why, sizeof(lab->why), "%s", why);
}

static inline void lab_late(void *ctx)
{
    struct lab *lab = ctx;
    lab->is_late = true;
}

/* Connects; again after lab_detach(), as a later host does. */
static inline void lab_attach(struct lab *lab)
{
    static const struct keeper_calls calls = {lab_report, lab_ready, lab_lost};
    struct keeper_options options = {
        .state_fd = lab->state_fd,
        .program = lab->program,
        .epoch = lab->epoch,
        .slots = lab->slots,
        .launch = lab->launch,
        .calls = &calls,
        .ctx = lab,
    };
    memset(lab->reports, 0, sizeof(lab->reports));
    memset(lab->counts, 0, sizeof(lab->counts));
    lab->is_ready = false;
    lab->lost = 0;
    lab->loop = loop_create();
    loop_timer_init(&lab->deadline, lab_late, lab);
    lab->keeper = keeper_create(lab->loop, &options);
}

static inline void lab_detach(struct lab *lab)
{
    keeper_destroy(lab->keeper);
    loop_destroy(lab->loop);
    lab->keeper = NULL;
    lab->loop = NULL;
}

static inline void lab_init(struct lab *lab, uint32_t slots)
{
    const char *build = getenv("HAFT_BUILDDIR");
    const char *temp = getenv("TMPDIR");
    memset(lab, 0, sizeof(*lab));
    snprintf(lab->program, sizeof(lab->program), "%s/haft-keeper",
             build == NULL ? "." : build);
    snprintf(lab->dir, sizeof(lab->dir), "%s/haft-keeper-XXXXXX",
             temp == NULL ? "/tmp" : temp);
    ck_assert_ptr_nonnull(mkdtemp(lab->dir));
    lab->state_fd = open(lab->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(lab->state_fd, 0);
    lab->epoch = 1;
    lab->slots = slots;
}

static inline void lab_start(struct lab *lab, uint32_t slots)
{
    lab_init(lab, slots);
    lab_attach(lab);
}

static inline bool lab_is_locked(const struct lab *lab)
{
    int fd = openat(lab->state_fd, WIRE_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC,
                    0600);
    bool is_locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
    close(fd);
    return is_locked;
}

/* For conditions that no event of the loop announces. */
static inline void lab_poll(int64_t *left_ms)
{
    ck_assert_int_gt(*left_ms, 0);
    poll(NULL, 0, 2);
    *left_ms -= 2;
}

/* Until a keeper has ended, and all that was below it. */
static inline void lab_wait_unlocked(const struct lab *lab)
{
    int64_t left_ms = LAB_WAIT_MS;
    while (lab_is_locked(lab)) {
        lab_poll(&left_ms);
    }
}

static inline int lab_remove(const char *path, const struct stat *stat,
                             int type, struct FTW *place)
{
    (void)stat;
    (void)type;
    (void)place;
    return remove(path);
}

/* One turn of the loop. */
static inline void lab_turn(struct lab *lab)
{
    loop_timer_set(lab->loop, &lab->deadline,
                   loop_now_ms(lab->loop) + LAB_WAIT_MS);
    loop_wait(lab->loop);
    ck_assert_msg(!lab->is_late, "nothing came in %d ms", LAB_WAIT_MS);
}

static inline void lab_wait_state(struct lab *lab, uint64_t id, uint32_t state)
{
    while (lab->reports[id].state != state) {
        uint32_t count = lab->counts[id];
        lab_turn(lab);
        /* States only move on. */
        if (lab->counts[id] != count) {
            ck_assert_msg(lab->reports[id].state <= state,
                          "attempt %d is %s instead of %s, error %d", (int)id,
                          wire_state_name(lab->reports[id].state),
                          wire_state_name(state), lab->reports[id].error);
        }
    }
}

/* Ends and releases all that is known to run, so that the keeper can go. */
static inline void lab_settle(struct lab *lab)
{
    for (uint64_t id = 1; id < LAB_IDS; id++) {
        if (lab->reports[id].state == WIRE_RUNNING) {
            keeper_kill(lab->keeper, id, SIGKILL);
            lab_wait_state(lab, id, WIRE_ENDED);
        }
        if (lab->counts[id] > 0) {
            keeper_release(lab->keeper, id);
        }
    }
}

/* A keeper that has still something to keep is killed. */
static inline void lab_finish(struct lab *lab)
{
    pid_t pid = lab->keeper == NULL ? 0 : keeper_pid(lab->keeper);
    if (pid > 0) {
        lab_settle(lab);
    }
    if (lab->keeper != NULL) {
        lab_detach(lab);
    }
    for (int i = 0; i < 100 && lab_is_locked(lab); i++) {
        poll(NULL, 0, 5);
    }
    if (pid > 0 && lab_is_locked(lab)) {
        kill(pid, SIGKILL);
    }
    lab_wait_unlocked(lab);
    close(lab->state_fd);
    nftw(lab->dir, lab_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void lab_wait_ready(struct lab *lab)
{
    while (!lab->is_ready) {
        lab_turn(lab);
    }
}

static inline void lab_wait_lost(struct lab *lab)
{
    while (lab->lost == 0) {
        lab_turn(lab);
    }
}

static const char *const lab_env[] = {"PATH=/usr/bin:/bin", NULL};

static inline void lab_spawn_job(struct lab *lab, const struct wire_job *job)
{
    struct str why;
    str_init(&why, STR_WHY_LIMIT);
    ck_assert_msg(keeper_spawn(lab->keeper, job, &why) == 0, "%s", why.text);
    str_finish(&why);
}

/* A shell's script, in the state directory. */
static inline void lab_spawn(struct lab *lab, uint64_t id, const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct wire_job job = {
        .id = id,
        .fence = id + 1000,
        .weight = 1,
        .umask = 077,
        .argv = argv,
        .env = lab_env,
    };
    lab_spawn_job(lab, &job);
}

static inline bool lab_has_file(const struct lab *lab, const char *name)
{
    return faccessat(lab->state_fd, name, F_OK, 0) == 0;
}

static inline void lab_make_file(const struct lab *lab, const char *name)
{
    int fd = openat(lab->state_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* The text of a small file, "" if there is none. */
static inline const char *lab_read_file(const struct lab *lab, const char *name)
{
    static char text[65536];
    int fd = openat(lab->state_fd, name, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    text[size > 0 ? size : 0] = 0;
    if (fd >= 0) {
        close(fd);
    }
    return text;
}

/* Waits until a script has written its line, a process number. */
static inline pid_t lab_wait_pid(const struct lab *lab, const char *name)
{
    int64_t left_ms = LAB_WAIT_MS;
    while (strchr(lab_read_file(lab, name), '\n') == NULL) {
        lab_poll(&left_ms);
    }
    int pid = 0;
    ck_assert_int_eq(sscanf(lab_read_file(lab, name), "%d", &pid), 1);
    return pid;
}

/* Alive, and more than a zombie. */
static inline bool lab_is_alive(pid_t pid)
{
    char path[64];
    char text[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *end = size <= 0 ? NULL : strrchr(text, ')');
    return end != NULL && end[2] != 'Z' && end[2] != 'X';
}

static inline void lab_wait_dead(pid_t pid)
{
    int64_t left_ms = LAB_WAIT_MS;
    while (lab_is_alive(pid)) {
        lab_poll(&left_ms);
    }
}

#endif
