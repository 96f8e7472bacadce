/* The main of a test program whose host has plugins in processes of their own:
 * a worker is the program of its host once more, so it is this one. As
 * TEST_MAIN of check_main.h. */
#ifndef TESTS_CAGED_MAIN_H
#define TESTS_CAGED_MAIN_H

#include <string.h>

#include "host/guest/worker.h"
#include "tests/check_main.h"

#define CAGED_MAIN(noun, ...)                                                  \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        const TTest *const tests[] = {__VA_ARGS__};                            \
                                                                               \
        if (argc == 2 && strcmp(argv[1], "worker") == 0) {                     \
            return worker_main(NULL);                                          \
        }                                                                      \
        return check_run(noun, tests, sizeof(tests) / sizeof(tests[0]));       \
    }

#endif
