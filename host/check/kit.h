/* The conformance kit: what a plugin promises, tried out case by case. Each case
 * is run in a process of its own, so that it may crash, hang or spoil its
 * process (runner.c); cases that make sense in both cages are run in both, and
 * must say the same.
 *
 * A case is a function that is given a kit, tries something, and says with
 * kit_fail what it wanted and what it found. What it does not say is well. */
#ifndef HOST_CHECK_KIT_H
#define HOST_CHECK_KIT_H

#include <stdbool.h>

#include <haft/plugin.h>

#include "host/guest/manifest.h"
#include "host/plain/str.h"

#define KIT_SAID_LIMIT 65536
#define KIT_QUESTIONS 4 /* most that a kind has */

enum kit_verdict {
    KIT_PASS,
    KIT_FAIL,
    KIT_SKIP
};

/* A message that any plugin of a kind can be asked. */
struct kit_question {
    uint32_t method;
    const void *in; /* as the interface's table says */
};

/* What is known of a kind of plugins. */
struct kit_kind {
    const char *name; /* "storage" */
    const struct haft_interface *interface;

    /* Fills in a question for each method, in a legal order; returns how many.
     * They live as long as the process. `folder` is one that may be used. */
    size_t (*questions)(struct kit_question *questions, const char *folder);
};

/* What is checked. */
struct kit_target {
    const char *file; /* absolute */
    const struct manifest_class *class;
    const struct kit_kind *kind;
    const char *const *options; /* "KEY=VALUE", as given; ends with NULL */
};

/* One run of one case, in its own process. */
struct kit {
    const struct kit_target *target;
    const struct kit_case *which;
    bool is_caged;      /* the plugin is to live in a worker */
    const char *folder; /* to write into; empty at first */
    enum kit_verdict verdict;
    struct str why;  /* of a verdict that is no pass */
    struct str said; /* must be the same in both cages */
};

#define KIT_STEPS 4u

#define KIT_INSIDE 1u /* in the process of the case */
#define KIT_CAGED 2u  /* in a worker */
#define KIT_BOTH (KIT_INSIDE | KIT_CAGED)

struct kit_case {
    const char *name;
    const char *kind; /* NULL: of all kinds */
    const char *shows;
    unsigned cages; /* KIT_* */
    unsigned step;  /* those of a later one are tried if these did not fail */
    void (*run)(struct kit *kit);
    int variant; /* for whoever serves several */
};

extern const struct kit_case kit_cases[]; /* ends with a NULL name */

/* The kind of that name ("storage"), or NULL. */
const struct kit_kind *kit_find_kind(const char *name);

/* Says what was wanted and what was found; the first word counts. */
void kit_fail(struct kit *kit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The case cannot be tried here; nothing counts after it. */
void kit_skip(struct kit *kit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds to what both cages must say alike. */
void kit_say(struct kit *kit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether nothing was wrong so far. */
bool kit_is_well(const struct kit *kit);

/* The section of the config of an instance with that name: what must be set,
 * what was given, and `key = value` unless `key` is NULL. */
void kit_add_section(const struct kit *kit, const char *name, const char *key,
                     const char *value, struct str *out);

#endif
