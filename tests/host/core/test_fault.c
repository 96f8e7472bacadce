#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/core/fault.h"
#include "host/plain/mem.h"
#include "tests/check_main.h"

START_TEST(every_class_has_a_name_of_its_own_and_is_found_by_it)
{
    for (uint32_t i = 1; i < FAULT_CLASSES; i++) {
        const struct fault_row *row = fault_row(i);

        ck_assert_ptr_nonnull(row->name);
        ck_assert_ptr_nonnull(row->meaning);
        ck_assert_uint_eq(fault_class_of(row->name), i);
        ck_assert_uint_ne(row->exit_code, 0);
        ck_assert_uint_ge(row->http_status, 400);
    }
}
END_TEST

START_TEST(no_fault_is_a_success_everywhere)
{
    ck_assert_uint_eq(fault_row(FAULT_NONE)->exit_code, 0);
    ck_assert_uint_eq(fault_row(FAULT_NONE)->http_status, 200);
    ck_assert_uint_eq(fault_row(FAULT_NONE)->breaker, BREAKER_SUCCESS);
    ck_assert_uint_eq(fault_class_of("OK"), FAULT_NONE);
}
END_TEST

START_TEST(an_unknown_class_reads_as_internal)
{
    ck_assert_str_eq(fault_row(FAULT_CLASSES)->name, "INTERNAL");
    ck_assert_str_eq(fault_row(UINT32_MAX)->name, "INTERNAL");
    ck_assert_uint_eq(fault_class_of("NOBODY"), FAULT_NONE);
}
END_TEST

START_TEST(what_can_never_work_is_never_tried_again)
{
    const uint32_t never[] = {HAFT_CANCELLED, HAFT_INVALID, HAFT_DENIED,
                              HAFT_NOT_FOUND, HAFT_UNIMPLEMENTED};

    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        ck_assert_int_eq(fault_row(never[i])->retry, FAULT_RETRY_NO);
    }
    ck_assert_int_eq(fault_row(HAFT_TRANSIENT)->retry, FAULT_RETRY_YES);
    ck_assert_int_eq(fault_row(HAFT_USER_FAILURE)->retry, FAULT_RETRY_POLICY);
    ck_assert_int_eq(fault_row(HAFT_INFRA_LOST)->retry, FAULT_RETRY_ASK);
}
END_TEST

START_TEST(effects_and_origins_have_names_and_the_careful_one_by_default)
{
    ck_assert_str_eq(fault_effect_name(HAFT_EFFECT_NOT_STARTED), "not_started");
    ck_assert_str_eq(fault_effect_name(99), "maybe");
    ck_assert_str_eq(fault_origin_name(HAFT_ORIGIN_REMOTE), "remote");
    ck_assert_str_eq(fault_origin_name(99), "local");
}
END_TEST

START_TEST(a_copy_owns_its_texts)
{
    char message[] = "it broke";
    struct fault from = {.fault_class = HAFT_TRANSIENT,
                         .code = "x.y",
                         .message = message,
                         .exit_code = 3};
    struct fault to;
    char *texts = fault_copy(&to, &from);

    memset(message, '#', sizeof(message) - 1);

    ck_assert_str_eq(to.message, "it broke");
    ck_assert_str_eq(to.code, "x.y");
    ck_assert_int_eq(to.exit_code, 3);
    mem_free(texts);
}
END_TEST

START_TEST(a_copy_without_texts_allocates_nothing)
{
    struct fault from = {.fault_class = HAFT_TRANSIENT};
    struct fault to;

    ck_assert_ptr_null(fault_copy(&to, &from));
    ck_assert_str_eq(to.code, "");
    ck_assert_str_eq(to.message, "");
}
END_TEST

START_TEST(a_copy_of_an_unknown_class_may_have_happened)
{
    struct fault from = {.fault_class = 77, .effect = HAFT_EFFECT_NOT_STARTED};
    struct fault to;

    mem_free(fault_copy(&to, &from));

    ck_assert_uint_eq(to.fault_class, HAFT_INTERNAL);
    ck_assert_uint_eq(to.effect, HAFT_EFFECT_MAYBE);
}
END_TEST

/* docs/faults.md, whole. */
static char *read_page(void)
{
    const char *top = getenv("HAFT_SRCDIR");
    char path[4096];
    char *text = mem_new(1 << 16, 1);
    FILE *f;

    snprintf(path, sizeof(path), "%s/docs/faults.md", top ? top : ".");
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "no %s", path);
    ck_assert_uint_lt(fread(text, 1, 1 << 16, f), 1 << 16);
    fclose(f);
    return text;
}

START_TEST(the_page_about_faults_says_what_the_table_says)
{
    char *page = read_page();

    for (uint32_t i = 1; i < FAULT_CLASSES; i++) {
        const struct fault_row *row = fault_row(i);
        char wanted[512];
        const char *at;

        snprintf(wanted, sizeof(wanted), "## %s\n\n%s\n", row->name,
                 row->meaning);
        at = strstr(page, wanted);
        ck_assert_msg(at != NULL, "docs/faults.md lacks: %s", wanted);
        snprintf(wanted, sizeof(wanted), "| %u | %u |\n", row->http_status,
                 row->exit_code);
        at = strstr(at, " | ");
        ck_assert_ptr_nonnull(at);
        at = strstr(at, "---|\n| ");
        ck_assert_ptr_nonnull(at);
        ck_assert_msg(strstr(at, wanted) && strstr(at, wanted) < at + 200,
                      "docs/faults.md: %s ends with %s", row->name, wanted);
    }
    mem_free(page);
}
END_TEST

TEST_MAIN("fault", the_page_about_faults_says_what_the_table_says,
          every_class_has_a_name_of_its_own_and_is_found_by_it,
          no_fault_is_a_success_everywhere, an_unknown_class_reads_as_internal,
          what_can_never_work_is_never_tried_again,
          effects_and_origins_have_names_and_the_careful_one_by_default,
          a_copy_owns_its_texts, a_copy_without_texts_allocates_nothing,
          a_copy_of_an_unknown_class_may_have_happened)
