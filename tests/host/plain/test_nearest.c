#include "host/plain/nearest.h"
#include "tests/check_main.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const words[] = {"timeout", "retry", "needs", "env",
                                    "executor"};

#define WORDS (sizeof(words) / sizeof(words[0]))

static const struct {
    const char *typed;
    const char *meant;
} typos[] = {
    {"timout", "timeout"},
    {"tiemout", "timeout"},
    {"RETRY", "retry"},
    {"need", "needs"},
    {"envv", "env"},
    {"exectuor", "executor"},
    {"executioner", "executor"},
};

START_TEST(a_typo_finds_the_word_that_was_meant)
{
    for (size_t i = 0; i < COUNT(typos); i++) {
        ck_assert_str_eq(nearest_word(typos[i].typed, words, WORDS),
                         typos[i].meant);
    }
}
END_TEST

START_TEST(a_word_far_from_all_finds_none)
{
    ck_assert_ptr_null(nearest_word("zebra", words, WORDS));
    ck_assert_ptr_null(nearest_word("x", words, WORDS));
    ck_assert_ptr_null(nearest_word("", words, WORDS));
}
END_TEST

START_TEST(a_very_long_word_is_not_looked_at)
{
    char word[4096];

    for (size_t i = 0; i < sizeof(word); i++) {
        word[i] = 'e';
    }
    word[sizeof(word) - 1] = '\0';
    ck_assert_ptr_null(nearest_word(word, words, WORDS));
}
END_TEST

START_TEST(the_first_of_two_equally_near_words_is_taken)
{
    static const char *const pair[] = {"cap", "map"};

    ck_assert_str_eq(nearest_word("tap", pair, 2), "cap");
}
END_TEST

START_TEST(the_hint_is_a_question_or_nothing)
{
    struct nearest n;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    nearest_init(&n, "retri");
    nearest_add_hint(&n, &why);
    ck_assert_str_eq(why.text, "");
    nearest_try(&n, "retry");
    nearest_add_hint(&n, &why);
    ck_assert_str_eq(why.text, "; did you mean \"retry\"?");
    str_finish(&why);
}
END_TEST

TEST_MAIN("nearest", a_typo_finds_the_word_that_was_meant,
          a_word_far_from_all_finds_none, a_very_long_word_is_not_looked_at,
          the_first_of_two_equally_near_words_is_taken,
          the_hint_is_a_question_or_nothing)
