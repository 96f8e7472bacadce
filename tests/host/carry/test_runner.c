#include <string.h>

#include "host/carry/runner_inside.h"
#include "tests/check_main.h"

static char long_text[100000];

static struct haft_slice slice(const char *text, size_t size)
{
    return (struct haft_slice){text, size};
}

START_TEST(a_fault_keeps_its_words)
{
    const struct haft_fault given = {.size = sizeof(given),
                                     .fault_class = HAFT_TRANSIENT,
                                     .exit_code = 7,
                                     .code = slice("a.code", 6),
                                     .message = slice("what it was", 11)};
    struct fault fault;
    struct str texts;

    str_init(&texts, 2 * STR_WHY_LIMIT);
    runner_copy_fault(&fault, &given, &texts);

    ck_assert_uint_eq(fault.fault_class, HAFT_TRANSIENT);
    ck_assert_int_eq(fault.exit_code, 7);
    ck_assert_str_eq(fault.code, "a.code");
    ck_assert_str_eq(fault.message, "what it was");
    str_finish(&texts);
}
END_TEST

START_TEST(a_fault_of_too_many_words_is_cut)
{
    struct haft_fault given = {.size = sizeof(given),
                               .fault_class = HAFT_TRANSIENT};
    struct fault fault;
    struct str texts;

    memset(long_text, 'x', sizeof(long_text));
    given.code = slice(long_text, sizeof(long_text));
    given.message = slice(long_text, sizeof(long_text));
    str_init(&texts, 2 * STR_WHY_LIMIT);
    runner_copy_fault(&fault, &given, &texts);

    ck_assert_uint_eq(strlen(fault.code), 256);
    ck_assert_uint_eq(strlen(fault.message), STR_WHY_LIMIT);
    str_finish(&texts);
}
END_TEST

TEST_MAIN("runner", a_fault_keeps_its_words, a_fault_of_too_many_words_is_cut)
