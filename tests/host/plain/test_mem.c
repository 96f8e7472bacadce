#include <stdint.h>
#include <string.h>

#include "host/plain/mem.h"
#include "tests/check_main.h"

START_TEST(new_room_is_zeroed)
{
    unsigned char *p = mem_new(100, 3);

    for (size_t i = 0; i < 300; i++) {
        ck_assert_int_eq(p[i], 0);
    }

    mem_free(p);
}
END_TEST

START_TEST(no_room_at_all_is_still_a_pointer)
{
    void *p = mem_new(0, 0);

    ck_assert_ptr_nonnull(p);

    mem_free(p);
    mem_free(NULL);
}
END_TEST

START_TEST(growing_keeps_what_was_there)
{
    uint32_t *items = NULL;
    size_t room = 0;

    for (uint32_t i = 0; i < 10000; i++) {
        items = mem_grow(items, &room, i + 1, sizeof(*items));
        ck_assert_uint_gt(room, i);
        items[i] = i * 7;
    }

    for (uint32_t i = 0; i < 10000; i++) {
        ck_assert_uint_eq(items[i], i * 7);
    }
    mem_free(items);
}
END_TEST

START_TEST(growing_one_by_one_moves_rarely)
{
    char *items = NULL;
    size_t room = 0;
    int moves = 0;

    for (size_t need = 1; need <= 1000000; need++) {
        size_t before = room;

        items = mem_grow(items, &room, need, 1);
        moves += room != before;
    }

    ck_assert_int_lt(moves, 40);
    mem_free(items);
}
END_TEST

START_TEST(enough_room_changes_nothing)
{
    size_t room = 0;
    char *items = mem_grow(NULL, &room, 100, 1);
    size_t before = room;

    ck_assert_ptr_eq(mem_grow(items, &room, before, 1), items);
    ck_assert_uint_eq(room, before);

    mem_free(items);
}
END_TEST

START_TEST(a_copied_text_ends_with_nul)
{
    char *text = mem_text("abcdef", 3);
    char *empty = mem_text(NULL, 0);

    ck_assert_str_eq(text, "abc");
    ck_assert_str_eq(empty, "");

    mem_free(text);
    mem_free(empty);
}
END_TEST

TEST_MAIN("mem", new_room_is_zeroed, no_room_at_all_is_still_a_pointer,
          growing_keeps_what_was_there, growing_one_by_one_moves_rarely,
          enough_room_changes_nothing, a_copied_text_ends_with_nul)
