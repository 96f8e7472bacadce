#include <string.h>

#include <haft/storage.h>

#include "host/guest/codec.h"
#include "tests/check_main.h"
#include "tests/host/guest/messages.h"

START_TEST(a_newer_message_becomes_an_older_one_arrays_included)
{
    struct young young = make_young();

    set_up();
    ck_assert(codec_agrees(&old_record, &young_record, &why));
    ck_assert(!codec_is_same(&old_record, &young_record));
    const struct old *old =
        codec_adapt(&mem, &young_record, &old_record, &young);

    ck_assert_uint_eq(old->size, sizeof(*old));
    ck_assert_uint_eq(old->n, 7);
    ck_assert_ptr_eq(old->text.p, young.text.p);
    ck_assert_uint_eq(old->items.stride, sizeof(struct old_item));
    ck_assert_uint_eq(((const struct old_item *)item(old->items, 1))->a, 2);
    tear_down();
}
END_TEST

START_TEST(an_older_message_becomes_a_newer_one_with_zeros)
{
    const struct old_item items[] = {{5}, {6}};
    const struct old old = {sizeof(old), 3, {"t", 1}, {items, 2, 8}};

    set_up();
    const struct young *young =
        codec_copy(&mem, &old_record, &young_record, &old);
    const struct young_item *second = item(young->items, 1);

    ck_assert_uint_eq(young->size, sizeof(*young));
    ck_assert_int_eq(young->more, 0);
    ck_assert_uint_eq(second->a, 6);
    ck_assert_uint_eq(second->b.n, 0);
    ck_assert_ptr_ne(young->text.p, old.text.p);
    ck_assert_str_eq((const char *)young->text.p, "t");
    tear_down();
}
END_TEST

START_TEST(nothing_beyond_the_size_of_a_message_is_read)
{
    struct young poisoned;

    set_up();
    memset(&poisoned, 0xaa, sizeof(poisoned));
    poisoned.size = 40;
    poisoned.n = 1;
    poisoned.text = (struct haft_slice){NULL, 0};
    poisoned.items = (struct haft_array){NULL, 0, 0};

    ck_assert(codec_check(&young_record, &poisoned, &why));
    const struct young *copy =
        codec_copy(&mem, &young_record, &young_record, &poisoned);
    ck_assert_int_eq(copy->more, 0);
    tear_down();
}
END_TEST

START_TEST(items_longer_than_known_are_stepped_over_by_their_stride)
{
    struct {
        struct young_item known;
        uint64_t unknown[3];
    } items[2] = {{{.a = 1}, {9, 9, 9}}, {{.a = 2}, {9, 9, 9}}};
    struct young young = make_young();

    set_up();
    young.items = (struct haft_array){items, 2, sizeof(items[0])};

    ck_assert(codec_check(&young_record, &young, &why));
    const struct young *copy =
        codec_adapt(&mem, &young_record, &young_record, &young);
    ck_assert_uint_eq(copy->items.stride, sizeof(struct young_item));
    ck_assert_uint_eq(((const struct young_item *)item(copy->items, 1))->a, 2);
    tear_down();
}
END_TEST

static void refuses(struct young m, const char *reason)
{
    set_up();
    ck_assert(!codec_check(&young_record, &m, &why));
    ck_assert_msg(strstr(why.text, reason) != NULL, "%s", why.text);
    tear_down();
}

START_TEST(a_message_that_breaks_its_table_is_refused_by_field)
{
    struct young m = make_young();

    m.size = 39;
    refuses(m, "young.size: wanted at least 40, found 39");
    m = make_young();
    m.size = 5000;
    refuses(m, "young.size: wanted at least 40, found 5000");
    m = make_young();
    m.text = (struct haft_slice){"\xc3(", 2};
    refuses(m, "young.text: wanted UTF-8");
    m.text = (struct haft_slice){"a\0b", 3};
    refuses(m, "young.text: wanted text, found a zero byte");
    m.text = (struct haft_slice){NULL, 3};
    refuses(m, "young.text: wanted bytes, found NULL");
    m.text = (struct haft_slice){"", UINT64_MAX};
    refuses(m, "young.text: the message is too large");
    m = make_young();
    m.items.p = NULL;
    refuses(m, "young.items: wanted items, found NULL");
    m = make_young();
    m.items.stride = 4;
    refuses(m, "young.items: wanted a stride of at least 8, found 4");
    m = make_young();
    m.items.count = UINT32_MAX;
    refuses(m, "young.items: wanted items, found NULL or far too many");
}
END_TEST

START_TEST(padding_that_is_set_is_refused)
{
    struct haft_storage_last_in m = {sizeof(m), 1};

    set_up();
    ck_assert(!codec_check(&haft_storage_last_in_record, &m, &why));
    ck_assert_str_eq(why.text, "haft_storage_last_in._0: wanted zero padding");
    tear_down();
}
END_TEST

static void refuses_table(struct haft_record r, const char *reason)
{
    set_up();
    ck_assert(!codec_is_sane(&r, &why));
    ck_assert_msg(strstr(why.text, reason) != NULL, "%s", why.text);
    tear_down();
}

START_TEST(a_table_that_cannot_be_walked_is_refused)
{
    struct haft_field rows[5];
    struct haft_record r = young_record;

    set_up();
    ck_assert(codec_is_sane(&r, &why));
    tear_down();
    memcpy(rows, young_fields, sizeof(rows));
    r.fields = rows;
    r.count = 4;
    refuses_table(r, "young: wanted rows for all of 48 bytes, found 40");
    r.count = 100000;
    refuses_table(r, "make no table");
    r = young_record;
    r.fields = rows;
    rows[1].kind = 77;
    refuses_table(r, "young row 1: wanted a kind of 1 to 9, found 77");
    rows[1] = young_fields[2];
    refuses_table(r, "young.text: wanted offset 4, found 8");
    rows[1] = young_fields[1];
    rows[1].kind = HAFT_SIZE;
    refuses_table(r, "only a message, and its first row, has a size");
    rows[1] = young_fields[1];
    rows[3].item = NULL;
    refuses_table(r, "young.items: only arrays of messages have items");
    rows[3].item = &old_record;
    refuses_table(r, "old.size: only a message");
}
END_TEST

START_TEST(tables_of_two_messages_do_not_agree)
{
    struct haft_field rows[5];
    struct haft_record r = young_record;

    set_up();
    memcpy(rows, young_fields, sizeof(rows));
    r.fields = rows;
    rows[2].name = "title";
    ck_assert(!codec_agrees(&young_record, &r, &why));
    ck_assert_str_eq(why.text, "young row 2: wanted text (kind 8), found title "
                               "(kind 8)");
    tear_down();
}
END_TEST

START_TEST(a_copy_takes_nothing_from_the_heap_while_it_is_small)
{
    struct young young = make_young();

    set_up();
    codec_copy(&mem, &young_record, &young_record, &young);

    ck_assert_ptr_null(mem.blocks);
    tear_down();
}
END_TEST

TEST_MAIN("codec", a_newer_message_becomes_an_older_one_arrays_included,
          an_older_message_becomes_a_newer_one_with_zeros,
          nothing_beyond_the_size_of_a_message_is_read,
          items_longer_than_known_are_stepped_over_by_their_stride,
          a_message_that_breaks_its_table_is_refused_by_field,
          padding_that_is_set_is_refused,
          a_table_that_cannot_be_walked_is_refused,
          tables_of_two_messages_do_not_agree,
          a_copy_takes_nothing_from_the_heap_while_it_is_small)
