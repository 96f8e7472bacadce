#include "host/cli/table.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "host/base/loop.h"
#include "host/plain/mem.h"

#define WIDTH_WITHOUT_TERMINAL 4096

void table_init(struct table *t, const char *const *heads)
{
    *t = (struct table){.heads = heads};
    while (heads[t->columns]) {
        t->columns++;
    }
}

void table_finish(struct table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        mem_free(t->cells[i]);
    }
    mem_free(t->cells);
}

void table_add_text(struct table *t, const char *text)
{
    char *cell = mem_text(text, strlen(text));

    for (char *p = cell; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = *p == '\n' || *p == '\t' ? ' ' : '?';
        }
    }
    t->cells = mem_grow(t->cells, &t->room, t->count + 1, sizeof(*t->cells));
    t->cells[t->count++] = cell;
}

void table_add_int(struct table *t, int64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    table_add_text(t, text);
}

void table_add_time(struct table *t, int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    char text[32] = "-";
    struct tm tm;

    if (time_ms && localtime_r(&seconds, &tm)) {
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
    }
    table_add_text(t, text);
}

void table_span_text(int64_t span_ms, char *text, size_t size)
{
    int64_t seconds = span_ms / 1000;

    if (span_ms < 10000) {
        snprintf(text, size, "%lld.%llds", (long long)seconds,
                 (long long)(span_ms % 1000 / 100));
    } else if (seconds < 60) {
        snprintf(text, size, "%llds", (long long)seconds);
    } else if (seconds < 3600) {
        snprintf(text, size, "%lldm%02llds", (long long)(seconds / 60),
                 (long long)(seconds % 60));
    } else {
        snprintf(text, size, "%lldh%02lldm", (long long)(seconds / 3600),
                 (long long)(seconds / 60 % 60));
    }
}

void table_add_span(struct table *t, int64_t start_ms, int64_t end_ms)
{
    char text[32] = "-";

    if (start_ms) {
        table_span_text((end_ms ? end_ms : loop_clock_ms()) - start_ms, text,
                        sizeof(text));
    }
    table_add_text(t, text);
}

bool table_is_empty(const struct table *t)
{
    return t->count == 0;
}

/* Characters, not bytes: continuation bytes of UTF-8 take no column. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static size_t column_width(const struct table *t, size_t column)
{
    size_t widest = width_of(t->heads[column]);

    for (size_t i = column; i < t->count; i += t->columns) {
        size_t width = width_of(t->cells[i]);

        widest = width > widest ? width : widest;
    }
    return widest;
}

static void print_cut(const char *text, size_t width, FILE *out)
{
    for (; *text; text++) {
        bool is_first = ((unsigned char)*text & 0xc0) != 0x80;

        if (is_first && width-- == 0) {
            return;
        }
        fputc(*text, out);
    }
}

static void print_row(const struct table *t, const char *const *cells,
                      const size_t *widths, FILE *out)
{
    for (size_t c = 0; c + 1 < t->columns; c++) {
        fprintf(out, "%s%*s", cells[c],
                (int)(widths[c] - width_of(cells[c]) + 2), "");
    }
    print_cut(cells[t->columns - 1], widths[t->columns - 1], out);
    fputc('\n', out);
}

void table_print(const struct table *t, FILE *out)
{
    size_t *widths = mem_new(t->columns, sizeof(*widths));
    struct winsize window = {0};
    size_t left = WIDTH_WITHOUT_TERMINAL;

    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &window) == 0 &&
        window.ws_col) {
        left = window.ws_col;
    }
    for (size_t c = 0; c < t->columns; c++) {
        size_t wanted = column_width(t, c);

        widths[c] = c + 1 < t->columns || wanted < left ? wanted : left;
        left = left > widths[c] + 2 ? left - widths[c] - 2 : 1;
    }
    print_row(t, t->heads, widths, out);
    for (size_t i = 0; i + t->columns <= t->count; i += t->columns) {
        print_row(t, (const char *const *)t->cells + i, widths, out);
    }
    mem_free(widths);
}
