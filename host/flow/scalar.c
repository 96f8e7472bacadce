#include "host/flow/scalar.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 64
#define EXACT_LIMIT 9007199254740991.0 /* 2^53 - 1 */

static bool is_one_of(const char *text, size_t size, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == size && memcmp(text, *words, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Digits of a base of at most 16, at least one, and nothing else. */
static bool read_digits(const char *text, size_t size, int base, double *value)
{
    static const char digits[] = "0123456789abcdef";

    *value = 0;
    for (size_t i = 0; i < size; i++) {
        int c =
            text[i] >= 'A' && text[i] <= 'F' ? text[i] + ('a' - 'A') : text[i];
        const char *digit = memchr(digits, c, (size_t)base);

        if (!digit) {
            return false;
        }
        *value = *value * base + (double)(digit - digits);
    }
    return size > 0;
}

static size_t count_digits(const char *text, size_t size)
{
    size_t i = 0;

    while (i < size && text[i] >= '0' && text[i] <= '9') {
        i++;
    }
    return i;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_decimal(const char *text, size_t size, bool *is_whole)
{
    size_t i = size && (text[0] == '-' || text[0] == '+');
    size_t before = count_digits(text + i, size - i);
    size_t after = 0;

    *is_whole = true;
    i += before;
    if (i < size && text[i] == '.') {
        after = count_digits(text + i + 1, size - i - 1);
        i += 1 + after;
        *is_whole = false;
    }
    if (before + after == 0) {
        return false;
    }
    if (i < size && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        i += i < size && (text[i] == '-' || text[i] == '+');
        after = count_digits(text + i, size - i);
        i += after;
        *is_whole = false;
        return after > 0 && i == size;
    }
    return i == size;
}

enum scalar_kind scalar_number(const char *text, size_t size, double *value)
{
    static const char *const never[] = {
        ".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
        "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};
    char copy[NUMBER_SIZE + 1];
    bool is_whole = true;
    double number = 0;

    if (is_one_of(text, size, never)) {
        return SCALAR_UNSAFE;
    }
    if (size > 2 && text[0] == '0' && (text[1] == 'o' || text[1] == 'x')) {
        if (!read_digits(text + 2, size - 2, text[1] == 'o' ? 8 : 16,
                         &number)) {
            return SCALAR_TEXT;
        }
    } else if (!is_decimal(text, size, &is_whole)) {
        return SCALAR_TEXT;
    } else if (size > NUMBER_SIZE) {
        return SCALAR_UNSAFE;
    } else {
        memcpy(copy, text, size);
        copy[size] = '\0';
        number = strtod(copy, NULL);
    }
    if (!isfinite(number) || (is_whole && fabs(number) > EXACT_LIMIT)) {
        return SCALAR_UNSAFE;
    }
    *value = number + 0.0; /* no -0 */
    return SCALAR_NUMBER;
}

enum scalar_kind scalar_kind(const char *text, size_t size)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const bools[] = {"true",  "True",  "TRUE", "false",
                                        "False", "FALSE", NULL};
    double unused;

    if (is_one_of(text, size, nulls)) {
        return SCALAR_NULL;
    }
    if (is_one_of(text, size, bools)) {
        return SCALAR_BOOL;
    }
    return scalar_number(text, size, &unused);
}
