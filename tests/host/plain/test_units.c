#include <stdint.h>

#include "host/plain/units.h"
#include "tests/check_main.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *text;
    int64_t value;
} durations[] = {
    {"0", 0},           {"0s", 0},         {"500ms", 500},
    {"1.5s", 1500},     {"10m", 600000},   {"7d", 604800000},
    {"2w", 1209600000}, {"0.25h", 900000}, {"9223372036854775807ms", INT64_MAX},
};

START_TEST(durations_are_read_as_written)
{
    for (size_t i = 0; i < COUNT(durations); i++) {
        int64_t ms = -1;

        ck_assert(units_duration(durations[i].text, &ms));
        ck_assert_int_eq(ms, durations[i].value);
    }
}
END_TEST

static const char *const no_durations[] = {
    "",
    "s",
    "10",
    "-1s",
    "1.5ms",
    "1.s",
    ".5s",
    "10 s",
    " 10s",
    "10s ",
    "10S",
    "1h30m",
    "0x10s",
    "+1s",
    "1e3s",
    "10sec",
    "0.0001s",
    "9223372036854775808ms",
    "9999999999999999w",
    "1.00000000001s",
};

START_TEST(what_is_no_duration_is_refused_and_changes_nothing)
{
    for (size_t i = 0; i < COUNT(no_durations); i++) {
        int64_t ms = 42;

        ck_assert_msg(!units_duration(no_durations[i], &ms), "%s",
                      no_durations[i]);
        ck_assert_int_eq(ms, 42);
    }
}
END_TEST

static const struct {
    const char *text;
    int64_t value;
} sizes[] = {
    {"0", 0},         {"4096", 4096},        {"7B", 7},
    {"64KiB", 65536}, {"512MiB", 536870912}, {"1.5GiB", 1610612736},
    {"1kB", 1000},    {"2MB", 2000000},      {"1TiB", INT64_C(1) << 40},
};

START_TEST(sizes_are_read_as_written)
{
    for (size_t i = 0; i < COUNT(sizes); i++) {
        int64_t bytes = -1;

        ck_assert(units_size(sizes[i].text, &bytes));
        ck_assert_int_eq(bytes, sizes[i].value);
    }
}
END_TEST

static const char *const no_sizes[] = {
    "", "MiB", "-1", "1.5", "1.5B", "1M", "1K", "1mib", "1 MiB", "8388608TiB",
};

START_TEST(what_is_no_size_is_refused_and_changes_nothing)
{
    for (size_t i = 0; i < COUNT(no_sizes); i++) {
        int64_t bytes = 42;

        ck_assert_msg(!units_size(no_sizes[i], &bytes), "%s", no_sizes[i]);
        ck_assert_int_eq(bytes, 42);
    }
}
END_TEST

START_TEST(whole_numbers_are_read_and_all_else_is_refused)
{
    int64_t value = 42;

    ck_assert(!units_int("", &value));
    ck_assert(!units_int("-", &value));
    ck_assert(!units_int("+1", &value));
    ck_assert(!units_int("1x", &value));
    ck_assert(!units_int("9223372036854775808", &value));
    ck_assert_int_eq(value, 42);
    ck_assert(units_int("-17", &value));
    ck_assert_int_eq(value, -17);
}
END_TEST

START_TEST(what_is_written_reads_back_as_the_same_value)
{
    static const int64_t values[] = {0,        1,        999,     1000,
                                     90000,    3600000,  7776000, 86400001,
                                     12 << 20, INT64_MAX};
    struct str text;
    int64_t value = -1;

    str_init(&text, 64);
    for (size_t i = 0; i < COUNT(values); i++) {
        str_reset(&text);
        units_add_duration(&text, values[i]);
        ck_assert(units_duration(text.text, &value));
        ck_assert_int_eq(value, values[i]);

        str_reset(&text);
        units_add_size(&text, values[i]);
        ck_assert(units_size(text.text, &value));
        ck_assert_int_eq(value, values[i]);
    }
    str_finish(&text);
}
END_TEST

START_TEST(the_largest_unit_that_divides_is_written)
{
    struct str text;

    str_init(&text, 64);
    units_add_duration(&text, 90000);
    str_add_char(&text, ' ');
    units_add_duration(&text, 3600000);
    str_add_char(&text, ' ');
    units_add_size(&text, 512 << 20);

    ck_assert_str_eq(text.text, "90s 1h 512MiB");
    str_finish(&text);
}
END_TEST

TEST_MAIN("units", durations_are_read_as_written,
          what_is_no_duration_is_refused_and_changes_nothing,
          sizes_are_read_as_written,
          what_is_no_size_is_refused_and_changes_nothing,
          whole_numbers_are_read_and_all_else_is_refused,
          what_is_written_reads_back_as_the_same_value,
          the_largest_unit_that_divides_is_written)
