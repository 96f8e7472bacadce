/* Faults inside the host, and the one table that says what each class means:
 * to retries, breakers, metrics, HTTP and the shell. */
#ifndef HOST_CORE_FAULT_H
#define HOST_CORE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <haft/fault.h>

/* HAFT_CANCELLED ... of the ABI, and 0 for none at all. */
enum fault_class {
    FAULT_NONE = 0,
    FAULT_CLASSES = HAFT_CLASSES
};

enum fault_retry {
    FAULT_RETRY_NO,
    FAULT_RETRY_YES,
    FAULT_RETRY_POLICY, /* if the task's policy names it */
    FAULT_RETRY_PARK,   /* wait for the backend; no attempt is burnt */
    FAULT_RETRY_ASK     /* idempotent: yes; else on_unknown */
};
enum fault_breaker {
    BREAKER_IGNORES,
    BREAKER_SUCCESS,
    BREAKER_FAILURE
};
enum fault_severity {
    SEVERITY_INFO,
    SEVERITY_WARN,
    SEVERITY_ERROR
};

struct fault_row {
    const char *name; /* "USER_FAILURE": in files, JSON and metrics */
    enum fault_retry retry;
    bool costs_attempt;
    enum fault_breaker breaker;
    enum fault_severity severity;
    uint16_t http_status;
    uint8_t exit_code;   /* of the command line */
    const char *meaning; /* one sentence, for `haft explain` and the docs */
};

/* The row of a class; that of INTERNAL for one that is not known. */
const struct fault_row *fault_row(uint32_t fault_class);

/* A class by its name, 0 if there is none. */
uint32_t fault_class_of(const char *name);

struct fault {
    uint32_t fault_class; /* FAULT_NONE: no fault */
    uint32_t effect;
    uint32_t origin;
    uint32_t retry_hint;
    int32_t exit_code;
    int32_t signal;
    int64_t retry_after_ms;
    const char *code;    /* never NULL; "" */
    const char *message; /* likewise */
};

/* Copies a fault, a class unknown here as INTERNAL; its texts are in what is
 * returned, owned (mem_free), NULL if there are none. NULL texts read as "". */
char *fault_copy(struct fault *to, const struct fault *from);

const char *fault_effect_name(uint32_t effect); /* "not_started" ... */
const char *fault_origin_name(uint32_t origin);

#endif
