#include <dirent.h>

#include "tests/check_main.h"
#include "tests/host/carry/keeper_fixture.h"

START_TEST(an_exit_status_arrives_exactly)
{
    static const struct {
        const char *script;
        int status;
    } cases[] = {
        {"exit 0", 0},
        {"exit 7", 7 << 8},
        {"exit 255", 255 << 8},
        {"kill -TERM $$", SIGTERM},
        {"kill -KILL $$", SIGKILL},
    };
    struct lab lab;
    lab_start(&lab, 2);

    for (int i = 0; i < 5; i++) {
        lab_spawn(&lab, i + 1, cases[i].script);
    }
    for (int i = 0; i < 5; i++) {
        lab_wait_state(&lab, i + 1, WIRE_ENDED);
    }

    for (int i = 0; i < 5; i++) {
        const struct wire_report *report = &lab.reports[i + 1];
        ck_assert_int_eq(report->status, cases[i].status);
        ck_assert_uint_eq(report->fence, (uint64_t)i + 1001);
        ck_assert_int_gt(report->pid, 1);
        ck_assert_int_gt(report->begin_ms, 1500000000000);
        ck_assert_int_ge(report->end_ms, report->begin_ms);
    }
    lab_finish(&lab);
}
END_TEST

START_TEST(streams_are_kept_apart_and_complete)
{
    struct lab lab;
    lab_start(&lab, 4);
    const char *const argv[] = {
        "sh", "-c",
        "i=0; while [ $i -lt 1000 ]; do echo out $i; echo err >&2; "
        "i=$((i+1)); done",
        NULL};
    char names[8][2][16];

    for (int i = 0; i < 8; i++) {
        snprintf(names[i][0], sizeof(names[i][0]), "%d.out", i);
        snprintf(names[i][1], sizeof(names[i][1]), "%d.err", i);
        struct wire_job job = {.id = (uint64_t)i + 1,
                               .weight = 1,
                               .output = names[i][0],
                               .errors = names[i][1],
                               .argv = argv,
                               .env = lab_env};
        lab_spawn_job(&lab, &job);
    }
    for (int i = 0; i < 8; i++) {
        lab_wait_state(&lab, i + 1, WIRE_ENDED);
    }

    for (int i = 0; i < 8; i++) {
        const char *text = lab_read_file(&lab, names[i][0]);
        ck_assert_uint_eq(strlen(text), 10 * 6 + 90 * 7 + 900 * 8);
        ck_assert_ptr_nonnull(strstr(text, "out 999\n"));
        ck_assert_ptr_null(strstr(text, "err"));
        text = lab_read_file(&lab, names[i][1]);
        ck_assert_uint_eq(strlen(text), 4000);
        ck_assert_ptr_null(strstr(text, "out"));
    }
    lab_finish(&lab);
}
END_TEST

START_TEST(a_job_gets_all_it_asked_for)
{
    struct lab lab;
    lab_start(&lab, 1);
    ck_assert_int_eq(mkdirat(lab.state_fd, "work", 0700), 0);
    int fd = openat(lab.state_fd, "in", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "hello\n", 6), 6);
    close(fd);
    const char *const argv[] = {
        "sh", "-c",
        "cat; basename $PWD; echo $WORD; ulimit -n; umask; nice; "
        "grep NoNewPrivs /proc/self/status; ls /proc/self/fd | wc -l; "
        "echo err >&2",
        NULL};
    const char *const env[] = {"PATH=/usr/bin:/bin", "WORD=two words", NULL};
    const struct wire_limit limits[] = {
        {.resource = RLIMIT_NOFILE, .soft = 50, .hard = 60}};
    struct wire_job job = {.id = 1,
                           .flags = WIRE_NO_NEW_PRIVS,
                           .weight = 1,
                           .nice = 3,
                           .umask = 027,
                           .limits = limits,
                           .limit_count = 1,
                           .cwd = "work",
                           .input = "in",
                           .output = "both",
                           .errors = "both",
                           .argv = argv,
                           .env = env};

    lab_spawn_job(&lab, &job);
    lab_wait_state(&lab, 1, WIRE_ENDED);

    /* `ls` has its own descriptor of the directory. */
    ck_assert_str_eq(lab_read_file(&lab, "both"),
                     "hello\nwork\ntwo words\n50\n0027\n3\nNoNewPrivs:\t1\n4\n"
                     "err\n");
    ck_assert_int_eq(lab.reports[1].status, 0);
    lab_finish(&lab);
}
END_TEST

