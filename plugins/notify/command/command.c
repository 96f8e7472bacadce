/* notify/command: gives events to a program, as JSON lines on its standard
 * input. The events have arrived when it exits with 0; at anything else the
 * host keeps them and asks again, so the program may see an event twice, and
 * tells by `seq`.
 *
 * The program gets the same few variables of environment wherever the host
 * was started from, and is killed, with all that it started, when its time is
 * over. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include <cjson/cJSON.h>

#include <haft/notify.h>
#include <haft/sdk.h>

#define SEARCH_PATH                                                            \
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define KILL_AGAIN_MS 1000

/* Texts of a list option, owned. */
struct list {
    char **texts;
    struct haft_slice *slices; /* of the same */
    uint32_t count;
};

struct command {
    struct haft_instance instance;
    const struct haft_host *host;
    struct haft_object notify;
    struct haft_object child;
    struct haft_object ready;
    const struct haft_object *objects[4];
    struct list argv;
    struct list kinds;
    struct list workflows;
    char *name;
    int64_t timeout_ms;
    uint64_t call; /* the open deliver, 0: none */
    uint64_t process;
    bool is_timed_out;
};

/* ---- what is wanted ---- */

static bool fits(struct haft_slice text, const struct list *patterns)
{
    for (uint32_t i = 0; i < patterns->count; i++) {
        struct haft_slice pattern = patterns->slices[i];
        bool is_open =
            pattern.n > 0 && ((const char *)pattern.p)[pattern.n - 1] == '*';

        pattern.n -= is_open;
        if (is_open
                ? text.n >= pattern.n &&
                      haft_slice_equal(haft_bytes(text.p, pattern.n), pattern)
                : haft_slice_equal(text, pattern)) {
            return true;
        }
    }
    return patterns->count == 0;
}

/* Whether the event's own member "workflow" is wanted; one that names none is
 * not. */
static bool fits_workflow(const struct command *c, struct haft_slice json)
{
    cJSON *event;
    const char *name;
    bool is_wanted;

    if (c->workflows.count == 0) {
        return true;
    }
    event = cJSON_ParseWithLength(json.p, (size_t)json.n);
    name = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(event, "workflow"));
    is_wanted = name && fits(haft_text(name), &c->workflows);
    cJSON_Delete(event);
    return is_wanted;
}

static bool is_wanted(const struct command *c,
                      const struct haft_notify_event *event)
{
    return fits(event->kind, &c->kinds) && fits_workflow(c, event->json);
}

/* The wanted events as lines; `lines->p` is the caller's to free, NULL if
 * there are none. False without memory. */
static bool write_lines(const struct command *c, struct haft_array events,
                        struct haft_slice *lines)
{
    uint64_t size = 0;
    uint64_t at = 0;
    char *text;

    *lines = haft_bytes(NULL, 0);
    for (uint32_t i = 0; i < events.count; i++) {
        size +=
            ((const struct haft_notify_event *)haft_item(events, i))->json.n;
    }
    text = malloc((size_t)size + events.count + 1);
    if (!text) {
        return false;
    }
    for (uint32_t i = 0; i < events.count; i++) {
        const struct haft_notify_event *event = haft_item(events, i);

        if (event->json.n > 0 && is_wanted(c, event)) {
            memcpy(text + at, event->json.p, (size_t)event->json.n);
            at += event->json.n;
            text[at++] = '\n';
        }
    }
    if (at == 0) {
        free(text);
        text = NULL;
    }
    *lines = haft_bytes(text, at);
    return true;
}

/* ---- the program ---- */

static haft_status ask_process(struct command *c, uint32_t method,
                               const void *in, void *out)
{
    return haft_ask(c->host->query(c->host->self, HAFT_PROCESS_V1), method,
                    NULL, in, out);
}

static void set_timer(struct command *c, uint64_t token, int64_t at_ms)
{
    HAFT_NEW(haft_loop_timer_in, in);

    in.token = token;
    in.at_ms = at_ms;
    haft_ask(c->host->query(c->host->self, HAFT_LOOP_V1), HAFT_LOOP_TIMER, NULL,
             &in, NULL);
}

static haft_status start(struct command *c, struct haft_slice lines,
                         uint64_t *id)
{
    const struct haft_pair env[] = {
        {haft_text("PATH"), haft_text(SEARCH_PATH)},
        {haft_text("HAFT_NOTIFY"), haft_text(c->name)},
    };
    haft_status status;
    HAFT_NEW(haft_process_start_in, in);
    HAFT_NEW(haft_process_start_out, out);

    in.argv = haft_items(c->argv.slices, c->argv.count,
                         (uint32_t)sizeof(*c->argv.slices));
    in.env = haft_items(env, 2, (uint32_t)sizeof(env[0]));
    in.workdir = haft_text("/");
    in.input = lines;
    status = ask_process(c, HAFT_PROCESS_START, &in, &out);
    *id = out.id;
    return status;
}

