#include <string.h>

#include <haft/storage.h>

#include "host/guest/codec.h"
#include "tests/check_main.h"

/* A message in its first form, and as it became later. */
struct old_item {
    uint64_t a;
};

struct old {
    uint32_t size;
    uint32_t n;
    struct haft_slice text;
    struct haft_array items;
};

struct young_item {
    uint64_t a;
    struct haft_slice b;
};

struct young {
    uint32_t size;
    uint32_t n;
    struct haft_slice text;
    struct haft_array items;
    int64_t more;
};

HAFT_TABLE struct haft_field old_item_fields[] = {HAFT_ROW_U64(old_item, a)};
HAFT_RECORD(old_item, 8);
HAFT_TABLE struct haft_field old_fields[] = {
    HAFT_ROW_SIZE(old),
    HAFT_ROW_U32(old, n),
    HAFT_ROW_TEXT(old, text),
    HAFT_ROW_ARRAY(old, items, &old_item_record),
};
HAFT_RECORD(old, 40);

HAFT_TABLE struct haft_field young_item_fields[] = {
    HAFT_ROW_U64(young_item, a), HAFT_ROW_BYTES(young_item, b)};
HAFT_RECORD(young_item, 8);
HAFT_TABLE struct haft_field young_fields[] = {
    HAFT_ROW_SIZE(young),
    HAFT_ROW_U32(young, n),
    HAFT_ROW_TEXT(young, text),
    HAFT_ROW_ARRAY(young, items, &young_item_record),
    HAFT_ROW_I64(young, more),
};
HAFT_RECORD(young, 40);

static struct scratch mem;
static struct str why;

static void set_up(void)
{
    scratch_init(&mem);
    str_init(&why, STR_WHY_LIMIT);
}

static void tear_down(void)
{
    scratch_finish(&mem);
    str_finish(&why);
}

static const struct young_item young_items[] = {
    {.a = 1, .b = {"one", 3}},
    {.a = 2},
};

static struct young make_young(void)
{
    return (struct young){
        .size = sizeof(struct young),
        .n = 7,
        .text = {"h\xc3\xa4lfte", 7},
        .items = {young_items, 2, sizeof(young_items[0])},
        .more = -1,
    };
}

static const void *item(struct haft_array a, uint32_t i)
{
    return (const char *)a.p + (size_t)i * a.stride;
}

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

START_TEST(bytes_and_back_is_the_same_message)
{
    struct young young = make_young();
    struct str bytes;

    set_up();
    str_init(&bytes, 4096);
    codec_encode(&young_record, &young, &bytes);
    const struct young *back =
        codec_decode(&mem, &young_record, bytes.text, bytes.size, &why);

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
    codec_encode(&young_record, &young, &bytes);
    const struct old *old =
        codec_decode(&mem, &old_record, bytes.text, bytes.size, &why);

    ck_assert_msg(old != NULL, "%s", why.text);
    ck_assert_uint_eq(old->items.count, 2);

    str_reset(&bytes);
    young.more = 1;
    codec_encode(&young_record, &young, &bytes);
    ck_assert_ptr_null(
        codec_decode(&mem, &old_record, bytes.text, bytes.size, &why));
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
    codec_encode(&young_record, &young, &bytes);
    for (size_t n = 0; n < bytes.size; n++) {
        char *cut = malloc(n + 1); /* so that reading beyond is seen */
        const struct young *back;

        memcpy(cut, bytes.text, n);
        cut = realloc(cut, n ? n : 1);
        back = codec_decode(&mem, &young_record, cut, n, &why);
        ck_assert(!back || back->more == 0);
        free(cut);
    }
    str_finish(&bytes);
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
          bytes_and_back_is_the_same_message,
          trailing_zeros_are_not_written_so_that_older_readers_read_it,
          bytes_that_are_cut_anywhere_are_refused_or_shorter,
          a_copy_takes_nothing_from_the_heap_while_it_is_small)