static void spawn_broken(struct lab *lab, uint64_t id, struct wire_job job)
{
    job.id = id;
    job.weight = 1;
    job.env = lab_env;
    lab_spawn_job(lab, &job);
    lab_wait_state(lab, id, WIRE_NOEXEC);
    ck_assert_int_eq(lab->reports[id].pid, 0);
}

START_TEST(what_cannot_start_says_which_step_and_why)
{
    const char *const missing[] = {"no-such-program", NULL};
    const char *const missing_path[] = {"/no/such/program", NULL};
    const char *const denied[] = {"/dev/null", NULL};
    const char *const fine[] = {"true", NULL};
    const struct wire_limit limit = {.resource = 9999, .soft = 1, .hard = 1};
    static const struct {
        enum wire_step step;
        int error;
    } wanted[] = {
        {WIRE_STEP_EXEC, ENOENT},   {WIRE_STEP_EXEC, ENOENT},
        {WIRE_STEP_EXEC, EACCES},   {WIRE_STEP_CWD, ENOENT},
        {WIRE_STEP_OUTPUT, ENOENT}, {WIRE_STEP_ERRORS, EISDIR},
        {WIRE_STEP_INPUT, ENOENT},  {WIRE_STEP_CGROUP, ENOENT},
        {WIRE_STEP_LIMIT, EINVAL},
    };
    struct lab lab;
    lab_start(&lab, 2);

    spawn_broken(&lab, 1, (struct wire_job){.argv = missing});
    spawn_broken(&lab, 2, (struct wire_job){.argv = missing_path});
    spawn_broken(&lab, 3, (struct wire_job){.argv = denied});
    spawn_broken(&lab, 4, (struct wire_job){.argv = fine, .cwd = "none"});
    spawn_broken(&lab, 5, (struct wire_job){.argv = fine, .output = "no/ne"});
    spawn_broken(&lab, 6, (struct wire_job){.argv = fine, .errors = "."});
    spawn_broken(&lab, 7, (struct wire_job){.argv = fine, .input = "none"});
    spawn_broken(&lab, 8, (struct wire_job){.argv = fine, .cgroup = "none"});
    spawn_broken(
        &lab, 9,
        (struct wire_job){.argv = fine, .limits = &limit, .limit_count = 1});

    for (int i = 0; i < 9; i++) {
        ck_assert_int_eq(lab.reports[i + 1].status, wanted[i].step);
        ck_assert_int_eq(lab.reports[i + 1].error, wanted[i].error);
    }
    lab_finish(&lab);
}
END_TEST

START_TEST(an_id_that_is_spawned_twice_starts_once)
{
    struct lab lab;
    lab_start(&lab, 2);

    lab_spawn(&lab, 1, "echo once >> log");
    lab_spawn(&lab, 1, "echo once >> log");
    lab_wait_state(&lab, 1, WIRE_ENDED);
    uint32_t count = lab.counts[1];
    lab_spawn(&lab, 1, "echo again >> log");
    while (lab.counts[1] == count) {
        lab_turn(&lab);
    }

    ck_assert_uint_eq(lab.reports[1].state, WIRE_ENDED);
    ck_assert_str_eq(lab_read_file(&lab, "log"), "once\n");

    keeper_release(lab.keeper, 1);
    lab.reports[1].state = WIRE_UNKNOWN;
    lab_spawn(&lab, 1, "echo again >> log");
    lab_wait_state(&lab, 1, WIRE_ENDED);
    ck_assert_str_eq(lab_read_file(&lab, "log"), "once\nagain\n");
    lab_finish(&lab);
}
END_TEST

START_TEST(a_withdrawal_is_answered_exactly)
{
    struct lab lab;
    lab_start(&lab, 1);
    lab_spawn(&lab, 1, "sleep 1000");
    lab_spawn(&lab, 2, "echo ran > two");
    lab_spawn(&lab, 3, "echo ran > three");
    lab_wait_state(&lab, 1, WIRE_RUNNING);

    keeper_withdraw(lab.keeper, 2);
    lab_wait_state(&lab, 2, WIRE_WITHDRAWN);
    uint32_t count = lab.counts[1];
    keeper_withdraw(lab.keeper, 1);
    while (lab.counts[1] == count) {
        lab_turn(&lab);
    }
    ck_assert_uint_eq(lab.reports[1].state, WIRE_RUNNING);
    keeper_withdraw(lab.keeper, 77);
    while (lab.counts[77] == 0) {
        lab_turn(&lab);
    }
    ck_assert_uint_eq(lab.reports[77].state, WIRE_UNKNOWN);

    keeper_kill(lab.keeper, 1, SIGTERM);
    lab_wait_state(&lab, 1, WIRE_ENDED);
    ck_assert_int_eq(lab.reports[1].status, SIGTERM);
    lab_wait_state(&lab, 3, WIRE_ENDED);
    ck_assert(!lab_has_file(&lab, "two"));
    ck_assert(lab_has_file(&lab, "three"));
    lab_finish(&lab);
}
END_TEST

