/* Reading a document into a workflow, inside: what the parts of the reader
 * share. They never stop at a mistake; each says what it found and goes on, so
 * that all mistakes of a file are told at once.
 *
 *   reader.c            words of one kind: names, durations, texts ...
 *   reader_file.c       the file's own keys, and the way through all of it
 *   param.c             params, and the values given for them
 *   reader_task.c       tasks: their keys, and when they run
 *   reader_work.c       what they run, where, and with which environment
 *   reader_policy.c     timeouts, retries, priority and the like
 *   reader_reference.c  what expressions may refer to
 *   reader_graph.c      needs, cycles, order
 *
 * Every key is a row of a table, which the JSON Schema is made from too. */
#ifndef HOST_FLOW_READER_H
#define HOST_FLOW_READER_H

#include <haft/fault.h>

#include "host/flow/build.h"
#include "host/flow/document.h"
#include "host/plain/map.h"

#define READER_KEYS_LIMIT 64        /* rows of one table */
#define READER_ENV_LIMIT 256u       /* variables of one `env` */
#define READER_PAIRS_LIMIT 4000000u /* variables of all tasks together */
#define READER_PARAMS_LIMIT 256u
#define READER_WALK_LIMIT 50000000u /* steps to find what a task rests on */

/* What the expressions of a value may refer to. */
enum {
    ROOT_PARAMS = 1,
    ROOT_RUN = 2,
    ROOT_TASKS = 4,
    ROOT_EACH = 8,
    ROOT_ENV = 16,
    ROOT_OF_FILE = ROOT_PARAMS | ROOT_RUN,
    ROOT_OF_TASK = ROOT_PARAMS | ROOT_RUN | ROOT_TASKS | ROOT_EACH | ROOT_ENV
};

/* What the keys of a task, or of `defaults`, fill in. */
struct reader_values {
    struct workflow_policy policy;
    struct workflow_job job;
    uint32_t roots;   /* that its values may refer to */
    uint32_t task;    /* DOCUMENT_NONE: these are the defaults */
    const char *each; /* the name that `each` gives, or NULL */
    bool has_work;    /* run or command, or one that is not carried out yet */
};

struct reader_task {
    const char *name; /* in the document */
    uint32_t node;
    uint32_t needs_node; /* DOCUMENT_NONE: it needs nothing */
    uint32_t needs;      /* first in `needs` */
    uint32_t needs_count;
    uint32_t policy;
    uint32_t job;
    uint32_t flags;
    uint32_t level; /* longest way to it from a task without needs */
    uint32_t index; /* in the workflow */
    struct expr *condition;
    const char *each;
    cJSON *items;
    struct expr *over;
};

/* That a value of `task` names another task. */
struct reader_reference {
    uint32_t task;
    uint32_t node;
    const char *name; /* in `scratch` */
};

struct reader {
    const struct document *document;
    struct problems *problems;
    struct workflow_build *build;
    struct arena scratch;

    struct map params; /* name: index in `params_rows` */
    struct workflow_param *params_rows;
    uint32_t params_count;
    struct reader_values defaults;

    struct map names; /* of tasks: index in `tasks` */
    struct reader_task *tasks;
    uint32_t tasks_count;
    size_t tasks_room;
    uint32_t *needs; /* indices in `tasks` */
    uint32_t needs_count;
    size_t needs_room;
    struct reader_reference *references;
    uint32_t references_count;
    size_t references_room;

    struct map policies; /* what was written: index in the workflow */
    struct map jobs;
    size_t pairs_count;
    struct workflow_param *param; /* being read */
};

struct reader_key {
    const char *name;
    /* NULL: known, and not carried out in this version. */
    void (*read)(struct reader *r, uint32_t node, struct reader_values *v);
    const char *schema;
    const char *help;
};

/* A word that is no key here, and what to write instead. */
struct reader_habit {
    const char *word;
    const char *remedy;
};

struct reader_table {
    const char *what; /* "a task" */
    const struct reader_key *keys;
    const struct reader_habit *habits;
    size_t keys_count;
    size_t habits_count;
};

#define READER_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define READER_TABLE(title, rows, words)                                       \
    {                                                                          \
        .what = (title), .keys = (rows), .keys_count = READER_COUNT(rows),     \
        .habits = (words), .habits_count = READER_COUNT(words),                \
    }

