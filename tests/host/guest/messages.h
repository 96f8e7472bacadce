/* A message in its first form, and as it became later. */
#ifndef TESTS_HOST_GUEST_MESSAGES_H
#define TESTS_HOST_GUEST_MESSAGES_H

#include <haft/types.h>

#include "host/guest/scratch.h"
#include "host/plain/str.h"

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

static inline void set_up(void)
{
    scratch_init(&mem);
    str_init(&why, STR_WHY_LIMIT);
}

static inline void tear_down(void)
{
    scratch_finish(&mem);
    str_finish(&why);
}

static const struct young_item young_items[] = {
    {.a = 1, .b = {"one", 3}},
    {.a = 2},
};

static inline struct young make_young(void)
{
    return (struct young){
        .size = sizeof(struct young),
        .n = 7,
        .text = {"h\xc3\xa4lfte", 7},
        .items = {young_items, 2, sizeof(young_items[0])},
        .more = -1,
    };
}

static inline const void *item(struct haft_array a, uint32_t i)
{
    return (const char *)a.p + (size_t)i * a.stride;
}

#endif
