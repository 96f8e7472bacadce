#include "host/base/log.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/plain/json.h"
#include "host/plain/str.h"

/* The only mutable globals: every module logs, on any thread, and none should
 * have to be given a logger for that. */
static atomic_int level_now = LOG_LEVEL_INFO;
static atomic_int format_now = LOG_FORMAT_TEXT;
static atomic_int fd_now = STDERR_FILENO;

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

enum log_format log_get_format(void)
{
    return (enum log_format)atomic_load_explicit(&format_now,
                                                 memory_order_relaxed);
}

void log_set_format(enum log_format format)
{
    atomic_store_explicit(&format_now, (int)format, memory_order_relaxed);
}

void log_set_fd(int fd)
{
    atomic_store_explicit(&fd_now, fd, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load_explicit(&level_now,
                                                memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_find(const char *name, enum log_level *level)
{
    for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static void add_time(struct str *out)
{
    struct timespec now;
    struct tm parts;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    str_addf(out, "%s.%03dZ", text, (int)(now.tv_nsec / 1000000));
}

/* One line stays one line, whatever got into it. */
static void replace_controls(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = ' ';
        }
    }
}

static void add_as_text(struct str *out, const char *level, const char *module,
                        const char *event)
{
    add_time(out);
    str_addf(out, " %s %s: %s", level, module, event);
}

/* Length of a key with its '=' at `p`, or 0. */
static size_t key_size(const char *p)
{
    size_t size = 0;

    while (islower((unsigned char)p[size]) || isdigit((unsigned char)p[size]) ||
           p[size] == '_') {
        size++;
    }
    return size > 0 && p[size] == '=' ? size + 1 : 0;
}

/* Where the event's words end: before the first ` key=`, or at the end. */
static size_t event_size(const char *text)
{
    const char *p = text;

    while (*p) {
        if ((p == text || p[-1] == ' ') && key_size(p) > 0) {
            return p > text ? (size_t)(p - text - 1) : 0;
        }
        p++;
    }
    return (size_t)(p - text);
}

/* Writes the value at `p` and returns where it ends. */
static const char *add_value(struct str *out, const char *p)
{
    struct str value;

    if (*p != '"') {
        size_t size = strcspn(p, " ");

        json_text(out, p, size);
        return p + size;
    }
    str_init(&value, LOG_LINE_LIMIT);
    for (p++; *p && *p != '"'; p++) {
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\')) {
            p++;
        }
        str_add_char(&value, *p);
    }
    p += *p == '"';
    while (*p && *p != ' ') { /* the dots of a value that was cut */
        str_add_char(&value, *p++);
    }
    json_text(out, value.text, value.size);
    str_finish(&value);
    return p;
}

static void add_as_json(struct str *out, const char *level, const char *module,
                        const char *event)
{
    size_t words = event_size(event);
    const char *p = event + words;

    json_open(out, '{');
    json_key(out, "time");
    str_add_char(out, '"');
    add_time(out);
    str_add_char(out, '"');
    json_put_text(out, "level", level);
    json_put_text(out, "module", module);
    json_key(out, "event");
    json_text(out, event, words);
    while (*p) {
        size_t size = key_size(p);

        if (size > 0) {
            char key[64];

            snprintf(key, sizeof(key), "%.*s", (int)size - 1, p);
            json_key(out, key);
            p = add_value(out, p + size);
        } else {
            p++;
        }
    }
    json_close(out, '}');
}

/* A log that cannot be written is given up; EINTR alone is tried again. */
static void write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, text, size);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;
        }
        text += written;
        size -= (size_t)written;
    }
}

void log_line(enum log_level level, const char *module, const char *format, ...)
{
    char event[LOG_LINE_LIMIT];
    struct str line;
    va_list args;
    int size;

    if (level > log_get_level()) {
        return;
    }
    va_start(args, format);
    size = vsnprintf(event, sizeof(event), format, args);
    va_end(args);
    if (size >= (int)sizeof(event)) {
        memcpy(event + sizeof(event) - 4, "...", 4);
    }
    replace_controls(event);
    str_init(&line, SIZE_MAX);
    if (atomic_load_explicit(&format_now, memory_order_relaxed) ==
        LOG_FORMAT_JSON) {
        add_as_json(&line, level_names[level], module, event);
    } else {
        add_as_text(&line, level_names[level], module, event);
    }
    str_add_char(&line, '\n');
    write_all(atomic_load_explicit(&fd_now, memory_order_relaxed), line.text,
              line.size);
    str_finish(&line);
}

const char *log_quoted(struct log_room *room, const char *text)
{
    struct str quoted;

    str_init(&quoted, sizeof(room->text) - 1);
    str_add_quoted(&quoted, text, strlen(text));
    memcpy(room->text, quoted.text, quoted.size + 1);
    str_finish(&quoted);
    return room->text;
}