extern const struct reader_table reader_file_table;
extern const struct reader_table reader_param_table;
extern const struct reader_table reader_defaults_table;
extern const struct reader_table reader_task_table;
extern const struct reader_table reader_timeout_table;
extern const struct reader_table reader_retry_table;

/* The names of the fault classes, by number; 0 has none. */
extern const char *const reader_classes[HAFT_CLASSES];

/* ---- reader.c ---- */

/* At the value, or at its key. */
void reader_complain(struct reader *r, uint32_t node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reader_complain_key(struct reader *r, uint32_t node, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

/* "`expected` is wanted, not the number 3; write "3"". */
void reader_expect(struct reader *r, uint32_t node, const char *expected);

/* Calls the reader of every member that is a key of the table, in the order of
 * the table, and complains of all others. False if it is no map. */
bool reader_keys(struct reader *r, uint32_t node,
                 const struct reader_table *table, struct reader_values *v);

/* The members of a map in order of their keys: what is read in that order is
 * the same for a file and for its canonical text. In `scratch`. */
const uint32_t *reader_sorted(struct reader *r, uint32_t map);

/* NULL or false, with a complaint, if it is not one. Texts are
 * those of the document. */
const char *reader_text(struct reader *r, uint32_t node, const char *expected);
const char *reader_name(struct reader *r, uint32_t node);
bool reader_is_name(const char *text);
bool reader_key_is_name(struct reader *r, uint32_t node, const char *what);
bool reader_duration(struct reader *r, uint32_t node, int64_t *ms);
bool reader_count(struct reader *r, uint32_t node, int32_t least, int32_t most,
                  int32_t *value);
bool reader_choice(struct reader *r, uint32_t node, const char *const *words,
                   size_t count, uint32_t *choice);

/* A text that may hold ${{ }}, checked; kept in the workflow. */
const char *reader_template(struct reader *r, uint32_t node,
                            const struct reader_values *v);

/* One expression, bare or wrapped, checked. Owned. */
struct expr *reader_expression(struct reader *r, uint32_t node,
                               const struct reader_values *v);

/* A text of the document, kept as long as the workflow. */
const char *reader_keep(struct reader *r, const char *text);

/* ---- the others ---- */

void reader_env(struct reader *r, uint32_t node, struct reader_values *v);
void reader_params(struct reader *r, uint32_t node, struct reader_values *v);
void reader_timeout(struct reader *r, uint32_t node, struct reader_values *v);
void reader_retry(struct reader *r, uint32_t node, struct reader_values *v);
void reader_priority(struct reader *r, uint32_t node, struct reader_values *v);
void reader_idempotent(struct reader *r, uint32_t node,
                       struct reader_values *v);
void reader_on_unknown(struct reader *r, uint32_t node,
                       struct reader_values *v);
void reader_on_fail(struct reader *r, uint32_t node, struct reader_values *v);
void reader_max_parallel(struct reader *r, uint32_t node,
                         struct reader_values *v);
void reader_executor(struct reader *r, uint32_t node, struct reader_values *v);
void reader_image(struct reader *r, uint32_t node, struct reader_values *v);
void reader_workdir(struct reader *r, uint32_t node, struct reader_values *v);
void reader_run(struct reader *r, uint32_t node, struct reader_values *v);
void reader_command(struct reader *r, uint32_t node, struct reader_values *v);
void reader_shell(struct reader *r, uint32_t node, struct reader_values *v);
void reader_tasks(struct reader *r, uint32_t node, struct reader_values *v);
void reader_finally(struct reader *r, uint32_t node, struct reader_values *v);

/* For expr_visit and template_check. */
struct reader_visit {
    struct reader *reader;
    const struct reader_values *values;
    uint32_t node;
};
void reader_visit(void *ctx, const char *const *path, size_t count);

/* Whether every task that is referred to is one the task rests on; when the
 * order is known. */
void reader_references(struct reader *r, const uint32_t *order);

/* Resolves needs, orders the tasks and adds them to the workflow. */
void reader_graph(struct reader *r);

/* The value against its parameter's type and choices; false with the reason
 * in `why`. Shared with workflow_bind. */
bool param_fits(const struct workflow_param *param, const cJSON *value,
                struct str *why);

#endif
