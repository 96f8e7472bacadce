/* What an answer of a session means: an ordered table of texts, since an engine
 * marks nothing but a failed process by more than its message. */
#ifndef PLUGINS_EXECUTOR_DAGGER_OUTCOME_H
#define PLUGINS_EXECUTOR_DAGGER_OUTCOME_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include <haft/faults.h>

/* An answer, or what became of it. */
struct answer {
    int curl;         /* CURLcode; 0: an answer came, whole */
    long status;      /* of HTTP */
    const char *body; /* NUL-terminated */
};

struct outcome {
    struct haft_native native; /* class 0: it went well */
    int32_t exit_code;
    const char *code; /* "dagger.no_session"; constant */
    char message[HAFT_MESSAGE_LIMIT];
    bool is_session_lost;    /* the session and all its ids are of no use now */
    cJSON *json;             /* the body, or NULL; free with outcome_finish */
    const char *stdout_text; /* in `json`; NULL: none */
    const char *stderr_text;
};

/* Of query_exec: whether and how the process ended. */
void outcome_of_exec(struct outcome *o, const struct answer *answer);

/* Of a query that reads one text, at "host.directory.id" or the like; NULL with
 * the reason in `o`. The text is in `o->json`. */
const char *outcome_of_text(struct outcome *o, const struct answer *answer,
                            const char *name);

/* One that the plugin finds by itself. */
void outcome_of_fault(struct outcome *o, struct haft_native native,
                      const char *code, const char *message);

void outcome_finish(struct outcome *o);

#endif
