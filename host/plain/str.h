/* A text that grows up to a limit: the only builder of strings in the host.
 *
 * `text` is always NUL-terminated and never NULL. What does not fit under
 * `limit` is cut, and `is_cut` stays set until the text is emptied, so a
 * caller may add many pieces and look once at the end. Sentences for a user
 * travel in one of these, called `why`. */
#ifndef HOST_PLAIN_STR_H
#define HOST_PLAIN_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    char *text;
    size_t size;  /* bytes in use, the NUL not counted */
    size_t room;  /* bytes allocated; 0: text is the shared empty one */
    size_t limit; /* most bytes that `size` may reach */
    bool is_cut;
};

#define STR_WHY_LIMIT 4096 /* enough for a sentence that quotes its cause */

/* An empty text; allocates nothing until something is added. */
void str_init(struct str *s, size_t limit);
void str_finish(struct str *s);

/* Empties it, keeps its room. */
void str_reset(struct str *s);

void str_add(struct str *s, const void *bytes, size_t size);
void str_add_text(struct str *s, const char *text);
void str_add_char(struct str *s, char c);
void str_add_int(struct str *s, int64_t value); /* in decimal digits */
void str_addf(struct str *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void str_addv(struct str *s, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Adds outside text between quotes, control bytes and invalid UTF-8 escaped
 * and cut at 80 bytes: safe in a message or a log line. */
void str_add_quoted(struct str *s, const void *bytes, size_t size);

/* Cuts it down to `size` bytes. */
void str_shorten(struct str *s, size_t size);

/* What stands before `*at` has been used: it goes as soon as moving the rest
 * costs less than it did, and `*at` with it. */
void str_shed(struct str *s, size_t *at);

/* The text, now the caller's (mem_free); `s` is empty again. */
char *str_take(struct str *s);

#endif
