/* The main of a test program: one suite, run as Check is told by CK_FORK.
 *
 *     TEST_MAIN("noun", first_test, second_test)
 *
 * Each test is a START_TEST whose name is a sentence. */
#ifndef TESTS_CHECK_MAIN_H
#define TESTS_CHECK_MAIN_H

#include <stddef.h>
#include <stdlib.h>

#include <check.h>

static inline int check_run(const char *noun, const TTest *const *tests,
                            size_t count)
{
    Suite *suite = suite_create(noun);
    TCase *tcase = tcase_create(noun);
    SRunner *runner;
    int failed;

    for (size_t i = 0; i < count; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define TEST_MAIN(noun, ...)                                                   \
    int main(void)                                                             \
    {                                                                          \
        const TTest *const tests[] = {__VA_ARGS__};                            \
                                                                               \
        return check_run(noun, tests, sizeof(tests) / sizeof(tests[0]));       \
    }

#endif
