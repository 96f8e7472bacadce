/* The keeper against hosts that do not behave: spoken to by hand, beside a
 * proper one. */
#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/check_main.h"
#include "tests/host/carry/keeper_fixture.h"

static int dial(const struct lab *lab)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d/%s",
             lab->state_fd, WIRE_SOCKET_NAME);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

static void say(int fd, const void *packet, size_t size)
{
    ck_assert_int_eq(send(fd, packet, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* The type of the first message of the next packet; 0: the end. */
static int hear(int fd)
{
    static char packet[WIRE_PACKET_LIMIT];
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&ready, 1, LAB_WAIT_MS), 1);
    ssize_t size = recv(fd, packet, sizeof(packet), 0);
    if (size <= 0) {
        return 0;
    }
    struct wire_head head;
    ck_assert_int_ge(size, (ssize_t)sizeof(head));
    memcpy(&head, packet, sizeof(head));
    return head.type;
}

/* Until that attempt is told to have ended, alone in its packet. */
static void hear_end(int fd, uint64_t id)
{
    struct wire_report report = {.state = WIRE_UNKNOWN};
    while (report.id != id || report.state != WIRE_ENDED) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        ck_assert_int_eq(poll(&ready, 1, LAB_WAIT_MS), 1);
        ck_assert_int_eq(recv(fd, &report, sizeof(report), 0),
                         (ssize_t)sizeof(report));
    }
}

static struct wire_hello hello_of(uint64_t epoch)
{
    return (struct wire_hello){
        .head = wire_head(WIRE_HELLO),
        .version = WIRE_VERSION,
        .slots = 4,
        .epoch = epoch,
        .hold_count = 1,
    };
}

static void say_spawn(int fd, uint64_t id, const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct wire_job job = {.id = id, .weight = 1, .argv = argv, .env = lab_env};
    char packet[1024];
    size_t size = wire_job_size(&job);
    ck_assert_uint_le(size, sizeof(packet));
    wire_put_job(packet, size, &job);
    say(fd, packet, size);
}

/* A keeper with a running attempt 1 and a proper host. */
static void begin(struct lab *lab)
{
    lab_init(lab, 4);
    lab->epoch = 10;
    lab_attach(lab);
    lab_spawn(lab, 1, "sleep 1000");
    lab_wait_state(lab, 1, WIRE_RUNNING);
}

/* The signal is on its way when kill returns: waits until it has arrived. */
static void stop(pid_t pid)
{
    int64_t left_ms = LAB_WAIT_MS;
    char path[64];
    char state = '?';
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    kill(pid, SIGSTOP);
    while (state != 'T') {
        FILE *f = fopen(path, "re");
        ck_assert_ptr_nonnull(f);
        ck_assert_int_eq(fscanf(f, "%*d (%*[^)]) %c", &state), 1);
        fclose(f);
        lab_poll(&left_ms);
    }
}

START_TEST(what_a_stale_host_had_sent_is_never_done)
{
    struct lab lab;
    begin(&lab);
    pid_t keeper = keeper_pid(lab.keeper);
    lab_detach(&lab);
    int stale = dial(&lab);
    struct wire_hello hello = hello_of(10);
    say(stale, &hello, sizeof(hello));
    ck_assert_int_eq(hear(stale), WIRE_READY);

    /* All that follows waits for the keeper at once. */
    stop(keeper);
    say_spawn(stale, 2, "touch two");
    lab.epoch = 11;
    lab_attach(&lab);
    lab_turn(&lab);
    kill(keeper, SIGCONT);
    lab_wait_ready(&lab);
    keeper_withdraw(lab.keeper, 2);
    while (lab.counts[2] == 0) {
        lab_turn(&lab);
    }
    lab_spawn(&lab, 3, "exit 0");
    lab_wait_state(&lab, 3, WIRE_ENDED);

    ck_assert_uint_eq(lab.reports[2].state, WIRE_UNKNOWN);
    ck_assert(!lab_has_file(&lab, "two"));
    ck_assert_uint_eq(lab.reports[1].state, WIRE_RUNNING);
    while (hear(stale) != 0) { /* what it was told before */
    }
    close(stale);
    lab_finish(&lab);
}
END_TEST

START_TEST(an_older_epoch_is_refused_and_changes_nothing)
{
    struct lab lab;
    begin(&lab);
    int stale = dial(&lab);
    struct wire_hello hello = hello_of(9);

    say(stale, &hello, sizeof(hello));

    ck_assert_int_eq(hear(stale), WIRE_REFUSED);
    ck_assert_int_eq(hear(stale), 0);
    lab_spawn(&lab, 2, "exit 0");
    lab_wait_state(&lab, 2, WIRE_ENDED);
    close(stale);
    lab_finish(&lab);
}
END_TEST

