#include <stdarg.h>
#include <string.h>

#include "host/flow/document_build.h"
#include "host/plain/mem.h"

/* JSON as RFC 8259 has it, with places. The text is known to be UTF-8. */

struct reader {
    struct document_build *build;
    const char *text;
    size_t size;
    size_t pos;
    size_t counted; /* bytes whose characters are in `at` */
    uint32_t at;
    struct str piece; /* of the text in quotes that was read last */
};

/* The place of the position, or of one before it that is not yet counted. */
static uint32_t place(struct reader *r)
{
    while (r->counted < r->pos) {
        r->at += ((unsigned char)r->text[r->counted] & 0xc0) != 0x80;
        r->counted++;
    }
    return r->at;
}

__attribute__((format(printf, 2, 3))) static bool
refuse(struct reader *r, const char *format, ...)
{
    struct str what;
    va_list args;

    str_init(&what, STR_WHY_LIMIT);
    va_start(args, format);
    str_addv(&what, format, args);
    va_end(args);
    problems_add(r->build->problems, place(r), "not JSON: %s", what.text);
    str_finish(&what);
    return false;
}

static char peek(const struct reader *r)
{
    return r->pos < r->size ? r->text[r->pos] : '\0';
}

static void skip_blanks(struct reader *r)
{
    while (r->pos < r->size && strchr(" \t\r\n", r->text[r->pos])) {
        r->pos++;
    }
}

/* ---- texts ---- */

static bool read_hex(struct reader *r, unsigned *unit)
{
    /* Small letters first: what stands at 16 and after is worth as much. */
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";

    *unit = 0;
    if (r->size - r->pos < 4) {
        return refuse(r, "\\u wants four hex digits");
    }
    for (int i = 0; i < 4; i++) {
        const char *digit = strchr(digits, r->text[r->pos]);

        if (!digit) {
            return refuse(r, "\\u wants four hex digits");
        }
        *unit = *unit * 16 + (unsigned)(digit - digits) % 16;
        r->pos++;
    }
    return true;
}

