/* What haft.process/1 asks for, as the keeper is told: texts that end in a NUL,
 * lists of pointers that end in NULL, and limits by their number. */
#ifndef HOST_CARRY_PROCESS_WORDS_H
#define HOST_CARRY_PROCESS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <haft/host.h>

#include "host/keeper/wire.h"
#include "host/plain/str.h"

struct process_words {
    /* Of the last collected, until the next. */
    const char *const *argv;
    const char *const *env;
    const char *cwd;
    const char *output;
    const char *errors;

    struct str texts;
    size_t *places;
    size_t places_room;
    const char **pointers;
    size_t pointers_room;
};

void process_words_init(struct process_words *w);
void process_words_finish(struct process_words *w);

/* False if a text has a NUL in it, or all are too long. */
bool process_words_collect(struct process_words *w,
                           const struct haft_process_start_in *in);

/* The resource limits; those of cgroups are left out. False if one is unknown,
 * or there are too many. */
bool process_limits_collect(const struct haft_process_start_in *in,
                            struct wire_limit limits[WIRE_LIMITS],
                            uint32_t *count);

#endif
