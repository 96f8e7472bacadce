#include "host/cli/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "host/cli/table.h"
#include "host/plain/json.h"
#include "host/plain/map.h"
#include "host/plain/mem.h"

#define REDRAW_MS 100   /* ten pictures a second at most */
#define NAME_COLUMNS 28 /* of a task's name in the picture */
#define SHOWN_WITHOUT_SIZE 20

struct seen {
    char *name;
    char state[16];
    char note[96]; /* why it waits, fails or is tried again */
    int64_t tries;
    int64_t started_ms;
    int64_t ended_ms;
    struct seen *owner; /* of an item of an `each` */
    size_t items, items_done;
};

struct view {
    enum view_form form;
    struct loop *loop;
    struct loop_timer timer;
    struct map names; /* index in `tasks` */
    struct seen **tasks;
    size_t count, room;
    char run[40];
    char workflow[80];
    char said[120];
    int64_t created_ms;
    size_t drawn; /* lines of the picture on the screen */
    bool has_colour;
    bool is_drawing; /* the timer is set, or would be */
};

/* How a state looks: its sign and its colour (SGR). */
static const struct look {
    const char *state;
    const char *sign;
    const char *colour;
    int rank; /* who comes first when not all fit */
} looks[] = {
    {"running", ">", "36", 0},   {"deciding", "?", "33", 0},
    {"held", "!", "35", 1},      {"failed", "x", "31", 1},
    {"handed", ">", "2", 2},     {"ready", ".", "33", 3},
    {"waiting", " ", "2", 5},    {"succeeded", "+", "32", 4},
    {"cancelled", "-", "35", 4}, {"skipped", "-", "2", 6},
};

static const struct look *look_of(const char *state)
{
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        if (strcmp(looks[i].state, state) == 0) {
            return &looks[i];
        }
    }
    return &looks[6]; /* waiting */
}

/* ---- tasks ---- */

/* The task with the `each` that an item TASK[n] is of, or NULL. */
static struct seen *owner_of(struct view *v, const char *name)
{
    const char *bracket = strchr(name, '[');
    char owner[96];
    uint32_t at = MAP_NONE;

    if (bracket && (size_t)(bracket - name) < sizeof(owner)) {
        snprintf(owner, sizeof(owner), "%.*s", (int)(bracket - name), name);
        at = map_get(&v->names, owner);
    }
    return at == MAP_NONE ? NULL : v->tasks[at];
}

static struct seen *find(struct view *v, const char *name)
{
    uint32_t at = map_get(&v->names, name);
    struct seen *t;

    if (at != MAP_NONE) {
        return v->tasks[at];
    }
    t = mem_new(1, sizeof(*t));
    t->name = mem_text(name, strlen(name));
    snprintf(t->state, sizeof(t->state), "waiting");
    t->owner = owner_of(v, name);
    v->tasks = mem_grow(v->tasks, &v->room, v->count + 1, sizeof(*v->tasks));
    map_add(&v->names, t->name, (uint32_t)v->count);
    v->tasks[v->count++] = t;
    return t;
}

static void set_note(struct seen *t, const cJSON *from)
{
    const cJSON *fault = json_get(from, "fault");
    const char *note =
        json_get_text(fault, "message", json_get_text(from, "reason", ""));

    snprintf(t->note, sizeof(t->note), "%s", note);
    for (char *p = t->note; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = ' ';
        }
    }
}

