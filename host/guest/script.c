#include "host/guest/script.h"

#include <string.h>
#include <unistd.h>

#include "host/plain/mem.h"

static const char begin[] = "haft-manifest-begin";
static const char end[] = "haft-manifest-end";

struct line {
    const char *text;
    size_t size;
};

bool script_is(int fd)
{
    char head[2];

    return pread(fd, head, sizeof(head), 0) == sizeof(head) && head[0] == '#' &&
           head[1] == '!';
}

/* The next whole line; false behind the last. */
static bool next_line(const char **at, const char *stop, struct line *line)
{
    const char *newline = memchr(*at, '\n', (size_t)(stop - *at));

    if (!newline) {
        return false;
    }
    *line = (struct line){*at, (size_t)(newline - *at)};
    *at = newline + 1;
    return true;
}

/* Whether the line is `prefix`, then the word. */
static bool is_word(const struct line *line, const struct line *prefix,
                    const char *word)
{
    return line->size == prefix->size + strlen(word) &&
           memcmp(line->text, prefix->text, prefix->size) == 0 &&
           memcmp(line->text + prefix->size, word, strlen(word)) == 0;
}

/* What stands before the word at the line's end; false if it does not. */
static bool find_prefix(const struct line *line, struct line *prefix)
{
    size_t size = strlen(begin);

    if (line->size < size ||
        memcmp(line->text + line->size - size, begin, size) != 0) {
        return false;
    }
    *prefix = (struct line){line->text, line->size - size};
    return true;
}

/* A line of it may have lost the blanks at its end. */
static bool add_line(const struct line *line, const struct line *prefix,
                     struct str *json)
{
    if (line->size >= prefix->size &&
        memcmp(line->text, prefix->text, prefix->size) == 0) {
        str_add(json, line->text + prefix->size, line->size - prefix->size);
        str_add_char(json, '\n');
        return true;
    }
    return line->size < prefix->size &&
           memcmp(line->text, prefix->text, line->size) == 0;
}

static bool read_lines(const char *text, size_t size, struct str *json,
                       struct str *why)
{
    const char *at = text;
    struct line line;
    struct line prefix = {NULL, 0};

    while (!prefix.text && next_line(&at, text + size, &line)) {
        find_prefix(&line, &prefix);
    }
    if (!prefix.text) {
        str_addf(why,
                 "manifest: wanted a line %s in the first %u bytes, "
                 "found none",
                 begin, SCRIPT_HEAD);
        return false;
    }
    while (next_line(&at, text + size, &line)) {
        if (is_word(&line, &prefix, end)) {
            return true;
        }
        if (!add_line(&line, &prefix, json)) {
            str_addf(why, "manifest: wanted each line to begin with ");
            str_add_quoted(why, prefix.text, prefix.size);
            str_addf(why, " as the one with %s does, found ", begin);
            str_add_quoted(why, line.text, line.size);
            return false;
        }
    }
    str_addf(why,
             "manifest: wanted a line %s in the first %u bytes, found none",
             end, SCRIPT_HEAD);
    return false;
}

bool script_read(int fd, struct str *json, struct str *why)
{
    char *text = mem_new(1, SCRIPT_HEAD);
    ssize_t size = pread(fd, text, SCRIPT_HEAD, 0);
    bool is_good = read_lines(text, size > 0 ? (size_t)size : 0, json, why);

    mem_free(text);
    return is_good;
}