START_TEST(another_version_is_refused)
{
    struct lab lab;
    begin(&lab);
    int other = dial(&lab);
    struct wire_hello hello = hello_of(11);
    hello.version++;

    say(other, &hello, sizeof(hello));

    ck_assert_int_eq(hear(other), WIRE_REFUSED);
    close(other);
    lab_finish(&lab);
}
END_TEST

START_TEST(what_is_malformed_ends_the_link_and_nothing_else)
{
    struct {
        struct wire_kill kill;
        char rest[8];
    } half = {.kill = {.head = wire_head(WIRE_KILL), .id = 1, .signal = 9},
              .rest = "garbage"};
    struct wire_slots no_hello = {.head = wire_head(WIRE_SLOTS)};
    struct lab lab;
    begin(&lab);
    pid_t keeper = keeper_pid(lab.keeper);
    lab_detach(&lab);

    int fd = dial(&lab);
    say(fd, "?", 1);
    ck_assert_int_eq(hear(fd), 0);
    close(fd);
    fd = dial(&lab);
    say(fd, &no_hello, sizeof(no_hello));
    ck_assert_int_eq(hear(fd), 0);
    close(fd);
    fd = dial(&lab);
    struct wire_hello hello = hello_of(10);
    say(fd, &hello, sizeof(hello));
    ck_assert_int_eq(hear(fd), WIRE_READY);
    ck_assert_int_eq(hear(fd), WIRE_REPORT);
    say(fd, &half, sizeof(half)); /* refused whole: the KILL too */
    ck_assert_int_eq(hear(fd), 0);
    close(fd);

    lab_attach(&lab);
    lab_wait_ready(&lab);
    ck_assert_uint_eq(lab.reports[1].state, WIRE_RUNNING);
    ck_assert_int_eq(keeper_pid(lab.keeper), keeper);
    ck_assert(lab_is_alive(lab.reports[1].pid));
    lab_finish(&lab);
}
END_TEST

START_TEST(a_second_hello_ends_the_link)
{
    struct lab lab;
    begin(&lab);
    int fd = dial(&lab);
    struct wire_hello hello = hello_of(12);
    say(fd, &hello, sizeof(hello));
    ck_assert_int_eq(hear(fd), WIRE_READY);
    ck_assert_int_eq(hear(fd), WIRE_REPORT);

    say(fd, &hello, sizeof(hello));

    ck_assert_int_eq(hear(fd), 0);
    close(fd);
    lab_detach(&lab);
    lab.epoch = 12;
    lab_attach(&lab);
    lab_wait_ready(&lab);
    lab_finish(&lab);
}
END_TEST

START_TEST(guests_that_say_nothing_do_not_keep_others_out)
{
    struct lab lab;
    begin(&lab);
    int guests[40];
    for (int i = 0; i < 40; i++) {
        guests[i] = dial(&lab);
    }
    lab_detach(&lab);

    lab_attach(&lab);
    lab_wait_ready(&lab);

    ck_assert_uint_eq(lab.reports[1].state, WIRE_RUNNING);
    for (int i = 0; i < 40; i++) {
        close(guests[i]);
    }
    lab_finish(&lab);
}
END_TEST

START_TEST(a_host_that_does_not_read_loses_nothing)
{
    struct lab lab;
    begin(&lab);
    lab_detach(&lab);
    int deaf = dial(&lab);
    struct wire_hello hello = hello_of(10);
    say(deaf, &hello, sizeof(hello));
    for (uint64_t id = 2; id < 600; id++) {
        say_spawn(deaf, id, "exit 2");
        struct wire_id withdraw = {.head = wire_head(WIRE_WITHDRAW), .id = 1};
        say(deaf, &withdraw, sizeof(withdraw));
    }
    say_spawn(deaf, 600, "touch last");
    int64_t left_ms = LAB_WAIT_MS;
    while (!lab_has_file(&lab, "last")) {
        lab_poll(&left_ms);
    }

    lab_attach(&lab);
    lab_wait_ready(&lab);
    for (uint64_t id = 2; id <= 600; id++) {
        lab_wait_state(&lab, id, WIRE_ENDED);
        ck_assert_int_eq(lab.reports[id].status, id == 600 ? 0 : 2 << 8);
    }
    close(deaf);
    lab_finish(&lab);
}
END_TEST

static int count_files(pid_t pid)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

/* What it withdraws it is told of once more, but is not there to hear it. Who
 * comes next comes behind it: what a host has sent ends where another begins. */
