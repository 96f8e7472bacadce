#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "host/base/section.h"
#include "tests/check_main.h"

static struct sections sections;
static struct str why;

static int read_text(const char *text)
{
    sections = (struct sections){0};
    str_init(&why, SIZE_MAX);
    return sections_read(&sections, text, strlen(text), "f", &why);
}

static void end(void)
{
    sections_finish(&sections);
    str_finish(&why);
}

/* The whole text is refused with exactly these lines. */
static void check_refused(const char *text, const char *errors)
{
    ck_assert_int_eq(read_text(text), -EINVAL);
    ck_assert_str_eq(why.text, errors);
    end();
}

static void check_begins(const char *text, const char *error)
{
    ck_assert_int_eq(read_text(text), -EINVAL);
    ck_assert_msg(strncmp(why.text, error, strlen(error)) == 0, "%s", why.text);
    end();
}

START_TEST(sections_and_keys_come_with_their_lines)
{
    const struct config_section *host;
    const struct config_section *pool;

    ck_assert_int_eq(read_text("# a comment\n"
                               "include = x\n"
                               "\n"
                               "[host]\n"
                               "  ; an indented comment\n"
                               "state=/s\n"
                               "socket   =   /t  \n"
                               "[pool:a-b_1]\r\n"
                               "slots = 3\r\n"),
                     0);
    ck_assert_str_eq(why.text, "");
    ck_assert_uint_eq(sections.count, 3);
    ck_assert_str_eq(sections.items[0].title, "");
    ck_assert_str_eq(sections.items[0].entries[0].key, "include");
    host = sections_find(&sections, "host");
    ck_assert_int_eq(host->line, 4);
    ck_assert_str_eq(host->kind, "host");
    ck_assert_str_eq(host->name, "host");
    ck_assert(!host->is_named);
    ck_assert_uint_eq(host->entries_count, 2);
    ck_assert_str_eq(host->entries[0].value, "/s");
    ck_assert_str_eq(host->entries[1].value, "/t");
    ck_assert_int_eq(host->entries[1].line, 7);
    pool = sections_find(&sections, "pool:a-b_1");
    ck_assert_str_eq(pool->kind, "pool");
    ck_assert_str_eq(pool->name, "a-b_1");
    ck_assert(pool->is_named);
    ck_assert_str_eq(pool->entries[0].value, "3");
    ck_assert_ptr_null(sections_find(&sections, "nope"));
    end();
}
END_TEST

START_TEST(a_section_without_keys_is_seen)
{
    ck_assert_int_eq(read_text("[auth:peer]\n[notify:a]"), 0);
    ck_assert_uint_eq(sections.count, 3);
    ck_assert_uint_eq(sections.items[1].entries_count, 0);
    ck_assert_int_eq(sections.items[2].line, 2);
    end();
}
END_TEST

START_TEST(a_mark_at_the_beginning_and_an_open_last_line_are_fine)
{
    ck_assert_int_eq(read_text("\xef\xbb\xbf[host]\nstate = x"), 0);
    ck_assert_str_eq(sections.items[1].entries[0].value, "x");
    end();
}
END_TEST

/* Where stock inih would cut at 199 bytes and read on as a new line. */
START_TEST(long_lines_arrive_whole)
{
    static const size_t sizes[] = {150, 195, 197, 199, 260, 65000};
    static char text[70000];

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i];

        memcpy(text, "[host]\nk = ", 11);
        memset(text + 11, '=', size);
        text[11 + size] = '\0';
        ck_assert_int_eq(read_text(text), 0);
        ck_assert_uint_eq(sections.items[1].entries_count, 1);
        ck_assert_uint_eq(strlen(sections.items[1].entries[0].value), size);
        end();
    }
}
END_TEST

START_TEST(a_line_over_the_limit_is_refused_and_reading_goes_on)
{
    static char text[CONFIG_LINE_LIMIT + 100];

    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "k = ", 4);
    memcpy(text + sizeof(text) - 10, "\n[ho st]\n", 9);
    text[sizeof(text) - 1] = '\0';
    check_begins(text, "f:1: a line longer than 64 KiB\nf:2: a section's");
}
END_TEST

START_TEST(semicolons_and_colons_in_values_are_kept)
{
    ck_assert_int_eq(read_text("[host]\nk = a;b:c=d\n"), 0);
    ck_assert_str_eq(sections.items[1].entries[0].value, "a;b:c=d");
    end();
}
END_TEST

START_TEST(an_indented_key_is_refused)
{
    check_refused("[host]\nstate = a\n  b = c\n",
                  "f:3: an indented line; keys and sections begin at the "
                  "left, and a value ends with its line");
    check_begins(" [host]\n", "f:1: an indented line");
}
END_TEST

START_TEST(a_value_with_a_comment_behind_it_is_refused)
{
    check_begins("[host]\nstate = a ; b\n", "f:2: state: \" ;\" may begin");
    check_begins("[host]\nstate = a # b\n", "f:2: state: \" #\" may begin");
}
END_TEST

