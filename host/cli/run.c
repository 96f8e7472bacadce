/* run, submit, attach. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "host/cli/command.h"
#include "host/cli/tails.h"
#include "host/cli/view.h"
#include "host/plain/json.h"

/* A run that is being followed. */
struct follow {
    struct client *client;
    struct view *view;
    char run[64];
    int64_t after;  /* the event before its first one, or before that */
    char state[32]; /* how it ended */
    int interrupts;
    bool is_following; /* a signal can be acted upon */
    bool is_over;
    bool is_left; /* by the user: the run goes on */
    struct fault fault;
    bool has_failed; /* to follow */
};

/* ---- parameters ---- */

/* --param k=v and --params-json: what the workflow's params get. */
static bool add_params(cJSON *params, const struct given *given)
{
    cJSON *values = cJSON_AddObjectToObject(params, "params");
    const char *pair;

    for (size_t i = 0; (pair = given_value(given, "param", i)) != NULL; i++) {
        const char *equals = strchr(pair, '=');
        char name[128];

        if (!equals || equals == pair ||
            (size_t)(equals - pair) >= sizeof(name)) {
            fprintf(stderr, "haft: --param is NAME=VALUE, not \"%s\"\n", pair);
            return false;
        }
        snprintf(name, sizeof(name), "%.*s", (int)(equals - pair), pair);
        if (json_get(values, name)) {
            fprintf(stderr, "haft: --param %s is given twice\n", name);
            return false;
        }
        cJSON_AddStringToObject(values, name, equals + 1);
    }
    return true;
}

static cJSON *submit_params(const struct given *given)
{
    cJSON *params = cli_document(given->words[0]);

    if (params && !add_params(params, given)) {
        cJSON_Delete(params);
        return NULL;
    }
    if (params && given_value(given, "key", 0)) {
        cJSON_AddStringToObject(params, "key", given_value(given, "key", 0));
    }
    if (params && given_value(given, "executor", 0)) {
        cJSON_AddStringToObject(params, "executor",
                                given_value(given, "executor", 0));
    }
    return params;
}

/* ---- following ---- */

static void nothing(void *ctx, const char *json, size_t size)
{
    (void)ctx;
    (void)json;
    (void)size;
}

static void ignore_fault(void *ctx, const struct fault *fault)
{
    (void)ctx;
    (void)fault;
}

static void cancel(struct follow *f)
{
    static const struct op_answer answer = {nothing, nothing, ignore_fault,
                                            NULL};
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "run", f->run);
    client_ask(f->client, "run.cancel", params, &answer);
}

/* The first one cancels, the second one leaves the run to itself. */
static void heed(struct follow *f)
{
    if (!f->is_following || f->interrupts == 0) {
        return; /* there is no run yet: wait_for_end looks again */
    }
    if (f->interrupts == 1) {
        view_say(f->view, "cancelling; once more leaves the run to itself");
        cancel(f);
    } else {
        f->is_left = true;
    }
}

static void on_signal(void *ctx, int signal)
{
    struct follow *f = ctx;

    f->interrupts += signal == SIGTERM ? 2 : 1;
    heed(f);
}

/* From before the run is submitted: a signal in between must not end the
 * process, which may be the run's owner. */
static void listen_to_signals(struct follow *f)
{
    loop_signal_add(client_loop(f->client), SIGINT, on_signal, f);
    loop_signal_add(client_loop(f->client), SIGTERM, on_signal, f);
}

static void leave_signals(struct follow *f)
{
    loop_signal_remove(client_loop(f->client), SIGINT);
    loop_signal_remove(client_loop(f->client), SIGTERM);
}

static void on_event(void *ctx, const char *json, size_t size)
{
    static const char last[] = "\"run.ended\"";
    struct follow *f = ctx;
    struct str why;
    cJSON *event;

    view_event(f->view, json, size);
    if (!memmem(json, size, last, sizeof(last) - 1)) {
        return; /* most are not worth reading */
    }
    str_init(&why, STR_WHY_LIMIT);
    event = json_read(json, size, &why);
    if (strcmp(json_get_text(event, "kind", ""), "run.ended") == 0) {
        snprintf(f->state, sizeof(f->state), "%s",
                 json_get_text(event, "state", ""));
        f->is_over = true;
    }
    cJSON_Delete(event);
    str_finish(&why);
}

