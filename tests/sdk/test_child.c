#include <haft/child.h>

#include "tests/check_main.h"

START_TEST(an_end_has_a_class_a_word_and_a_sentence)
{
    static const struct {
        struct haft_child_ended_in in;
        uint32_t fault_class;
        const char *word;
        const char *sentence;
    } rows[] = {
        {{.exit_code = 0}, 0, "", ""},
        {{.exit_code = 3}, HAFT_USER_FAILURE, "exit", "exited with 3"},
        {{.signal = SIGKILL},
         HAFT_INFRA_LOST,
         "killed",
         "ended by signal 9 (SIGKILL)"},
        {{.signal = 60},
         HAFT_USER_FAILURE,
         "signal",
         "ended by signal 60 (unnamed)"},
        {{.signal = SIGKILL, .is_out_of_memory = 1},
         HAFT_RESOURCE,
         "out_of_memory",
         "killed by the kernel: its memory limit, or the machine's, was "
         "reached"},
        {{.exit_code = 137, .is_out_of_memory = 1},
         HAFT_RESOURCE,
         "out_of_memory",
         "killed by the kernel: its memory limit, or the machine's, was "
         "reached"},
        {{.exit_code = 1, .is_out_of_memory = 1},
         HAFT_USER_FAILURE,
         "exit",
         "exited with 1"},
        {{.exit_code = 0, .is_out_of_memory = 1}, 0, "", ""},
        {{.is_lost = 1},
         HAFT_INFRA_LOST,
         "lost",
         "the keeper was lost with it"},
        {{.is_withdrawn = 1},
         HAFT_CANCELLED,
         "withdrawn",
         "cancelled before it was started"},
        {{.error = ENOENT},
         HAFT_NOT_FOUND,
         "not_found",
         "could not be started: No such file or directory"},
        {{.error = ENOENT, .step = {"entering the directory", 22}},
         HAFT_NOT_FOUND,
         "not_found",
         "could not be started: entering the directory: No such file or "
         "directory"},
    };
    char room[HAFT_MESSAGE_LIMIT];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct haft_child_end end = haft_from_child(&rows[i].in, 0, room);

        ck_assert_uint_eq(end.native.fault_class, rows[i].fault_class);
        ck_assert_str_eq(end.word, rows[i].word);
        ck_assert_str_eq(room, rows[i].sentence);
    }
}
END_TEST

START_TEST(a_limit_is_a_name_and_an_amount)
{
    static const char *const bad[] = {
        "",      "nofile", "nofile=",   "=1",      "files=10", "as=2GB",
        "as=-1", "as= 1",  "nofile=1 ", "core=0x", "nofiles=1"};
    struct haft_limit limit = {{NULL, 0}, 7};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!haft_limit_read(haft_text(bad[i]), &limit), "%s",
                      bad[i]);
        ck_assert_uint_eq(limit.value, 7);
    }
    ck_assert(haft_limit_read(haft_text("as=2GiB"), &limit));
    ck_assert(haft_slice_is(limit.name, "as"));
    ck_assert_uint_eq(limit.value, UINT64_C(2) << 30);
    ck_assert(haft_limit_read(haft_text("memory=64MiB"), &limit));
    ck_assert(haft_slice_is(limit.name, "memory"));
    ck_assert_uint_eq(limit.value, UINT64_C(64) << 20);
    ck_assert(haft_limit_read(haft_text("pids=20"), &limit));
    ck_assert(haft_slice_is(limit.name, "pids"));
    ck_assert(haft_limit_read(haft_text("cpu=unlimited"), &limit));
    ck_assert_uint_eq(limit.value, UINT64_MAX);
}
END_TEST

/* What is behind the slice is not looked at. */
START_TEST(a_limit_ends_where_its_text_ends)
{
    struct haft_limit limit;

    ck_assert(haft_limit_read(haft_bytes("nofile=12345", 9), &limit));
    ck_assert_uint_eq(limit.value, 12);
}
END_TEST

TEST_MAIN("child", an_end_has_a_class_a_word_and_a_sentence,
          a_limit_is_a_name_and_an_amount, a_limit_ends_where_its_text_ends)
