#include "host/plain/units.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define FRACTION_DIGITS 9

struct unit {
    const char *name;
    int64_t scale;
};

/* Rising, so that the printers can look for the largest that divides. */
static const struct unit durations[] = {
    {"ms", 1},      {"s", 1000},     {"m", 60000},
    {"h", 3600000}, {"d", 86400000}, {"w", 604800000},
};

static const struct unit sizes[] = {
    {"B", 1},
    {"kB", 1000},
    {"KiB", INT64_C(1) << 10},
    {"MB", 1000000},
    {"MiB", INT64_C(1) << 20},
    {"GB", 1000000000},
    {"GiB", INT64_C(1) << 30},
    {"TB", INT64_C(1000000000000)},
    {"TiB", INT64_C(1) << 40},
};

#define DURATIONS (sizeof(durations) / sizeof(durations[0]))
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* A number with up to nine decimals: whole + part / ten. */
struct decimal {
    int64_t whole;
    int64_t part;
    int64_t ten;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits into `*value`; false if there is none or it overflows. */
static bool read_digits(const char **p, int64_t *value)
{
    int64_t sum = 0;

    if (!is_digit(**p)) {
        return false;
    }
    while (is_digit(**p)) {
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, **p - '0', &sum)) {
            return false;
        }
        ++*p;
    }
    *value = sum;
    return true;
}

static bool read_decimal(const char **p, struct decimal *number)
{
    const char *begin;

    *number = (struct decimal){.ten = 1};
    if (!read_digits(p, &number->whole)) {
        return false;
    }
    if (**p != '.') {
        return true;
    }
    begin = ++*p;
    if (!read_digits(p, &number->part) || *p - begin > FRACTION_DIGITS) {
        return false;
    }
    for (; begin < *p; begin++) {
        number->ten *= 10;
    }
    return true;
}

/* number * scale, if that is a whole number that fits. */
static bool scale_decimal(const struct decimal *number, int64_t scale,
                          int64_t *value)
{
    int64_t whole;
    int64_t part;

    if (__builtin_mul_overflow(number->whole, scale, &whole) ||
        __builtin_mul_overflow(number->part, scale, &part) ||
        part % number->ten != 0 ||
        __builtin_add_overflow(whole, part / number->ten, &whole)) {
        return false;
    }
    *value = whole;
    return true;
}

static const struct unit *find(const struct unit *units, size_t count,
                               const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(units[i].name, name) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

bool units_duration(const char *text, int64_t *ms)
{
    struct decimal number;
    const struct unit *unit;

    if (strcmp(text, "0") == 0) {
        *ms = 0;
        return true;
    }
    if (!read_decimal(&text, &number)) {
        return false;
    }
    unit = find(durations, DURATIONS, text);
    return unit && scale_decimal(&number, unit->scale, ms);
}

bool units_size(const char *text, int64_t *bytes)
{
    struct decimal number;
    const struct unit *unit;

    if (!read_decimal(&text, &number)) {
        return false;
    }
    unit = find(sizes, SIZES, *text ? text : "B");
    return unit && scale_decimal(&number, unit->scale, bytes);
}

bool units_int(const char *text, int64_t *value)
{
    bool is_negative = *text == '-';
    int64_t number;

    text += is_negative;
    if (!read_digits(&text, &number) || *text) {
        return false;
    }
    *value = is_negative ? -number : number;
    return true;
}

static void add(struct str *out, const struct unit *units, size_t count,
                int64_t value)
{
    const struct unit *best = &units[0];

    for (size_t i = 1; i < count && value != 0; i++) {
        if (value % units[i].scale == 0) {
            best = &units[i];
        }
    }
    str_addf(out, "%" PRId64 "%s", value / best->scale, best->name);
}

void units_add_duration(struct str *out, int64_t ms)
{
    add(out, durations, DURATIONS, ms);
}

void units_add_size(struct str *out, int64_t bytes)
{
    add(out, sizes, SIZES, bytes);
}