static void on_fault(void *ctx, const struct fault *fault)
{
    struct follow *f = ctx;

    if (f->is_over || f->is_left) {
        return; /* this process is leaving, and its host says so */
    }
    f->has_failed = true;
    f->fault = (struct fault){.fault_class = fault->fault_class};
    fprintf(stderr, "haft: %s\n", fault->message);
}

/* The run as it is now; NULL after having said why, with the exit code. */
static cJSON *get_run(struct follow *f, int *status)
{
    cJSON *params = cJSON_CreateObject();
    struct fault fault;
    cJSON *run;

    cJSON_AddStringToObject(params, "run", f->run);
    run = client_call(f->client, "run.get", params, NULL, &fault);
    if (!run) {
        *status = cli_fail(&fault);
    }
    return run;
}

/* The class of the fault that came first: what failed later often failed
 * because of it. */
static uint32_t first_fault(const cJSON *run)
{
    uint32_t fault_class = HAFT_USER_FAILURE;
    int64_t first_ms = INT64_MAX;
    const cJSON *task;

    cJSON_ArrayForEach(task, json_get(run, "tasks_list"))
    {
        const char *name = json_get_text(json_get(task, "fault"), "class", "");
        int64_t ended_ms = json_get_int(task, "ended_ms", INT64_MAX);

        if (strcmp(json_get_text(task, "state", ""), "failed") == 0 &&
            fault_class_of(name) && ended_ms < first_ms) {
            fault_class = fault_class_of(name);
            first_ms = ended_ms;
        }
    }
    return fault_class;
}

static int exit_code_of(const char *state, const cJSON *run)
{
    if (strcmp(state, "succeeded") == 0) {
        return 0;
    }
    return fault_row(strcmp(state, "cancelled") == 0 ? HAFT_CANCELLED
                                                     : first_fault(run))
        ->exit_code;
}

static void wait_for_end(struct follow *f)
{
    const struct op_answer answer = {on_event, nothing, on_fault, f};
    cJSON *params = cJSON_CreateObject();

    cJSON_AddStringToObject(params, "run", f->run);
    cJSON_AddNumberToObject(params, "after", (double)f->after);
    cJSON_AddTrueToObject(params, "follow");
    client_ask(f->client, "run.events", params, &answer);
    f->is_following = true;
    heed(f);
    while (!f->is_over && !f->is_left && !f->has_failed) {
        if (!client_turn(f->client)) {
            fprintf(stderr, "haft: %s\n", client_why(f->client));
            f->has_failed = true;
            f->fault.fault_class = HAFT_BACKEND_DOWN;
        }
    }
}

static bool begin(struct follow *f, int *status)
{
    cJSON *run;

    if (!view_wants_begin(f->view)) {
        return true;
    }
    run = get_run(f, status);
    if (!run) {
        return false;
    }
    view_begin(f->view, run);
    cJSON_Delete(run);
    return true;
}

/* The run has ended: what is left to be shown, and the exit code. */
static int end(struct follow *f)
{
    bool has_failed = strcmp(f->state, "succeeded") != 0;
    int status;
    cJSON *run;

    if (!has_failed && !view_wants_end(f->view, has_failed)) {
        return 0;
    }
    run = get_run(f, &(int){0});
    status = exit_code_of(f->state, run);
    if (run) {
        view_end(f->view, run);
        if (status != 0) {
            tails_print(f->client, run);
        }
    }
    cJSON_Delete(run);
    return status;
}

/* Follows f->run to its end and shows it; the exit code. */
static int follow(struct follow *f)
{
    int status = 0;

    if (!begin(f, &status)) {
        return status;
    }
    wait_for_end(f);
    if (f->has_failed) {
        return fault_row(f->fault.fault_class)->exit_code;
    }
    if (f->is_left) {
        view_say(f->view, "the run goes on; `haft attach` shows it again");
        return fault_row(HAFT_CANCELLED)->exit_code;
    }
    return end(f);
}

