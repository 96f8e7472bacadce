#include <stdlib.h>
#include <string.h>

#include "host/base/entry.h"
#include "host/plain/mem.h"
#include "tests/check_main.h"

static struct str why;

static struct config_entry read_good(const char *raw)
{
    struct config_entry entry = {0};

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_msg(entry_read(&entry, raw, &why), "%s: %s", raw, why.text);
    ck_assert_str_eq(why.text, "");
    ck_assert_str_eq(entry.raw, raw);
    str_finish(&why);
    return entry;
}

static void check_value(const char *raw, const char *value)
{
    struct config_entry entry = read_good(raw);

    ck_assert_ptr_nonnull(entry.value);
    ck_assert_str_eq(entry.value, value);
    entry_finish(&entry);
}

/* `items` as they must be, joined by bars. */
static void check_items(const char *raw, const char *items)
{
    struct config_entry entry = read_good(raw);
    struct str joined;

    str_init(&joined, 1024);
    for (size_t i = 0; i < entry.items_count; i++) {
        str_addf(&joined, "%s%s", i ? "|" : "", entry.items[i]);
    }
    ck_assert_str_eq(joined.text, items);
    str_finish(&joined);
    entry_finish(&entry);
}

static void check_refused(const char *raw, const char *reason)
{
    struct config_entry entry = {0};

    str_init(&why, STR_WHY_LIMIT);
    ck_assert_msg(!entry_read(&entry, raw, &why), "%s", raw);
    ck_assert_msg(strstr(why.text, reason) != NULL, "%s: %s", raw, why.text);
    str_finish(&why);
    entry_finish(&entry);
}

START_TEST(a_bare_value_is_taken_as_it_stands)
{
    check_value("", "");
    check_value("plain", "plain");
    check_value("two words", "two words");
    check_value("a, b,c", "a, b,c");
    check_value("a;b#c", "a;b#c");
    check_value("c:\\path\\n", "c:\\path\\n");
    check_value("$HOME $ $$", "$HOME $ $$");
}
END_TEST

START_TEST(quotes_enclose_a_whole_value)
{
    check_value("\"a ; b # c\"", "a ; b # c");
    check_value("\" spaced \"", " spaced ");
    check_value("\"\"", "");
    check_value("\"say \\\"hi\\\" \\\\\"", "say \"hi\" \\");
    check_value("\"a, b\"", "a, b");
}
END_TEST

START_TEST(a_list_is_split_at_commas_outside_of_quotes)
{
    check_items("", "");
    check_items("a", "a");
    check_items("a, b ,c", "a|b|c");
    check_items("\"a, b\", c , \"\"", "a, b|c|");
    check_items("\"a\"", "a");
}
END_TEST

START_TEST(several_quoted_items_are_no_text)
{
    struct config_entry entry = read_good("\"a\", b");

    ck_assert_ptr_null(entry.value);
    entry_finish(&entry);
}
END_TEST

START_TEST(empty_items_are_told_from_quoted_nothing)
{
    static const char *const empty[] = {"a,,b", ",", "a,", " , a"};

    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
        struct config_entry entry = read_good(empty[i]);

        ck_assert_msg(entry.has_empty_item, "%s", empty[i]);
        ck_assert_str_eq(entry.value, empty[i]);
        entry_finish(&entry);
    }
    {
        struct config_entry entry = read_good("a, \"\"");

        ck_assert(!entry.has_empty_item);
        entry_finish(&entry);
    }
}
END_TEST

START_TEST(variables_are_replaced_in_bare_and_quoted_text)
{
    setenv("HAFT_TEST_A", "one two", 1);
    check_value("${HAFT_TEST_A}", "one two");
    check_value("a${HAFT_TEST_A}b", "aone twob");
    check_value("\"x ${HAFT_TEST_A}\"", "x one two");
    check_value("$${HAFT_TEST_A}", "${HAFT_TEST_A}");
    check_value("\"$${\"", "${");
    check_items("${HAFT_TEST_A}, b", "one two|b");
}
END_TEST

START_TEST(what_a_variable_holds_never_splits_or_quotes)
{
    setenv("HAFT_TEST_A", "a, \"b\" ; c # ${HOME} \\", 1);
    check_value("${HAFT_TEST_A}", "a, \"b\" ; c # ${HOME} \\");
    check_items("${HAFT_TEST_A}, x", "a, \"b\" ; c # ${HOME} \\|x");
    check_items("\"${HAFT_TEST_A}\"", "a, \"b\" ; c # ${HOME} \\");
}
END_TEST

START_TEST(what_may_be_a_comment_is_refused)
{
    check_refused("a ; b", "\" ;\" may begin a comment");
    check_refused("a # b", "\" #\" may begin a comment");
    check_refused("a\t#b", "comment");
    check_refused("#a", "comment");
    check_refused(";a", "comment");
    check_refused("a, #b", "comment");
    check_refused("\"a\" # b", "behind a closing quote");
}
END_TEST

START_TEST(quotes_out_of_place_are_refused)
{
    check_refused("say \"hi\"", "a quote in the middle");
    check_refused("\"a\" b", "behind a closing quote");
    check_refused("\"a", "a quote that is not closed");
    check_refused("\"a\\", "a backslash");
    check_refused("\"a\\n\"", "a backslash");
    check_refused("a, \"b", "a quote that is not closed");
}
END_TEST

START_TEST(variables_that_are_not_there_are_refused)
{
    unsetenv("HAFT_TEST_B");
    check_refused("${HAFT_TEST_B}", "HAFT_TEST_B is not set");
    check_refused("${", "without a closing }");
    check_refused("\"${HAFT\"", "without a closing }");
    check_refused("${}", "no name of an environment variable");
    check_refused("${1A}", "no name of an environment variable");
    check_refused("${A B}", "no name of an environment variable");
    setenv("HAFT_TEST_B", "\xff", 1);
    check_refused("${HAFT_TEST_B}", "is not UTF-8");
}
END_TEST

START_TEST(variables_cannot_make_a_value_endless)
{
    char *text = mem_new(CONFIG_LINE_LIMIT + 1, 1);

    memset(text, 'x', CONFIG_LINE_LIMIT / 2 + 1);
    setenv("HAFT_TEST_C", text, 1);
    check_refused("${HAFT_TEST_C}${HAFT_TEST_C}", "longer than 64 KiB");
    check_refused("a,${HAFT_TEST_C}, ${HAFT_TEST_C}", "longer than 64 KiB");
    unsetenv("HAFT_TEST_C");
    mem_free(text);
}
END_TEST

TEST_MAIN("entry", a_bare_value_is_taken_as_it_stands,
          quotes_enclose_a_whole_value,
          a_list_is_split_at_commas_outside_of_quotes,
          several_quoted_items_are_no_text,
          empty_items_are_told_from_quoted_nothing,
          variables_are_replaced_in_bare_and_quoted_text,
          what_a_variable_holds_never_splits_or_quotes,
          what_may_be_a_comment_is_refused, quotes_out_of_place_are_refused,
          variables_that_are_not_there_are_refused,
          variables_cannot_make_a_value_endless)
