/* UTF-8 as RFC 3629 defines it: no surrogates, no overlong forms, nothing
 * above U+10FFFF. */
#ifndef HOST_PLAIN_UTF8_H
#define HOST_PLAIN_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed character at `p`, of which `size` (> 0) may be
 * read; 0 if there is none. */
size_t utf8_step(const unsigned char *p, size_t size);

bool utf8_is_valid(const void *bytes, size_t size);

#endif