static haft_status deliver(struct command *c, const struct haft_call *call,
                           const struct haft_notify_deliver_in *in,
                           struct haft_empty *out)
{
    struct haft_slice lines;
    haft_status status;

    (void)out;
    if (c->call) {
        return haft_fail(c->host, call, HAFT_CONFLICT, "command.busy",
                         "the delivery before this one has not ended");
    }
    if (!write_lines(c, in->events, &lines)) {
        return haft_fail(c->host, call, HAFT_RESOURCE, "command.memory",
                         "no memory for the events");
    }
    if (lines.n == 0) {
        return HAFT_OK;
    }
    status = start(c, lines, &c->process);
    free((void *)(uintptr_t)lines.p);
    if (status != HAFT_OK) {
        return haft_fail(
            c->host, call, status < 0 ? (uint32_t)-status : HAFT_RESOURCE,
            "command.start", "%s: cannot be started now", c->argv.texts[0]);
    }
    c->call = call->id;
    c->is_timed_out = false;
    set_timer(c, c->process, haft_now(c->host).monotonic_ms + c->timeout_ms);
    return HAFT_PENDING;
}
HAFT_METHOD(deliver, struct command, struct haft_notify_deliver_in,
            struct haft_empty);

static haft_status on_timer(struct command *c, const struct haft_call *call,
                            const struct haft_ready_on_in *in,
                            struct haft_empty *out)
{
    HAFT_NEW(haft_process_signal_in, signal);

    (void)call;
    (void)out;
    if (!c->call || in->token != c->process) {
        return HAFT_OK;
    }
    /* Again and again, since a program that is just being started is neither
     * withdrawn nor reached by a signal. */
    c->is_timed_out = true;
    set_timer(c, c->process, haft_now(c->host).monotonic_ms + KILL_AGAIN_MS);
    signal.id = c->process;
    ask_process(c, HAFT_PROCESS_SIGNAL, &signal, NULL); /* if not begun */
    signal.signal = SIGKILL;
    return ask_process(c, HAFT_PROCESS_SIGNAL, &signal, NULL);
}
HAFT_METHOD(on_timer, struct command, struct haft_ready_on_in,
            struct haft_empty);

/* Why the events have not arrived; class 0: they have. */
static struct haft_fault judge(const struct command *c,
                               const struct haft_child_ended_in *in,
                               char room[HAFT_MESSAGE_LIMIT])
{
    const char *program = c->argv.texts[0];
    uint32_t fault_class = HAFT_TRANSIENT;
    const char *code = "command.exit";

    room[0] = '\0';
    if (in->error) {
        code = "command.start";
        fault_class = in->error == ENOENT ? HAFT_NOT_FOUND : fault_class;
        fault_class = in->error == EACCES ? HAFT_DENIED : fault_class;
        snprintf(room, HAFT_MESSAGE_LIMIT, "%s: cannot be started: %s", program,
                 strerror(in->error));
    } else if (c->is_timed_out && (in->signal || in->is_withdrawn)) {
        code = "command.timeout";
        snprintf(room, HAFT_MESSAGE_LIMIT,
                 "%s: killed, since it took more than %lld ms", program,
                 (long long)c->timeout_ms);
    } else if (in->is_lost || in->is_withdrawn) {
        code = "command.lost";
        snprintf(room, HAFT_MESSAGE_LIMIT, "%s: lost with the keeper", program);
    } else if (in->signal) {
        code = "command.signal";
        snprintf(room, HAFT_MESSAGE_LIMIT, "%s: ended by signal %d", program,
                 in->signal);
    } else if (in->exit_code) {
        snprintf(room, HAFT_MESSAGE_LIMIT, "%s: exited with %d", program,
                 in->exit_code);
    } else {
        fault_class = 0;
    }
    return haft_fault_of(fault_class, code, room);
}

static haft_status on_ended(struct command *c, const struct haft_call *call,
                            const struct haft_child_ended_in *in,
                            struct haft_empty *out)
{
    char message[HAFT_MESSAGE_LIMIT];
    struct haft_fault fault;
    uint64_t open = c->call;
    HAFT_NEW(haft_process_id_in, id);

