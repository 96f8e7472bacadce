/* A setting is a row: key, type, default, range, help. The same row reads,
 * checks and prints, feeds the sample file and the manual page; rows come from
 * the host's own tables and from the manifests of plugins. */
#ifndef HOST_BASE_SETTING_H
#define HOST_BASE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/entry.h"
#include "host/plain/str.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_INT,
    SETTING_SIZE,     /* bytes */
    SETTING_DURATION, /* milliseconds */
    SETTING_BOOL,     /* yes no true false */
    SETTING_LIST,     /* texts, separated by commas */
    SETTING_ENUM,     /* one of `choices` */
    SETTING_PATH,     /* relative to the folder of the file that says it */
    SETTING_PATHS     /* a list of them */
};

enum {
    SETTING_REQUIRED = 1, /* no default serves */
    SETTING_COMMAND = 2,  /* names a program, a module or a folder of modules:
                             an untrusted file may not set it */
    SETTING_LATER = 4     /* known, and not carried out by this version */
};

struct setting {
    const char *key;
    enum setting_type type;
    uint32_t flags;
    const char *fallback; /* as one would write it; NULL: none, or computed */
    int64_t least;        /* with `most`: the range of a number; both 0: any */
    int64_t most;
    const char *const *choices; /* of SETTING_ENUM; ends in NULL */
    const char *help;           /* one or a few sentences */
};

/* What a row makes of an entry or of its default. Owned. */
struct setting_value {
    const struct config_entry *entry; /* NULL: the default; borrowed */
    char *text;                       /* text, enum, path; NULL: none */
    int64_t number;                   /* int, size, duration, bool */
    char **items;                     /* lists */
    size_t items_count;
};

/* Reads `entry`, or the row's default where it is NULL. On failure false, half
 * a sentence in `why` (what was expected, what was found), and the value is
 * untouched. */
bool setting_read(const struct setting *row, const struct config_entry *entry,
                  struct setting_value *value, struct str *why);
void setting_value_finish(struct setting_value *value);

/* Adds the value as one would write it in the file. */
void setting_add_value(const struct setting *row,
                       const struct setting_value *value, struct str *out);

/* Adds what the row takes: `a duration such as ..., 0ms to 1d`. */
void setting_add_form(const struct setting *row, struct str *out);

/* Adds the row as the sample file shows it: help and form as comments, then
 * the key with its default, commented out. */
void setting_add_sample(const struct setting *row, struct str *out);

/* Adds `text` as comment lines of at most 78 letters. */
void setting_add_comment(const char *text, struct str *out);

#endif