START_TEST(what_a_leaving_host_releases_is_released)
{
    struct lab lab;
    begin(&lab);
    pid_t keeper = keeper_pid(lab.keeper);
    lab_detach(&lab);
    int fd = dial(&lab);
    struct wire_hello hello = hello_of(10);
    say(fd, &hello, sizeof(hello));
    ck_assert_int_eq(hear(fd), WIRE_READY);
    ck_assert_int_eq(hear(fd), WIRE_REPORT);
    say_spawn(fd, 2, "exit 0");
    hear_end(fd, 2);

    struct wire_id last[100];
    for (int i = 0; i < 100; i++) {
        last[i] = (struct wire_id){.head = wire_head(WIRE_WITHDRAW), .id = 2};
    }
    last[99].head = wire_head(WIRE_RELEASE);
    stop(keeper);
    int files = count_files(keeper);
    int64_t left_ms = LAB_WAIT_MS;
    say(fd, last, sizeof(last));
    close(fd);
    kill(keeper, SIGCONT);
    while (count_files(keeper) >= files) {
        lab_poll(&left_ms);
    }

    lab_attach(&lab);
    lab_wait_ready(&lab);
    ck_assert_uint_eq(lab.reports[2].state, WIRE_UNKNOWN);
    lab_finish(&lab);
}
END_TEST

START_TEST(a_full_table_refuses_and_goes_on)
{
    struct lab lab;
    begin(&lab);
    pid_t keeper = keeper_pid(lab.keeper);
    lab_detach(&lab);
    int fd = dial(&lab);
    struct wire_hello hello = hello_of(10);
    hello.slots = 1; /* taken */
    say(fd, &hello, sizeof(hello));
    ck_assert_int_eq(hear(fd), WIRE_READY);
    ck_assert_int_eq(hear(fd), WIRE_REPORT);

    for (uint64_t id = 2; id <= 4096; id++) {
        say_spawn(fd, id, "exit 0");
    }
    say_spawn(fd, 4097, "exit 0");

    ck_assert_int_eq(hear(fd), WIRE_REPORT); /* NOEXEC, of the last */
    ck_assert(lab_is_alive(keeper));
    kill(keeper, SIGKILL);
    close(fd);
    lab_finish(&lab);
}
END_TEST

/* As when somebody removes the state directory. */
static void remove_socket(const struct lab *lab)
{
    ck_assert_int_eq(unlinkat(lab->state_fd, WIRE_SOCKET_NAME, 0), 0);
}

START_TEST(out_of_reach_it_keeps_no_ends)
{
    struct lab lab;
    lab_start(&lab, 4);
    lab_spawn(&lab, 1, "exit 0");
    lab_wait_state(&lab, 1, WIRE_ENDED);
    lab_detach(&lab);

    remove_socket(&lab);

    lab_wait_unlocked(&lab);
    lab_finish(&lab);
}
END_TEST

START_TEST(out_of_reach_it_waits_for_what_runs)
{
    struct lab lab;
    lab_start(&lab, 1);
    lab_spawn(&lab, 1, "until test -e go; do sleep 0.01; done");
    lab_spawn(&lab, 2, "echo $$ >second");
    lab_wait_state(&lab, 1, WIRE_RUNNING);
    remove_socket(&lab);
    lab_detach(&lab);

    ck_assert(lab_is_locked(&lab));
    lab_make_file(&lab, "go");

    lab_wait_unlocked(&lab);
    ck_assert(lab_has_file(&lab, "second"));
    lab_finish(&lab);
}
END_TEST

START_TEST(started_by_hand_it_says_what_it_is)
{
    const char *build = getenv("HAFT_BUILDDIR");
    char command[512];
    snprintf(command, sizeof(command), "%s/haft-keeper",
             build == NULL ? "." : build);
    pid_t pid = fork();
    if (pid == 0) {
        close(3);
        close(4);
        close(5);
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
        execl(command, "haft-keeper", (char *)NULL);
        _exit(99);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), WIRE_EXIT_USAGE);
}
END_TEST

TEST_MAIN("link", what_a_stale_host_had_sent_is_never_done,
          an_older_epoch_is_refused_and_changes_nothing,
          another_version_is_refused,
          what_is_malformed_ends_the_link_and_nothing_else,
          a_second_hello_ends_the_link,
          guests_that_say_nothing_do_not_keep_others_out,
          a_host_that_does_not_read_loses_nothing,
          what_a_leaving_host_releases_is_released,
          a_full_table_refuses_and_goes_on, out_of_reach_it_keeps_no_ends,
          out_of_reach_it_waits_for_what_runs,
          started_by_hand_it_says_what_it_is)
