/* What a haft.conf says, before anyone asks what it means: sections, keys and
 * values, each with the file and line it stands on.
 *
 * inih reads the grammar, but only through our own line reader. Stock inih
 * cuts a line at 199 bytes and reads the rest as a line of its own, cuts a
 * section's name at 49, takes an indented line for more of the value above,
 * ends a value at " ;", takes "key: value" too, and tells neither of a section
 * without keys nor of one that comes twice. So the reader looks at each line
 * first and refuses what inih would cut or read as something else. Of a pair
 * it keeps the value aside, at any length up to the limit, and hands inih the
 * key with a stand-in of one letter; behind each section's line it hands a
 * mark, a key that nobody can write, so that inih reports the section itself.
 * All lines that inih sees are thus short and plain. */
#ifndef HOST_BASE_SECTION_H
#define HOST_BASE_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/entry.h"
#include "host/plain/str.h"

#define CONFIG_FILE_LIMIT (4u * 1024 * 1024) /* bytes of one file */
#define CONFIG_KEY_LIMIT 64                  /* bytes of a key */
#define CONFIG_TITLE_LIMIT 48                /* bytes between [ and ] */
#define CONFIG_SECTIONS_LIMIT 1000
#define CONFIG_ENTRIES_LIMIT 1000 /* of one section */

struct setting;
struct setting_value;

struct config_section {
    char *title; /* as between the brackets */
    char *kind;  /* before the colon */
    char *name;  /* after it; the kind where there is none */
    bool is_named;
    bool is_untrusted; /* from a found ./haft.conf that nobody trusted */
    const char *file;
    int line;
    struct config_entry *entries;
    size_t entries_count;
    size_t entries_room;

    /* Filled in by config: the keys that the host itself knows, in the order
     * of `rows`. What is left in `entries` is for the plugin. */
    const struct setting *rows;
    struct setting_value *values;
    size_t rows_count;
};

struct sections {
    struct config_section *items;
    size_t count;
    size_t room;
};

/* Adds the sections of one text. Every error goes to `why` as a line of its
 * own, `file:line: what`; the rest is still read. `file` must outlive them.
 * Keys before the first section form one with an empty title. 0 or -EINVAL. */
int sections_read(struct sections *s, const char *text, size_t size,
                  const char *file, struct str *why);
void sections_finish(struct sections *s);

const struct config_section *sections_find(const struct sections *s,
                                           const char *title);

/* Moves a section of another list to the end of this one. */
void sections_take(struct sections *s, struct config_section *section);

/* Begins a line of `why`: a newline if it holds something, `file:line: `. */
void section_place(struct str *why, const char *file, int line);

#endif
