/* Hosts, keepers and guardians that are killed. */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "host/keeper/table.h"
#include "tests/check_main.h"
#include "tests/host/carry/keeper_fixture.h"

#define CROWD 50

/* A test that fails leaves nobody behind who holds its output open. */
static void die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/* A host that hands fifty attempts over, says what their processes are, and
 * waits to be killed. */
static void be_a_host(struct lab *lab, int pipe_fd)
{
    char script[128];
    die_with_parent();
    lab_attach(lab);
    for (uint64_t id = 1; id <= CROWD; id++) {
        snprintf(script, sizeof(script),
                 "while [ ! -e go ]; do sleep 0.05; done; exit %d", (int)id);
        lab_spawn(lab, id, script);
    }
    for (uint64_t id = 1; id <= CROWD; id++) {
        lab_wait_state(lab, id, WIRE_RUNNING);
    }
    ssize_t size = (ssize_t)sizeof(lab->reports);
    if (write(pipe_fd, lab->reports, (size_t)size) != size) {
        _exit(1);
    }
    for (;;) {
        pause();
    }
}

/* Its last words. */
static void read_all(int fd, void *room, size_t size)
{
    char *to = room;
    while (size > 0) {
        ssize_t more = read(fd, to, size);
        ck_assert_int_gt(more, 0);
        to += more;
        size -= (size_t)more;
    }
}

