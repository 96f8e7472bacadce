#include "host/core/fault.h"

#include <assert.h>
#include <string.h>

#include "host/plain/mem.h"

/* Exit codes: 1 is the task's own failure; the others are those of timeout(1),
 * of a shell after Ctrl-C, and of sysexits.h, so that scripts know them. */
static const struct fault_row rows[] = {
    [FAULT_NONE] = {"OK", FAULT_RETRY_NO, false, BREAKER_SUCCESS, SEVERITY_INFO,
                    200, 0, "Nothing is wrong."},
    [HAFT_CANCELLED] = {"CANCELLED", FAULT_RETRY_NO, false, BREAKER_IGNORES,
                        SEVERITY_INFO, 409, 130, "Somebody asked for the end."},
    [HAFT_INVALID] = {"INVALID", FAULT_RETRY_NO, true, BREAKER_IGNORES,
                      SEVERITY_WARN, 400, 65,
                      "What was asked can never work as it is."},
    [HAFT_UNAUTHENTICATED] = {"UNAUTHENTICATED", FAULT_RETRY_NO, false,
                              BREAKER_IGNORES, SEVERITY_WARN, 401, 77,
                              "It is not known who asks."},
    [HAFT_DENIED] = {"DENIED", FAULT_RETRY_NO, true, BREAKER_IGNORES,
                     SEVERITY_WARN, 403, 77,
                     "It is known who asks, and it is not allowed."},
    [HAFT_NOT_FOUND] = {"NOT_FOUND", FAULT_RETRY_NO, true, BREAKER_IGNORES,
                        SEVERITY_WARN, 404, 66,
                        "A program, an image, a queue or a name is not there."},
    [HAFT_CONFLICT] = {"CONFLICT", FAULT_RETRY_ASK, false, BREAKER_IGNORES,
                       SEVERITY_WARN, 409, 75,
                       "Something else was there first; read again."},
    [HAFT_USER_FAILURE] = {"USER_FAILURE", FAULT_RETRY_POLICY, true,
                           BREAKER_SUCCESS, SEVERITY_WARN, 422, 1,
                           "The task itself ended badly."},
    [HAFT_TIMEOUT_RUN] = {"TIMEOUT_RUN", FAULT_RETRY_POLICY, true,
                          BREAKER_IGNORES, SEVERITY_WARN, 504, 124,
                          "It ran, or was silent, for longer than it may."},
    [HAFT_TIMEOUT_QUEUE] = {"TIMEOUT_QUEUE", FAULT_RETRY_POLICY, false,
                            BREAKER_FAILURE, SEVERITY_WARN, 504, 124,
                            "It waited for longer than it may."},
    [HAFT_THROTTLED] = {"THROTTLED", FAULT_RETRY_YES, false, BREAKER_IGNORES,
                        SEVERITY_WARN, 429, 75,
                        "The service was asked too often."},
    [HAFT_RESOURCE] = {"RESOURCE", FAULT_RETRY_POLICY, true, BREAKER_IGNORES,
                       SEVERITY_WARN, 507, 71,
                       "Memory, disk, descriptors or a quota ran out."},
    [HAFT_TRANSIENT] = {"TRANSIENT", FAULT_RETRY_YES, false, BREAKER_FAILURE,
                        SEVERITY_WARN, 503, 75,
                        "It failed in a way that is likely gone next time."},
    [HAFT_BACKEND_DOWN] = {"BACKEND_DOWN", FAULT_RETRY_PARK, false,
                           BREAKER_FAILURE, SEVERITY_ERROR, 503, 69,
                           "The service behind cannot be reached."},
    [HAFT_INFRA_LOST] = {"INFRA_LOST", FAULT_RETRY_ASK, false, BREAKER_FAILURE,
                         SEVERITY_ERROR, 503, 71,
                         "The place that it ran in is gone."},
    [HAFT_UNKNOWN_OUTCOME] = {"UNKNOWN_OUTCOME", FAULT_RETRY_ASK, false,
                              BREAKER_FAILURE, SEVERITY_ERROR, 502, 74,
                              "Nobody knows whether it happened."},
    [HAFT_SHED] = {"SHED", FAULT_RETRY_YES, false, BREAKER_IGNORES,
                   SEVERITY_WARN, 503, 75,
                   "It was refused here, to protect what is behind."},
    [HAFT_CORRUPT] = {"CORRUPT", FAULT_RETRY_NO, true, BREAKER_FAILURE,
                      SEVERITY_ERROR, 500, 65, "Data fails its own checks."},
    [HAFT_PLUGIN_CRASH] = {"PLUGIN_CRASH", FAULT_RETRY_ASK, false,
                           BREAKER_FAILURE, SEVERITY_ERROR, 500, 70,
                           "A plugin died, hung or broke the rules."},
    [HAFT_UNIMPLEMENTED] = {"UNIMPLEMENTED", FAULT_RETRY_NO, true,
                            BREAKER_IGNORES, SEVERITY_WARN, 501, 78,
                            "The plugin does not offer this."},
    [HAFT_INTERNAL] = {"INTERNAL", FAULT_RETRY_ASK, false, BREAKER_FAILURE,
                       SEVERITY_ERROR, 500, 70,
                       "There is a bug on the reporting side."},
};
static_assert(sizeof(rows) / sizeof(rows[0]) == FAULT_CLASSES,
              "every class of fault has a row");

static const char *const effects[] = {
    [HAFT_EFFECT_MAYBE] = "maybe",
    [HAFT_EFFECT_NOT_STARTED] = "not_started",
    [HAFT_EFFECT_STARTED] = "started",
    [HAFT_EFFECT_DONE] = "done",
};
static const char *const origins[] = {
    [HAFT_ORIGIN_LOCAL] = "local",
    [HAFT_ORIGIN_USER] = "user",
    [HAFT_ORIGIN_REMOTE] = "remote",
};

const struct fault_row *fault_row(uint32_t fault_class)
{
    return &rows[fault_class < FAULT_CLASSES ? fault_class : HAFT_INTERNAL];
}

uint32_t fault_class_of(const char *name)
{
    for (uint32_t i = FAULT_NONE + 1; i < FAULT_CLASSES; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return i;
        }
    }
    return FAULT_NONE;
}

char *fault_copy(struct fault *to, const struct fault *from)
{
    const char *code = from->code ? from->code : "";
    const char *message = from->message ? from->message : "";
    size_t code_size = strlen(code) + 1;
    size_t message_size = strlen(message) + 1;
    char *texts = NULL;

    *to = *from;
    if (to->fault_class >= FAULT_CLASSES) {
        to->fault_class = HAFT_INTERNAL;
        to->effect = HAFT_EFFECT_MAYBE;
    }
    to->code = "";
    to->message = "";
    if (code_size + message_size > 2) {
        texts = mem_new(code_size + message_size, 1);
        memcpy(texts, code, code_size);
        memcpy(texts + code_size, message, message_size);
        to->code = texts;
        to->message = texts + code_size;
    }
    return texts;
}

const char *fault_effect_name(uint32_t effect)
{
    size_t count = sizeof(effects) / sizeof(effects[0]);

    return effects[effect < count ? effect : HAFT_EFFECT_MAYBE];
}

const char *fault_origin_name(uint32_t origin)
{
    size_t count = sizeof(origins) / sizeof(origins[0]);

    return origins[origin < count ? origin : HAFT_ORIGIN_LOCAL];
}