START_TEST(what_is_withdrawn_before_there_is_a_keeper_never_runs)
{
    struct lab lab;
    lab_start(&lab, 1);

    lab_spawn(&lab, 1, "echo ran > one");
    keeper_withdraw(lab.keeper, 1);
    lab_wait_state(&lab, 1, WIRE_WITHDRAWN);

    lab_spawn(&lab, 2, "true");
    lab_wait_state(&lab, 2, WIRE_ENDED);
    ck_assert(!lab_has_file(&lab, "one"));
    lab_finish(&lab);
}
END_TEST

START_TEST(a_kill_takes_the_whole_tree)
{
    struct lab lab;
    lab_start(&lab, 2);
    lab_spawn(&lab, 2, "sleep 1000"); /* so that not all is a leftover */
    lab_spawn(&lab, 1,
              "sleep 1000 & echo $! > child;"
              "setsid sh -c 'echo $$ > session; sleep 1000; :' & wait");
    lab_wait_state(&lab, 1, WIRE_RUNNING);
    pid_t child = lab_wait_pid(&lab, "child");
    pid_t session = lab_wait_pid(&lab, "session");

    keeper_kill(lab.keeper, 1, SIGKILL);
    lab_wait_state(&lab, 1, WIRE_ENDED);

    ck_assert_int_eq(lab.reports[1].status, SIGKILL);
    lab_wait_dead(child);
    lab_wait_dead(session);
    lab_finish(&lab);
}
END_TEST

START_TEST(what_an_attempt_leaves_behind_is_killed)
{
    struct lab lab;
    lab_start(&lab, 1);

    lab_spawn(&lab, 1,
              "sleep 1000 & echo $! > child;"
              "setsid -f env -i /bin/sh -c 'echo $$ > daemon; sleep 1000; :';"
              "while [ ! -s daemon ]; do sleep 0.01; done; exit 3");
    lab_wait_state(&lab, 1, WIRE_ENDED);

    ck_assert_int_eq(lab.reports[1].status, 3 << 8);
    lab_wait_dead(lab_wait_pid(&lab, "child"));
    lab_wait_dead(lab_wait_pid(&lab, "daemon"));
    lab_spawn(&lab, 2, "exit 4");
    lab_wait_state(&lab, 2, WIRE_ENDED);
    ck_assert_int_eq(lab.reports[2].status, 4 << 8);
    lab_finish(&lab);
}
END_TEST

static int count_running(const struct lab *lab, int ids)
{
    int running = 0;
    for (int id = 1; id <= ids; id++) {
        running += lab->reports[id].state == WIRE_RUNNING;
    }
    return running;
}

static void wait_running(struct lab *lab, int ids, int wanted)
{
    while (count_running(lab, ids) < wanted) {
        lab_turn(lab);
    }
    /* An answer comes after all that was reported before. */
    uint32_t count = lab->counts[1];
    keeper_withdraw(lab->keeper, 1);
    while (lab->counts[1] == count) {
        lab_turn(lab);
    }
    ck_assert_int_eq(count_running(lab, ids), wanted);
}

START_TEST(the_group_of_an_attempt_ends_with_it)
{
    struct lab lab;
    lab_start(&lab, 2);
    lab_spawn(&lab, 2, "sleep 1000");
    lab_wait_state(&lab, 2, WIRE_RUNNING);

    lab_spawn(&lab, 1, "sleep 1000 & echo $! > child; exit 3");
    lab_wait_state(&lab, 1, WIRE_ENDED);

    lab_wait_dead(lab_wait_pid(&lab, "child"));
    ck_assert_int_eq(lab.reports[1].status, 3 << 8);
    ck_assert_uint_eq(lab.reports[2].state, WIRE_RUNNING);
    ck_assert(lab_is_alive(lab.reports[2].pid));
    lab_finish(&lab);
}
END_TEST