static enum view_form form_of(const struct given *given)
{
    if (given_has(given, "json")) {
        return VIEW_JSON;
    }
    if (given_has(given, "quiet")) {
        return VIEW_QUIET;
    }
    return isatty(STDOUT_FILENO) ? VIEW_LIVE : VIEW_LINES;
}

static bool submit(struct follow *f, cJSON *params, int *status)
{
    struct fault fault;
    cJSON *result = client_call(f->client, "run.submit", params, NULL, &fault);

    if (!result) {
        *status = cli_fail(&fault);
        return false;
    }
    snprintf(f->run, sizeof(f->run), "%s", json_get_text(result, "run", ""));
    f->after = json_get_int(result, "after", 0);
    cJSON_Delete(result);
    return true;
}

/* ---- run ---- */

static int run_run(struct cli *cli, const struct given *given)
{
    cJSON *params = submit_params(given);
    struct follow f = {0};
    int status = fault_row(HAFT_INVALID)->exit_code;

    if (!params) {
        return status;
    }
    f.client = cli_open(cli, CLIENT_RUN);
    if (!f.client) {
        cJSON_Delete(params);
        return cli_unopened(cli);
    }
    listen_to_signals(&f);
    if (submit(&f, params, &status)) {
        f.view = view_create(form_of(given), client_loop(f.client));
        status = follow(&f);
        view_destroy(f.view);
    }
    leave_signals(&f);
    client_settle(f.client);
    client_close(f.client);
    return status;
}

static const struct option_row run_options[] = {
    {"param", 'p', "NAME=VALUE", "a value for the workflow's params"},
    {"json", 0, NULL, "print events as JSON lines"},
    {"quiet", 'q', NULL, "print nothing but what failed"},
    {"key", 0, "KEY", "with the same key, the run that is there already"},
    {"executor", 0, "NAME", "for tasks that name none"},
    {0},
};

const struct command command_run = {
    .name = "run",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .op = "run.submit",
    .summary = "run a workflow file and watch it",
    .options = run_options,
    .run = run_run,
};

/* ---- submit ---- */

static int run_submit(struct cli *cli, const struct given *given)
{
    cJSON *params = submit_params(given);
    struct follow f = {0};
    int status = fault_row(HAFT_INVALID)->exit_code;

    if (!params) {
        return status;
    }
    f.client = cli_open(cli, CLIENT_OWNER);
    if (!f.client) {
        cJSON_Delete(params);
        return cli_unopened(cli);
    }
    if (submit(&f, params, &status)) {
        printf(given_has(given, "json") ? "{\"run\":\"%s\"}\n" : "%s\n", f.run);
        status = 0;
    }
    client_close(f.client);
    return status;
}

static const struct option_row submit_options[] = {
    {"param", 'p', "NAME=VALUE", "a value for the workflow's params"},
    {"json", 0, NULL, "print JSON"},
    {"key", 0, "KEY", "with the same key, the run that is there already"},
    {"executor", 0, "NAME", "for tasks that name none"},
    {0},
};

const struct command command_submit = {
    .name = "submit",
    .words = "FILE",
    .least = 1,
    .most = 1,
    .op = "run.submit",
    .summary = "hand a workflow file to the running host, print the run's id",
    .options = submit_options,
    .run = run_submit,
};

/* ---- attach ---- */

static int run_attach(struct cli *cli, const struct given *given)
{
    struct follow f = {0};
    int status;

    f.client = cli_open(cli, CLIENT_RUN);
    if (!f.client) {
        return cli_unopened(cli);
    }
    snprintf(f.run, sizeof(f.run), "%s",
             given->words_count ? given->words[0] : "last");
    listen_to_signals(&f);
    f.view = view_create(form_of(given), client_loop(f.client));
    status = follow(&f);
    view_destroy(f.view);
    leave_signals(&f);
    client_settle(f.client);
    client_close(f.client);
    return status;
}

static const struct option_row attach_options[] = {
    {"json", 0, NULL, "print events as JSON lines"},
    {"quiet", 'q', NULL, "print nothing but what failed"},
    {0},
};

const struct command command_attach = {
    .name = "attach",
    .words = "[RUN]",
    .most = 1,
    .op = "run.events",
    .summary = "watch a run until it ends; resume one that was left",
    .options = attach_options,
    .run = run_attach,
};
