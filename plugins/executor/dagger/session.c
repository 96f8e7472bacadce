#include "plugins/executor/dagger/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "plugins/executor/dagger/cli.h"
#include "plugins/executor/dagger/query.h"

#define WORDS_LIMIT 16  /* of the option command */
#define LEAVING_LIMIT 4 /* CLIs that were stopped and have not ended yet */

enum state {
    STATE_NONE,
    STATE_STARTING,
    STATE_ASKING,
    STATE_READY
};

struct session {
    const struct haft_host *host;
    struct http *http;
    session_told *told;
    void *ctx;

    char *words[WORDS_LIMIT + 2]; /* the CLI; ends with NULL */
    uint32_t words_count;
    char *engine;
    char *folder;
    int64_t start_timeout_ms;
    unsigned given_port; /* 0: none */
    char *given_token;

    enum state state;
    uint64_t number;
    int64_t deadline_ms;
    struct cli *cli; /* NULL: none, or the port was given */
    struct cli *leaving[LEAVING_LIMIT];
    struct http_request *asking;
    unsigned port;
    char *token;
    const struct dialect *dialect;
};

/* ---- ends ---- */

static void set_timer(struct session *s, int64_t at_ms)
{
    struct haft_loop_timer_in in = {sizeof(in), 0, at_ms, SESSION_TOKEN};

    haft_ask_host(s->host, HAFT_LOOP_V1, HAFT_LOOP_TIMER, &in, NULL);
}

/* What is stopped is kept until it has ended; by force, if there are many. */
static void stop_cli(struct session *s)
{
    int i = 0;

    while (i < LEAVING_LIMIT - 1 && s->leaving[i]) {
        i++;
    }
    cli_destroy(s->leaving[i]);
    s->leaving[i] = s->cli;
    cli_stop(s->cli);
    s->cli = NULL;
}

static void stop(struct session *s)
{
    if (s->asking) {
        http_drop(s->asking);
        s->asking = NULL;
    }
    if (s->cli) {
        stop_cli(s);
    }
    free(s->token);
    s->token = NULL;
    s->state = STATE_NONE;
}

static void fail(struct session *s, struct haft_native native, const char *code,
                 const char *message)
{
    struct outcome trouble = {0};

    outcome_of_fault(&trouble, native, code, message);
    set_timer(s, 0);
    stop(s);
    haft_log(s->host, HAFT_LOG_WARN, "no session", "reason",
             haft_text(trouble.message));
    s->told(s->ctx, &trouble);
}

static void fail_down(struct session *s, const char *code, const char *message)
{
    fail(s,
         haft_native_of(HAFT_BACKEND_DOWN, HAFT_EFFECT_NOT_STARTED,
                        HAFT_ORIGIN_REMOTE),
         code, message);
}

void session_drop(struct session *s, uint64_t number)
{
    if (s->state == STATE_READY && s->number == number) {
        haft_log(s->host, HAFT_LOG_WARN, "session dropped", NULL,
                 haft_text(NULL));
        stop(s);
    }
}

/* ---- the engine's version ---- */

static void on_version(void *ctx, const struct answer *answer)
{
    struct session *s = ctx;
    struct outcome o;
    const char *version = outcome_of_text(&o, answer, "version");
    char message[160];

    s->asking = NULL;
    if (!version) {
        o.native.effect = HAFT_EFFECT_NOT_STARTED; /* of any task */
        if (o.native.fault_class == HAFT_UNKNOWN_OUTCOME ||
            o.native.fault_class == HAFT_INFRA_LOST) {
            o.native.fault_class = HAFT_BACKEND_DOWN;
        }
        fail(s, o.native, o.code, o.message);
    } else if (!dialect_of(version)) {
        snprintf(message, sizeof(message),
                 "the engine says it is version %.64s; wanted is %s or later",
                 version, DIALECT_LEAST);
        fail(s,
             haft_native_of(HAFT_UNIMPLEMENTED, HAFT_EFFECT_NOT_STARTED,
                            HAFT_ORIGIN_REMOTE),
             "dagger.version", message);
    } else {
        s->dialect = dialect_of(version);
        s->state = STATE_READY;
        set_timer(s, 0);
        haft_log(s->host, HAFT_LOG_INFO, "session ready", "engine",
                 haft_text(version));
        s->told(s->ctx, NULL);
    }
    outcome_finish(&o);
}

static void ask_version(struct session *s)
{
    char *body = query_version();

    s->state = STATE_ASKING;
    s->asking = session_ask(s, body, on_version, s);
    free(body);
    if (!s->asking) {
        fail_down(s, "dagger.memory", "no memory for a request");
        return;
    }
    set_timer(s, s->deadline_ms);
}

/* ---- the CLI ---- */

/* {"port":N,"session_token":"..."} */
static void on_line(void *ctx, const char *line)
{
    struct session *s = ctx;
    cJSON *json = cJSON_Parse(line);
    const cJSON *port = cJSON_GetObjectItemCaseSensitive(json, "port");
    const char *token = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(json, "session_token"));
    bool is_good = cJSON_IsNumber(port) && port->valueint > 0 &&
                   port->valueint <= UINT16_MAX && token;

    if (is_good) {
        s->port = (unsigned)port->valueint;
        s->token = haft_copy_text(haft_text(token));
    }
    cJSON_Delete(json);
    if (is_good) {
        ask_version(s);
    } else {
        fail_down(s, "dagger.start", "the CLI said neither port nor token");
    }
}

