/* The files that attempts write to before these have their names. */
#include "host/keeper/table.h"
#include "tests/check_main.h"
#include "tests/host/carry/keeper_fixture.h"

static void spawn(struct lab *lab, uint64_t id, const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct wire_job job = {.id = id,
                                 .weight = 1,
                                 .output = "out",
                                 .errors = "err",
                                 .argv = argv,
                                 .env = lab_env};
    lab_spawn_job(lab, &job);
}

static void write_file(const struct lab *lab, const char *name,
                       const void *bytes, size_t size)
{
    int fd = openat(lab->state_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

static bool is_there(const struct lab *lab, const char *name)
{
    return faccessat(lab->state_fd, name, F_OK, 0) == 0;
}

static bool has_text(const struct lab *lab, const char *name, const char *text)
{
    char room[256] = {0};
    int fd = openat(lab->state_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ck_assert_int_ge(read(fd, room, sizeof(room) - 1), 0);
    close(fd);
    return strcmp(room, text) == 0;
}

START_TEST(what_was_not_written_leaves_no_file)
{
    struct lab lab;
    lab_start(&lab, 1);

    spawn(&lab, 1, "exit 3");
    lab_wait_state(&lab, 1, WIRE_ENDED);

    /* Unless this machine was so busy that its start was told by itself. */
    if (lab.counts[1] == 1) {
        ck_assert_uint_eq(lab.reports[1].files, 0);
        ck_assert(!is_there(&lab, "out"));
        ck_assert(!is_there(&lab, "err"));
    }
    lab_finish(&lab);
}
END_TEST

START_TEST(what_was_written_is_in_its_place_with_the_end)
{
    struct lab lab;
    lab_start(&lab, 1);

    for (uint64_t id = 1; id <= 20; id++) {
        spawn(&lab, id, "echo to err >&2");
        lab_wait_state(&lab, id, WIRE_ENDED);
        ck_assert_uint_eq(lab.reports[id].files & WIRE_ERRORS_FILE,
                          WIRE_ERRORS_FILE);
        ck_assert(has_text(&lab, "err", "to err\n"));
        ck_assert_int_eq(unlinkat(lab.state_fd, "err", 0), 0);
        unlinkat(lab.state_fd, "out", 0);
    }
    lab_finish(&lab);
}
END_TEST

START_TEST(files_are_there_once_an_attempt_is_told_to_run)
{
    struct lab lab;
    int64_t left_ms = LAB_WAIT_MS;
    lab_start(&lab, 1);

    spawn(&lab, 1, "echo early; exec sleep 1000");
    lab_wait_state(&lab, 1, WIRE_RUNNING);

    ck_assert(is_there(&lab, "out"));
    ck_assert(is_there(&lab, "err"));
    while (!has_text(&lab, "out", "early\n")) {
        lab_poll(&left_ms);
    }
    lab_finish(&lab);
}
END_TEST

START_TEST(what_is_there_already_is_added_to)
{
    struct lab lab;
    lab_start(&lab, 1);
    write_file(&lab, "out", "first\n", 6);

    spawn(&lab, 1, "echo second");
    lab_wait_state(&lab, 1, WIRE_ENDED);

    ck_assert(has_text(&lab, "out", "first\nsecond\n"));
    lab_finish(&lab);
}
END_TEST

/* As a keeper leaves it that is killed in the first moments of an attempt. */
START_TEST(a_killed_keeper_loses_no_output)
{
    static struct table_entry entries[TABLE_ENTRIES];
    struct table_head head = {.magic = "",
                              .version = 2,
                              .entries = TABLE_ENTRIES,
                              .epoch = 1,
                              .used = 1};
    struct lab lab;
    lab_init(&lab, 1);
    memcpy(head.magic, "haftkeep", sizeof(head.magic));
    entries[0] = (struct table_entry){.id = 1,
                                      .state = WIRE_RUNNING,
                                      .pid = 1,
                                      .files = WIRE_OUTPUT_FILE,
                                      .lent = {7, 8},
                                      .path = {"out", "err"}};
    write_file(&lab, WIRE_TABLE_NAME, &head, sizeof(head));
    int fd =
        openat(lab.state_fd, WIRE_TABLE_NAME, O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(write(fd, entries, sizeof(entries)),
                     (ssize_t)sizeof(entries));
    close(fd);
    ck_assert_int_eq(mkdirat(lab.state_fd, "keeper.out", 0700), 0);
    write_file(&lab, "keeper.out/7", "last words\n", 11);
    write_file(&lab, "keeper.out/8", "", 0);

    lab_attach(&lab);
    lab_wait_ready(&lab);

    ck_assert_uint_eq(lab.reports[1].state, WIRE_LOST);
    ck_assert(has_text(&lab, "out", "last words\n"));
    ck_assert(!is_there(&lab, "err"));
    ck_assert(!is_there(&lab, "keeper.out/8"));
    lab_finish(&lab);
}
END_TEST

TEST_MAIN("keeper files", what_was_not_written_leaves_no_file,
          what_was_written_is_in_its_place_with_the_end,
          files_are_there_once_an_attempt_is_told_to_run,
          what_is_there_already_is_added_to, a_killed_keeper_loses_no_output)
