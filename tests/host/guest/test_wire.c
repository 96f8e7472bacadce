#include <stdlib.h>
#include <string.h>

#include "host/guest/wire.h"
#include "tests/check_main.h"
#include "tests/host/guest/messages.h"

START_TEST(bytes_and_back_is_the_same_message)
{
    struct young young = make_young();
    struct str bytes;

    set_up();
    str_init(&bytes, 4096);
    wire_encode(&young_record, &young, &bytes);
    const struct young *back =
        wire_decode(&mem, &young_record, bytes.text, bytes.size, &why);

    ck_assert_msg(back != NULL, "%s", why.text);
    ck_assert_int_eq(back->more, -1);
    ck_assert_uint_eq(back->n, 7);
    ck_assert_uint_eq(back->text.n, 7);
    ck_assert_mem_eq(back->text.p, young.text.p, 7);
    ck_assert_uint_eq(back->items.count, 2);
    ck_assert_mem_eq(((const struct young_item *)item(back->items, 0))->b.p,
                     "one", 3);
    str_finish(&bytes);
    tear_down();
}
END_TEST

START_TEST(trailing_zeros_are_not_written_so_that_older_readers_read_it)
{
    struct young young = make_young();
    struct young_item plain[] = {{.a = 1}, {.a = 2}};
    struct str bytes;

    set_up();
    str_init(&bytes, 4096);
    young.more = 0;
    young.items.p = plain;
    wire_encode(&young_record, &young, &bytes);
    const struct old *old =
        wire_decode(&mem, &old_record, bytes.text, bytes.size, &why);

    ck_assert_msg(old != NULL, "%s", why.text);
    ck_assert_uint_eq(old->items.count, 2);

    str_reset(&bytes);
    young.more = 1;
    wire_encode(&young_record, &young, &bytes);
    ck_assert_ptr_null(
        wire_decode(&mem, &old_record, bytes.text, bytes.size, &why));
    ck_assert_str_eq(why.text, "old: 8 bytes of members that are not known "
                               "here");
    str_finish(&bytes);
    tear_down();
}
END_TEST

START_TEST(bytes_that_are_cut_anywhere_are_refused_or_shorter)
{
    struct young young = make_young();
    struct str bytes;

    set_up();
    str_init(&bytes, 4096);
    wire_encode(&young_record, &young, &bytes);
    for (size_t n = 0; n < bytes.size; n++) {
        char *cut = malloc(n + 1); /* so that reading beyond is seen */
        const struct young *back;

        memcpy(cut, bytes.text, n);
        cut = realloc(cut, n ? n : 1);
        back = wire_decode(&mem, &young_record, cut, n, &why);
        ck_assert(!back || back->more == 0);
        free(cut);
    }
    str_finish(&bytes);
    tear_down();
}
END_TEST

TEST_MAIN("wire", bytes_and_back_is_the_same_message,
          trailing_zeros_are_not_written_so_that_older_readers_read_it,
          bytes_that_are_cut_anywhere_are_refused_or_shorter)