static void add_character(struct str *out, unsigned c)
{
    if (c < 0x80) {
        str_add_char(out, (char)c);
    } else if (c < 0x800) {
        str_add_char(out, (char)(0xc0 | c >> 6));
        str_add_char(out, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        str_add_char(out, (char)(0xe0 | c >> 12));
        str_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        str_add_char(out, (char)(0x80 | (c & 0x3f)));
    } else {
        str_add_char(out, (char)(0xf0 | c >> 18));
        str_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
        str_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        str_add_char(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* After the `\u`; a pair of surrogates is one character. */
static bool read_unicode(struct reader *r)
{
    unsigned high;
    unsigned low;

    if (!read_hex(r, &high)) {
        return false;
    }
    if (high == 0) {
        return refuse(r, "\\u0000 cannot be kept");
    }
    if (high >= 0xdc00 && high < 0xe000) {
        return refuse(r, "half of a pair of surrogates");
    }
    if (high >= 0xd800 && high < 0xdc00) {
        if (r->size - r->pos < 2 || memcmp(r->text + r->pos, "\\u", 2) != 0) {
            return refuse(r, "half of a pair of surrogates");
        }
        r->pos += 2;
        if (!read_hex(r, &low)) {
            return false;
        }
        if (low < 0xdc00 || low >= 0xe000) {
            return refuse(r, "half of a pair of surrogates");
        }
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    add_character(&r->piece, high);
    return true;
}

static bool read_escape(struct reader *r)
{
    static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    char c;

    r->pos++;
    c = peek(r);
    if (c == 'u') {
        r->pos++;
        return read_unicode(r);
    }
    for (const char *l = letters; *l && c; l += 2) {
        if (*l == c) {
            str_add_char(&r->piece, l[1]);
            r->pos++;
            return true;
        }
    }
    return refuse(r, "this escape is unknown");
}

/* Into `piece`; the position is at the opening quote. */
static bool read_quoted(struct reader *r)
{
    str_reset(&r->piece);
    r->pos++;
    for (;;) {
        size_t start = r->pos;

        while (r->pos < r->size && r->text[r->pos] != '"' &&
               r->text[r->pos] != '\\' &&
               (unsigned char)r->text[r->pos] >= ' ') {
            r->pos++;
        }
        str_add(&r->piece, r->text + start, r->pos - start);
        if (peek(r) == '"') {
            r->pos++;
            return true;
        }
        if (peek(r) != '\\') {
            return refuse(r, r->pos < r->size
                                 ? "a line break or control character in a "
                                   "text is written as an escape"
                                 : "a text has no closing quote");
        }
        if (!read_escape(r)) {
            return false;
        }
    }
}

/* ---- words and numbers ---- */

static size_t skip_digits(struct reader *r)
{
    size_t start = r->pos;

    while (peek(r) >= '0' && peek(r) <= '9') {
        r->pos++;
    }
    return r->pos - start;
}

static bool skip_number(struct reader *r)
{
    size_t digits;
    char first;

    r->pos += peek(r) == '-';
    first = peek(r);
    digits = skip_digits(r);
    if (digits == 0 || (digits > 1 && first == '0')) {
        return false;
    }
    if (peek(r) == '.') {
        r->pos++;
        if (skip_digits(r) == 0) {
            return false;
        }
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->pos++;
        r->pos += peek(r) == '-' || peek(r) == '+';
        return skip_digits(r) > 0;
    }
    return true;
}

static bool read_plain(struct reader *r)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t start = r->pos;
    uint32_t at = place(r);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t size = strlen(words[i]);

        if (r->size - start >= size &&
            memcmp(r->text + start, words[i], size) == 0) {
            r->pos += size;
            return document_build_plain(r->build, words[i], size, at) !=
                   DOCUMENT_NONE;
        }
    }
    if (!skip_number(r)) {
        r->pos = start;
        return refuse(r, "a value is expected here");
    }
    return document_build_plain(r->build, r->text + start, r->pos - start,
                                at) != DOCUMENT_NONE;
}

/* ---- structure ---- */

static bool in_map(const struct reader *r)
{
    const struct document_build *b = r->build;

    return b->depth && b->document->nodes[b->levels[b->depth - 1].node].kind ==
                           DOCUMENT_MAP;
}

static bool read_key(struct reader *r)
{
    uint32_t at = place(r);

    if (peek(r) != '"') {
        return refuse(r, "a key in double quotes is expected here");
    }
    if (!read_quoted(r) ||
        !document_build_key(r->build, r->piece.text, r->piece.size, at)) {
        return false;
    }
    skip_blanks(r);
    if (peek(r) != ':') {
        return refuse(r, "a colon is expected after the key");
    }
    r->pos++;
    skip_blanks(r);
    return true;
}

/* One value, or the opening of one: `*is_open` says that its first member or
 * item may follow. */
static bool read_value(struct reader *r, bool *is_open)
{
    uint32_t at = place(r);
    char c = peek(r);

    *is_open = c == '{' || c == '[';
    if (*is_open) {
        r->pos++;
        return document_build_open(r->build,
                                   c == '{' ? DOCUMENT_MAP : DOCUMENT_LIST,
                                   at) != DOCUMENT_NONE;
    }
    if (c == '"') {
        return read_quoted(r) &&
               document_build_text(r->build, r->piece.text, r->piece.size,
                                   at) != DOCUMENT_NONE;
    }
    return read_plain(r);
}

/* What follows a value: closings, then a comma or the end. */
static bool read_after(struct reader *r, bool is_open)
{
    for (;;) {
        char closing = in_map(r) ? '}' : ']';

        skip_blanks(r);
        if (r->build->depth == 0) {
            return r->pos == r->size ||
                   refuse(r, "more follows after the end of the value");
        }
        if (peek(r) == closing) {
            r->pos++;
            document_build_close(r->build);
            is_open = false;
        } else if (is_open) {
            return true;
        } else if (peek(r) == ',') {
            r->pos++;
            return true;
        } else {
            return refuse(r, "a comma or %c is expected here", closing);
        }
    }
}

bool document_read_json(struct document_build *build, const char *text,
                        size_t size)
{
    struct reader r = {.build = build, .text = text, .size = size};
    bool is_well = true;
    bool is_open = false;

    str_init(&r.piece, DOCUMENT_SIZE_LIMIT);
    do {
        skip_blanks(&r);
        is_well = (!in_map(&r) || read_key(&r)) && read_value(&r, &is_open) &&
                  read_after(&r, is_open);
    } while (is_well && build->depth);
    str_finish(&r.piece);
    return is_well;
}
