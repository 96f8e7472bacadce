/* A whole number given on the command line; anything else ends the program. */
#ifndef TESTS_BENCH_NUMBER_H
#define TESTS_BENCH_NUMBER_H

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static inline int number_read(const char *text)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > INT_MAX) {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return (int)value;
}

#endif
