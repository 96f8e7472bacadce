#include <string.h>

#include "host/door/access.h"
#include "tests/check_main.h"

static bool may(const char *const *names, uint32_t access)
{
    struct haft_slice roles[4] = {{0}};
    struct haft_array array = {roles, 0, sizeof(roles[0])};
    const struct op op = {.name = "x.y", .access = access};

    for (; names[array.count]; array.count++) {
        roles[array.count].p = names[array.count];
        roles[array.count].n = (uint32_t)strlen(names[array.count]);
    }
    return access_allows(&array, &op);
}

#define ROLES(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(nobody_may_anything)
{
    ck_assert(!may((const char *const[]){NULL}, OP_READ));
    ck_assert(!may(ROLES("visitor", "adm", "admins", ""), OP_READ));
}
END_TEST

START_TEST(a_viewer_reads_and_no_more)
{
    ck_assert(may(ROLES("viewer"), OP_READ | OP_IDEMPOTENT | OP_STREAM));
    ck_assert(!may(ROLES("viewer"), OP_WRITE));
    ck_assert(!may(ROLES("viewer"), OP_WRITE | OP_DESTRUCTIVE));
}
END_TEST

START_TEST(an_operator_destroys_nothing)
{
    ck_assert(may(ROLES("operator"), OP_READ));
    ck_assert(may(ROLES("operator"), OP_WRITE));
    ck_assert(!may(ROLES("operator"), OP_WRITE | OP_DESTRUCTIVE));
}
END_TEST

START_TEST(an_admin_may_everything)
{
    ck_assert(may(ROLES("admin"), OP_READ));
    ck_assert(may(ROLES("admin"), OP_WRITE | OP_DESTRUCTIVE));
}
END_TEST

START_TEST(one_role_that_allows_is_enough)
{
    ck_assert(may(ROLES("viewer", "admin"), OP_WRITE | OP_DESTRUCTIVE));
    ck_assert(may(ROLES("nothing", "viewer"), OP_READ));
}
END_TEST

static bool is_principal(const char *bytes, size_t size)
{
    return access_is_principal(&(struct haft_slice){bytes, size});
}

START_TEST(a_principal_is_a_line_of_text_that_fits_the_records)
{
    char name[ACCESS_PRINCIPAL_LIMIT + 1];

    memset(name, 'a', sizeof(name));
    ck_assert(is_principal("user:anna", 9));
    ck_assert(is_principal("user:\xc3\xa9", 7));
    ck_assert(is_principal(name, ACCESS_PRINCIPAL_LIMIT));
    ck_assert(!is_principal(name, ACCESS_PRINCIPAL_LIMIT + 1));
    ck_assert(!is_principal(NULL, 0));
    ck_assert(!is_principal("a\0b", 3));
    ck_assert(!is_principal("a\nb", 3));
    ck_assert(!is_principal("a\x7f", 2));
    ck_assert(!is_principal("\xff", 1));
}
END_TEST

TEST_MAIN("access", a_principal_is_a_line_of_text_that_fits_the_records,
          nobody_may_anything, a_viewer_reads_and_no_more,
          an_operator_destroys_nothing, an_admin_may_everything,
          one_role_that_allows_is_enough)
