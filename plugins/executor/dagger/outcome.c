#include "plugins/executor/dagger/outcome.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include <haft/faults.h>

#define LOST 1u /* the session is of no use any more */

struct row {
    const char *text; /* in the message */
    uint8_t fault_class;
    uint8_t effect;
    uint8_t flags;
    const char *code;
};

/* The first that fits. Texts are those of engines v0.19 to v1.0 beta; where a
 * query fails before its process is set up, nothing was started. An engine that
 * came back under a running query says the same as one that had gone before, so
 * that nobody knows. */
static const struct row rows[] = {
    /* The session or its engine is gone. */
    {"dial unix ", HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED, LOST,
     "dagger.engine_gone"},
    {"active session attachables", HAFT_BACKEND_DOWN, HAFT_EFFECT_MAYBE, LOST,
     "dagger.engine_gone"},
    {"waiting for client session attachables", HAFT_BACKEND_DOWN,
     HAFT_EFFECT_MAYBE, LOST, "dagger.engine_gone"},
    {"no active session", HAFT_BACKEND_DOWN, HAFT_EFFECT_MAYBE, LOST,
     "dagger.engine_gone"},
    {"missing shared result", HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE, LOST,
     "dagger.stale_id"},
    {"engine is shutting down", HAFT_BACKEND_DOWN, HAFT_EFFECT_MAYBE, LOST,
     "dagger.engine_gone"},
    {"session is closing", HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE, LOST,
     "dagger.session_lost"},
    {"client has closed", HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE, LOST,
     "dagger.session_lost"},
    {"unexpected EOF", HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE, LOST,
     "dagger.engine_gone"},
    {"error reading from server", HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE, LOST,
     "dagger.engine_gone"},
    {"transport is closing", HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE, LOST,
     "dagger.engine_gone"},
    {"context canceled", HAFT_CANCELLED, HAFT_EFFECT_STARTED, 0,
     "dagger.cancelled"},
    /* The engine lacks something. */
    {"cannot allocate memory", HAFT_RESOURCE, HAFT_EFFECT_MAYBE, 0,
     "dagger.memory"},
    {"no space left on device", HAFT_RESOURCE, HAFT_EFFECT_MAYBE, 0,
     "dagger.disk"},
    {"panic while resolving", HAFT_INTERNAL, HAFT_EFFECT_MAYBE, 0,
     "dagger.engine_broken"},
    {"failed to prepare mounts", HAFT_INFRA_LOST, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.engine_broken"},
    {"create network namespace", HAFT_INFRA_LOST, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.engine_broken"},
    {"CNI setup error", HAFT_INFRA_LOST, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.engine_broken"},
    /* Registries and networks. */
    {"429 Too Many Requests", HAFT_THROTTLED, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.throttled"},
    {"toomanyrequests", HAFT_THROTTLED, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.throttled"},
    {"401 Unauthorized", HAFT_UNAUTHENTICATED, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.registry_login"},
    {"403 Forbidden", HAFT_DENIED, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.registry_denied"},
    {"insufficient_scope", HAFT_DENIED, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.registry_denied"},
    {"pull access denied", HAFT_DENIED, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.registry_denied"},
    {"x509: ", HAFT_DENIED, HAFT_EFFECT_NOT_STARTED, 0, "dagger.certificate"},
    {"502 Bad Gateway", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.network"},
    {"503 Service Unavailable", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.network"},
    {"connection refused", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.network"},
    {"connection reset by peer", HAFT_TRANSIENT, HAFT_EFFECT_MAYBE, 0,
     "dagger.network"},
    {"i/o timeout", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.network"},
    {"TLS handshake timeout", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.network"},
    {"no such host", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.network"},
    {"server misbehaving", HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.network"},
    {"Temporary failure in name resolution", HAFT_TRANSIENT,
     HAFT_EFFECT_NOT_STARTED, 0, "dagger.network"},
    /* The task asks for what is not there. */
    {"failed to parse image address", HAFT_INVALID, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.image_name"},
    {"manifest unknown", HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.no_image"},
    {"no manifest matches requested platform", HAFT_NOT_FOUND,
     HAFT_EFFECT_NOT_STARTED, 0, "dagger.no_image"},
    {"failed to resolve image", HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.no_image"},
    {"unable to find user", HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.no_user"},
    {"no such file or directory", HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.no_file"},
    {"no command has been set", HAFT_INVALID, HAFT_EFFECT_NOT_STARTED, 0,
     "dagger.no_command"},
    {"context deadline exceeded", HAFT_TRANSIENT, HAFT_EFFECT_MAYBE, 0,
     "dagger.network"},
};

/* ---- messages ---- */

/* Without the engine's mark " [traceparent:...]", which is another each time. */
static void copy_message(char to[HAFT_MESSAGE_LIMIT], const char *from)
{
    const char *mark = strstr(from, " [traceparent:");
    size_t n = mark ? (size_t)(mark - from) : strlen(from);

    while (n > 0 && isspace((unsigned char)from[n - 1])) {
        n--;
    }
    snprintf(to, HAFT_MESSAGE_LIMIT, "%.*s", (int)n, from);
    haft_clean(to);
}

void outcome_of_fault(struct outcome *o, struct haft_native native,
                      const char *code, const char *message)
{
    o->native = native;
    o->code = code;
    copy_message(o->message, message);
}

static void by_text(struct outcome *o, const char *message,
                    struct haft_native other, const char *code)
{
    outcome_of_fault(o, other, code, message);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strstr(message, rows[i].text)) {
            o->native = haft_native_of(rows[i].fault_class, rows[i].effect,
                                       HAFT_ORIGIN_REMOTE);
            o->code = rows[i].code;
            o->is_session_lost = rows[i].flags & LOST;
            return;
        }
    }
}

/* ---- answers that are none ---- */

static void of_curl(struct outcome *o, int curl)
{
    struct haft_native native = haft_from_curl(
        curl, curl == CURLE_COULDNT_CONNECT ? 0 : HAFT_KNOWN_SENT);

    outcome_of_fault(o, native, "dagger.connection",
                     curl_easy_strerror((CURLcode)curl));
    o->is_session_lost = true;
}

/* 502: the session lives and its engine does not. */
static void of_status(struct outcome *o, const struct answer *answer)
{
    struct haft_native native =
        haft_from_http((int32_t)answer->status, HAFT_KNOWN_SENT);

    if (answer->status == 401) {
        outcome_of_fault(o, native, "dagger.token",
                         "the session does not know the token");
        o->native.effect = HAFT_EFFECT_NOT_STARTED;
    } else if (answer->status == 502) {
        native = haft_native_of(HAFT_INFRA_LOST, HAFT_EFFECT_MAYBE,
                                HAFT_ORIGIN_REMOTE);
        by_text(o, answer->body, native, "dagger.engine_gone");
        o->is_session_lost = true;
    } else {
        by_text(o, answer->body, native, "dagger.http");
    }
}

/* The first that says of what sort it is, else the first. */
static const cJSON *first_error(const cJSON *json)
{
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(json, "errors");
    const cJSON *error;

    cJSON_ArrayForEach(error, errors)
    {
        const cJSON *extensions =
            cJSON_GetObjectItemCaseSensitive(error, "extensions");

        if (cJSON_GetObjectItemCaseSensitive(extensions, "_type")) {
            return error;
        }
    }
    return cJSON_GetArrayItem(errors, 0);
}

static const char *text_of(const cJSON *json, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
}

/* The body, read; NULL with the reason. An error is still in it. */
static const cJSON *read_body(struct outcome *o, const struct answer *answer)
{
    if (answer->curl) {
        of_curl(o, answer->curl);
        return NULL;
    }
    o->json = cJSON_Parse(answer->body);
    if (answer->status != 200 && !first_error(o->json)) {
        of_status(o, answer);
        return NULL;
    }
    if (!cJSON_IsObject(o->json)) {
        outcome_of_fault(
            o,
            haft_native_of(HAFT_CORRUPT, HAFT_EFFECT_MAYBE, HAFT_ORIGIN_REMOTE),
            "dagger.answer", "the answer is not JSON");
        return NULL;
    }
    return o->json;
}

/* ---- a process that ended ---- */

/* Dagger's own init says so in the process's name, and exits with 1. */
static bool is_exec_failure(const char *text, const char *reason)
{
    size_t n = strlen(text);
    size_t m = strlen(reason);

    return (strncmp(text, "exec: \"", 7) == 0 ||
            strncmp(text, "fork/exec /", 11) == 0) &&
           n > m + 1 && strchr(text, '\n') == text + n - 1 &&
           strncmp(text + n - 1 - m, reason, m) == 0;
}

static void of_exit(struct outcome *o, int32_t code)
{
    const char *err = o->stderr_text ? o->stderr_text : "";
    bool is_silent = !o->stdout_text || !*o->stdout_text;
    char message[64];

    o->exit_code = code;
    snprintf(message, sizeof(message), "exit code %d", code);
    outcome_of_fault(o, haft_from_exit(code, 0), code ? "dagger.exit" : "",
                     code ? message : "");
    if (code != 1 || !is_silent) {
        return;
    }
    if (is_exec_failure(err, "executable file not found in $PATH") ||
        is_exec_failure(err, "no such file or directory")) {
        outcome_of_fault(o,
                         haft_native_of(HAFT_NOT_FOUND, HAFT_EFFECT_NOT_STARTED,
                                        HAFT_ORIGIN_USER),
                         "dagger.no_program", err);
    } else if (is_exec_failure(err, "permission denied")) {
        outcome_of_fault(o,
                         haft_native_of(HAFT_DENIED, HAFT_EFFECT_NOT_STARTED,
                                        HAFT_ORIGIN_USER),
                         "dagger.not_executable", err);
    }
}

/* 137 is a SIGKILL that nobody here sent: most often the memory ran out. */
static void of_exec_error(struct outcome *o, const char *message,
                          const cJSON *extensions)
{
    const cJSON *exit_code =
        cJSON_GetObjectItemCaseSensitive(extensions, "exitCode");
    int32_t code = cJSON_IsNumber(exit_code) ? exit_code->valueint : -1;

    if (strstr(message, "(aliased as ")) {
        outcome_of_fault(o,
                         haft_native_of(HAFT_TRANSIENT, HAFT_EFFECT_NOT_STARTED,
                                        HAFT_ORIGIN_REMOTE),
                         "dagger.service", message);
        return;
    }
    if (code < 0) {
        by_text(o, message,
                haft_native_of(HAFT_INFRA_LOST, HAFT_EFFECT_NOT_STARTED,
                               HAFT_ORIGIN_REMOTE),
                "dagger.set_up");
        return;
    }
    o->stdout_text = text_of(extensions, "stdout");
    o->stderr_text = text_of(extensions, "stderr");
    if (strstr(message, "context canceled")) {
        by_text(o, message, haft_from_exit(code, HAFT_KNOWN_CANCELLED),
                "dagger.cancelled");
        return;
    }
    of_exit(o, code);
    if (code == 137) {
        outcome_of_fault(o,
                         haft_native_of(HAFT_RESOURCE, HAFT_EFFECT_STARTED,
                                        HAFT_ORIGIN_USER),
                         "dagger.killed",
                         "exit code 137: it was killed, as when memory runs "
                         "out");
    }
}

static void of_error(struct outcome *o, const cJSON *error)
{
    const cJSON *extensions =
        cJSON_GetObjectItemCaseSensitive(error, "extensions");
    const char *message = text_of(error, "message");
    const char *type = text_of(extensions, "_type");
    struct haft_native other =
        haft_native_of(HAFT_INTERNAL, HAFT_EFFECT_MAYBE, HAFT_ORIGIN_REMOTE);

    message = message ? message : "an error without a message";
    if (type && strcmp(type, "EXEC_ERROR") == 0) {
        of_exec_error(o, message, extensions);
    } else if (text_of(extensions, "code")) { /* GRAPHQL_VALIDATION_FAILED */
        other.effect = HAFT_EFFECT_NOT_STARTED;
        other.origin = HAFT_ORIGIN_LOCAL;
        outcome_of_fault(o, other, "dagger.schema", message);
    } else {
        by_text(o, message, other, "dagger.error");
    }
}

/* ---- the whole of it ---- */

/* The innermost object that holds `name`, down the only way there is. */
static const cJSON *find(const cJSON *json, const char *name)
{
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(json, "data");

    while (at && !cJSON_GetObjectItemCaseSensitive(at, name)) {
        at = at->child;
    }
    return at;
}

static const cJSON *find_answer(struct outcome *o, const struct answer *answer,
                                const char *name)
{
    const cJSON *json;
    const cJSON *found;

    memset(o, 0, sizeof(*o));
    o->code = "";
    json = read_body(o, answer);
    if (!json) {
        return NULL;
    }
    if (first_error(json)) {
        of_error(o, first_error(json));
        return NULL;
    }
    found = find(json, name);
    if (!found) {
        outcome_of_fault(
            o,
            haft_native_of(HAFT_CORRUPT, HAFT_EFFECT_MAYBE, HAFT_ORIGIN_REMOTE),
            "dagger.answer", "the answer lacks what was asked");
    }
    return found;
}

void outcome_of_exec(struct outcome *o, const struct answer *answer)
{
    const cJSON *found = find_answer(o, answer, "exitCode");
    const cJSON *exit_code;

    if (found) {
        exit_code = cJSON_GetObjectItemCaseSensitive(found, "exitCode");
        o->stdout_text = text_of(found, "stdout");
        o->stderr_text = text_of(found, "stderr");
        of_exit(o, exit_code->valueint);
    }
}

const char *outcome_of_text(struct outcome *o, const struct answer *answer,
                            const char *name)
{
    const cJSON *found = find_answer(o, answer, name);

    return found ? text_of(found, name) : NULL;
}

void outcome_finish(struct outcome *o)
{
    cJSON_Delete(o->json);
    o->json = NULL;
    o->stdout_text = NULL;
    o->stderr_text = NULL;
}
