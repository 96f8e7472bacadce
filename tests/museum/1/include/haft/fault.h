/* Faults: what went wrong, in one vocabulary for everyone.
 *
 * Class, effect and origin are three separate questions. The class decides
 * whether to try again, what a breaker counts, the HTTP status and the exit
 * code (the host has one table with a row a class). The effect says whether
 * the thing that was asked for may have happened all the same. The origin says
 * whose side it was on. A plugin narrows, it never widens: it cannot make a
 * DENIED retryable. */
#ifndef HAFT_FAULT_H
#define HAFT_FAULT_H

#include <haft/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Classes. A status is minus one of these; the numbers are for ever. */
#define HAFT_CANCELLED 1        /* somebody asked for the end */
#define HAFT_INVALID 2          /* the request can never work as it is */
#define HAFT_UNAUTHENTICATED 3  /* who asks is not known */
#define HAFT_DENIED 4           /* known, and not allowed */
#define HAFT_NOT_FOUND 5        /* program, image, queue, key ... */
#define HAFT_CONFLICT 6         /* a guard or a fence failed; re-read */
#define HAFT_USER_FAILURE 7     /* the task itself ended badly */
#define HAFT_TIMEOUT_RUN 8      /* ran longer than it may */
#define HAFT_TIMEOUT_QUEUE 9    /* waited longer than it may */
#define HAFT_THROTTLED 10       /* asked too often; see retry_after_ms */
#define HAFT_RESOURCE 11        /* memory, disk, descriptors, quota */
#define HAFT_TRANSIENT 12       /* likely gone at the next try */
#define HAFT_BACKEND_DOWN 13    /* the service behind is unreachable */
#define HAFT_INFRA_LOST 14      /* the place it ran in is gone */
#define HAFT_UNKNOWN_OUTCOME 15 /* nobody knows whether it happened */
#define HAFT_SHED 16            /* refused here, to protect what is behind */
#define HAFT_CORRUPT 17         /* data that fails its own checks */
#define HAFT_PLUGIN_CRASH 18    /* the plugin died, hung or broke the rules */
#define HAFT_UNIMPLEMENTED 19   /* not offered by this plugin */
#define HAFT_INTERNAL 20        /* a bug on the reporting side */
#define HAFT_CLASSES 21         /* one more than the last class */

/* Effect. 0 is the careful answer. */
#define HAFT_EFFECT_MAYBE 0
#define HAFT_EFFECT_NOT_STARTED 1
#define HAFT_EFFECT_STARTED 2
#define HAFT_EFFECT_DONE 3

/* Origin. */
#define HAFT_ORIGIN_LOCAL 0  /* this host or this plugin */
#define HAFT_ORIGIN_USER 1   /* the task, or who wrote it */
#define HAFT_ORIGIN_REMOTE 2 /* the service behind the plugin */

/* Retry hints. */
#define HAFT_HINT_DEFAULT 0
#define HAFT_HINT_NEVER 1
#define HAFT_HINT_SAME 2  /* the same place is worth another try */
#define HAFT_HINT_OTHER 3 /* another place is */

/* One step of the chain of causes, the nearest first. */
struct haft_cause {
    struct haft_slice code;
    struct haft_slice message;
};

struct haft_fault {
    uint32_t size;
    uint32_t fault_class; /* HAFT_CANCELLED ...; 0 reads as INTERNAL */
    uint32_t effect;      /* HAFT_EFFECT_* */
    uint32_t origin;      /* HAFT_ORIGIN_* */
    uint32_t retry_hint;  /* HAFT_HINT_* */
    int32_t exit_code;    /* of a process; 0 if it did not exit */
    int32_t signal;       /* that ended a process, or 0 */
    uint32_t _0;
    int64_t retry_after_ms;    /* not before; 0: no hint */
    struct haft_slice code;    /* stable: "local.not_found", [a-z0-9_.] */
    struct haft_slice message; /* one sentence for a person, no secrets */
    struct haft_array causes;  /* of struct haft_cause, at most 8 */
};

HAFT_TABLE struct haft_field haft_cause_fields[] = {
    HAFT_ROW_TEXT(haft_cause, code),
    HAFT_ROW_TEXT(haft_cause, message),
};
HAFT_RECORD(haft_cause, 32);

HAFT_TABLE struct haft_field haft_fault_fields[] = {
    HAFT_ROW_SIZE(haft_fault),
    HAFT_ROW_U32(haft_fault, fault_class),
    HAFT_ROW_U32(haft_fault, effect),
    HAFT_ROW_U32(haft_fault, origin),
    HAFT_ROW_U32(haft_fault, retry_hint),
    HAFT_ROW_I32(haft_fault, exit_code),
    HAFT_ROW_I32(haft_fault, signal),
    HAFT_ROW_PAD(haft_fault, _0),
    HAFT_ROW_I64(haft_fault, retry_after_ms),
    HAFT_ROW_TEXT(haft_fault, code),
    HAFT_ROW_TEXT(haft_fault, message),
    HAFT_ROW_ARRAY(haft_fault, causes, &haft_cause_record),
};
HAFT_RECORD(haft_fault, 88);

#ifdef __cplusplus
}
#endif

#endif
