#include <stdlib.h>
#include <string.h>

#include "host/cli/table.h"
#include "tests/check_main.h"

static const char *const heads[] = {"NAME", "N", "WHY", NULL};

static char *print(const struct table *t)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = tmpfile(); /* table_print asks for its descriptor */

    ck_assert_ptr_nonnull(f);
    table_print(t, f);
    size = (size_t)ftell(f);
    text = calloc(1, size + 1);
    rewind(f);
    ck_assert_uint_eq(fread(text, 1, size, f), size);
    fclose(f);
    return text;
}

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
    struct table t;
    char *text;

    table_init(&t, heads);
    ck_assert(table_is_empty(&t));
    table_add_text(&t, "a-long-name");
    table_add_int(&t, -7);
    table_add_text(&t, "because");
    table_add_text(&t, "b");
    table_add_int(&t, 1234567890123);
    table_add_text(&t, "");
    ck_assert(!table_is_empty(&t));

    text = print(&t);

    ck_assert_str_eq(text, "NAME         N              WHY\n"
                           "a-long-name  -7             because\n"
                           "b            1234567890123  \n");
    free(text);
    table_finish(&t);
}
END_TEST

START_TEST(characters_count_and_not_bytes)
{
    struct table t;
    char *text;

    table_init(&t, heads);
    table_add_text(&t, "\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac!");
    table_add_int(&t, 1);
    table_add_text(&t, "x");

    text = print(&t);

    ck_assert_str_eq(text, "NAME   N  WHY\n"
                           "\xc3\xa4\xc3\xb6\xc3\xbc\xe2\x82\xac!  1  x\n");
    free(text);
    table_finish(&t);
}
END_TEST

START_TEST(outside_text_cannot_steer_a_terminal)
{
    struct table t;
    char *text;

    table_init(&t, heads);
    table_add_text(&t, "\033[31mred\033[0m");
    table_add_text(&t, "a\nb\tc");
    table_add_text(&t, "\x7f\x01");

    text = print(&t);

    ck_assert_ptr_null(strchr(text, '\033'));
    ck_assert_ptr_nonnull(strstr(text, "?[31mred?[0m"));
    ck_assert_ptr_nonnull(strstr(text, "a b c"));
    ck_assert_ptr_nonnull(strstr(text, "??"));
    free(text);
    table_finish(&t);
}
END_TEST

START_TEST(spans_are_told_in_the_unit_that_fits)
{
    static const struct {
        int64_t span_ms;
        const char *text;
    } rows[] = {
        {0, "0.0s"},        {1250, "1.2s"},
        {9999, "9.9s"},     {10000, "10s"},
        {59999, "59s"},     {60000, "1m00s"},
        {187000, "3m07s"},  {3599000, "59m59s"},
        {7500000, "2h05m"}, {360000000, "100h00m"},
    };
    char text[32];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        table_span_text(rows[i].span_ms, text, sizeof(text));
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(what_has_no_time_yet_is_a_dash)
{
    struct table t;

    table_init(&t, heads);
    table_add_time(&t, 0);
    table_add_span(&t, 0, 5);
    table_add_span(&t, 1000, 3500);

    ck_assert_str_eq(t.cells[0], "-");
    ck_assert_str_eq(t.cells[1], "-");
    ck_assert_str_eq(t.cells[2], "2.5s");
    table_finish(&t);
}
END_TEST

TEST_MAIN("table", columns_are_as_wide_as_their_widest_cell,
          characters_count_and_not_bytes, outside_text_cannot_steer_a_terminal,
          spans_are_told_in_the_unit_that_fits, what_has_no_time_yet_is_a_dash)