static bool is_done(const struct seen *t)
{
    static const char *const states[] = {"succeeded", "failed", "cancelled",
                                         "skipped"};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(t->state, states[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void take(struct seen *t, const cJSON *from)
{
    bool was_done = is_done(t);

    snprintf(t->state, sizeof(t->state), "%s",
             json_get_text(from, "state", t->state));
    t->tries = json_get_int(from, "tries", t->tries);
    t->started_ms = json_get_int(from, "started_ms", t->started_ms);
    t->ended_ms = json_get_int(from, "ended_ms", 0);
    t->items = (size_t)json_get_int(from, "items", (int64_t)t->items);
    if (t->owner && !was_done && is_done(t)) {
        t->owner->items_done++;
    }
    set_note(t, from);
}

/* ---- the picture ---- */

static struct winsize window_size(void)
{
    struct winsize window = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) < 0 || !window.ws_row) {
        window.ws_row = SHOWN_WITHOUT_SIZE + 4;
        window.ws_col = 80;
    }
    return window;
}

static void add_line(struct view *v, struct str *out, const struct seen *t,
                     size_t columns)
{
    const struct look *look = look_of(t->state);
    char items[48] = "";
    char took[32] = "";
    char line[256];
    int size;

    if (t->started_ms) {
        int64_t end = t->ended_ms ? t->ended_ms : loop_clock_ms();

        table_span_text(end > t->started_ms ? end - t->started_ms : 0, took,
                        sizeof(took));
    }
    if (t->items) {
        snprintf(items, sizeof(items), "%zu/%zu ", t->items_done, t->items);
    }
    size = snprintf(line, sizeof(line), "%s %-*.*s %-9s %8s %s%s%s", look->sign,
                    NAME_COLUMNS, NAME_COLUMNS, t->name, t->state, took, items,
                    t->tries > 1 ? "again: " : "", t->note);
    if ((size_t)size > columns) {
        line[columns < sizeof(line) ? columns : sizeof(line) - 1] = '\0';
    }
    if (v->has_colour) {
        str_addf(out, "\033[%sm%s\033[0m", look->colour, line);
    } else {
        str_add_text(out, line);
    }
    str_add_text(out, "\033[K\n");
    v->drawn++;
}

static void add_head(struct view *v, struct str *out, size_t columns)
{
    size_t counts[sizeof(looks) / sizeof(looks[0])] = {0};
    char took[32];
    struct str line;

    for (size_t i = 0; i < v->count; i++) {
        counts[look_of(v->tasks[i]->state) - looks]++;
    }
    table_span_text(loop_clock_ms() - v->created_ms, took, sizeof(took));
    str_init(&line, columns);
    str_addf(&line, "%s %s %s:", v->workflow, v->run, took);
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        if (counts[i]) {
            str_addf(&line, " %zu %s", counts[i], looks[i].state);
        }
    }
    str_addf(out, "%s\033[K\n", line.text);
    str_finish(&line);
    v->drawn++;
}

/* Items are told by the task they are of, unless something is going on. */
static bool is_shown(const struct seen *t)
{
    return !t->owner || look_of(t->state)->rank <= 1;
}

/* All tasks in their order if they fit; else who matters most first. */
static void add_tasks(struct view *v, struct str *out, size_t rows,
                      size_t columns)
{
    size_t shown = 0;
    size_t left = rows;
    bool fits;

    for (size_t i = 0; i < v->count; i++) {
        shown += is_shown(v->tasks[i]);
    }
    fits = shown <= rows;
    left = fits ? shown + 1 : rows;
    for (int rank = 0; rank <= 6; rank++) {
        for (size_t i = 0; i < v->count && left > 1; i++) {
            const struct seen *t = v->tasks[i];

            if (is_shown(t) && (fits || look_of(t->state)->rank == rank)) {
                add_line(v, out, t, columns);
                left--;
            }
        }
    }
    if (!fits) {
        str_addf(out, "  ... and %zu more\033[K\n", shown - (rows - left));
        v->drawn++;
    }
}

static void draw(struct view *v)
{
    struct winsize window = window_size();
    size_t rows = window.ws_row > 6 ? window.ws_row - 4u : 2;
    struct str out;

    str_init(&out, 1 << 20);
    if (v->drawn) {
        str_addf(&out, "\033[%zuA", v->drawn);
    }
    v->drawn = 0;
    add_head(v, &out, window.ws_col);
    add_tasks(v, &out, rows, window.ws_col);
    if (v->said[0]) {
        str_addf(&out, "%.*s\033[K\n", (int)window.ws_col, v->said);
        v->drawn++;
    }
    str_add_text(&out, "\033[J");
    fwrite(out.text, 1, out.size, stdout);
    fflush(stdout);
    str_finish(&out);
}