START_TEST(a_repeated_key_is_refused)
{
    check_refused("[host]\na = 1\nb = 2\na = 3\n",
                  "f:4: a stands on line 2 already");
}
END_TEST

START_TEST(a_repeated_section_is_refused_and_its_keys_passed_over)
{
    check_refused("[a]\nx = 1\n[b]\n[a]\nx = \"\n[c]\ny = \"\n",
                  "f:4: section [a] stands at f:1 already\n"
                  "f:7: y: a quote that is not closed");
}
END_TEST

START_TEST(a_section_of_an_earlier_file_is_a_repetition_too)
{
    ck_assert_int_eq(read_text("[a]\n"), 0);
    ck_assert_int_eq(sections_read(&sections, "\n[a]\n", 5, "g", &why),
                     -EINVAL);
    ck_assert_str_eq(why.text, "g:2: section [a] stands at f:1 already");
    end();
}
END_TEST

START_TEST(what_is_no_pair_is_refused)
{
    static const char *const lines[] = {"word",    "key: value",    "= value",
                                        "a b = c", "1a = b",        "-a = b",
                                        "@ = v",   "a\xc3\xa4 = b", "a] = b"};
    char text[64];

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        snprintf(text, sizeof(text), "[host]\n%s\n", lines[i]);
        check_begins(text, "f:2: expected `key = value`");
    }
}
END_TEST

START_TEST(what_is_no_section_is_refused)
{
    check_begins("[host\n", "f:1: a section is [kind] or [kind:name]");
    check_begins("[host] # x\n", "f:1: a section is [kind]");
    check_begins("[host]]\n", "f:1: a section is [kind]");
    check_begins("[]\n", "f:1: a section's name has 1 to 48");
    check_begins("[a b]\n", "f:1: a section's name is of letters");
    check_begins("[a[b]\n", "f:1: a section's name is of letters");
}
END_TEST

START_TEST(names_that_inih_would_cut_are_refused)
{
    char text[256];

    snprintf(text, sizeof(text), "[%048d]\n", 1);
    ck_assert_int_eq(read_text(text), 0);
    ck_assert_uint_eq(strlen(sections.items[1].title), 48);
    end();
    snprintf(text, sizeof(text), "[%049d]\n", 1);
    check_begins(text, "f:1: a section's name has 1 to 48");
    snprintf(text, sizeof(text), "[a]\nk%063d = 1\n", 1);
    ck_assert_int_eq(read_text(text), 0);
    ck_assert_uint_eq(strlen(sections.items[1].entries[0].key), 64);
    end();
    snprintf(text, sizeof(text), "[a]\nk%064d = 1\n", 1);
    check_begins(text, "f:2: a key longer than 64");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
    static const char nul[] = "[a]\nk = x\0y\n";

    check_refused("[a]\nk = \xff\n", "f:2: bytes that are not UTF-8");
    check_refused("[a]\nk = a\033b\n", "f:2: a control character");
    check_refused("[a]\nk = a\rb = c\n", "f:2: a control character");
    sections = (struct sections){0};
    str_init(&why, SIZE_MAX);
    ck_assert_int_eq(sections_read(&sections, nul, sizeof(nul) - 1, "f", &why),
                     -EINVAL);
    ck_assert_str_eq(why.text, "f:2: a control character");
    end();
}
END_TEST

START_TEST(there_are_limits_to_sections_and_keys)
{
    struct str text;

    str_init(&text, SIZE_MAX);
    for (int i = 0; i < CONFIG_SECTIONS_LIMIT + 5; i++) {
        str_addf(&text, "[a:%d]\n", i);
    }
    check_begins(text.text, "f:1000: more than 1000 sections");
    str_reset(&text);
    str_add_text(&text, "[a]\n");
    for (int i = 0; i < CONFIG_ENTRIES_LIMIT + 5; i++) {
        str_addf(&text, "k%d = 1\n", i);
    }
    check_refused(text.text, "f:1002: more than 1000 keys in a section");
    str_finish(&text);
}
END_TEST

TEST_MAIN("section", sections_and_keys_come_with_their_lines,
          a_section_without_keys_is_seen,
          a_mark_at_the_beginning_and_an_open_last_line_are_fine,
          long_lines_arrive_whole,
          a_line_over_the_limit_is_refused_and_reading_goes_on,
          semicolons_and_colons_in_values_are_kept, an_indented_key_is_refused,
          a_value_with_a_comment_behind_it_is_refused,
          a_repeated_key_is_refused,
          a_repeated_section_is_refused_and_its_keys_passed_over,
          a_section_of_an_earlier_file_is_a_repetition_too,
          what_is_no_pair_is_refused, what_is_no_section_is_refused,
          names_that_inih_would_cut_are_refused,
          bytes_that_are_no_text_are_refused,
          there_are_limits_to_sections_and_keys)
