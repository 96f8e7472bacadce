/* One line, one event, ids always:
 *
 *   2026-11-25T23:30:13.042Z info runner: task ended task=81 status=failed
 *
 * Four levels, by who must act: error (the operator now), warn (the operator
 * some day), info (nobody: history), debug (us). The text is an event in a few
 * words and then key=value pairs; a value with spaces, and everything that
 * came from outside, stands in quotes (log_quoted). As JSON the same line is
 * an object: time, level, module, event, and each pair as a text of its own.
 *
 * A line is one write(2), so lines of several threads never mix. A line that
 * cannot be written is lost: a log must not stop the work. */
#ifndef HOST_BASE_LOG_H
#define HOST_BASE_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

enum log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON
};

#define LOG_LINE_LIMIT 4096 /* bytes of one line; longer ones end in ... */

/* Before anything is set: info, text, standard error. [any-thread] */
void log_set_level(enum log_level level);
void log_set_format(enum log_format format);
void log_set_fd(int fd); /* stays the caller's */

enum log_level log_get_level(void);
enum log_format log_get_format(void);
const char *log_level_name(enum log_level level);
bool log_level_find(const char *name, enum log_level *level);

/* [any-thread] */
void log_line(enum log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The arguments of a line that nobody wants are not even computed. */
#define LOG_AT(level, ...)                                                     \
    ((level) <= log_get_level() ? log_line((level), __VA_ARGS__) : (void)0)

#define log_error(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) LOG_AT(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Outside text, fit for a %s: quoted, control bytes escaped, cut at 80 bytes.
 * `room` is the caller's and must live until the line is written:
 *
 *   log_warn("socket", "request refused method=%s",
 *            log_quoted(&(struct log_room){0}, name)); */
struct log_room {
    char text[400];
};

const char *log_quoted(struct log_room *room, const char *text);

#endif
