#include "host/core/index.h"
#include "tests/check_main.h"

static uint32_t count_of(const struct index *ix, uint64_t key)
{
    size_t cursor = 0;
    uint32_t count = 0;

    while (index_next(ix, key, &cursor)) {
        count++;
    }
    return count;
}

START_TEST(nothing_is_found_in_an_empty_index)
{
    struct index ix = {0};
    size_t cursor = 0;

    ck_assert_ptr_null(index_next(&ix, 5, &cursor));
    index_finish(&ix);
}
END_TEST

START_TEST(what_was_added_is_found_until_it_is_removed)
{
    struct index ix = {0};

    for (uint32_t i = 1; i <= 1000; i++) {
        index_add(&ix, i, i, i * 2);
    }
    for (uint32_t i = 1; i <= 1000; i += 2) {
        index_remove(&ix, i, i, i * 2);
    }

    for (uint32_t i = 1; i <= 1000; i++) {
        ck_assert_uint_eq(count_of(&ix, i), i % 2 == 0);
    }
    ck_assert_uint_eq(ix.count, 500);
    index_finish(&ix);
}
END_TEST

START_TEST(entries_of_one_key_are_all_found)
{
    struct index ix = {0};

    for (uint32_t i = 0; i < 50; i++) {
        index_add(&ix, 9, i, 0);
    }
    index_remove(&ix, 9, 17, 0);

    ck_assert_uint_eq(count_of(&ix, 9), 49);
    index_finish(&ix);
}
END_TEST

START_TEST(a_removal_leaves_no_gap_in_a_chain_that_wraps_around)
{
    struct index ix = {0};
    uint64_t keys[12];
    uint32_t count = 0;

    /* Keys that all live at the last place of a table of 16. */
    for (uint64_t key = 1; count < 12; key++) {
        if ((((key * 0x9E3779B97F4A7C15u) >> 32) & 15) == 15) {
            keys[count] = key;
            index_add(&ix, key, count++, 0);
        }
    }
    for (uint32_t i = 0; i < 12; i += 3) {
        index_remove(&ix, keys[i], i, 0);
    }

    for (uint32_t i = 0; i < 12; i++) {
        ck_assert_uint_eq(count_of(&ix, keys[i]), i % 3 != 0);
    }
    index_finish(&ix);
}
END_TEST

START_TEST(two_texts_are_not_hashed_as_one)
{
    ck_assert_uint_ne(index_hash("ab", "c"), index_hash("a", "bc"));
    ck_assert_uint_ne(index_hash("ab", NULL), index_hash("ab", ""));
    ck_assert_uint_eq(index_hash("ab", "c"), index_hash("ab", "c"));
}
END_TEST

TEST_MAIN("index", nothing_is_found_in_an_empty_index,
          what_was_added_is_found_until_it_is_removed,
          entries_of_one_key_are_all_found,
          a_removal_leaves_no_gap_in_a_chain_that_wraps_around,
          two_texts_are_not_hashed_as_one)
