#include "host/plain/utf8.h"

#include <stdint.h>
#include <string.h>

/* The second byte's range depends on the first one (Unicode 15, table 3-7). */
static size_t lead(unsigned char c, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (c >= 0xc2 && c <= 0xdf) {
        return 2;
    }
    if (c >= 0xe0 && c <= 0xef) {
        *low = c == 0xe0 ? 0xa0 : 0x80;
        *high = c == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        *low = c == 0xf0 ? 0x90 : 0x80;
        *high = c == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

size_t utf8_step(const unsigned char *p, size_t size)
{
    unsigned char low;
    unsigned char high;
    size_t step;

    if (p[0] < 0x80) {
        return 1;
    }
    step = lead(p[0], &low, &high);
    if (step == 0 || step > size || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < step; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }
    return step;
}

/* How many bytes of ASCII come first, in whole words: most text is nothing
 * else. */
static size_t skip_ascii(const unsigned char *p, size_t size)
{
    size_t used = 0;

    while (size - used >= sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, p + used, sizeof(word));
        if (word & UINT64_C(0x8080808080808080)) {
            break;
        }
        used += sizeof(word);
    }
    return used;
}

bool utf8_is_valid(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    size_t used = skip_ascii(p, size);

    while (used < size) {
        size_t step = utf8_step(p + used, size - used);

        if (step == 0) {
            return false;
        }
        used += step;
        if (step > 1) {
            used += skip_ascii(p + used, size - used);
        }
    }
    return true;
}