START_TEST(no_more_run_than_there_are_slots)
{
    struct lab lab;
    lab_start(&lab, 2);
    for (uint64_t id = 1; id <= 6; id++) {
        lab_spawn(&lab, id, "while [ ! -e go ]; do sleep 0.01; done");
    }

    wait_running(&lab, 6, 2);
    keeper_slots(lab.keeper, 4);
    wait_running(&lab, 6, 4);
    keeper_slots(lab.keeper, 1); /* fewer than run: none is added */
    wait_running(&lab, 6, 4);
    lab_make_file(&lab, "go");
    for (uint64_t id = 1; id <= 6; id++) {
        lab_wait_state(&lab, id, WIRE_ENDED);
    }
    lab_finish(&lab);
}
END_TEST

START_TEST(weight_and_lane_decide_who_is_next)
{
    const char *const wait[] = {"sh", "-c",
                                "while [ ! -e go ]; do sleep 0.01; done", NULL};
    const char *const late[] = {"sh", "-c", "echo late >> log", NULL};
    const char *const soon[] = {"sh", "-c", "echo soon >> log", NULL};
    const char *const free_[] = {"sh", "-c", "echo free >> log", NULL};
    struct wire_job jobs[] = {
        {.id = 1, .weight = 2, .lane = 1, .argv = wait},
        {.id = 2, .weight = 1, .lane = 5, .argv = late},
        {.id = 3, .weight = 9, .lane = 2, .argv = soon},
        {.id = 4, .weight = 0, .lane = 7, .argv = free_},
    };
    struct lab lab;
    lab_start(&lab, 2);

    for (int i = 0; i < 4; i++) {
        jobs[i].env = lab_env;
        lab_spawn_job(&lab, &jobs[i]);
    }
    lab_wait_state(&lab, 4, WIRE_ENDED);
    lab_make_file(&lab, "go");
    for (uint64_t id = 1; id <= 3; id++) {
        lab_wait_state(&lab, id, WIRE_ENDED);
    }

    ck_assert_str_eq(lab_read_file(&lab, "log"), "free\nsoon\nlate\n");
    lab_finish(&lab);
}
END_TEST

START_TEST(many_attempts_end_once_each)
{
    struct lab lab;
    const char *const argv[] = {"true", NULL};
    lab_start(&lab, 8);

    for (uint64_t id = 1; id < 800; id++) {
        struct wire_job job = {
            .id = id, .weight = 1, .argv = argv, .env = lab_env};
        lab_spawn_job(&lab, &job);
    }
    for (uint64_t id = 1; id < 800; id++) {
        lab_wait_state(&lab, id, WIRE_ENDED);
        keeper_release(lab.keeper, id);
    }

    for (uint64_t id = 1; id < 800; id++) {
        ck_assert_int_eq(lab.reports[id].status, 0);
        ck_assert_uint_le(lab.counts[id], 2); /* began, ended */
    }
    lab_finish(&lab);
}
END_TEST

/* Directories in which a cgroup may be made, of both versions; the first that
 * lets us. */
static bool make_cgroup(const char *const *tops, char *path, size_t room)
{
    for (; *tops != NULL; tops++) {
        char members[256];
        snprintf(path, room, "%s/haft-test-%d", *tops, (int)getpid());
        snprintf(members, sizeof(members), "%s/cgroup.procs", path);
        if (mkdir(path, 0700) == 0) {
            if (access(members, W_OK) == 0) {
                return true;
            }
            rmdir(path);
        }
    }
    return false;
}

/* A daemon that hides in a session of its own, without an environment, while
 * another attempt lives. */
static void hide_in_cgroup(const char *const *tops)
{
    struct lab lab;
    char path[128];
    if (!make_cgroup(tops, path, sizeof(path))) {
        return; /* not as this user, or not on this machine */
    }
    const char *const argv[] = {
        "sh", "-c",
        "setsid -f env -i /bin/sh -c 'echo $$ > daemon; sleep 1000; :';"
        "while [ ! -s daemon ]; do sleep 0.01; done; exit 3",
        NULL};
    struct wire_job job = {
        .id = 1, .weight = 1, .cgroup = path, .argv = argv, .env = lab_env};
    lab_start(&lab, 2);
    lab_spawn(&lab, 2, "sleep 1000");
    lab_wait_state(&lab, 2, WIRE_RUNNING);

    lab_spawn_job(&lab, &job);
    lab_wait_state(&lab, 1, WIRE_ENDED);

    ck_assert_int_eq(lab.reports[1].status, 3 << 8);
    lab_wait_dead(lab_wait_pid(&lab, "daemon"));
    ck_assert(lab_is_alive(lab.reports[2].pid));
    lab_finish(&lab);
    ck_assert_int_eq(rmdir(path), 0);
}

