/* A checked workflow: what was asked, as flat arrays that the core can run
 * and that a million tasks fit into. Immutable once made; nothing here knows
 * of runs. Texts are offsets-free, NUL-terminated and live as long as the
 * workflow. */
#ifndef HOST_FLOW_WORKFLOW_H
#define HOST_FLOW_WORKFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "host/flow/expr.h"
#include "host/plain/str.h"

#define WORKFLOW_NONE UINT32_MAX
#define WORKFLOW_NAME_LIMIT 64
#define WORKFLOW_FILE_LIMIT (64u * 1024 * 1024) /* bytes of one file */
#define WORKFLOW_TASKS_LIMIT 2000000u
#define WORKFLOW_ITEMS_LIMIT 100000u /* of one `each` */

enum workflow_on_unknown {
    ON_UNKNOWN_HOLD,
    ON_UNKNOWN_RETRY,
    ON_UNKNOWN_FAIL
};
enum workflow_on_fail {
    ON_FAIL_STOP,
    ON_FAIL_CONTINUE
};

struct workflow_pair {
    const char *name;
    const char *value; /* may hold ${{ }} */
};

struct workflow_param {
    const char *name;
    const char *type; /* string integer number boolean array object */
    const char *description;
    const cJSON *fallback; /* the default, or NULL */
    const cJSON *choices;  /* enum: an array, or NULL */
    bool is_required;
};

/* Retry as the file says it. What is absent is 0 or NULL and falls to the
 * retry plugin's own defaults; `max` is the count of tries after the first. */
struct workflow_retry {
    const char *use;      /* instance; NULL: the default one */
    const char *strategy; /* none immediate fixed linear exponential ... */
    const int64_t *steps_ms;
    size_t steps_count;
    int32_t max;
    int64_t base_ms;
    int64_t cap_ms;
    int64_t elapsed_ms;
    const char *jitter;
    uint32_t classes; /* bit per fault class; 0: each class's own default */
    const int32_t *exits;
    size_t exits_count;
    bool is_given; /* the file says something; `max: 0` is strategy "none" */
};

/* What many tasks share, so that each needs an index alone. Times are in
 * milliseconds, 0: none. */
struct workflow_policy {
    int64_t queue_ms;
    int64_t run_ms;
    int64_t silence_ms;
    int64_t total_ms;
    struct workflow_retry retry;
    int32_t priority;      /* LOW -100, NORMAL 0, HIGH 100, CRITICAL 200 */
    uint32_t max_parallel; /* of an `each`; 0: no limit */
    enum workflow_on_unknown on_unknown;
    enum workflow_on_fail on_fail;
    bool is_idempotent;
    const char *idempotency_key; /* may hold ${{ }}; NULL: none */
};

/* What an executor will be given. Values may hold ${{ }}. */
struct workflow_job {
    const char *executor;     /* instance; NULL: by [route] */
    const char *image;        /* NULL: a process task */
    const char *script;       /* run: text; NULL if `command` is set */
    const char *const *shell; /* argv before the script's file */
    size_t shell_count;
    const char *const *command;
    size_t command_count;
    const struct workflow_pair *env; /* file's, defaults' and task's, merged */
    size_t env_count;
    const char *workdir; /* NULL: the default */
};

struct workflow_each {
    const char *name;   /* each.NAME in the task's values */
    const cJSON *items; /* a static list, or NULL: `over` gives it */
    struct expr *over;
};

enum {
    WORKFLOW_FINALLY = 1
}; /* flags of a task */

/* Indices into the arrays below; WORKFLOW_NONE where there is none. Every need
 * of a task has a lower index than the task itself. A workflow that was read
 * has its tasks in order of depth, then of name; finally tasks come last. */
struct workflow_task {
    uint32_t name;  /* offset in `names` */
    uint32_t needs; /* first in `needs` */
    uint32_t needs_count;
    uint32_t policy;
    uint32_t job;
    uint32_t condition; /* in `conditions` */
    uint32_t each;      /* in `eaches` */
    uint32_t flags;
};

struct workflow {
    const char *name;
    const char *description; /* or "" */
    const char *directory;   /* of the file, where it lies on the host; NULL */
    char *canonical;         /* canonical JSON: hashed, stored, compared */
    size_t canonical_size;
    char hash[65]; /* SHA-256 of `canonical`, hex */

    const struct workflow_param *params;
    size_t params_count;
    const struct workflow_pair *labels;
    size_t labels_count;

    const char *names; /* of the tasks, NUL-terminated each */
    const struct workflow_task *tasks;
    uint32_t tasks_count;
    const uint32_t *needs; /* task indices */
    uint32_t needs_count;
    const struct workflow_policy *policies;
    uint32_t policies_count;
    const struct workflow_job *jobs;
    uint32_t jobs_count;
    struct expr *const *conditions;
    uint32_t conditions_count;
    const struct workflow_each *eaches;
    uint32_t eaches_count;
};

static inline const char *workflow_task_name(const struct workflow *w,
                                             uint32_t task)
{
    return w->names + w->tasks[task].name;
}

/* Where a text came from, for messages and for `directory`. */
struct workflow_source {
    const char *file;      /* shown in messages; NULL: "(input)" */
    const char *directory; /* NULL: not a file on this host */
    const char *name;      /* the workflow's, if the file names none */
};

/* Reads YAML or JSON. On failure NULL, and `why` holds every error of the
 * text, one a line: file:line:column: path: what; did you mean ...?  Owned. */
struct workflow *workflow_read(const char *text, size_t size,
                               const struct workflow_source *source,
                               struct str *why);
void workflow_destroy(struct workflow *w);

/* Checks given parameters against the declared ones, fills in defaults and
 * returns the complete object (owned), or NULL with every error in `why`.
 * `given` may be NULL. Texts given for scalars are converted by type, so that
 * a command line's --param n=3 is the number 3. */
cJSON *workflow_bind(const struct workflow *w, const cJSON *given,
                     struct str *why);

/* The JSON Schema (2020-12) of the file, adds to `out`. */
void workflow_schema(struct str *out);

/* The text that env.NAME stands for in the values of a task: the task's own
 * env or what it took over from `defaults` and the file; may hold ${{ }}, but
 * never another env.X. NULL if there is none. */
const char *workflow_env(const struct workflow *w, uint32_t task,
                         const char *name);

/* Makes workflows without a file: for tests, benchmarks and generated runs.
 * Tasks may only need tasks added before them. What is passed is copied, but
 * for what is marked as taken. The canonical text of a built workflow is
 * empty: it cannot be stored and read back. */
struct workflow_build;
struct workflow_build *workflow_build_create(const char *name);
uint32_t workflow_build_policy(struct workflow_build *b,
                               const struct workflow_policy *policy);
uint32_t workflow_build_job(struct workflow_build *b,
                            const struct workflow_job *job);
uint32_t workflow_build_task(struct workflow_build *b, const char *name,
                             const uint32_t *needs, uint32_t needs_count,
                             uint32_t policy, uint32_t job, uint32_t flags);

/* `if` of a task added before; takes `condition`. */
void workflow_build_condition(struct workflow_build *b, uint32_t task,
                              struct expr *condition);

/* `each` of a task added before; takes the one of `items` and `over` that is
 * not NULL. */
void workflow_build_each(struct workflow_build *b, uint32_t task,
                         const char *name, cJSON *items, struct expr *over);

struct workflow *workflow_build_take(struct workflow_build *b); /* ends b */

#endif
