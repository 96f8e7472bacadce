/* The word that was probably meant: the nearest of a list to one that is not
 * in it, by the number of letters to change, add, drop or swap, case apart.
 *
 * A far-off suggestion is worse than none: a third of the letters may differ
 * (one in short words), and long words are not looked at. */
#ifndef HOST_PLAIN_NEAREST_H
#define HOST_PLAIN_NEAREST_H

#include <stddef.h>

#include "host/plain/str.h"

/* One search; feed it every candidate. Words are borrowed. */
struct nearest {
    const char *word;
    const char *best; /* NULL: none is near enough so far */
    unsigned distance;
};

void nearest_init(struct nearest *n, const char *word);
void nearest_try(struct nearest *n, const char *candidate);

/* Adds `; did you mean "best"?` if there is one. */
void nearest_add_hint(const struct nearest *n, struct str *why);

/* The whole search over an array; NULL if none is near enough. */
const char *nearest_word(const char *word, const char *const *words,
                         size_t count);

#endif
