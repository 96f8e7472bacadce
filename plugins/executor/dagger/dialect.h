/* What differs between engines in the little of Dagger's schema that is used
 * here, by the version that an engine says it has. It is a table, since asking
 * an engine for its schema takes seconds. */
#ifndef PLUGINS_EXECUTOR_DAGGER_DIALECT_H
#define PLUGINS_EXECUTOR_DAGGER_DIALECT_H

#define DIALECT_LEAST "v0.18.9" /* the oldest engine that is spoken to */

struct dialect {
    unsigned since[3];        /* the first version that speaks it */
    const char *directory_id; /* type of a variable that holds one */
};

/* Of a version like "v0.21.8" or "v1.0.0-beta.11+9f3c"; what is after the third
 * number counts for nothing. NULL: it is none, or too old. */
const struct dialect *dialect_of(const char *version);

#endif