START_TEST(attempts_survive_kill_9_of_the_host)
{
    static struct wire_report before[LAB_IDS];
    struct lab lab;
    int pipe_fds[2];
    lab_init(&lab, CROWD);
    ck_assert_int_eq(pipe(pipe_fds), 0);
    pid_t host = fork();
    if (host == 0) {
        be_a_host(&lab, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    read_all(pipe_fds[0], before, sizeof(before));

    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
    lab.epoch = 2;
    lab_attach(&lab);
    lab_wait_ready(&lab);

    for (uint64_t id = 1; id <= CROWD; id++) {
        ck_assert_uint_eq(lab.reports[id].state, WIRE_RUNNING);
        ck_assert_int_eq(lab.reports[id].pid, before[id].pid);
        ck_assert_int_eq(lab.reports[id].begin_ms, before[id].begin_ms);
    }
    lab_make_file(&lab, "go");
    for (uint64_t id = 1; id <= CROWD; id++) {
        lab_wait_state(&lab, id, WIRE_ENDED);
        ck_assert_int_eq(lab.reports[id].status, (int)id << 8);
    }
    close(pipe_fds[0]);
    lab_finish(&lab);
}
END_TEST

/* What a host's journal would hold, in memory that outlives the hosts. */
struct store {
    struct {
        bool has_ended;
        int status;
    } tasks[LAB_IDS];
    uint64_t handed; /* ids up to here */
    uint64_t ended;  /* so many */
};

#define TASKS 500
#define AHEAD 64

static void hand_over(struct lab *lab, uint64_t id)
{
    char script[64];
    snprintf(script, sizeof(script), "echo %d >> log; exit %d", (int)id,
             (int)id % 7);
    lab_spawn(lab, id, script);
}

/* As the host does it: first what was handed over and is not known, then
 * more; an end is stored, then released. */
static void be_a_working_host(struct lab *lab, struct store *store)
{
    die_with_parent();
    lab_attach(lab);
    lab_wait_ready(lab);
    store->ended = 0; /* the last one may have died between two stores */
    for (uint64_t id = 1; id <= store->handed; id++) {
        store->ended += store->tasks[id].has_ended;
        if (!store->tasks[id].has_ended && lab->counts[id] == 0) {
            hand_over(lab, id);
        }
    }
    while (store->ended < TASKS) {
        while (store->handed < TASKS && store->handed - store->ended < AHEAD) {
            store->handed++;
            hand_over(lab, store->handed);
        }
        for (uint64_t id = 1; id <= store->handed; id++) {
            if (lab->reports[id].state != WIRE_ENDED) {
                continue;
            }
            if (!store->tasks[id].has_ended) {
                store->tasks[id].status = lab->reports[id].status;
                store->tasks[id].has_ended = true;
                store->ended++;
            }
            keeper_release(lab->keeper, id);
            lab->reports[id].state = WIRE_UNKNOWN;
        }
        if (store->ended < TASKS) {
            lab_turn(lab);
        }
    }
    keeper_flush(lab->keeper);
    _exit(0);
}

static void check_log(const struct lab *lab)
{
    static int times[LAB_IDS];
    const char *at = lab_read_file(lab, "log");
    int id = 0;
    int length = 0;
    while (sscanf(at, "%d\n%n", &id, &length) == 1) {
        ck_assert_int_lt(id, LAB_IDS);
        times[id]++;
        at += length;
    }
    for (id = 1; id <= TASKS; id++) {
        ck_assert_msg(times[id] == 1, "task %d ran %d times", id, times[id]);
    }
}

START_TEST(hosts_killed_at_any_moment_lose_nothing_and_repeat_nothing)
{
    struct lab lab;
    struct store *store = mmap(NULL, sizeof(*store), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint32_t seed = 12345;
    int status = 0;
    int kills = 0;
    lab_init(&lab, 8);
    lab.epoch = 0;

    do {
        lab.epoch++;
        pid_t host = fork();
        if (host == 0) {
            be_a_working_host(&lab, store);
        }
        seed = seed * 1103515245 + 12345;
        poll(NULL, 0, 1 + (int)(seed >> 16) % 12);
        kill(host, SIGKILL);
        waitpid(host, &status, 0);
        kills += WIFSIGNALED(status);
    } while (WIFSIGNALED(status) && lab.epoch < 5000);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert_int_gt(kills, 3);
    for (int id = 1; id <= TASKS; id++) {
        ck_assert_int_eq(store->tasks[id].status, id % 7 << 8);
    }
    check_log(&lab);
    munmap(store, sizeof(*store));
    lab_finish(&lab);
}
END_TEST

START_TEST(ends_that_no_host_saw_are_told_to_the_next)
{
    struct lab lab;
    lab_start(&lab, 1);
    lab_spawn(&lab, 1, "while [ ! -e go ]; do sleep 0.01; done; exit 5");
    lab_spawn(&lab, 2, "echo $$ > two; exit 6");
    lab_wait_state(&lab, 1, WIRE_RUNNING);
    lab_detach(&lab);

    lab_make_file(&lab, "go");
    lab_wait_dead(lab_wait_pid(&lab, "two")); /* begun without a host */
    lab.epoch = 2;
    lab_attach(&lab);
    lab_wait_state(&lab, 1, WIRE_ENDED);
    lab_wait_state(&lab, 2, WIRE_ENDED);

    ck_assert_int_eq(lab.reports[1].status, 5 << 8);
    ck_assert_int_eq(lab.reports[2].status, 6 << 8);
    lab_finish(&lab);
}
END_TEST

START_TEST(an_older_host_is_refused)
{
    struct lab lab;
    lab_start(&lab, 1);
    lab.epoch = 7;
    lab_detach(&lab);
    lab_attach(&lab);
    lab_spawn(&lab, 1, "sleep 1000");
    lab_wait_state(&lab, 1, WIRE_RUNNING);
    pid_t keeper = keeper_pid(lab.keeper);
    lab_detach(&lab);

    lab.epoch = 6;
    lab_attach(&lab);
    lab_wait_lost(&lab);

    ck_assert(lab.is_refused);
    ck_assert(!lab.is_ready);
    lab_spawn(&lab, 2, "touch two"); /* of no use, and no harm */
    kill(keeper, SIGKILL);
    lab_finish(&lab);
}
END_TEST

static pid_t parent_of(pid_t pid)
{
    char path[64];
    char text[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
    close(fd);
    int parent = 0;
    ck_assert_int_eq(sscanf(strrchr(text, ')') + 2, "%*c %d", &parent), 1);
    return parent;
}

#define ESCAPE                                                                 \
    "sleep 1000 & echo $! > child;"                                            \
    "setsid -f env -i /bin/sh -c 'echo $$ > daemon; sleep 1000; :';"           \
    "sleep 1000"

/* Attempt 1 runs with a child and a daemon, 2 waits for the slot. */
static void start_escape(struct lab *lab, pid_t *child, pid_t *daemon)
{
    lab_start(lab, 1);
    lab_spawn(lab, 1, ESCAPE);
    lab_spawn(lab, 2, "exit 8");
    lab_wait_state(lab, 1, WIRE_RUNNING);
    *child = lab_wait_pid(lab, "child");
    *daemon = lab_wait_pid(lab, "daemon");
}

START_TEST(a_killed_keeper_leaves_nothing_alive)
{
    struct lab lab;
    pid_t child = 0;
    pid_t daemon = 0;
    start_escape(&lab, &child, &daemon);
    pid_t keeper = keeper_pid(lab.keeper);
    ck_assert(lab_is_alive(child) && lab_is_alive(daemon));

    kill(keeper, SIGKILL);
    lab_wait_state(&lab, 1, WIRE_LOST);

    /* The next keeper begins only after that. */
    ck_assert(!lab_is_alive(lab.reports[1].pid));
    ck_assert(!lab_is_alive(child));
    ck_assert(!lab_is_alive(daemon));
    lab_wait_state(&lab, 2, WIRE_ENDED); /* what had not begun is not lost */
    ck_assert_int_eq(lab.reports[2].status, 8 << 8);
    ck_assert_int_ne(keeper_pid(lab.keeper), keeper);
    ck_assert_int_eq(lab.lost, 0);
    lab_finish(&lab);
}
END_TEST

START_TEST(a_keeper_without_its_guardian_goes_on)
{
    struct lab lab;
    pid_t child = 0;
    pid_t daemon = 0;
    start_escape(&lab, &child, &daemon);

    kill(parent_of(keeper_pid(lab.keeper)), SIGKILL);
    keeper_kill(lab.keeper, 1, SIGTERM);
    lab_wait_state(&lab, 1, WIRE_ENDED);
    lab_wait_state(&lab, 2, WIRE_ENDED);

    ck_assert_int_eq(lab.reports[2].status, 8 << 8);
    lab_wait_dead(child);
    lab_wait_dead(daemon);
    lab_finish(&lab);
}
END_TEST

START_TEST(the_next_keeper_kills_what_both_left)
{
    struct lab lab;
    lab_start(&lab, 1);
    lab_spawn(&lab, 1, "sleep 1000 & echo $! > child; wait");
    lab_wait_state(&lab, 1, WIRE_RUNNING);
    pid_t child = lab_wait_pid(&lab, "child");
    pid_t keeper = keeper_pid(lab.keeper);

    kill(parent_of(keeper), SIGKILL);
    kill(keeper, SIGKILL);
    lab_wait_state(&lab, 1, WIRE_LOST);

    ck_assert(!lab_is_alive(lab.reports[1].pid));
    ck_assert(!lab_is_alive(child));
    lab_finish(&lab);
}
END_TEST

START_TEST(a_keeper_killed_again_and_again_loses_no_end)
{
    struct lab lab;
    lab_start(&lab, 2);
    for (uint64_t id = 1; id <= 4; id++) {
        lab_spawn(&lab, id, "exit 1");
        lab_wait_state(&lab, id, WIRE_ENDED);
        kill(keeper_pid(lab.keeper), SIGKILL);
        /* Told again by the next one. */
        uint32_t count = lab.counts[1];
        while (lab.counts[1] == count) {
            lab_turn(&lab);
        }
    }

    for (uint64_t id = 1; id <= 4; id++) {
        ck_assert_uint_eq(lab.reports[id].state, WIRE_ENDED);
        ck_assert_int_eq(lab.reports[id].status, 1 << 8);
    }
    ck_assert_int_eq(lab.lost, 0);
    lab_finish(&lab);
}
END_TEST

/* Nobody's attempt: a process with a session of its own, and one more in
 * it. */
struct bystander {
    pid_t leader;
    pid_t member;
};

static void be_a_bystander(int pipe_fd)
{
    setsid();
    die_with_parent();
    pid_t member = fork();
    if (member == 0) {
        die_with_parent();
    }
    if (member == 0 ||
        write(pipe_fd, &member, sizeof(member)) == (ssize_t)sizeof(member)) {
        pause();
    }
    _exit(0);
}

static struct bystander start_bystander(void)
{
    struct bystander bystander;
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    bystander.leader = fork();
    if (bystander.leader == 0) {
        be_a_bystander(fds[1]);
    }
    read_all(fds[0], &bystander.member, sizeof(bystander.member));
    close(fds[0]);
    close(fds[1]);
    return bystander;
}

static void end_bystander(const struct bystander *bystander)
{
    ck_assert(lab_is_alive(bystander->leader));
    ck_assert(lab_is_alive(bystander->member));
    kill(-bystander->leader, SIGKILL);
    waitpid(bystander->leader, NULL, 0);
}

/* A table as a keeper leaves it that was killed with its guardian. */
static void write_table(const struct lab *lab,
                        const struct table_entry *entries, uint32_t count)
{
    static char file[sizeof(struct table_head) +
                     TABLE_ENTRIES * sizeof(struct table_entry)];
    struct table_head head = {
        .version = 2, .entries = TABLE_ENTRIES, .epoch = 1, .used = count};
    memcpy(head.magic, "haftkeep", sizeof(head.magic));
    memcpy(file, &head, sizeof(head));
    memcpy(file + sizeof(head), entries, count * sizeof(*entries));
    int fd = openat(lab->state_fd, WIRE_TABLE_NAME,
                    O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, file, sizeof(file)), (ssize_t)sizeof(file));
    close(fd);
}

static int64_t boot_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(a_number_that_was_lent_to_another_kills_nobody)
{
    struct lab lab;
    struct bystander bystander = start_bystander();
    struct table_entry entry = {.id = 1,
                                .state = WIRE_RUNNING,
                                .pid = bystander.leader,
                                .born_ms = 10,
                                .bred_ms = 20};
    wire_read_boot(entry.boot);
    lab_init(&lab, 1);
    write_table(&lab, &entry, 1);

    lab_attach(&lab);
    lab_wait_ready(&lab);

    ck_assert_uint_eq(lab.reports[1].state, WIRE_LOST);
    end_bystander(&bystander);
    lab_finish(&lab);
}
END_TEST

START_TEST(a_table_of_an_earlier_boot_kills_nobody)
{
    struct lab lab;
    struct bystander bystander = start_bystander();
    struct table_entry entries[] = {
        {.id = 1,
         .state = WIRE_RUNNING,
         .pid = bystander.leader,
         .born_ms = boot_ms() - 1000,
         .bred_ms = boot_ms() + 1000},
        {.id = 2, .state = WIRE_QUEUED},
        {.id = 3, .state = WIRE_STARTING}, /* no process was made */
        {.id = 4, .state = WIRE_STARTING, .pid = 1},
        {.id = 5, .state = WIRE_ENDED, .status = 9 << 8},
        {.id = 6, .state = 12345},
    };
    lab_init(&lab, 1);
    write_table(&lab, entries, 6);

    lab_attach(&lab);
    lab_wait_ready(&lab);

    ck_assert_uint_eq(lab.reports[1].state, WIRE_LOST);
    ck_assert_uint_eq(lab.counts[2], 0);
    ck_assert_uint_eq(lab.counts[3], 0);
    ck_assert_uint_eq(lab.reports[4].state, WIRE_LOST);
    ck_assert_uint_eq(lab.reports[5].state, WIRE_ENDED);
    ck_assert_int_eq(lab.reports[5].status, 9 << 8);
    ck_assert_uint_eq(lab.counts[6], 0);
    end_bystander(&bystander);
    lab_finish(&lab);
}
END_TEST

START_TEST(a_file_that_is_no_table_is_not_overwritten)
{
    struct lab lab;
    lab_init(&lab, 1);
    int fd = openat(lab.state_fd, WIRE_TABLE_NAME,
                    O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "something", 9), 9);
    close(fd);

    lab_attach(&lab);
    lab_wait_lost(&lab);

    ck_assert_ptr_nonnull(strstr(lab.why, "keeper.table"));
    ck_assert_str_eq(lab_read_file(&lab, WIRE_TABLE_NAME), "something");
    lab_finish(&lab);
}
END_TEST

TEST_MAIN("keeper_death", attempts_survive_kill_9_of_the_host,
          hosts_killed_at_any_moment_lose_nothing_and_repeat_nothing,
          ends_that_no_host_saw_are_told_to_the_next, an_older_host_is_refused,
          a_killed_keeper_leaves_nothing_alive,
          a_keeper_without_its_guardian_goes_on,
          the_next_keeper_kills_what_both_left,
          a_keeper_killed_again_and_again_loses_no_end,
          a_number_that_was_lent_to_another_kills_nobody,
          a_table_of_an_earlier_boot_kills_nobody,
          a_file_that_is_no_table_is_not_overwritten)
