/* The files of attempts: in the state directory, a folder for each run,
 *
 *   logs/RUN/TASK.TRY.out      standard output, written by the executor
 *   logs/RUN/TASK.TRY.err      standard error
 *   logs/RUN/TASK.TRY.outputs  $HAFT_OUTPUT
 *   logs/RUN/TASK.TRY.script   a long script
 *   runs/RUN/                  the run's own folder, $HAFT_RUN_DIR
 *
 * where TRY is the attempt's fence: 1, 2 ... When an attempt has ended, what
 * is small is folded into the store, in the batch that says how it ended; the
 * files go once that batch is on disk. */
#ifndef HOST_CARRY_LOGS_H
#define HOST_CARRY_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "host/carry/journal.h"
#include "host/plain/str.h"

enum logs_file {
    LOGS_OUT = 1, /* as streams are numbered */
    LOGS_ERR = 2,
    LOGS_OUTPUTS = 3,
    LOGS_SCRIPT = 4 /* what is run, where it is too long for an argument */
};

struct logs {
    const char *state; /* absolute */
    uint64_t limit_bytes;
    uint64_t fold_bytes;
    struct journal *journal;
};

/* Whose files. */
struct logs_of {
    const char *run;
    const char *task;
    uint64_t try;
};

void logs_add_path(const struct logs *l, struct str *out,
                   const struct logs_of *of, enum logs_file file);
void logs_add_run_path(const struct logs *l, struct str *out, const char *run);

/* Makes the two folders of a run; 0 or -errno. */
int logs_make_run(const struct logs *l, const char *run);

/* Whether no file has been in the run's folder since it was made: then there is
 * nothing to look for, attempt by attempt. */
bool logs_are_untouched(const struct logs *l, const char *run);

/* Removes them as far as they are empty: big logs stay, and what a task left
 * in the run's own folder. */
void logs_end_run(const struct logs *l, const char *run);

/* The attempt goes on writing: takes away what is beyond the limit, so that its
 * end still shows that something was. */
void logs_cap(const struct logs *l, const struct logs_of *of);

/* The attempt has ended: cuts what is longer than the limit and folds what is
 * small. Returns which files there are to be removed later, bits 1 << file. */
uint32_t logs_fold(const struct logs *l, const struct logs_of *of);
void logs_remove(const struct logs *l, const struct logs_of *of,
                 uint32_t files);

/* What the task wrote to $HAFT_OUTPUT, owned, NULL if there is none. False
 * with the reason in `why` if that cannot be read. Adds to `files` if there is
 * a file. */
bool logs_outputs(const struct logs *l, const struct logs_of *of,
                  uint32_t *files, cJSON **outputs, struct str *why);

/* When it last wrote, milliseconds since 1970; 0: never. */
int64_t logs_heard_ms(const struct logs *l, const struct logs_of *of);

/* Of a file that is not there: 0. */
uint64_t logs_size(const struct logs *l, const struct logs_of *of,
                   enum logs_file file);

/* Output of an executor that writes no files itself: `offset` is that of the
 * first byte in its stream. What is there already is skipped; what is beyond
 * the limit is dropped. 0 or -errno, -ESPIPE if bytes in between are missing. */
struct logs_output {
    enum logs_file file;
    uint64_t offset;
    const void *bytes;
    size_t size;
};
int logs_write(const struct logs *l, const struct logs_of *of,
               const struct logs_output *output);

/* Bytes of a file: adds at most `limit` from `offset` to `out`, and its size
 * so far. -errno, -ENOENT if there is no such file. */
struct logs_range {
    enum logs_file file;
    uint64_t offset;
    size_t limit;
};
int logs_read(const struct logs *l, const struct logs_of *of,
              const struct logs_range *range, struct str *out, uint64_t *end);

/* The key of a folded log. */
void logs_add_key(struct str *out, const struct logs_of *of,
                  enum logs_file file);

#endif