START_TEST(nothing_hides_from_a_cgroup)
{
    static const char *const second[] = {"/sys/fs/cgroup",
                                         "/sys/fs/cgroup/unified", NULL};
    static const char *const first[] = {"/sys/fs/cgroup/pids",
                                        "/sys/fs/cgroup/freezer", NULL};

    hide_in_cgroup(second);
    hide_in_cgroup(first);
}
END_TEST

/* ThreadSanitizer brings a thread of its own, which ticks. */
#if defined(__SANITIZE_THREAD__)
#    define HAS_TICKING_THREAD 1
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define HAS_TICKING_THREAD 1
#    endif
#endif
#ifndef HAS_TICKING_THREAD
#    define HAS_TICKING_THREAD 0
#endif

/* How often the threads of a process have waited. */
static long count_waits(pid_t pid)
{
    static const char field[] = "\nvoluntary_ctxt_switches:";
    char path[64];
    long waits = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *item = readdir(dir); item != NULL;
         item = readdir(dir)) {
        char name[512];
        char text[4096] = "";
        snprintf(name, sizeof(name), "%s/%s/status", path, item->d_name);
        int fd = item->d_name[0] == '.' ? -1 : open(name, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
            const char *at = strstr(text, field);
            ck_assert_ptr_nonnull(at);
            long count = 0;
            ck_assert_int_eq(sscanf(at + sizeof(field) - 1, "%ld", &count), 1);
            waits += count;
            close(fd);
        }
    }
    closedir(dir);
    return waits;
}

START_TEST(a_keeper_that_waits_is_not_woken)
{
    struct lab lab;
    if (HAS_TICKING_THREAD) {
        return;
    }
    lab_start(&lab, 2);
    lab_spawn(&lab, 1, "exec sleep 1000");
    lab_spawn(&lab, 2, "true");
    lab_wait_state(&lab, 1, WIRE_RUNNING);
    lab_wait_state(&lab, 2, WIRE_ENDED);
    pid_t pid = keeper_pid(lab.keeper);

    /* Quiet for so long that anything regular would show. */
    int64_t left_ms = LAB_WAIT_MS;
    long before = 0;
    do {
        before = count_waits(pid);
        poll(NULL, 0, 100);
        lab_poll(&left_ms);
    } while (count_waits(pid) != before);

    poll(NULL, 0, 200);
    ck_assert_int_eq(count_waits(pid), before);
    lab_finish(&lab);
}
END_TEST

START_TEST(a_keeper_with_nothing_to_keep_ends_and_leaves_nothing)
{
    struct lab lab;
    lab_start(&lab, 1);
    lab_wait_ready(&lab);
    ck_assert(!lab_is_locked(&lab)); /* none before the first job */
    lab_spawn(&lab, 1, "true");
    lab_wait_state(&lab, 1, WIRE_ENDED);
    ck_assert(lab_is_locked(&lab));

    keeper_release(lab.keeper, 1);
    lab_detach(&lab);

    lab_wait_unlocked(&lab);
    ck_assert(!lab_has_file(&lab, WIRE_TABLE_NAME));
    ck_assert(!lab_has_file(&lab, WIRE_SOCKET_NAME));
    lab_finish(&lab);
}
END_TEST

static struct launch launch(const struct lab *lab)
{
    struct launch launch;
    struct str why;
    str_init(&why, STR_WHY_LIMIT);
    ck_assert_msg(keeper_launch(lab->state_fd, lab->program, &launch, &why) ==
                      0,
                  "%s", why.text);
    str_finish(&why);
    return launch;
}

START_TEST(one_that_was_started_early_is_taken_over)
{
    struct lab lab;
    lab_init(&lab, 4);
    struct launch early = launch(&lab);
    lab.launch = &early;
    lab_attach(&lab);

    lab_spawn(&lab, 1, "exit 7");
    lab_wait_state(&lab, 1, WIRE_ENDED);

    ck_assert(lab.is_ready);
    ck_assert_int_eq(WEXITSTATUS(lab.reports[1].status), 7);
    lab_finish(&lab);
}
END_TEST

