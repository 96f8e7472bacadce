#include "host/plain/nearest.h"

#include <string.h>

#define WORD_LIMIT 64

static unsigned lesser(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Three rows of the matrix of optimal string alignment: the one being filled
 * and the two above it. */
struct rows {
    unsigned cells[3][WORD_LIMIT + 1];
};

static void fill_row(struct rows *rows, const char *a, size_t i, const char *b)
{
    unsigned *row = rows->cells[i % 3];
    const unsigned *above = rows->cells[(i + 2) % 3];
    const unsigned *swap = rows->cells[(i + 1) % 3];

    row[0] = (unsigned)i;
    for (size_t j = 1; b[j - 1]; j++) {
        char x = lower(a[i - 1]);
        char y = lower(b[j - 1]);
        unsigned cost = x != y;

        row[j] = lesser(lesser(above[j], row[j - 1]) + 1, above[j - 1] + cost);
        if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y) {
            row[j] = lesser(row[j], swap[j - 2] + 1);
        }
    }
}

static unsigned measure(const char *a, const char *b)
{
    struct rows rows = {0};
    size_t last = strlen(a);

    for (unsigned j = 0; j <= strlen(b); j++) {
        rows.cells[0][j] = j;
    }
    for (size_t i = 1; i <= last; i++) {
        fill_row(&rows, a, i, b);
    }
    return rows.cells[last % 3][strlen(b)];
}

void nearest_init(struct nearest *n, const char *word)
{
    *n = (struct nearest){.word = word};
}

void nearest_try(struct nearest *n, const char *candidate)
{
    size_t word = strlen(n->word);
    size_t other = strlen(candidate);
    size_t most = (word > other ? word : other) / 3;
    unsigned distance;

    if (word == 0 || other == 0 || word > WORD_LIMIT || other > WORD_LIMIT) {
        return;
    }
    distance = measure(n->word, candidate);
    if (distance <= (most > 1 ? most : 1) && distance < word &&
        (!n->best || distance < n->distance)) {
        n->best = candidate;
        n->distance = distance;
    }
}

void nearest_add_hint(const struct nearest *n, struct str *why)
{
    if (n->best) {
        str_addf(why, "; did you mean \"%s\"?", n->best);
    }
}

const char *nearest_word(const char *word, const char *const *words,
                         size_t count)
{
    struct nearest n;

    nearest_init(&n, word);
    for (size_t i = 0; i < count; i++) {
        nearest_try(&n, words[i]);
    }
    return n.best;
}