static void on_ended(void *ctx, int exit_code, const char *said)
{
    struct session *s = ctx;
    char message[HAFT_MESSAGE_LIMIT];

    if (s->state == STATE_READY) {
        session_drop(s, s->number);
        return;
    }
    snprintf(message, sizeof(message), "the CLI ended with exit code %d: %s",
             exit_code, said);
    fail_down(s, "dagger.start", message);
}

static void start_cli(struct session *s)
{
    const struct cli_client client = {on_line, on_ended, s};
    char message[HAFT_MESSAGE_LIMIT];
    static char session[] = "session";

    s->words[s->words_count] = session;
    if (mkdir(s->folder, 0700) == 0 || errno == EEXIST) {
        s->cli = cli_start(s->host, &client, s->words, s->engine, s->folder);
    }
    s->words[s->words_count] = NULL;
    if (!s->cli) {
        snprintf(message, sizeof(message), "%.200s in %.200s: %s", s->words[0],
                 s->folder, strerror(errno));
        fail_down(s, "dagger.start", message);
        return;
    }
    s->state = STATE_STARTING;
    set_timer(s, s->deadline_ms);
}

void session_on_timer(struct session *s)
{
    char message[HAFT_MESSAGE_LIMIT];

    if (s->state == STATE_STARTING) {
        snprintf(message, sizeof(message),
                 "the CLI gave no session in time; is the engine there? %s",
                 cli_said(s->cli));
        fail_down(s, "dagger.start_timeout", message);
    } else if (s->state == STATE_ASKING) {
        fail_down(s, "dagger.start_timeout",
                  "the engine did not say its version in time");
    }
}

void session_on_ready(struct session *s, const struct haft_ready_on_in *in)
{
    if (s->cli && cli_has(s->cli, in->token)) {
        cli_on_ready(s->cli, in);
    }
    for (int i = 0; i < LEAVING_LIMIT; i++) {
        struct cli *c = s->leaving[i];

        if (c && cli_has(c, in->token)) {
            cli_on_ready(c, in);
        }
        if (c && cli_is_over(c)) {
            cli_destroy(c);
            s->leaving[i] = NULL;
        }
    }
}

/* ---- who needs it ---- */

bool session_need(struct session *s)
{
    if (s->state == STATE_NONE) {
        s->number++;
        s->deadline_ms = haft_now(s->host).monotonic_ms + s->start_timeout_ms;
        if (s->given_port) {
            s->port = s->given_port;
            s->token = haft_copy_text(haft_text(s->given_token));
            ask_version(s);
        } else {
            start_cli(s);
        }
        return false;
    }
    return s->state == STATE_READY;
}

uint64_t session_number(const struct session *s)
{
    return s->number;
}

const struct dialect *session_dialect(const struct session *s)
{
    return s->dialect;
}

struct http_request *session_ask(struct session *s, const char *body,
                                 void (*done)(void *, const struct answer *),
                                 void *ctx)
{
    struct http_post post = {
        .port = s->port,
        .token = s->token,
        .body = body,
        .done = done,
        .ctx = ctx,
    };

    return body && s->token ? http_send(s->http, &post) : NULL;
}

/* ---- the whole ---- */

static bool copy_options(struct session *s, const struct haft_create *with)
{
    bool is_whole;

    s->engine = haft_copy_text(haft_option_text(with, "engine"));
    s->folder = haft_copy_text(haft_option_text(with, "folder"));
    s->given_token = haft_copy_text(haft_option_text(with, "token"));
    s->given_port = (unsigned)haft_option_number(with, "port");
    s->start_timeout_ms = haft_option_number(with, "start_timeout");
    is_whole = s->engine && s->folder && s->given_token;
    for (uint32_t i = 0; is_whole && i < s->words_count; i++) {
        s->words[i] = haft_copy_text(haft_option(with, "command", i)->text);
        is_whole = s->words[i] != NULL;
    }
    return is_whole;
}

haft_status session_create(const struct haft_host *host,
                           const struct haft_create *with, struct http *http,
                           struct session **out)
{
    struct session *s;
    uint32_t count = haft_option_count(with, "command");

    if (count > WORDS_LIMIT) {
        return haft_fail(host, NULL, HAFT_INVALID, "dagger.command",
                         "option command: %u words, at most %d are taken",
                         count, WORDS_LIMIT);
    }
    if (haft_option_number(with, "port") > 0 &&
        haft_option_text(with, "token").n == 0) {
        return haft_fail(host, NULL, HAFT_INVALID, "dagger.token",
                         "option token: the session at port needs one");
    }
    s = calloc(1, sizeof(*s));
    if (!s) {
        return -HAFT_RESOURCE;
    }
    s->host = host;
    s->http = http;
    s->words_count = count;
    if (!copy_options(s, with)) {
        session_destroy(s);
        return -HAFT_RESOURCE;
    }
    *out = s;
    return HAFT_OK;
}

void session_on_told(struct session *s, session_told *told, void *ctx)
{
    s->told = told;
    s->ctx = ctx;
}

void session_destroy(struct session *s)
{
    if (!s) {
        return;
    }
    stop(s);
    for (uint32_t i = 0; i < s->words_count; i++) {
        free(s->words[i]);
    }
    for (int i = 0; i < LEAVING_LIMIT; i++) {
        cli_destroy(s->leaving[i]);
    }
    free(s->engine);
    free(s->folder);
    free(s->given_token);
    free(s);
}