static bool is_moving(const struct view *v)
{
    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(v->tasks[i]->state, "running") == 0) {
            return true;
        }
    }
    return false;
}

static void redraw_later(struct view *v, int64_t delay_ms)
{
    if (!v->is_drawing) {
        v->is_drawing = true;
        loop_timer_set(v->loop, &v->timer, loop_now_ms(v->loop) + delay_ms);
    }
}

static void on_timer(void *ctx)
{
    struct view *v = ctx;

    v->is_drawing = false;
    draw(v);
    if (is_moving(v)) {
        redraw_later(v, REDRAW_MS); /* the elapsed times move */
    }
}

/* ---- lines ---- */

static const char *word_of(const char *kind)
{
    const char *dot = strchr(kind, '.');

    return dot ? dot + 1 : kind;
}

/* Which events a person wants as lines; the others are steps on the way. */
static bool is_told(const char *kind)
{
    static const char *const quiet[] = {"task.ready", "task.handed",
                                        "task.ended", "run.submitted"};

    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
        if (strcmp(kind, quiet[i]) == 0) {
            return false;
        }
    }
    return true;
}

static void add_why(struct str *out, const cJSON *event)
{
    const char *message =
        json_get_text(json_get(event, "fault"), "message", NULL);
    const char *reason = json_get_text(event, "reason", NULL);

    if (message) {
        str_addf(out, ": %s", message);
    } else if (reason) {
        str_addf(out, " (%s)", reason);
    }
}

static void print_line(const cJSON *event)
{
    const char *kind = json_get_text(event, "kind", "");
    const char *task = json_get_text(event, "task", NULL);
    const char *state = json_get_text(event, "state", "");
    int64_t due = json_get_int(event, "due_ms", 0);
    struct str out;

    if (!is_told(kind)) {
        return;
    }
    str_init(&out, 4096);
    if (task) {
        bool is_done = strcmp(kind, "task.done") == 0;

        str_addf(&out, "task %s %s", task, is_done ? state : word_of(kind));
    } else {
        bool is_end = strcmp(kind, "run.ended") == 0;

        str_addf(&out, "run %s %s", json_get_text(event, "run", ""),
                 is_end ? state : word_of(kind));
    }
    if (strcmp(kind, "task.retry") == 0 && due) {
        int64_t delay = due - json_get_int(event, "time_ms", due);

        str_addf(&out, " in %lld.%03llds", (long long)(delay / 1000),
                 (long long)(delay % 1000));
    }
    add_why(&out, event);
    for (char *p = out.text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = ' ';
        }
    }
    printf("%s\n", out.text);
    fflush(stdout);
    str_finish(&out);
}

/* ---- from outside ---- */

struct view *view_create(enum view_form form, struct loop *loop)
{
    struct view *v = mem_new(1, sizeof(*v));
    const char *term = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");

    v->form = form;
    if (form == VIEW_LIVE && (!term || strcmp(term, "dumb") == 0)) {
        v->form = VIEW_LINES;
    }
    v->has_colour = !no_colour || !no_colour[0];
    v->loop = loop;
    map_init(&v->names);
    loop_timer_init(&v->timer, on_timer, v);
    return v;
}

void view_destroy(struct view *v)
{
    loop_timer_clear(v->loop, &v->timer);
    for (size_t i = 0; i < v->count; i++) {
        mem_free(v->tasks[i]->name);
        mem_free(v->tasks[i]);
    }
    map_finish(&v->names);
    mem_free(v->tasks);
    mem_free(v);
}