START_TEST(one_that_was_started_early_and_is_not_wanted_ends)
{
    struct lab lab;
    lab_init(&lab, 4);
    struct launch early = launch(&lab);

    close(early.fd);

    lab_wait_unlocked(&lab);
    close(early.guard_fd);
    ck_assert(!lab_has_file(&lab, WIRE_TABLE_NAME));
    lab_finish(&lab);
}
END_TEST

START_TEST(the_path_of_the_directory_may_be_long)
{
    struct lab lab;
    char top[512];
    lab_init(&lab, 1);
    snprintf(top, sizeof(top), "%s", lab.dir);
    for (int i = 0; i < 4; i++) {
        char name[52];
        memset(name, 'a' + i, 50);
        name[50] = 0;
        ck_assert_int_eq(mkdirat(lab.state_fd, name, 0700), 0);
        int fd = openat(lab.state_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(lab.state_fd);
        lab.state_fd = fd;
    }

    lab_attach(&lab);
    lab_spawn(&lab, 1, "exit 9");
    lab_wait_state(&lab, 1, WIRE_ENDED);

    ck_assert_int_eq(lab.reports[1].status, 9 << 8);
    lab_finish(&lab);
}
END_TEST

START_TEST(a_program_that_is_no_keeper_is_reported)
{
    static const char *const programs[][2] = {
        {"/no/such/keeper", "cannot start /no/such/keeper"},
        {"/bin/false", "is not one"},
        {"/bin/true", "is not one"},
    };
    for (int i = 0; i < 3; i++) {
        struct lab lab;
        lab_init(&lab, 1);
        snprintf(lab.program, sizeof(lab.program), "%s", programs[i][0]);
        lab_attach(&lab);

        lab_spawn(&lab, 1, "true");
        lab_wait_lost(&lab);

        ck_assert(!lab.is_refused);
        ck_assert_msg(strstr(lab.why, programs[i][1]) != NULL, "%s", lab.why);
        lab_finish(&lab);
    }
}
END_TEST

START_TEST(a_job_that_is_too_large_is_refused_with_a_reason)
{
    struct lab lab;
    lab_start(&lab, 1);
    char *word = malloc(WIRE_PACKET_LIMIT + 1);
    memset(word, 'x', WIRE_PACKET_LIMIT);
    word[WIRE_PACKET_LIMIT] = 0;
    const char *const large[] = {"echo", word, NULL};
    const char *const none[] = {NULL};
    struct wire_job job = {.id = 1, .argv = large, .env = lab_env};
    struct str why;
    str_init(&why, STR_WHY_LIMIT);

    ck_assert_int_eq(keeper_spawn(lab.keeper, &job, &why), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why.text, "196608"));
    job.argv = none;
    ck_assert_int_eq(keeper_spawn(lab.keeper, &job, &why), -EINVAL);

    /* The longest word that the kernel takes. */
    word[131071] = 0;
    job.argv = large;
    job.output = "echoed";
    ck_assert_int_eq(keeper_spawn(lab.keeper, &job, &why), 0);
    lab_wait_state(&lab, 1, WIRE_ENDED);
    struct stat stat;
    ck_assert_int_eq(fstatat(lab.state_fd, "echoed", &stat, 0), 0);
    ck_assert_int_eq(stat.st_size, 131072);
    str_finish(&why);
    free(word);
    lab_finish(&lab);
}
END_TEST

TEST_MAIN("keeper", an_exit_status_arrives_exactly,
          streams_are_kept_apart_and_complete, a_job_gets_all_it_asked_for,
          what_cannot_start_says_which_step_and_why,
          an_id_that_is_spawned_twice_starts_once,
          a_withdrawal_is_answered_exactly,
          what_is_withdrawn_before_there_is_a_keeper_never_runs,
          a_kill_takes_the_whole_tree, what_an_attempt_leaves_behind_is_killed,
          the_group_of_an_attempt_ends_with_it,
          no_more_run_than_there_are_slots, weight_and_lane_decide_who_is_next,
          many_attempts_end_once_each, nothing_hides_from_a_cgroup,
          a_keeper_that_waits_is_not_woken,
          a_keeper_with_nothing_to_keep_ends_and_leaves_nothing,
          one_that_was_started_early_is_taken_over,
          one_that_was_started_early_and_is_not_wanted_ends,
          the_path_of_the_directory_may_be_long,
          a_program_that_is_no_keeper_is_reported,
          a_job_that_is_too_large_is_refused_with_a_reason)
