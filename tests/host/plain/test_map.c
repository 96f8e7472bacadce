#include <stdio.h>
#include <string.h>

#include <check.h>

#include "host/plain/map.h"
#include "tests/check_main.h"

START_TEST(an_empty_map_has_nothing)
{
    struct map m;

    map_init(&m);
    ck_assert_uint_eq(map_get(&m, ""), MAP_NONE);
    ck_assert_uint_eq(map_get(&m, "a"), MAP_NONE);
    map_finish(&m);
}
END_TEST

START_TEST(a_name_keeps_its_first_value)
{
    struct map m;

    map_init(&m);
    ck_assert_uint_eq(map_add(&m, "a", 1), MAP_NONE);
    ck_assert_uint_eq(map_add(&m, "", 2), MAP_NONE);
    ck_assert_uint_eq(map_add(&m, "a", 3), 1);
    ck_assert_uint_eq(map_get(&m, "a"), 1);
    ck_assert_uint_eq(map_get(&m, ""), 2);
    ck_assert_uint_eq(m.count, 2);
    map_finish(&m);
}
END_TEST

START_TEST(many_names_of_all_lengths_are_found)
{
    enum {
        MANY = 20000
    };
    static char names[MANY][40];
    struct map m;

    map_init(&m);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "%.*s%u", (int)(i % 24),
                 "abcdefghijklmnopqrstuvwxyz", i);
        ck_assert_uint_eq(map_add(&m, names[i], i), MAP_NONE);
    }

    ck_assert_uint_eq(m.count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        char copy[40];

        memcpy(copy, names[i], sizeof(copy));
        ck_assert_uint_eq(map_get(&m, copy), i);
    }
    ck_assert_uint_eq(map_get(&m, "20000"), MAP_NONE);
    map_finish(&m);
}
END_TEST

TEST_MAIN("map", an_empty_map_has_nothing, a_name_keeps_its_first_value,
          many_names_of_all_lengths_are_found)