    (void)call;
    (void)out;
    id.id = in->id;
    ask_process(c, HAFT_PROCESS_RELEASE, &id, NULL);
    if (!open || in->id != c->process) {
        return HAFT_OK;
    }
    set_timer(c, c->process, 0);
    c->call = 0;
    fault = judge(c, in, message);
    fault.exit_code = in->exit_code;
    fault.signal = in->signal;
    if (fault.fault_class == 0) {
        haft_end(c->host, open, NULL);
    } else {
        haft_end_with(c->host, open, &fault);
    }
    return HAFT_OK;
}
HAFT_METHOD(on_ended, struct command, struct haft_child_ended_in,
            struct haft_empty);

static haft_status on_started(struct command *c, const struct haft_call *call,
                              const struct haft_child_started_in *in,
                              struct haft_empty *out)
{
    (void)c;
    (void)call;
    (void)in;
    (void)out;
    return HAFT_OK;
}
HAFT_METHOD(on_started, struct command, struct haft_child_started_in,
            struct haft_empty);

static const haft_method notify_methods[] = {[HAFT_NOTIFY_DELIVER] =
                                                 deliver_method};
static const haft_method child_methods[] = {
    [HAFT_CHILD_STARTED] = on_started_method,
    [HAFT_CHILD_ENDED] = on_ended_method,
};
static const haft_method ready_methods[] = {[HAFT_READY_ON] = on_timer_method};

/* ---- the instance ---- */

static void free_list(struct list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        free(list->texts[i]);
    }
    free(list->texts);
    free(list->slices);
}

static void destroy(struct haft_instance *instance)
{
    struct command *c = (struct command *)(void *)instance;

    free_list(&c->argv);
    free_list(&c->kinds);
    free_list(&c->workflows);
    free(c->name);
    free(c);
}

static haft_status read_list(const struct haft_create *with, const char *key,
                             struct list *list)
{
    uint32_t count = haft_option_count(with, key);

    list->texts = calloc(count + 1, sizeof(*list->texts));
    list->slices = calloc(count + 1, sizeof(*list->slices));
    if (!list->texts || !list->slices) {
        return -HAFT_RESOURCE;
    }
    while (list->count < count) {
        uint32_t i = list->count;

        list->texts[i] = haft_copy_text(haft_option(with, key, i)->text);
        if (!list->texts[i]) {
            return -HAFT_RESOURCE;
        }
        list->slices[i] = haft_text(list->texts[i]);
        list->count++;
    }
    return HAFT_OK;
}

static haft_status read_options(struct command *c,
                                const struct haft_create *with)
{
    haft_status status = read_list(with, "command", &c->argv);

    c->timeout_ms = haft_option_number(with, "timeout");
    c->name = haft_copy_text(with->name);
    if (status == HAFT_OK) {
        status = read_list(with, "kinds", &c->kinds);
    }
    if (status == HAFT_OK) {
        status = read_list(with, "workflows", &c->workflows);
    }
    if (status == HAFT_OK && !c->name) {
        status = -HAFT_RESOURCE;
    }
    if (status == HAFT_OK && (c->argv.count == 0 || c->argv.slices[0].n == 0)) {
        status = haft_fail(c->host, NULL, HAFT_INVALID, "command.command",
                           "option command: the program is not named");
    }
    return status;
}

static struct haft_object object_of(const struct haft_interface *interface,
                                    const haft_method *methods, void *self)
{
    return (struct haft_object){sizeof(struct haft_object), interface->count,
                                interface, methods, self};
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct command *c = calloc(1, sizeof(*c));
    haft_status status;

    if (!c) {
        return -HAFT_RESOURCE;
    }
    c->host = host;
    c->notify = object_of(&haft_notify_v1, notify_methods, c);
    c->child = object_of(&haft_child_v1, child_methods, c);
    c->ready = object_of(&haft_ready_v1, ready_methods, c);
    c->objects[0] = &c->notify;
    c->objects[1] = &c->child;
    c->objects[2] = &c->ready;
    c->instance =
        (struct haft_instance){sizeof(c->instance), 0, c->objects, destroy};
    status = read_options(c, with);
    if (status != HAFT_OK) {
        destroy(&c->instance);
        return status;
    }
    *out = &c->instance;
    return HAFT_OK;
}

static const struct haft_class command_class = {
    sizeof(struct haft_class), 0, "haft.notify/1", "command", create};
static const struct haft_class *const classes[] = {&command_class, NULL};

HAFT_MODULE(notify_command, "0.1.0", classes,
            "plugins/notify/command/manifest.json");