static void take_run(struct view *v, const cJSON *run)
{
    const cJSON *task;

    snprintf(v->run, sizeof(v->run), "%s", json_get_text(run, "id", ""));
    snprintf(v->workflow, sizeof(v->workflow), "%s",
             json_get_text(run, "workflow", ""));
    v->created_ms = json_get_int(run, "created_ms", 0);
    cJSON_ArrayForEach(task, json_get(run, "tasks_list"))
    {
        take(find(v, json_get_text(task, "name", "")), task);
    }
}

bool view_wants_begin(const struct view *v)
{
    return v->form == VIEW_LINES || v->form == VIEW_LIVE;
}

bool view_wants_end(const struct view *v, bool has_failed)
{
    return v->form != VIEW_JSON && (v->form != VIEW_QUIET || has_failed);
}

void view_begin(struct view *v, const cJSON *run)
{
    take_run(v, run);
    if (v->form == VIEW_LINES) {
        printf("run %s of %s\n", v->run, v->workflow);
        fflush(stdout);
    } else if (v->form == VIEW_LIVE) {
        redraw_later(v, 0);
    }
}

void view_event(struct view *v, const char *json, size_t size)
{
    struct str why;
    cJSON *event;

    if (v->form == VIEW_JSON) {
        printf("%.*s\n", (int)size, json);
        fflush(stdout);
        return;
    }
    if (v->form == VIEW_QUIET) {
        return;
    }
    str_init(&why, STR_WHY_LIMIT);
    event = json_read(json, size, &why);
    str_finish(&why);
    if (event && v->form == VIEW_LINES) {
        print_line(event);
    } else if (event && json_get_text(event, "task", NULL)) {
        take(find(v, json_get_text(event, "task", "")), event);
        redraw_later(v, REDRAW_MS);
    }
    cJSON_Delete(event);
}

/* What was not simply done: failed, held, cancelled, tried again. */
static void print_table(const cJSON *run)
{
    struct table table;
    const cJSON *task;

    table_init(&table, (const char *const[]){"TASK", "STATE", "TRIES", "TOOK",
                                             "WHY", NULL});
    cJSON_ArrayForEach(task, json_get(run, "tasks_list"))
    {
        const char *state = json_get_text(task, "state", "");
        const char *message =
            json_get_text(json_get(task, "fault"), "message", "");

        if (strcmp(state, "failed") == 0 || strcmp(state, "held") == 0 ||
            json_get_int(task, "tries", 0) > 1) {
            table_add_text(&table, json_get_text(task, "name", ""));
            table_add_text(&table, state);
            table_add_int(&table, json_get_int(task, "tries", 0));
            table_add_span(&table, json_get_int(task, "started_ms", 0),
                           json_get_int(task, "ended_ms", 0));
            table_add_text(&table, message);
        }
    }
    if (!table_is_empty(&table)) {
        printf("\n");
        table_print(&table, stdout);
    }
    table_finish(&table);
}

void view_end(struct view *v, const cJSON *run)
{
    bool has_failed = strcmp(json_get_text(run, "state", ""), "succeeded") != 0;
    char took[32];

    if (!view_wants_end(v, has_failed)) {
        return;
    }
    if (v->form == VIEW_LIVE) {
        loop_timer_clear(v->loop, &v->timer);
        take_run(v, run);
        draw(v);
    }
    table_span_text(json_get_int(run, "ended_ms", 0) -
                        json_get_int(run, "created_ms", 0),
                    took, sizeof(took));
    print_table(run);
    printf("%s %s in %s\n", json_get_text(run, "workflow", ""),
           json_get_text(run, "state", ""), took);
    fflush(stdout);
}

void view_say(struct view *v, const char *text)
{
    snprintf(v->said, sizeof(v->said), "%s", text);
    if (v->form == VIEW_LIVE) {
        redraw_later(v, 0);
    } else {
        fprintf(stderr, "haft: %s\n", text);
    }
}
